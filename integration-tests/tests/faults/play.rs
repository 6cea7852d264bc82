//! The parties of every fault, and what holds for them all.
//!
//! - Every client is served by its own server throughout: no answer, and no message of that server, takes a second longer than on a
//!   server without a broker in the same minute on the same machine.
//! - Nothing panics, hangs, or grows.
//! - The log says once that a party is cut off, and once that it is back.
//! - No message comes twice, and none of a sender after a later one.
//! - Behind the fault every message arrives. How many may be lost in it is said for each fault.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::time::Duration;

use integration_tests::cluster::Node;
use integration_tests::foreign;
use integration_tests::heard::Listener;
use integration_tests::wait::until;
use serde_json::json;
use socketio_core::adapter::broker::Broker;
use socketio_emitter::Emitter;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use crate::log;
use crate::probe::{Machine, Probe};
use crate::source::Source;

/// Two nodes and an emitter on a channel, and clients that hear them.
pub(crate) struct Play<B: Broker> {
    pub(crate) channel: String,
    pub(crate) nodes: Vec<Node<B>>,
    pub(crate) emitter: Emitter<B>,
    /// Numbers up to these may have gone to nobody: not all listened yet.
    joined: [u64; SOURCES],
    sources: Vec<Source>,
    listeners: Vec<Listener>,
    probes: Vec<Probe>,
    machine: Machine,
    browser: JoinHandle<foreign::Report>,
    memory: usize,
}

/// The nodes, then the emitter.
const SOURCES: usize = 3;
/// How many nodes and emitters there are to be lost and to come back.
pub(crate) const PARTIES: usize = SOURCES;
/// Messages that each says, at least, before the fault and behind it.
const ENOUGH: u64 = 50;
/// Where a broker writes to disk before it confirms, there is always something on its way.
const ON_THE_WAY: usize = 50;
/// A broker that starts on a busy machine takes its time.
const DEADLINE: Duration = Duration::from_secs(90);

impl<B: Broker> Play<B> {
    /// Everybody listens, and has heard everybody.
    pub(crate) async fn begin(options: B::Options) -> Self {
        log::start();
        let channel = format!("test-{}", socketio_core::Sid::generate());
        let mut nodes = Vec::new();
        for _ in 0..2 {
            nodes.push(Node::start(options.clone(), &channel).await);
        }
        let play = Self::with(nodes, &channel, options).await;
        play.heard(&[ENOUGH; SOURCES], "the first messages").await;
        play
    }

    /// The broker is away. The nodes serve, and who emits is heard on its own node.
    pub(crate) async fn begin_without_a_broker(options: B::Options) -> Self {
        log::start();
        let channel = format!("test-{}", socketio_core::Sid::generate());
        let mut nodes = Vec::new();
        for _ in 0..2 {
            nodes.push(Node::start_alone(options.clone(), &channel).await);
        }
        let play = Self::with(nodes, &channel, options).await;
        let deadline = Instant::now() + DEADLINE;
        let hears_itself = |node: usize| play.listeners[node].heard().last(node) >= ENOUGH;
        while !(hears_itself(0) && hears_itself(1)) {
            assert!(Instant::now() < deadline, "clients of a node without a broker hear nothing");
            sleep(LOOK).await;
        }
        play
    }

    async fn with(nodes: Vec<Node<B>>, channel: &str, options: B::Options) -> Self {
        let memory = resident();
        let (mut listeners, mut probes, mut sources) = (Vec::new(), Vec::new(), Vec::new());
        for node in &nodes {
            listeners.push(Listener::start(node.running.port, SOURCES).await);
            probes.push(Probe::start(&node.running).await);
        }
        let port = nodes[0].running.port;
        let browser = tokio::spawn(async move { foreign::node("faults", port, &[]).await });
        for (source, node) in nodes.iter().enumerate() {
            let io = node.io().clone();
            let emit = move |number| _ = io.emit("n", (source, number)).expect("it emits");
            sources.push(Source::start(50, emit));
        }
        let emitter = Emitter::<B>::with_options(options).channel(channel);
        let emitting = emitter.clone();
        let emit = move |number| _ = emitting.emit("n", (SOURCES - 1, number)).expect("it emits");
        sources.push(Source::start(100, emit));
        until(
            "the socket.io-client",
            || if nodes[0].io().counters().sockets == 3 { Ok(()) } else { Err(()) },
        )
        .await;
        Play {
            channel: channel.to_owned(),
            nodes,
            emitter,
            joined: [0; SOURCES],
            sources,
            listeners,
            probes,
            machine: Machine::start(),
            browser,
            memory,
        }
    }

    /// Waits until the log says of so many parties that they are cut off; tells how long that took.
    pub(crate) async fn lost(&self, parties: usize) -> Duration {
        let begun = Instant::now();
        self.until("the log to say who is cut off", || {
            log::outages(&self.channel).values().filter(|(lost, _)| *lost > 0).count() >= parties
        })
        .await;
        begun.elapsed()
    }

    /// How many are, or were, cut off.
    pub(crate) fn parties_lost(&self) -> usize {
        log::outages(&self.channel).len()
    }

    /// Waits until everybody who was cut off is back, and what was held is published.
    pub(crate) async fn back(&self) {
        self.until("all to be back", || {
            let all = log::outages(&self.channel).values().all(|(lost, back)| lost == back);
            let nodes = self.nodes.iter().all(|node| {
                let health = node.adapter.health();
                health.subscribed && health.members == 1 && health.queued_frames < ON_THE_WAY
            });
            let emitter = self.emitter.health();
            all && nodes && emitter.connected && emitter.queued_frames < ON_THE_WAY
        })
        .await;
    }

    /// What was said until now may have gone to nobody.
    pub(crate) fn join(&mut self) {
        self.joined = self.said();
    }

    /// A question to all nodes while one cannot be reached: it ends at its deadline, with what came, and names who was silent. However
    /// long the outage has been, the other is a member still.
    pub(crate) async fn ask_in_vain(&self) {
        let silent = self.nodes[1].adapter.id().clone();
        let counting =
            self.nodes[0].io().of("/").timeout(Duration::from_secs(1)).except("nobody").count().await;
        let counts = counting.expect("it is asked");
        assert_eq!((counts.items.len(), counts.silent), (1, vec![silent]), "who answers in an outage");
    }

    /// Behind the fault: lets everybody say some more, and asserts all that holds.
    pub(crate) async fn end(mut self, parties: usize, may_be_lost: usize) {
        self.back().await;
        let recovered = self.said();
        self.machine.burst(recovered.iter().sum());
        self.heard(&recovered.map(|number| number + ENOUGH), "what was said behind the fault").await;
        for source in &mut self.sources {
            source.stop().await;
        }
        let said = self.said();
        self.heard(&said, "the last messages").await;

        self.assert_heard(&recovered, &said, may_be_lost);
        self.assert_served();
        self.assert_logged(parties);
        self.assert_nothing_is_left().await;

        let node = &self.nodes[0];
        let told = json!({ "said": said, "joined": self.joined, "mayBeLost": may_be_lost });
        node.io().of("/").local().emit("end", told).expect("it emits");
        self.browser.await.expect("the script runs").assert_holds();
        drop((self.probes, self.listeners));
        for node in self.nodes {
            node.running.stop().await;
        }
        assert_eq!(log::panics(), Vec::<String>::new());
    }

    fn said(&self) -> [u64; SOURCES] {
        std::array::from_fn(|source| self.sources[source].said())
    }

    /// Waits until each client has heard these numbers, or later ones, of each source.
    async fn heard(&self, numbers: &[u64; SOURCES], what: &str) {
        self.until(what, || {
            self.listeners.iter().all(|listener| {
                let heard = listener.heard();
                numbers.iter().enumerate().all(|(source, number)| heard.last(source) >= *number)
            })
        })
        .await;
    }

    fn assert_heard(&self, recovered: &[u64; SOURCES], said: &[u64; SOURCES], may_be_lost: usize) {
        let mut lost = BTreeSet::new();
        for (node, listener) in self.listeners.iter().enumerate() {
            let heard = listener.heard();
            assert!(heard.wrong.is_empty(), "at node {node}: {:?}", heard.wrong);
            for source in 0..SOURCES {
                let own = node == source;
                let from = if own { 0 } else { self.joined[source] };
                let missing = heard.missing(source, from, said[source]);
                assert!(!own || missing.is_empty(), "node {node} did not deliver its own {missing:?}");
                let late: Vec<_> = missing.iter().filter(|number| **number > recovered[source]).collect();
                assert!(
                    late.is_empty(),
                    "{late:?} of source {source} are missing at node {node}, behind the fault"
                );
                lost.extend(missing.into_iter().map(|number| (source, number)));
            }
        }
        let runs = runs(&lost);
        eprintln!(
            "{}: {} cut off; of {said:?} said, {} are lost: {runs:?}",
            self.channel,
            self.parties_lost(),
            lost.len()
        );
        assert!(lost.len() <= may_be_lost, "{} messages are lost (source, numbers): {runs:?}", lost.len());
    }

    /// Within three seconds, and what this machine makes everybody wait: 30 ms on a quiet one.
    fn assert_served(&self) {
        let machine = self.machine.longest();
        let answers: Vec<_> = self.probes.iter().map(Probe::longest).collect();
        let messages: Vec<_> = (0..self.nodes.len()).map(|node| self.longest_wait_for_itself(node)).collect();
        eprintln!(
            "{}: answers took {answers:?}, local messages {messages:?}, elsewhere {machine:?}",
            self.channel
        );
        // Where processors are short, the more there is to do the longer it waits: two nodes and their clients are in this process.
        let limit = Duration::from_secs(3) + 5 * machine;
        let longest = answers.into_iter().chain(messages).max();
        assert!(longest < Some(limit), "a client waited for {longest:?}, and may for {limit:?}");
    }

    /// The longest that a message took from a node to its own client.
    fn longest_wait_for_itself(&self, node: usize) -> Duration {
        let (said, heard) = (self.sources[node].times(), self.listeners[node].heard());
        let waits = heard.numbers[node].iter().map(|(number, at)| *at - said[*number as usize - 1]);
        waits.max().unwrap_or_default()
    }

    fn assert_logged(&self, parties: usize) {
        let outages = log::outages(&self.channel);
        let once = outages.values().all(|outage| *outage == (1, 1));
        assert!(once && outages.len() == parties, "{outages:?}:\n{}", log::lines(&self.channel).join("\n"));
    }

    async fn assert_nothing_is_left(&self) {
        self.until("the queues to be empty", || {
            let nodes = self.nodes.iter().map(|node| node.adapter.health().queued_bytes);
            nodes.sum::<usize>() + self.emitter.health().queued_bytes == 0
        })
        .await;
        assert_eq!(self.emitter.health().totals.dropped, 0, "the emitter dropped messages");
        for (node, clients) in self.nodes.iter().zip([3, 2]) {
            let (health, counters) = (node.adapter.health(), node.io().counters());
            assert_eq!(
                (health.dropped, health.open_requests, health.frames_refused),
                (0, 0, 0),
                "{health:?}"
            );
            let left =
                (counters.sessions, counters.sockets, counters.pending_acks, counters.handlers_running);
            assert_eq!(left, (clients, clients, 0, 0), "{counters:?}");
            assert_eq!((counters.handler_panics, counters.outgoing_full), (0, 0), "{counters:?}");
        }
        let grown = resident().saturating_sub(self.memory);
        assert!(grown < MEMORY, "{grown} more bytes are in use");
    }

    async fn until(&self, what: &str, condition: impl Fn() -> bool) {
        let deadline = Instant::now() + DEADLINE;
        while !condition() {
            assert!(Instant::now() < deadline, "waited {DEADLINE:?} for {what}: {}", self.state());
            sleep(LOOK).await;
        }
    }

    fn state(&self) -> String {
        let heard: Vec<Vec<u64>> = self
            .listeners
            .iter()
            .map(|listener| (0..SOURCES).map(|source| listener.heard().last(source)).collect())
            .collect();
        let nodes: Vec<_> = self.nodes.iter().map(|node| node.adapter.health()).collect();
        let (said, emitter, log) = (self.said(), self.emitter.health(), log::lines(&self.channel).join("\n"));
        format!("said {said:?}, heard {heard:?}, {nodes:?}, {emitter:?}\n{log}")
    }
}

/// Numbers in a row as one.
fn runs(lost: &BTreeSet<(usize, u64)>) -> Vec<(usize, RangeInclusive<u64>)> {
    let mut runs = Vec::<(usize, RangeInclusive<u64>)>::new();
    for (source, number) in lost {
        match runs.last_mut() {
            Some((of, run)) if of == source && run.end() + 1 == *number => *run = *run.start()..=*number,
            _ => runs.push((*source, *number..=*number)),
        }
    }
    runs
}

/// Bytes of memory that this process has; other faults happen in it at the same time.
fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    statm.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok()).map_or(0, |pages| pages * 4096)
}

/// What clients, logs and brokers' libraries may take: the messages held in an outage of a minute are some 3 MB.
const MEMORY: usize = 200 << 20;
const LOOK: Duration = Duration::from_millis(20);
