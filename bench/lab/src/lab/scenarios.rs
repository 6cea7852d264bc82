//! What is measured, of which figure it is judged, and what that should be.

use crate::servers::FLOOR;

pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    /// For the tables.
    pub(crate) title: &'static str,
    /// What `cpu_us` and the like are of.
    pub(crate) unit: &'static str,
    /// Rounds for each that is asked for.
    pub(crate) rounds: usize,
    pub(crate) goals: &'static [Goal],
}

/// What a figure of ours should be, at most.
pub(crate) struct Goal {
    pub(crate) figure: &'static str,
    pub(crate) title: &'static str,
    pub(crate) unit: &'static str,
    pub(crate) most: f64,
    /// In relation to socketioxide's in the same run: this decides, as it does not depend on the machine.
    pub(crate) ratio: f64,
}

impl Scenario {
    /// Two worker threads are of interest where the order of events is; the floor knows no other node.
    pub(crate) fn is_for(&self, server: &str) -> bool {
        match server {
            FLOOR => !self.crosses(),
            _ => !server.ends_with("-2threads") || self.name.starts_with("echo"),
        }
    }

    /// Where nearly all is system calls, which on a virtual machine may be a third dearer for some rounds than for others.
    const fn thrice(mut self) -> Self {
        self.rounds = 3;
        self
    }

    /// Needs two nodes, and Redis between them.
    pub(crate) fn crosses(&self) -> bool {
        self.name.starts_with("cross")
    }
}

pub(crate) const SCENARIOS: &[Scenario] = &[
    one("echo", "echo, 16 in flight", "round trip", &[cpu("echo, 16 in flight", 0.90, 0.50)]),
    one("echo1", "echo, 1 in flight", "round trip", &[cpu("echo, 1 in flight", 6.0, 0.80)]).thrice(),
    one("echo_ack", "echo by acks, 16 in flight", "round trip", &[cpu("echo by acks", 0.90, 0.45)]),
    one("echo_bin", "echo of 1 KiB of bytes, 16 in flight", "round trip", &[cpu("echo of 1 KiB", 2.0, 0.70)]),
    one("fanout", "broadcast to 500, 4 in flight", "delivery", &[cpu("broadcast to 500", 1.4, 0.60)]),
    one(
        "fanout1",
        "broadcast to 500, 1 in flight",
        "delivery",
        &[cpu("broadcast to 500, 1 in flight", 5.2, 0.65)],
    )
    .thrice(),
    one("bigfan", "broadcast to 10,000", "delivery", &[cpu("broadcast to 10,000", 10.0, 0.75)]),
    one("polling", "echo by long-polling", "round trip", &[cpu("long-polling", 15.0, 0.60)]),
    one(
        "idle",
        "10,000 connections",
        "connection",
        &[
            cpu("connecting", 40.0, 0.75),
            Goal {
                figure: "kb_per_client",
                title: "memory per connection",
                unit: "kB",
                most: 4.0,
                ratio: 0.15,
            },
        ],
    ),
    one("cross", "node to node over Redis", "delivery", &[cpu("node to node, Redis", 0.36, 1.0)]),
    one("cross100", "node to node over Redis, 100 broadcasts a second", "delivery", &[]),
];

const fn one(
    name: &'static str,
    title: &'static str,
    unit: &'static str,
    goals: &'static [Goal],
) -> Scenario {
    Scenario { name, title, unit, rounds: 1, goals }
}

const fn cpu(title: &'static str, most: f64, ratio: f64) -> Goal {
    Goal { figure: "cpu_us", title, unit: "µs", most, ratio }
}
