//! What was seen.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use integration_tests::process::{Figures, Process};
use integration_tests::program;
use tokio::time::{interval, sleep};

use crate::Standing;
use crate::bad::Count;
use crate::chat::Heard;
use crate::good::{Times, Wait};
use crate::outages::Outage;
use crate::pace::Pace;

#[derive(Debug)]
pub(crate) struct Report {
    start: Instant,
    pub(crate) length: Duration,
    pub(crate) samples: Vec<Sample>,
    /// When Redis was killed, and when it was back.
    pub(crate) outages: Vec<(Duration, Duration)>,
    pub(crate) bad: Count,
    pub(crate) heard: Heard,
    pub(crate) times: Times,
    pub(crate) standing: Option<(Standing, Standing)>,
    pub(crate) resident_at_the_end: [usize; 2],
    pub(crate) figures: [Figures; 2],
    /// The milliseconds for which handlers held their thread, by their events, as far as the log tells.
    pub(crate) slow: BTreeMap<String, Vec<u64>>,
}

/// A second.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    pub(crate) at: Duration,
    pub(crate) resident: [usize; 2],
    /// Time of processors since the start: both nodes, and this process.
    pub(crate) nodes: Duration,
    pub(crate) clients: Duration,
    /// How much slower than planned the bad clients came, in percent.
    pub(crate) slower: u64,
}

impl Report {
    pub(crate) fn begin(start: Instant, length: Duration) -> Self {
        Report {
            start,
            length,
            samples: Vec::new(),
            outages: Vec::new(),
            bad: Count::default(),
            heard: Heard::default(),
            times: Times::default(),
            standing: None,
            resident_at_the_end: [0; 2],
            figures: <[Figures; 2]>::default(),
            slow: BTreeMap::new(),
        }
    }

    /// Looks once a second, for as long as it is to take, and sets the pace.
    pub(crate) async fn watch(&mut self, nodes: &mut [Process; 2], pace: &Pace) {
        let spent = |nodes: &[Process; 2]| nodes.iter().map(|node| node.cpu()).sum::<Duration>();
        let (nodes_before, clients_before) = (spent(nodes), program::cpu("self"));
        let mut beat = interval(Duration::from_secs(1));
        while self.start.elapsed() < self.length {
            beat.tick().await;
            self.samples.push(Sample {
                at: self.start.elapsed(),
                resident: nodes.each_ref().map(|node| node.resident()),
                nodes: spent(nodes).saturating_sub(nodes_before),
                clients: program::cpu("self").saturating_sub(clients_before),
                slower: pace.slower(),
            });
            if let [.., earlier, _, _, _, _, now] = self.samples[..] {
                pace.used(percent(now.nodes - earlier.nodes, now.at - earlier.at));
            }
        }
    }

    pub(crate) fn broker(&mut self, outages: &[Outage]) {
        let since_start = |outage: &Outage| outage.since(self.start);
        self.outages = outages.iter().map(since_start).collect();
    }

    pub(crate) fn bad(&mut self, bad: Count) {
        self.bad = bad;
    }

    pub(crate) fn chat(&mut self, heard: Heard) {
        self.heard = heard;
    }

    pub(crate) fn good(&mut self, times: Times) {
        self.times = times;
    }

    pub(crate) fn left(&mut self, before: &Standing, after: &Standing) {
        self.standing = Some((before.clone(), after.clone()));
    }

    pub(crate) async fn figures(&mut self, nodes: &mut [Process; 2]) {
        for (figures, node) in self.figures.iter_mut().zip(&mut *nodes) {
            *figures = node.figures().await;
        }
        for (event, held) in nodes.iter().flat_map(|node| slow_handlers(&node.said())) {
            self.slow.entry(event).or_default().push(held);
        }
        // What the allocator gives back, it gives back in its time.
        sleep(Duration::from_secs(1)).await;
        self.resident_at_the_end = nodes.each_ref().map(|node| node.resident());
    }

    /// When memory is noted for the first time: after a minute; in a short run after a third of it.
    pub(crate) fn mark(&self) -> Duration {
        if self.length >= Duration::from_secs(600) { Duration::from_secs(60) } else { self.length / 3 }
    }

    /// Memory of each node at the mark and at the end of the load: the middle of ten seconds.
    pub(crate) fn memory(&self) -> [(usize, usize); 2] {
        [0, 1].map(|node| (self.resident(node, self.mark()), self.resident(node, self.length)))
    }

    pub(crate) fn resident(&self, node: usize, until: Duration) -> usize {
        let since = until.saturating_sub(Duration::from_secs(10));
        let mut some: Vec<_> = self
            .samples
            .iter()
            .filter(|sample| (since..=until + Duration::from_secs(1)).contains(&sample.at))
            .map(|sample| sample.resident[node])
            .collect();
        some.sort_unstable();
        some.get(some.len() / 2).copied().unwrap_or_default()
    }

    /// Of one core: the nodes together, and the clients.
    pub(crate) fn cpu(&self) -> (u64, u64) {
        let Some(last) = self.samples.last() else { return (0, 0) };
        (percent(last.nodes, last.at), percent(last.clients, last.at))
    }

    /// The worst answer to a good client,
    pub(crate) fn worst_answer(&self) -> Wait {
        let all = self.times.websocket.iter().chain(&self.times.polling);
        all.max_by_key(|wait| wait.took).copied().unwrap_or_default()
    }

    /// and by how much a bare timer of the same thread was late at worst while it was waited for.
    pub(crate) fn late_during(&self, wait: Wait) -> Duration {
        let second = Duration::from_secs(1);
        self.worst_between(&self.times.late, wait.at.saturating_sub(wait.took + second), wait.at + second)
    }

    /// The longest of `waits` that ended then.
    pub(crate) fn worst_between(&self, waits: &[Wait], since: Duration, until: Duration) -> Duration {
        let then = waits.iter().filter(|wait| wait.at >= since && wait.at < until);
        then.map(|wait| wait.took).max().unwrap_or_default()
    }

    /// The sum of both nodes.
    pub(crate) fn counted(&self, name: &str) -> u64 {
        self.figures.iter().map(|figures| figures.of(name)).sum()
    }
}

/// The handlers that a log names because they held their thread, each with the milliseconds.
fn slow_handlers(log: &str) -> Vec<(String, u64)> {
    let lines = log.lines().filter(|line| line.contains("a handler blocked its thread"));
    let found = lines.filter_map(|line| {
        let (_, event) = line.split_once(" event=\"")?;
        let (_, held) = line.split_once(" blocked_ms=")?;
        Some((event.split('"').next()?.to_owned(), held.split(' ').next()?.parse().ok()?))
    });
    found.collect()
}

/// Of one core.
pub(crate) fn percent(spent: Duration, of: Duration) -> u64 {
    (100.0 * spent.as_secs_f64() / of.as_secs_f64().max(0.001)).round() as u64
}
