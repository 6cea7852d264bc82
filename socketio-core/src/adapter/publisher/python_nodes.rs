//! What python-socketio's nodes cannot do: when it is first asked of the cluster, the log says what they do instead.
//!
//! Whether there are any cannot be known, for they say nothing before they emit: in a cluster without them it is said in vain, once.
//! The table is in `docs/wire.md`.

use std::sync::atomic::{AtomicU8, Ordering};

use crate::adapter::operation::{EventPacket, Operation, Target};

use super::messages::sid_of;

/// What has been said of them.
#[derive(Debug, Default)]
pub(crate) struct PythonNodes {
    said: AtomicU8,
}

impl PythonNodes {
    /// Those on `channel` are about to be asked for `operation`.
    pub(crate) fn are_asked(&self, channel: &str, operation: &Operation) {
        for limit in limits(operation).into_iter().flatten() {
            let bit = 1 << limit as u8;
            // Nearly always it has been said: read before written.
            if self.said.load(Ordering::Relaxed) & bit != 0
                || self.said.fetch_or(bit, Ordering::Relaxed) & bit != 0
            {
                continue;
            }
            let (asked, instead) = limit.words();
            tracing::info!(
                target: "socketio::cluster",
                channel, asked, instead, "nodes of python-socketio on the channel, should there be any, cannot do this"
            );
        }
    }
}

/// A line of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Limit {
    Except,
    Null,
    Change,
    Close,
    Question,
    Acks,
    ServerEvent,
}

impl Limit {
    /// What is asked, and what they do.
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Limit::Except => ("an emit with `except` of a room", "that room gets it on them"),
            Limit::Null => ("an emit of a single null", "their clients get no argument"),
            Limit::Change => ("join, leave or disconnect by rooms", "their clients stay as they are"),
            Limit::Close => ("close of whole connections", "their clients stay"),
            Limit::Question => ("`fetch_sockets`, `count` or `rooms`", "their clients are not in the answer"),
            Limit::Acks => ("a broadcast with acks", "their clients get it, and their answers do not count"),
            Limit::ServerEvent => ("an event for servers", "they do not hear it"),
        }
    }
}

fn limits(operation: &Operation) -> [Option<Limit>; 2] {
    let if_true = |limit, it: bool| it.then_some(limit);
    match operation {
        Operation::Emit { target, packet } if !target.local => {
            [if_true(Limit::Except, leaves_out_rooms(target)), if_true(Limit::Null, is_null(packet))]
        }
        Operation::EmitWithAck { target, .. } if !target.local => {
            [Some(Limit::Acks), if_true(Limit::Except, leaves_out_rooms(target))]
        }
        Operation::Disconnect { target, close: true } if !target.local => [Some(Limit::Close), None],
        Operation::Join { target, .. }
        | Operation::Leave { target, .. }
        | Operation::Disconnect { target, close: false }
            if !target.local =>
        {
            let one_client = sid_of(target).is_some_and(|sid| looks_like_a_sid(&sid));
            [if_true(Limit::Change, !one_client), None]
        }
        Operation::FetchSockets { target, .. } | Operation::Count { target, .. } if !target.local => {
            [Some(Limit::Question), None]
        }
        Operation::Rooms { .. } => [Some(Limit::Question), None],
        Operation::ServerSideEmit { .. } => [Some(Limit::ServerEvent), None],
        _ => [None, None],
    }
}

fn leaves_out_rooms(target: &Target) -> bool {
    target.except.iter().any(|name| !looks_like_a_sid(name.as_str()))
}

fn is_null(packet: &EventPacket) -> bool {
    packet.args().json() == "null"
}

/// Whether a name has the form of a client's id, which is a room as well: those python's nodes know.
fn looks_like_a_sid(name: &str) -> bool {
    name.len() == 20 && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::adapter::room::IntoRooms;
    use crate::protocol::sid::Sid;

    const TIMEOUT: Duration = Duration::from_secs(1);

    fn everyone() -> Target {
        Target::everyone("/".into())
    }

    fn to(rooms: impl IntoRooms) -> Target {
        let mut target = everyone();
        target.recipients.add(rooms.into_rooms());
        target
    }

    fn except(rooms: impl IntoRooms) -> Target {
        Target { except: rooms.into_rooms(), ..everyone() }
    }

    fn packet(args: &str) -> EventPacket {
        EventPacket::new("e", &(serde_json::from_str::<serde_json::Value>(args).unwrap(),)).unwrap()
    }

    #[track_caller]
    fn has(operation: Operation, expected: &[Limit]) {
        let found: Vec<Limit> = limits(&operation).into_iter().flatten().collect();
        assert_eq!(found, expected, "{operation:?}");
    }

    #[test]
    fn what_is_in_the_words_of_python_is_no_limit() {
        let sid = Sid::generate();
        has(Operation::Emit { target: to(["a", "b"]), packet: packet("[1]") }, &[]);
        has(Operation::Emit { target: except([sid.as_str()]), packet: packet("[null]") }, &[]);
        has(Operation::Join { target: to(sid.as_str()), rooms: "a".into_rooms() }, &[]);
        has(Operation::Leave { target: to(sid.as_str()), rooms: "a".into_rooms() }, &[]);
        has(Operation::Disconnect { target: to(sid.as_str()), close: false }, &[]);
        has(Operation::CloseRoom { namespace: "/".into(), room: "a".into() }, &[]);
        has(Operation::Call { namespace: "/".into(), sid, packet: packet("1"), timeout: TIMEOUT }, &[]);
    }

    #[test]
    fn what_is_not_is_one() {
        has(Operation::Emit { target: except("a"), packet: packet("1") }, &[Limit::Except]);
        has(Operation::Emit { target: everyone(), packet: packet("null") }, &[Limit::Null]);
        let packet = packet("1");
        let ask = |target| Operation::EmitWithAck { target, packet: packet.clone(), timeout: TIMEOUT };
        has(ask(everyone()), &[Limit::Acks]);
        has(ask(except("a")), &[Limit::Acks, Limit::Except]);
        for target in [to("a"), everyone(), to(["a", "b"]), except("a")] {
            has(Operation::Join { target: target.clone(), rooms: "b".into_rooms() }, &[Limit::Change]);
            has(Operation::Leave { target: target.clone(), rooms: "b".into_rooms() }, &[Limit::Change]);
            has(Operation::Disconnect { target: target.clone(), close: false }, &[Limit::Change]);
            has(Operation::Disconnect { target, close: true }, &[Limit::Close]);
        }
        has(Operation::FetchSockets { target: everyone(), timeout: TIMEOUT }, &[Limit::Question]);
        has(Operation::Count { target: everyone(), timeout: TIMEOUT }, &[Limit::Question]);
        has(Operation::Rooms { namespace: "/".into(), timeout: TIMEOUT }, &[Limit::Question]);
        has(
            Operation::ServerSideEmit { namespace: "/".into(), packet, replies: None },
            &[Limit::ServerEvent],
        );
    }

    #[test]
    fn what_stays_here_is_asked_of_nobody() {
        let local = || Target { local: true, ..except("a") };
        has(Operation::Emit { target: local(), packet: packet("null") }, &[]);
        has(Operation::Join { target: local(), rooms: "b".into_rooms() }, &[]);
        has(Operation::Disconnect { target: local(), close: true }, &[]);
        has(Operation::Count { target: local(), timeout: TIMEOUT }, &[]);
    }
}
