//! Clients that do as they should: one question after the other, each answered before the next, and timed.
//!
//! They live on a thread of their own, so that what they wait for is the server, and not the other clients of this process.

use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use integration_tests::client::Client;
use integration_tests::wait::lateness;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::sleep;

pub(crate) struct Clients {
    end: watch::Sender<bool>,
    thread: JoinHandle<Times>,
}

/// How long they waited for answers, and this thread for its turn.
#[derive(Debug, Default)]
pub(crate) struct Times {
    /// Answers by WebSocket,
    pub(crate) websocket: Vec<Wait>,
    /// and by polling.
    pub(crate) polling: Vec<Wait>,
    /// By how much a timer of 10 ms was late, the worst of each second: what the machine made everybody wait.
    pub(crate) late: Vec<Wait>,
}

/// Something that was waited for.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Wait {
    /// When it had come, since the start.
    pub(crate) at: Duration,
    pub(crate) took: Duration,
}

impl Clients {
    pub(crate) fn start(ports: [u16; 2], start: Instant) -> Self {
        let (end, ended) = watch::channel(false);
        let (started, starting) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(async {
                started.send(()).expect("it is waited for");
                all(ports, start, ended).await
            })
        });
        starting.recv().expect("the thread starts");
        Clients { end, thread }
    }

    /// Lets each have its last answer.
    pub(crate) fn end(self) -> Times {
        self.end.send(true).expect("they are there");
        self.thread.join().expect("no good client was served badly")
    }
}

async fn all(ports: [u16; 2], start: Instant, ended: watch::Receiver<bool>) -> Times {
    let late = tokio::spawn(lateness(start, ended.clone()));
    let mut clients = JoinSet::new();
    for port in ports {
        for transport in ["websocket", "websocket", "upgrade", "polling", "polling"] {
            clients.spawn(one(transport, port, start, ended.clone()));
        }
    }
    let mut times = Times::default();
    while let Some(client) = clients.join_next().await {
        let (transport, waits) = client.expect("a good client is served");
        match transport {
            "polling" => times.polling.extend(waits),
            _ => times.websocket.extend(waits),
        }
    }
    let late = late.await.expect("it only waits");
    times.late = late.into_iter().map(|(at, took)| Wait { at, took }).collect();
    times
}

async fn one(
    transport: &'static str,
    port: u16,
    start: Instant,
    ended: watch::Receiver<bool>,
) -> (&'static str, Vec<Wait>) {
    let mut client = Client::by(transport, port).await;
    client.connect("/good").await;
    let (mut waits, mut number) = (Vec::new(), 0_u64);
    while !*ended.borrow() {
        number += 1;
        let asked = Instant::now();
        match number % 8 {
            // The server asks back.
            0 => {
                client.send(&format!("42/good,{number}[\"ask me\",{number}]")).await;
                let question = client.next_but_noop().await;
                let (id, rest) = question["42/good,".len()..].split_once('[').expect("a question");
                assert_eq!(rest, format!("\"question\",{number}]"));
                client.send(&format!("43/good,{id}[{number}]")).await;
                assert_eq!(client.next_but_noop().await, format!("43/good,{number}[{number}]"));
            }
            // Bytes, both ways.
            1 => {
                client
                    .send(&format!("451-/good,{number}[\"echo\",{{\"_placeholder\":true,\"num\":0}}]"))
                    .await;
                client.send("bAQIDBA==").await;
                assert_eq!(
                    client.next_but_noop().await,
                    format!("461-/good,{number}[{{\"_placeholder\":true,\"num\":0}}]")
                );
                assert_eq!(client.next_but_noop().await, "bAQIDBA==");
            }
            2 => {
                client.send(&format!("42/good,{number}[\"rooms\",{number}]")).await;
                assert_eq!(client.next_but_noop().await, format!("43/good,{number}[{number}]"));
            }
            _ => {
                client.send(&format!("42/good,{number}[\"echo\",{number},\"{TEXT}\"]")).await;
                assert_eq!(client.next_but_noop().await, format!("43/good,{number}[{number},\"{TEXT}\"]"));
            }
        }
        waits.push(Wait { at: start.elapsed(), took: asked.elapsed() });
        sleep(Duration::from_millis(100)).await;
    }
    client.close().await;
    (transport, waits)
}

const TEXT: &str = "said by somebody who listens";
