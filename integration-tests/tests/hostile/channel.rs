//! What anybody who may publish can say to the nodes of a cluster, and what of it harms python-socketio's: here each message costs a
//! counter. `socketio-core/tests/python_wire` has the frames that are wrong in other ways.

use integration_tests::cluster::{Member, Node};
use integration_tests::wait::until;
use socketio_core::Sid;
use socketio_core::adapter::broker::{Broker, Frame};
use socketio_core::adapter::memory::{Memory, MemoryHub};

/// In python each of these ends the listener: for a while, with Kafka for good.
#[tokio::test]
async fn a_message_that_is_no_object_costs_a_counter() {
    refused(["5", "true", "null", r#""method""#, r#"["method"]"#, "{}", "", "nonsense"]).await;
}

/// In python all clients of the namespace drop out of every broadcast.
#[tokio::test]
async fn close_room_of_null_closes_nothing() {
    refused([
        r#"{"method": "close_room", "room": null, "namespace": "/", "host_id": "h"}"#,
        r#"{"method": "close_room", "namespace": "/", "host_id": "h"}"#,
        r#"{"method": "close_room", "room": [null], "namespace": "/"}"#,
    ])
    .await;
}

/// In python that client drops out.
#[tokio::test]
async fn leave_room_of_null_takes_nobody_out() {
    let victim = Victim::start().await;
    let sid = victim.client.sid.clone();
    let message = format!(r#"{{"method": "leave_room", "sid": "{sid}", "room": null, "namespace": "/"}}"#);
    let other = format!(r#"{{"method": "enter_room", "sid": "{sid}", "room": null, "namespace": "/"}}"#);
    victim.refuses([message, other]).await;
}

/// They run programs where they are loaded.
#[tokio::test]
async fn pickles_are_not_loaded() {
    refused([
        &b"cos\nsystem\n(S'true'\ntR."[..],
        b"\x80\x04\x95\x1c\x00\x00\x00\x00\x00\x00\x00\x8c\x05posix\x94\x8c\x06system\x94\x93\x94\x8c\x04true\x94\x85\x94R\x94.",
        // 100,000 lists in each other overflow the stack of who reads them the simple way.
        &[&b"\x80\x02"[..], &b"(".repeat(100_000), &b"l".repeat(100_000), b"."].concat(),
    ])
    .await;
}

/// No browser reads them.
#[tokio::test]
async fn numbers_that_are_none_cost_a_counter() {
    refused(["NaN", "Infinity", "-Infinity"].map(|number| emit(&format!(r#""data": [{number}]"#)))).await;
}

/// They are text to python, and not to Rust.
#[tokio::test]
async fn half_a_surrogate_pair_in_a_name_costs_a_counter() {
    refused([
        r#"{"method": "emit", "event": "\ud83d", "data": []}"#.to_owned(),
        emit(r#""room": "\udc00""#),
        emit(r#""namespace": "/\ud83d""#),
        r#"{"method": "close_room", "room": "\ud83d", "namespace": "/"}"#.to_owned(),
    ])
    .await;
}

/// Depth has no bound but the frame's, and takes no stack.
#[tokio::test]
async fn depth_costs_nothing() {
    let (open, close) = ("[".repeat(200_000), "]".repeat(200_000));
    refused([format!("{open}{close}"), open.clone(), emit(&format!(r#""skip_sid": {open}{close}"#))]).await;
}

/// Python keeps a table by number, whose cell 0 is its counter: an answer to it destroys the table.
#[tokio::test]
async fn answers_that_nobody_has_asked_for_are_nobodys() {
    let victim = Victim::start().await;
    let (sid, host) = (victim.client.sid.clone(), victim.node.adapter.id().clone());
    let answer = |id: &str| {
        format!(
            r#"{{"method": "callback", "host_id": "{host}", "sid": "{sid}", "namespace": "/", "id": {id}, "args": []}}"#
        )
    };
    let answers = ["0", "1", "18446744073709551615"].map(answer);
    victim.publish(answers).await;
    victim.refuses([answer("-1"), answer("null"), answer("1.5")]).await;
}

async fn refused<M: AsRef<[u8]>>(messages: impl IntoIterator<Item = M>) {
    Victim::start().await.refuses(messages).await;
}

fn emit(field: &str) -> String {
    format!(r#"{{"method": "emit", "event": "e", {field}}}"#)
}

/// A node with a client in a room.
struct Victim {
    node: Node<Memory>,
    client: Member,
    attacker: Memory,
    channel: String,
}

impl Victim {
    async fn start() -> Self {
        let (options, channel) = (MemoryHub::named(&Sid::generate()).options(), "socketio".to_owned());
        let attacker = Memory::connect(&options, "attacker").await.unwrap();
        let node = Node::<Memory>::start(options, &channel).await;
        let mut client = Member::connect(node.running.port).await;
        client.join("room").await;
        Victim { node, client, attacker, channel }
    }

    async fn publish<M: AsRef<[u8]>>(&self, messages: impl IntoIterator<Item = M>) -> u64 {
        let frame = |message: M| Frame {
            channel: self.channel.as_str().into(),
            payload: message.as_ref().to_vec().into(),
        };
        let frames: Vec<Frame> = messages.into_iter().map(frame).collect();
        self.attacker.publish(&frames).await.unwrap();
        frames.len() as u64
    }

    /// Each costs a counter, and the link, the client and its room are as before.
    async fn refuses<M: AsRef<[u8]>>(mut self, messages: impl IntoIterator<Item = M>) {
        let count = self.publish(messages).await;
        until("all to be counted", || {
            let health = self.node.adapter.health();
            if health.frames_refused == count && health.subscribed { Ok(()) } else { Err(health) }
        })
        .await;
        self.publish([
            r#"{"method": "emit", "event": "to all", "data": []}"#,
            r#"{"method": "emit", "event": "to the room", "data": [], "room": "room"}"#,
        ])
        .await;
        self.client.got(&[r#"42["to all"]"#, r#"42["to the room"]"#]).await;
        assert_eq!(self.node.adapter.health().frames_refused, count);
    }
}
