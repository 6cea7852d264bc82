//! What a unit costs as something grows, of ours alone: it should stay what it is. And clients that come and go.

use serde_json::Value;

use crate::Outcome;
use crate::processes::{Lab, Line};
use crate::results::Results;
use crate::servers::Server;

pub(crate) struct Curve {
    pub(crate) name: &'static str,
    /// What grows.
    pub(crate) of: &'static str,
    /// What is measured meanwhile.
    pub(crate) unit: &'static str,
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
        scenario: "echo",
        points: &[at(100, &[]), at(1_000, &[("silent", 900)]), at(10_000, &[("silent", 9_900)])],
    },
    Curve {
        name: "rooms",
        of: "rooms of one member",
        unit: "event that comes back through a room, each room in turn",
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
        unit: "delivery of a broadcast to 100 members of one node, which the others hear by Redis",
        scenario: "fanout1",
        points: &[at(1, &[]), at(10, &[]), at(25, &[]), at(50, &[])],
    },
];

pub(crate) fn measure(lab: &Lab, results: &mut Results, failed: &mut Vec<String>) -> Outcome<()> {
    for curve in CURVES {
        for point in curve.points {
            eprintln!("curve of {}: {}", curve.of, point.x);
            match curve.measure(lab, point) {
                Ok(line) => results.add(line)?,
                Err(error) => failed.push(format!("the curve of {} at {}: {error}", curve.of, point.x)),
            }
        }
    }
    eprintln!("joining and leaving rooms of many members");
    match lab.own("members") {
        Ok(lines) => lines.into_iter().try_for_each(|line| results.add(with_x(line, "members")))?,
        Err(error) => failed.push(format!("rooms of many members: {error}")),
    }
    eprintln!("clients that come and go");
    let ours = Server::ours(lab.target());
    match lab
        .start(&ours, false, &[])
        .and_then(|mut server| lab.load("churn", ours.name, &mut server, None, &[]))
    {
        Ok(line) => results.add(line)?,
        Err(error) => failed.push(format!("clients that come and go: {error}")),
    }
    Ok(())
}

impl Curve {
    fn measure(&self, lab: &Lab, point: &Point) -> Outcome<Line> {
        let ours = Server::ours(lab.target());
        let in_cluster = self.name == "nodes";
        let mut arguments = point.arguments.to_vec();
        let others = (point.x - 1).to_string();
        let _others = match in_cluster && point.x > 1 {
            true => Some(lab.start_aside(&ours, &[("NODES", others.as_str())])?),
            false => None,
        };
        if in_cluster {
            // Until all have heard of each other.
            arguments.extend([("clients", 100), ("warm", 5)]);
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
