//! Clients that do as they should not: they come and go in every way, do not read, read slowly, do not answer, are refused.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use integration_tests::client::{Client, PATH, joined_narrow};
use integration_tests::frames::WebSocket;
use integration_tests::ways;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::pace::Pace;

/// All of them: one kind after the other begins, at its pace, on one node and the other.
pub(crate) struct Clients {
    end: watch::Sender<bool>,
    sources: JoinSet<()>,
    count: Arc<Mutex<Count>>,
}

/// How many there were of each kind.
pub(crate) type Count = BTreeMap<Kind, u64>;

impl Clients {
    pub(crate) fn start(ports: [u16; 2], pace: &Pace) -> Self {
        let (end, ended) = watch::channel(false);
        let count = Arc::default();
        let mut sources = JoinSet::new();
        let mut source = |kind: Kind, every: Duration| {
            sources.spawn(come(kind, every, ports, pace.clone(), Arc::clone(&count), ended.clone()));
        };
        let seconds = Duration::from_secs_f64;
        source(Kind::EveryWay, seconds(0.12));
        source(Kind::Refused, seconds(0.25));
        source(Kind::ReadsNothing, seconds(3.0));
        source(Kind::ReadsSlowly, seconds(3.0));
        source(Kind::AnswersNothing, seconds(1.0));
        Clients { end, sources, count }
    }

    /// No more begin; waits for those that are there.
    pub(crate) async fn end(mut self) -> Count {
        self.end.send(true).expect("they are there");
        while let Some(source) = self.sources.join_next().await {
            source.expect("the server does as it should with bad clients");
        }
        self.count.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// Cuts, silence, half-open upgrades, abandoned handshakes, refusals, panics: the ways of [`ways`].
    EveryWay,
    /// By a middleware, by the want of a namespace, and by the server's door.
    Refused,
    /// Is sent 2 MB.
    ReadsNothing,
    /// Asks for a megabyte of echoes, and reads them over seconds.
    ReadsSlowly,
    /// Is asked ten things.
    AnswersNothing,
}

async fn come(
    kind: Kind,
    every: Duration,
    ports: [u16; 2],
    pace: Pace,
    count: Arc<Mutex<Count>>,
    mut ended: watch::Receiver<bool>,
) {
    let mut clients = JoinSet::new();
    for number in 0.. {
        let end = ended.wait_for(|ended| *ended);
        if timeout(pace.of(every), end).await.is_ok() {
            break;
        }
        while let Some(client) = clients.try_join_next() {
            client.expect("it is treated as it should be");
        }
        *count.lock().unwrap_or_else(PoisonError::into_inner).entry(kind).or_default() += 1;
        // Each way comes to one node and the other.
        clients.spawn(one(kind, number, ports[(number + number / ways::WAYS) % 2]));
    }
    while let Some(client) = clients.join_next().await {
        client.expect("it is treated as it should be");
    }
}

async fn one(kind: Kind, number: usize, port: u16) {
    match kind {
        Kind::EveryWay => ways::come_and_go(number, port).await,
        Kind::Refused => refused(port).await,
        Kind::ReadsNothing => reads_nothing(port).await,
        Kind::ReadsSlowly => reads_slowly(port).await,
        Kind::AnswersNothing => answers_nothing(number, port).await,
    }
}

async fn refused(port: u16) {
    let mut client = Client::websocket(port).await;
    client.send("40/closed,").await;
    assert_eq!(client.next().await, "44/closed,{\"message\":\"nobody\",\"data\":401}");
    client.send("40/unknown,").await;
    assert!(client.next().await.starts_with("44/unknown,"));
    client.close().await;
    let target = format!("{PATH}&transport=websocket");
    let refused = WebSocket::open_with(port, &target, &[("origin", "http://a.b")]).await;
    assert_eq!(refused.expect_err("another origin").status, 400);
}

async fn reads_nothing(port: u16) {
    let mut socket = joined_narrow("/slow", port).await;
    socket.send_text("42/slow,[\"pour\",2000000]").await;
    // The queue of a client is at its bound long before; it is cut, and finds out when it reads.
    sleep(Duration::from_secs(3)).await;
    socket.ended().await;
}

async fn reads_slowly(port: u16) {
    const ECHOES: usize = 100;
    let mut socket = joined_narrow("/slow", port).await;
    let text = "y".repeat(10_000);
    let asked: Vec<_> = (0..ECHOES).map(|number| format!("42/slow,{number}[\"echo\",\"{text}\"]")).collect();
    let (mut reading, mut writing) = socket.split();
    let write = writing.send_texts(&asked);
    let read = async {
        for number in 0..ECHOES {
            sleep(Duration::from_millis(20)).await;
            let mut packet = reading.next_text().await;
            while packet == "2" {
                packet = reading.next_text().await;
            }
            assert!(packet.starts_with(&format!("43/slow,{number}[")), "{packet:.40}");
        }
    };
    tokio::join!(write, read);
    socket.cut();
}

async fn answers_nothing(number: usize, port: u16) {
    let mut client = Client::by(["websocket", "polling"][number % 2], port).await;
    client.connect("/slow").await;
    let asked: Vec<_> = (0..10).map(|_| "42/slow,[\"ask me\"]".to_owned()).collect();
    client.send_all(&asked).await;
    for _ in 0..10 {
        let packet = client.next().await;
        assert!(packet.contains("question"), "{packet}");
    }
    match number % 4 {
        0 | 1 => client.close().await,
        // It stays until its questions are over, and nobody waits for their answers any more.
        _ => {
            let _ = timeout(Duration::from_secs(7), client.next()).await;
            client.cut();
        }
    }
}

impl Kind {
    pub(crate) const ALL: [Kind; 5] =
        [Kind::EveryWay, Kind::Refused, Kind::ReadsNothing, Kind::ReadsSlowly, Kind::AnswersNothing];

    /// What they do, for the report.
    pub(crate) fn does(self) -> &'static str {
        match self {
            Kind::EveryWay => {
                "come and go in every way: clean ends, cuts, silence, abandoned handshakes, half-open upgrades, halves of packets and bodies, handlers that panic, wait and ask"
            }
            Kind::Refused => "are refused: by a middleware, for want of a namespace, for their origin",
            Kind::ReadsNothing => "are sent 2 MB and read nothing",
            Kind::ReadsSlowly => "ask for a megabyte of echoes and read one each 20 ms, to the last",
            Kind::AnswersNothing => "are asked ten questions and answer none",
        }
    }

    /// What the nodes count of it.
    pub(crate) fn counted(self) -> &'static [&'static str] {
        match self {
            Kind::EveryWay => &["upgrades_timed_out", "unjoined", "pings_timed_out", "handler_panics"],
            Kind::Refused => &["connects_refused", "requests_refused"],
            Kind::ReadsNothing => &["outgoing_full", "undelivered"],
            // They are bad in nothing but their speed, and so have no bound to reach.
            Kind::ReadsSlowly => &[],
            Kind::AnswersNothing => &["acks_timed_out"],
        }
    }
}
