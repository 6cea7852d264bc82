//! What a unit costs as something grows, of ours alone: it should stay what it is. And clients that come and go.

use serde_json::Value;

use crate::processes::{Lab, Line};
use crate::results::Results;
use crate::servers::Server;
use crate::{Outcome, timed};

pub(crate) struct Curve {
    pub(crate) name: &'static str,
    /// What grows.
    pub(crate) of: &'static str,
    /// What is measured meanwhile.
    pub(crate) unit: &'static str,
    /// Why it is as steep as it is.
    pub(crate) why: &'static str,
    scenario: &'static str,
    points: &'static [Point],
}

struct Point {
    x: u32,
    arguments: &'static [(&'static str, usize)],
}

const fn at(x: u32, arguments: &'static [(&'static str, usize)]) -> Point {
    Point { x, arguments }
}

pub(crate) const CURVES: &[Curve] = &[
    Curve {
        name: "connections",
        of: "connections",
        unit: "echo of 100 of them, 16 in flight",
        why: "Silent connections are not touched: with 9,900 of them beside, a profile (`perf record`) has the same functions in the same order.",
        scenario: "echo",
        points: &[at(100, &[]), at(1_000, &[("silent", 900)]), at(10_000, &[("silent", 9_900)])],
    },
    Curve {
        name: "rooms",
        of: "rooms of one member",
        unit: "event that comes back through a room, each room in turn",
        why: "What grows is the one lookup of the room: with 100,000 rooms, table, names and members are some 40 MB that no cache holds, and a \
              profile has 28 % of its samples in the lookup and 4 % in comparing the name found, where with 100 rooms neither is seen. Each event \
              takes another room, so that none is at hand.",
        scenario: "echo",
        points: &[
            at(10, &[("clients", 10), ("rooms", 1)]),
            at(100, &[("clients", 10), ("rooms", 10)]),
            at(1_000, &[("clients", 10), ("rooms", 100)]),
            at(10_000, &[("clients", 10), ("rooms", 1_000)]),
            at(100_000, &[("clients", 10), ("rooms", 10_000)]),
        ],
    },
    Curve {
        name: "rooms_per_socket",
        of: "rooms that each of 100 members is in",
        unit: "delivery of a broadcast to the one room that they share",
        why: "A broadcast looks at none of its members' other rooms. What grows is that members lie farther apart in memory, each behind its \
              own rooms: in a profile the first touches of a member (its session, its task's waker) are 3.9 % of the samples with 1,000 rooms each, \
              1.3 % with one.",
        scenario: "fanout",
        points: &[
            at(1, &[("clients", 100)]),
            at(10, &[("clients", 100), ("rooms", 9)]),
            at(100, &[("clients", 100), ("rooms", 99)]),
            at(1_000, &[("clients", 100), ("rooms", 999)]),
        ],
    },
    Curve {
        name: "namespaces",
        of: "namespaces",
        unit: "echo, each namespace in turn",
        why: "What grows is that each echo is in another namespace: with 10,000 its place among the connection's, its name, socket and \
              handlers, 13 MB in all, are in no cache. A profile has 24 % of its samples where these are touched first (finding the place, comparing \
              the name, dispatch), 4 % with 10.",
        scenario: "echo",
        points: &[
            at(1, &[("clients", 10)]),
            at(10, &[("clients", 10), ("namespaces", 1)]),
            at(100, &[("clients", 10), ("namespaces", 10)]),
            at(1_000, &[("clients", 10), ("namespaces", 100)]),
            at(10_000, &[("clients", 10), ("namespaces", 1_000)]),
        ],
    },
    Curve {
        name: "nodes",
        of: "nodes of the cluster",
        unit: "delivery of a broadcast to 100 members of one node, which the others hear by Redis, at 500 a second",
        why: "A broadcast is published once, whoever hears it, and of each other node one heartbeat comes in 2 s, 25 a second of 49: in profiles \
              all that the cluster is takes 1 % of the samples, with 1 node as with 50.",
        scenario: "fanout1",
        points: &[at(1, &[]), at(10, &[]), at(25, &[]), at(50, &[])],
    },
];

pub(crate) fn measure(lab: &Lab, rounds: usize, results: &mut Results) -> Outcome<()> {
    for curve in CURVES {
        timed(&format!("curve of {}", curve.of), || curve.take(lab, rounds, results))?;
    }
    timed("joining and leaving rooms of many members", || match lab.own("members") {
        Ok(lines) => lines.into_iter().try_for_each(|line| results.add(with_x(line, "members"))),
        Err(error) => results.miss("rooms of many members", &error),
    })?;
    timed("clients that come and go", || {
        let ours = Server::ours(lab.target());
        let come_and_go = lab
            .start(&ours, false, &[])
            .and_then(|mut server| lab.load("churn", ours.name, &mut server, None, &[]));
        match come_and_go {
            Ok(line) => results.add(line),
            Err(error) => results.miss("clients that come and go", &error),
        }
    })
}

impl Curve {
    fn take(&self, lab: &Lab, rounds: usize, results: &mut Results) -> Outcome<()> {
        for round in 1..=rounds {
            for point in self.points {
                eprintln!("curve of {} {round}/{rounds}: {}", self.of, point.x);
                match self.measure(lab, point) {
                    Ok(line) => results.add(line)?,
                    Err(error) => {
                        let what = format!("the curve of {} at {}, round {round}", self.of, point.x);
                        results.miss(&what, &error)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn measure(&self, lab: &Lab, point: &Point) -> Outcome<Line> {
        let ours = Server::ours(lab.target());
        let in_cluster = self.name == "nodes";
        // A server at full speed makes a figure in half the time; one in a cluster has a steady rate.
        let secs = if in_cluster { lab.secs() } else { lab.secs() / 2.0 };
        let mut arguments: Vec<(&str, &dyn ToString)> = vec![("secs", &secs)];
        arguments.extend(point.arguments.iter().map(|(name, value)| (*name, value as &dyn ToString)));
        let others = (point.x - 1).to_string();
        let _others = match in_cluster && point.x > 1 {
            true => Some(lab.start_aside(&ours, &[("NODES", others.as_str())])?),
            false => None,
        };
        if in_cluster {
            // Until all have heard of each other, by heartbeats in 2 s. At a rate that those beside the load can follow, however many they are.
            arguments.extend([("clients", &100 as &dyn ToString), ("warm", &3), ("rate", &500)]);
        }
        let mut server = lab.start(&ours, in_cluster, &[])?;
        let mut line = lab.load(self.scenario, ours.name, &mut server, None, &arguments)?;
        line.insert("scenario".to_owned(), self.name.into());
        line.insert("x".to_owned(), point.x.into());
        Ok(line)
    }
}

fn with_x(mut line: Line, figure: &str) -> Line {
    let x = line.get(figure).cloned().unwrap_or(Value::Null);
    line.insert("x".to_owned(), x);
    line
}
