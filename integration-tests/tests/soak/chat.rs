//! Numbered messages of a talker on each node, to listeners on both, by WebSocket and by polling.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use integration_tests::client::Client;
use integration_tests::heard::Listener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};

use crate::outages::Outage;

pub(crate) struct Chat {
    end: watch::Sender<bool>,
    talkers: Vec<JoinHandle<()>>,
    said: [Said; 2],
    /// Two of the first node, two of the second.
    listeners: Vec<Listener>,
}

/// When each number was said.
type Said = Arc<Mutex<Vec<Instant>>>;

/// What became of the messages.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    pub(crate) said: u64,
    pub(crate) heard: u64,
    /// Messages that a listener did not hear, though nothing was wrong with the broker,
    pub(crate) lost: Vec<String>,
    /// and of the other node's, those that were on their way when it was killed: Redis keeps none.
    pub(crate) on_the_way: usize,
    /// What came twice, out of order, or was something else.
    pub(crate) wrong: Vec<String>,
}

impl Chat {
    pub(crate) async fn start(ports: [u16; 2]) -> Self {
        let mut listeners = Vec::new();
        for port in ports {
            for transport in ["websocket", "polling"] {
                let client = Client::by(transport, port).await;
                listeners.push(Listener::start_in("/chat", client, 2).await);
            }
        }
        let (end, ended) = watch::channel(false);
        let said = <[Said; 2]>::default();
        let mut talkers = Vec::new();
        for (source, port) in ports.into_iter().enumerate() {
            talkers.push(tokio::spawn(talk(source, port, said[source].clone(), ended.clone())));
        }
        Chat { end, talkers, said, listeners }
    }

    /// Waits until what was said last has been heard.
    pub(crate) async fn end(self, outages: &[Outage]) -> Heard {
        self.end.send(true).expect("they talk");
        for talker in self.talkers {
            talker.await.expect("a talker is served");
        }
        let said = self.said.map(|said| said.lock().unwrap_or_else(PoisonError::into_inner).clone());
        let deadline = Instant::now() + Duration::from_secs(20);
        let all_heard = || {
            self.listeners.iter().all(|listener| {
                let heard = listener.heard();
                (0..2).all(|source| heard.last(source) >= said[source].len() as u64)
            })
        };
        while !all_heard() && Instant::now() < deadline {
            sleep(Duration::from_millis(50)).await;
        }

        let mut all = Heard { said: said.iter().map(|said| said.len() as u64).sum(), ..Heard::default() };
        for (number, listener) in self.listeners.iter().enumerate() {
            let heard = listener.heard();
            all.wrong.extend(heard.wrong.iter().map(|wrong| format!("listener {number}: {wrong}")));
            for (source, said) in said.iter().enumerate() {
                all.heard += heard.numbers[source].len() as u64;
                for missing in heard.missing(source, 0, said.len() as u64) {
                    let at = said[missing as usize - 1];
                    let elsewhere = number / 2 != source;
                    match elsewhere && outages.iter().any(|outage| outage.may_lose(at)) {
                        true => all.on_the_way += 1,
                        false => all.lost.push(format!("{missing} of talker {source} at listener {number}")),
                    }
                }
            }
        }
        all
    }
}

/// Ten times a second, and answers pings.
async fn talk(source: usize, port: u16, said: Said, mut ended: watch::Receiver<bool>) {
    let mut client = Client::websocket(port).await;
    client.connect("/talk").await;
    let mut beat = interval(Duration::from_millis(100));
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut number = 0;
    loop {
        tokio::select! {
            () = async { drop(ended.wait_for(|ended| *ended).await) } => break,
            _ = beat.tick() => {
                number += 1;
                said.lock().unwrap_or_else(PoisonError::into_inner).push(Instant::now());
                client.send(&format!("42/talk,[\"say\",{source},{number}]")).await;
            }
            packet = client.socket().heard() => match packet.as_deref() {
                Some("2") => client.send("3").await,
                other => panic!("{other:?}"),
            },
        }
    }
    // The ack of the last says that all before it have been handled.
    client.send(&format!("42/talk,7[\"say\",{source},{}]", number + 1)).await;
    said.lock().unwrap_or_else(PoisonError::into_inner).push(Instant::now());
    assert_eq!(client.next().await, "43/talk,7[]");
    client.close().await;
}
