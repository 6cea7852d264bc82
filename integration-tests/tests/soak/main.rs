//! Weeks, in minutes: two nodes on a Redis that starts again now and then, and every kind of client, good and bad, all the time.
//!
//! ```text
//! this process: the clients ──┬── node a ──┐
//!                             └── node b ──┴── redis, of the test's own
//! ```
//!
//! `make soak` runs it for half an hour, `cargo test` for two minutes; `SECS` says otherwise. What it saw is printed, and written to
//! `target/tmp/soak.md`; that of half an hour is kept as `bench/SOAK.md`. See [`verdict`] for what must hold.

mod bad; // clients that do as they should not
mod chat; // numbered messages from node to node
mod good; // clients that ask, one question after the other, and take the time
mod node; // the servers
mod outages; // the broker that starts again
mod pace; // at most half a core
mod page; // what was seen, to be read
mod report; // what was seen
mod verdict; // what must hold

use std::time::{Duration, Instant};

use integration_tests::own_brokers::OwnBrokers;
use integration_tests::process::Process;

use crate::pace::Pace;
use crate::report::Report;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_are_behind_the_last_client_what_they_were_before_the_first() {
    let length = Duration::from_secs(setting("SECS").unwrap_or(120));
    let redis = OwnBrokers::start(&["redis"]).await;
    let mut nodes = node::start_two(&redis).await;
    let before = Standing::settled(&mut nodes).await;

    let start = Instant::now();
    let pace = Pace::default();
    let ports = nodes.each_ref().map(|node| node.port);
    let good = good::Clients::start(ports, start);
    let chat = chat::Chat::start(ports).await;
    let bad = bad::Clients::start(ports, &pace);
    let mut report = Report::begin(start, length);
    let outages = outages::Outages::plan(length);
    let (mut report, restarts) = tokio::join!(
        async {
            report.watch(&mut nodes, &pace).await;
            report
        },
        outages.play(&redis, start),
    );

    report.broker(&restarts);
    report.bad(bad.end().await);
    report.chat(chat.end(&restarts).await);
    report.good(good.end());
    report.left(&before, &Standing::at_the_end(&mut nodes, &before).await);
    report.figures(&mut nodes).await;
    verdict::of(&report);
}

/// What a node has while it serves nobody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    /// For each node: tasks, descriptors, and what clients leave in its counters.
    pub(crate) nodes: [(u64, usize, [u64; 7]); 2],
}

impl Standing {
    /// What is there at the start, when it has been the same for a second.
    async fn settled(nodes: &mut [Process; 2]) -> Self {
        let mut last = Self::of(nodes).await;
        let mut same = 0;
        while same < 10 {
            tokio::time::sleep(Duration::from_millis(100)).await;
            let now = Self::of(nodes).await;
            same = if now == last { same + 1 } else { 0 };
            last = now;
        }
        last
    }

    /// The same again behind the last client, or what is left half a minute later.
    async fn at_the_end(nodes: &mut [Process; 2], before: &Self) -> Self {
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            let now = Self::of(nodes).await;
            if now == *before || Instant::now() > deadline {
                return now;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    async fn of(nodes: &mut [Process; 2]) -> Self {
        let mut standing = Vec::new();
        for node in nodes {
            let figures = node.figures().await;
            standing.push((figures.of("tasks"), node.descriptors(), figures.each(LEFT)));
        }
        Standing { nodes: standing.try_into().expect("two nodes") }
    }
}

/// What clients may leave.
pub(crate) const LEFT: [&str; 7] =
    ["sessions", "sockets", "rooms", "pending_acks", "handlers_running", "connections", "buffered"];

/// A number from the environment.
pub(crate) fn setting(name: &str) -> Option<u64> {
    let value = std::env::var(name).ok()?;
    Some(value.parse().unwrap_or_else(|_| panic!("{name} is a number, not {value:?}")))
}
