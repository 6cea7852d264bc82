//! What python-socketio's nodes cannot do, and what they send that is not understood.

use std::time::Duration;

use integration_tests::cluster::{Member, Node};
use integration_tests::wait::until;
use serde_json::Value;
use socketio_core::Sid;
use socketio_core::adapter::broker::{self, Broker as _};
use socketio_core::adapter::memory::{Memory, MemoryHub, MemoryOptions};
use socketio_emitter::Emitter;

use crate::{lines_of, start_log};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_python_nodes_cannot_do_is_said_when_it_is_first_asked_of_them() {
    start_log();
    let (options, channel) = (hub(), unique("asked"));
    let node = Node::<Memory>::start(options.clone(), &channel).await;
    let (io, sid) = (node.io().of("/"), Sid::generate());
    io.emit("news", 1).unwrap();
    io.except(sid.as_str()).emit("news", ()).unwrap();
    io.to(sid.as_str()).join("a").unwrap();
    io.to(sid.as_str()).disconnect().unwrap();
    io.local().except("a").emit("news", 1).unwrap();
    io.close_room("a").unwrap();
    assert_eq!(lines_of(&channel).len(), 1, "that it has joined, and no more: {:?}", lines_of(&channel));

    for _ in 0..3 {
        io.except("a").emit("news", 1).unwrap();
        io.emit("news", ((),)).unwrap();
        io.to("a").join("b").unwrap();
        io.to("a").leave("b").unwrap();
        io.to(["a", "b"]).disconnect().unwrap();
        io.to(sid.as_str()).close().unwrap();
        io.timeout(SOON).count().await.unwrap();
        io.to("a").timeout(SOON).fetch_sockets().await.unwrap();
        io.timeout(SOON).emit_with_ack::<u8>("news", 1).await.unwrap();
        io.server_side_emit("news", 1).unwrap();
    }
    let lines = lines_of(&channel);
    let expected = [
        ("an emit with `except` of a room", "that room gets it"),
        ("an emit of a single null", "no argument"),
        ("join, leave or disconnect by rooms", "stay as they are"),
        ("close of whole connections", "their clients stay"),
        ("`fetch_sockets`, `count` or `rooms`", "not in the answer"),
        ("a broadcast with acks", "do not count"),
        ("an event for servers", "do not hear it"),
    ];
    assert_eq!(lines.len(), 1 + expected.len(), "{lines:?}");
    for ((asked, instead), line) in expected.iter().zip(&lines[1..]) {
        let words = ["INFO", "socketio::cluster", "python-socketio", asked, instead];
        assert!(words.iter().all(|word| line.contains(word)), "{line}");
    }

    // An emitter has the same nodes before it.
    let channel = unique("emitted");
    let emitter = Emitter::<Memory>::with_options(options).channel(&channel);
    for _ in 0..3 {
        emitter.except("a").emit("news", 1).unwrap();
    }
    // It may have connected meanwhile, which is a line too.
    let lines = lines_of(&channel);
    assert_eq!(lines.iter().filter(|line| line.contains("asked=")).count(), 1, "{lines:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pickles_and_kombus_envelopes_are_named_once_and_counted_and_the_link_stays() {
    start_log();
    let (options, channel) = (hub(), unique("formats"));
    let node = Node::<Memory>::start(options.clone(), &channel).await;
    let mut client = Member::connect(node.running.port).await;
    let stranger = Memory::connect(&options, "stranger").await.unwrap();
    let frames: Vec<_> = ["redis-5.13.0", "aiopika-5.13.0", "kombu-redis-5.18.1", "pickles"]
        .into_iter()
        .flat_map(captured)
        .map(|payload| broker::Frame { channel: channel.as_str().into(), payload: payload.into() })
        .collect();
    assert!(frames.len() > 150);
    stranger.publish(&frames).await.unwrap();
    let good = r#"{"method": "emit", "event": "news", "data": ["hello"]}"#;
    let good = broker::Frame { channel: channel.as_str().into(), payload: good.into() };
    stranger.publish(&[good]).await.unwrap();
    client.got(&[r#"42["news","hello"]"#]).await;

    let health = node.adapter.health();
    assert_eq!((health.frames_refused, health.subscribed), (frames.len() as u64, true));
    let lines = lines_of(&channel);
    assert_eq!(lines.len(), 3, "that it has joined, and one for each format: {lines:?}");
    let expected = [["Python pickle", "5.13", "5.14"], ["envelope of Kombu", "KombuManager", "RedisManager"]];
    for (expected, line) in expected.iter().zip(&lines[1..]) {
        assert!(line.contains("WARN") && expected.iter().all(|word| line.contains(word)), "{line}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_with_bytes_that_python_nodes_do_not_get_are_said_once_and_counted() {
    start_log();
    let (options, channel) = (hub(), unique("withheld"));
    let node = Node::<Memory>::start(options.clone(), &channel).await;
    let mut client = Member::connect(node.running.port).await;
    let (host, sid) = (unique("python"), client.sid.clone());
    let python = Memory::connect(&options, &host).await.unwrap();
    for id in 1..=3 {
        let ask = format!(
            r#"{{"method": "emit", "event": "who", "data": [], "room": "{sid}", "callback": ["{sid}", "/", {id}], "host_id": "{host}"}}"#
        );
        let ask = broker::Frame { channel: channel.as_str().into(), payload: ask.into() };
        python.publish(&[ask]).await.unwrap();
        let packet = client.client.next().await;
        let number = packet.strip_prefix("42").and_then(|rest| rest.strip_suffix(r#"["who"]"#)).unwrap();
        client.client.send(&format!(r#"461-{number}[{{"_placeholder":true,"num":0}}]"#)).await;
        client.client.send("bAAEC/w==").await;
    }
    until("all to be counted", || match node.adapter.health().answers_withheld {
        3 => Ok(()),
        withheld => Err(withheld),
    })
    .await;
    until("the first to be said", || if lines_of(&host).is_empty() { Err(()) } else { Ok(()) }).await;
    let lines = lines_of(&host);
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].contains("WARN") && lines[0].contains("bytes"), "{}", lines[0]);
}

/// Nobody is there who could answer.
const SOON: Duration = Duration::from_millis(20);

/// What a release of python-socketio has put on a broker.
fn captured(file: &str) -> Vec<Vec<u8>> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../socketio-core/tests/fixtures/python");
    let content = std::fs::read(format!("{folder}/{file}.json")).expect("a fixture");
    let content: Value = serde_json::from_slice(&content).expect("it is JSON");
    let messages = content["messages"].as_array().expect("a list").iter();
    let bytes = messages.filter_map(|message| {
        let text = message["text"].as_str().map(|text| text.as_bytes().to_vec());
        text.or_else(|| message["hex"].as_str().map(unhex))
    });
    bytes.collect()
}

fn unhex(hex: &str) -> Vec<u8> {
    let pairs = hex.as_bytes().chunks(2);
    pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

fn hub() -> MemoryOptions {
    MemoryHub::named(&Sid::generate()).options()
}

fn unique(what: &str) -> String {
    format!("{what}-{}", Sid::generate())
}
