//! What was seen, as figures and as a page.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use integration_tests::process::{self, Figures, Process};
use tokio::time::{interval, sleep};

use crate::Standing;
use crate::chat::Heard;
use crate::good::Times;
use crate::outages::Outage;
use crate::pace::Pace;

#[derive(Debug)]
pub(crate) struct Report {
    start: Instant,
    pub(crate) length: Duration,
    samples: Vec<Sample>,
    pub(crate) restarts: usize,
    pub(crate) bad: BTreeMap<&'static str, u64>,
    pub(crate) heard: Heard,
    pub(crate) times: Times,
    pub(crate) standing: Option<(Standing, Standing)>,
    pub(crate) resident_at_the_end: [usize; 2],
    pub(crate) figures: [Figures; 2],
}

/// A second.
#[derive(Clone, Copy, Debug)]
struct Sample {
    at: Duration,
    resident: [usize; 2],
    /// Time of processors since the start: both nodes, and this process.
    nodes: Duration,
    clients: Duration,
}

impl Report {
    pub(crate) fn begin(start: Instant, length: Duration) -> Self {
        Report {
            start,
            length,
            samples: Vec::new(),
            restarts: 0,
            bad: BTreeMap::new(),
            heard: Heard::default(),
            times: Times::default(),
            standing: None,
            resident_at_the_end: [0; 2],
            figures: <[Figures; 2]>::default(),
        }
    }

    /// Looks once a second, for as long as it is to take, and sets the pace.
    pub(crate) async fn watch(&mut self, nodes: &mut [Process; 2], pace: &Pace) {
        let spent = |nodes: &[Process; 2]| nodes.iter().map(Process::cpu).sum::<Duration>();
        let (nodes_before, clients_before) = (spent(nodes), process::cpu("self"));
        let mut beat = interval(Duration::from_secs(1));
        while self.start.elapsed() < self.length {
            beat.tick().await;
            self.samples.push(Sample {
                at: self.start.elapsed(),
                resident: nodes.each_ref().map(Process::resident),
                nodes: spent(nodes).saturating_sub(nodes_before),
                clients: process::cpu("self").saturating_sub(clients_before),
            });
            if let [.., earlier, _, _, _, _, now] = self.samples[..] {
                pace.used(percent(now.nodes - earlier.nodes, now.at - earlier.at));
            }
        }
    }

    pub(crate) fn broker(&mut self, outages: &[Outage]) {
        self.restarts = outages.len();
    }

    pub(crate) fn bad(&mut self, bad: BTreeMap<&'static str, u64>) {
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
        // What the allocator gives back, it gives back in its time.
        sleep(Duration::from_secs(1)).await;
        self.resident_at_the_end = nodes.each_ref().map(Process::resident);
    }

    /// When memory is noted for the first time: after a minute; in a short run after a third of it.
    pub(crate) fn mark(&self) -> Duration {
        if self.length >= Duration::from_secs(600) { Duration::from_secs(60) } else { self.length / 3 }
    }

    /// Memory of each node at the mark and at the end of the load: the middle of ten seconds.
    pub(crate) fn memory(&self) -> [(usize, usize); 2] {
        [0, 1].map(|node| (self.resident(node, self.mark()), self.resident(node, self.length)))
    }

    fn resident(&self, node: usize, until: Duration) -> usize {
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

    pub(crate) fn worst_echo(&self) -> Duration {
        let all = self.times.websocket.iter().chain(&self.times.polling);
        all.max().copied().unwrap_or_default()
    }

    /// The sum of both nodes.
    pub(crate) fn counted(&self, name: &str) -> u64 {
        self.figures.iter().map(|figures| figures.of(name)).sum()
    }

    /// The page, without the verdict.
    pub(crate) fn page(&self) -> String {
        let mut page = format!("# Soak: {} s\n\n", self.length.as_secs());
        let _ = self.write(&mut page);
        page
    }

    fn write(&self, page: &mut String) -> std::fmt::Result {
        let profile = if cfg!(debug_assertions) { "debug" } else { "release" };
        let (nodes, clients) = self.cpu();
        writeln!(
            page,
            "Two nodes ({profile} build) on a Redis that was killed and started again {} times.",
            self.restarts
        )?;
        writeln!(page, "Of one core the nodes took {nodes} %, the clients {clients} %.\n")?;

        writeln!(
            page,
            "| memory | at {} s | at the end | without clients |\n| --- | --- | --- | --- |",
            self.mark().as_secs()
        )?;
        for (node, (mark, end)) in self.memory().into_iter().enumerate() {
            let after = self.resident_at_the_end[node];
            let growth = end as f64 / mark.max(1) as f64 * 100.0 - 100.0;
            writeln!(
                page,
                "| node {node} | {} kB | {} kB ({growth:+.1} %) | {} kB |",
                mark / 1024,
                end / 1024,
                after / 1024
            )?;
        }
        for (node, figures) in self.samples_each_tenth().into_iter().enumerate() {
            writeln!(page, "\nNode {node}, in MB, at each tenth of the time: {figures}")?;
        }

        writeln!(page, "\n| answers | number | median | 99 % | worst |\n| --- | --- | --- | --- | --- |")?;
        for (transport, waits) in [("WebSocket", &self.times.websocket), ("polling", &self.times.polling)] {
            let mut waits = waits.clone();
            waits.sort_unstable();
            let at =
                |part: f64| millis(waits.get((waits.len() as f64 * part) as usize).or(waits.last()).copied());
            writeln!(page, "| {transport} | {} | {} | {} | {} |", waits.len(), at(0.5), at(0.99), at(1.0))?;
        }
        writeln!(
            page,
            "\nA timer of the clients' process was late by {} at worst.\n",
            millis(Some(self.times.late))
        )?;

        let heard = &self.heard;
        writeln!(
            page,
            "Chat: {} messages said, {} heard by four listeners; {} lost, {} on their way when Redis was killed, {} out of order.\n",
            heard.said,
            heard.heard,
            heard.lost.len(),
            heard.on_the_way,
            heard.wrong.len()
        )?;
        let bad: Vec<_> = self.bad.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
        writeln!(page, "Bad clients: {}.\n", bad.join(", "))?;
        for (node, figures) in self.figures.iter().enumerate() {
            writeln!(page, "Counters of node {node}: {}\n", figures.told())?;
        }
        Ok(())
    }

    fn samples_each_tenth(&self) -> [String; 2] {
        [0, 1].map(|node| {
            let tenths = (1..=10).map(|tenth| self.resident(node, self.length * tenth / 10));
            tenths.map(|bytes| format!("{:.1}", bytes as f64 / 1e6)).collect::<Vec<_>>().join(" ")
        })
    }
}

fn percent(spent: Duration, of: Duration) -> u64 {
    (100.0 * spent.as_secs_f64() / of.as_secs_f64().max(0.001)).round() as u64
}

fn millis(time: Option<Duration>) -> String {
    format!("{:.1} ms", time.unwrap_or_default().as_secs_f64() * 1e3)
}
