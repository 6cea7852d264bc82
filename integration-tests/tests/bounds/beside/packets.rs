//! Packets and frames, as fast as the server takes them.

use std::time::Duration;

use integration_tests::client::{Client, PATH};
use integration_tests::frames::{CONTINUATION, Frame, Message, PING, TEXT, WebSocket};
use integration_tests::wait::within;

use tokio::time::sleep;

use super::{MIB, by_four, joined, texts};

/// Of each attacker.
const PACKETS: usize = 50_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn packets() {
    let seen = by_four("200,000 events of four clients", |_, port| async move {
        let mut client = joined(port).await;
        let some = texts((0..100).map(|_| "42[\"nothing\",{\"of\":\"interest\"}]".into()));
        for _ in 0..PACKETS / 100 {
            client.socket().send_raw(&some).await;
        }
        crate::answers(&mut client).await;
        client.close().await;
    })
    .await;
    seen.stays_within(MIB, 16 * MIB);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn packets_whose_handlers_never_end() {
    let seen = by_four("200,000 events of four clients, whose handlers never end", |_, port| async move {
        let (mut client, mut other) = (joined(port).await, joined(port).await);
        // More than the kernel holds for the server, which stops reading.
        let all = texts([format!("42[\"wait\",\"{}\"]", "x".repeat(300))]).repeat(PACKETS);
        let (_, mut writing) = client.socket().split();
        let mut write = Box::pin(writing.send_bytes(&all));
        let stuck = async {
            until_all_wait(&mut other).await;
            sleep(Duration::from_secs(2)).await;
        };
        tokio::select! {
            biased;
            _ = &mut write => panic!("the server took in everything"),
            () = stuck => {}
        }
        drop(write);
        other.send("421[\"open the gate\"]").await;
        assert_eq!(other.next().await, "431[true]");
        other.close().await;
        client.cut();
    })
    .await;
    assert_eq!(seen.after.of("waited"), WAITING, "{}", seen.after.told());
    assert!(seen.after.of("handlers_full") >= 4, "{}", seen.after.told());
    seen.stays_within(4 * MIB, 16 * MIB);
}

/// Handlers of four clients, 64 of each.
const WAITING: u64 = 4 * 64;

/// Until so many of the server's handlers have waited at a time, even if another client has let them go by now.
async fn until_all_wait(client: &mut Client) {
    let full = format!("432[{WAITING}]");
    within("all handlers to wait", async {
        loop {
            client.send("422[\"waited\"]").await;
            if client.next().await == full {
                break;
            }
            sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unknown_events() {
    let seen = by_four("200,000 events that nobody knows", |attacker, port| async move {
        let mut client = joined(port).await;
        for first in (0..PACKETS).step_by(100) {
            let some = (first..first + 100).map(|number| format!("42[\"unknown {attacker} {number}\",1]"));
            client.socket().send_raw(&texts(some)).await;
        }
        crate::answers(&mut client).await;
        client.close().await;
    })
    .await;
    seen.stays_within(MIB, 16 * MIB);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn joins() {
    const ROOMS: u64 = 10_000;
    let seen = by_four("11,000 joins of each of four clients", |attacker, port| async move {
        let mut client = joined(port).await;
        for first in (0..11_000).step_by(100) {
            let some =
                (first..first + 100).map(|number| format!("42[\"join\",\"room {number} of {attacker}\"]"));
            client.socket().send_raw(&texts(some)).await;
        }
        crate::answers(&mut client).await;
        client.close().await;
    })
    .await;
    assert_eq!(seen.after.of("rooms_too_many"), 4 * 1_000);
    assert!(seen.most.of("rooms") <= 4 * ROOMS, "{}", seen.most.told());
    assert!(seen.grown <= 64 * MIB, "{} bytes", seen.grown);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn namespaces() {
    const ROUNDS: usize = 25;
    let seen =
        by_four("100 namespaces asked for by each of a hundred connections", |attacker, port| async move {
            for round in 0..ROUNDS {
                let mut client = joined(port).await;
                let name = |number| 100 * (ROUNDS * attacker + round) + number;
                client
                    .socket()
                    .send_raw(&texts((0..100).map(|number| format!("40/room-{},", name(number)))))
                    .await;
                for _ in 0..100 {
                    client.next().await;
                }
                client.close().await;
            }
        })
        .await;
    // One connection has 64 of them, `/` among them.
    assert_eq!(seen.after.of("namespaces_too_many"), (4 * ROUNDS * (100 - 63)) as u64);
    assert_eq!(seen.after.of("namespaces"), 1, "{}", seen.after.told());
    assert!(seen.grown <= 32 * MIB, "{} bytes", seen.grown);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn empty_frames() {
    // A message of nothing is no packet and ends the session, however many come behind it.
    by_four("a thousand empty messages of each of four hundred connections", |_, port| async move {
        let empty = texts((0..1_000).map(|_| String::new()));
        for _ in 0..100 {
            let mut client = joined(port).await;
            client.socket().send_raw(&empty).await;
            client.ended().await;
        }
    })
    .await;
    // Fragments of nothing are allowed, and nothing.
    let seen = by_four("200,000 empty fragments", |_, port| async move {
        let mut client = joined(port).await;
        client.socket().send_frame(Frame { fin: false, ..Frame::of(TEXT) }, b"").await;
        let mut some = Vec::new();
        for _ in 0..1_000 {
            Frame { fin: false, ..Frame::of(CONTINUATION) }.write(&mut some, b"");
        }
        for _ in 0..PACKETS / 1_000 {
            client.socket().send_raw(&some).await;
        }
        client.socket().send_frame(Frame::of(CONTINUATION), b"421[\"echo\"]").await;
        assert_eq!(client.next().await, "431[]");
        client.close().await;
    })
    .await;
    seen.stays_within(MIB, 16 * MIB);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pings() {
    let seen =
        by_four("200,000 pings of clients that read no pong, and as many pongs", |_, port| async move {
            let mut client = joined(port).await;
            let mut some = Vec::new();
            for _ in 0..100 {
                Frame::of(PING).write(&mut some, &[7; 125]);
                Frame::of(TEXT).write(&mut some, b"3");
            }
            for _ in 0..PACKETS / 100 {
                client.socket().send_raw(&some).await;
            }
            client.send("421[\"echo\"]").await;
            loop {
                match client.socket().next().await {
                    Message::Pong(_) => {}
                    Message::Text(text) if text == "431[]" => break,
                    Message::Text(text) if text == "2" => client.send("3").await,
                    other => panic!("{other:?}"),
                }
            }
            client.close().await;
        })
        .await;
    seen.stays_within(4 * MIB, 16 * MIB);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tiny_fragments() {
    const LENGTH: usize = 20_000;
    let seen =
        by_four("messages of 20,000 fragments of a byte, and some that never end", |_, port| async move {
            let mut endless = WebSocket::open(port, &format!("{PATH}&transport=websocket")).await.unwrap();
            let text = format!("421[\"echo\",\"{}\"]", "z".repeat(LENGTH));
            let mut fragments = Vec::new();
            Frame { fin: false, ..Frame::of(TEXT) }.write(&mut fragments, b"");
            for byte in text.bytes() {
                Frame { fin: false, ..Frame::of(CONTINUATION) }.write(&mut fragments, &[byte]);
            }
            endless.send_raw(&fragments).await;
            Frame::of(CONTINUATION).write(&mut fragments, b"");
            let mut client = joined(port).await;
            for _ in 0..4 {
                client.socket().send_raw(&fragments).await;
                assert_eq!(client.next().await.len(), "431[\"\"]".len() + LENGTH);
            }
            client.close().await;
            endless.cut();
        })
        .await;
    seen.stays_within(MIB, 16 * MIB);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_that_join_and_leave() {
    let seen = by_four("4,000 connects and disconnects of four clients", |_, port| async move {
        let mut client: Client = joined(port).await;
        for _ in 0..1_000 {
            client.send_all(&["41".into(), "40".into()]).await;
            assert!(client.next().await.starts_with("40{"));
        }
        client.close().await;
    })
    .await;
    assert!(seen.most.of("sockets") <= 5, "{}", seen.most.told());
    assert!(seen.grown <= 16 * MIB, "{} bytes", seen.grown);
}
