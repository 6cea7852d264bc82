//! Flags on any emit: `volatile`, `compress`, `local`, `timeout`, and all of them together.

use std::time::Duration;

use integration_tests::{
    client::{Client, joined_narrow},
    frames::Message,
    http::Http,
    wait::until,
};
use socketio_core::{
    Server, Socket,
    server::{AckError, EmitError, OutgoingPolicy},
};

use crate::{answers, assert_unharmed, joined, serve};

/// Sends numbered texts of a kilobyte until the client takes no more: from then on something waits for it.
async fn fill(socket: &Socket, server: &integration_tests::running::Running) -> u32 {
    let mut number = 0;
    let text = "x".repeat(1_000);
    until("the client's buffers to be full", || {
        for _ in 0..50 {
            socket.emit("kept", (number, &text)).unwrap();
            number += 1;
        }
        // The first volatile packet that is dropped tells.
        socket.volatile().emit("probe", ()).unwrap();
        if server.io.counters().volatile_dropped > 0 { Ok(()) } else { Err(number) }
    })
    .await;
    number
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_volatile_is_dropped_for_a_client_that_does_not_read_and_never_reorders_what_stays() {
    for policy in [OutgoingPolicy::Disconnect, OutgoingPolicy::DropVolatileFirst] {
        let server = serve(Server::builder().outgoing_policy(policy), |_| {}).await;
        let mut client = joined_narrow("/", server.port).await;
        let mut beside = joined("websocket", server.port).await;
        let narrow = first(&server.io);
        let filled = fill(&narrow, &server).await;
        let before = server.io.counters().volatile_dropped;
        let mut kept = filled;
        let text = "y".repeat(1_000);
        for number in 0..2_000 {
            if number % 2 == 0 {
                // To everybody, in all ways: the one who reads gets each.
                let broadcast = server.io.to([narrow.id().as_str()]).volatile();
                assert_eq!(broadcast.emit("dropped", number).unwrap().local, 0);
                narrow.volatile().emit("dropped", number).unwrap();
            } else {
                narrow.emit("kept", (kept, &text)).unwrap();
                kept += 1;
            }
        }
        assert_eq!(server.io.counters().volatile_dropped, before + 2_000);
        assert!(matches!(
            narrow.volatile().emit_with_ack::<u8>("ask", ()).await,
            Err(AckError::Emit(EmitError::NotReady))
        ));
        assert_eq!(server.io.counters().pending_acks, 0);
        answers(&mut beside).await;
        // Now it reads: all that was to stay is there, in order.
        for number in 0..kept {
            loop {
                match client.next_text().await.as_str() {
                    "2" => client.send_text("3").await,
                    "42[\"probe\"]" => {}
                    text => {
                        assert!(text.starts_with(&format!("42[\"kept\",{number},")), "{number}: {text:.60}");
                        break;
                    }
                }
            }
        }
        // And as it reads it is ready again.
        until("a volatile event to be taken", || {
            let local = server.io.to([narrow.id().as_str()]).volatile().emit("taken", ()).unwrap().local;
            if local == 1 { Ok(()) } else { Err(local) }
        })
        .await;
        assert_eq!(client.next_text().await, "42[\"taken\"]");
        assert_eq!(server.io.counters().outgoing_full, 0);
        drop(client);
        beside.close().await;
        assert_unharmed(&server).await;
    }
}

/// The server's socket of the client that came first.
fn first(io: &Server) -> Socket {
    io.sockets().into_iter().min_by_key(|socket| socket.handshake().time()).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_volatile_waits_for_no_poll() {
    let server = serve(Server::builder(), |_| {}).await;
    let mut client = joined("polling", server.port).await;
    let socket = server.io.sockets().pop().unwrap();
    socket.volatile().emit("lost", ()).unwrap();
    socket.emit("kept", ()).unwrap();
    assert_eq!(client.next().await, "42[\"kept\"]");
    assert_eq!(server.io.counters().volatile_dropped, 1);
    let (_, heard) = tokio::join!(
        until("the poll to wait", || {
            let sent = server.io.volatile().emit("heard", ()).unwrap().local;
            if sent == 1 { Ok(()) } else { Err(sent) }
        }),
        client.next()
    );
    assert_eq!(heard, "42[\"heard\"]");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_drop_volatile_first_a_burst_makes_room_for_what_must_stay() {
    let server = serve(
        Server::builder().outgoing_policy(OutgoingPolicy::DropVolatileFirst).max_outgoing(100_000),
        |io| {
            // In one go, before the connection has its next turn.
            io.on("burst", |socket: Socket| {
                for number in 0..50 {
                    socket.volatile().emit("volatile", (number, "x".repeat(1_000))).unwrap();
                    socket.emit("kept", (number, "x".repeat(1_800))).unwrap();
                }
            });
        },
    )
    .await;
    for transport in ["websocket", "polling"] {
        let before = server.io.counters().volatile_dropped;
        let mut client = joined(transport, server.port).await;
        // The answer to a POST waits for the queue to drain.
        let posting = match transport {
            "polling" => {
                let mut http = Http::connect(server.port).await;
                http.send_request("POST", &client.polling_target(), &[], b"421[\"burst\"]").await;
                Some(http)
            }
            _ => {
                client.send("421[\"burst\"]").await;
                None
            }
        };
        let (mut kept, mut volatile) = (Vec::new(), Vec::new());
        loop {
            let packet = client.next().await;
            let number =
                |packet: &str| packet.split(',').nth(1).and_then(|number| number.parse::<u32>().ok());
            match packet {
                packet if packet.starts_with("42[\"kept\"") => kept.push(number(&packet).unwrap()),
                packet if packet.starts_with("42[\"volatile\"") => volatile.push(number(&packet).unwrap()),
                packet => {
                    assert_eq!(packet, "431[]");
                    break;
                }
            }
        }
        if let Some(mut http) = posting {
            assert_eq!(http.response().await.brief(), (200, "ok"));
        }
        assert_eq!(kept, (0..50).collect::<Vec<_>>(), "{transport}");
        assert!(volatile.is_sorted() && volatile.len() < 50, "{transport}: {volatile:?}");
        let dropped = server.io.counters().volatile_dropped - before;
        assert_eq!(dropped, 50 - volatile.len() as u64, "{transport}");
        client.close().await;
    }
    assert_eq!(server.io.counters().outgoing_full, 0);
    assert_unharmed(&server).await;
}

#[tokio::test]
async fn compress_false_leaves_a_polling_answer_as_it_is() {
    let server = serve(Server::builder(), |_| {}).await;
    let client = joined("polling", server.port).await;
    let text = "x".repeat(5_000);
    let poll = async || {
        let headers = [("accept-encoding", "gzip")];
        let answer =
            integration_tests::http::request(server.port, "GET", &client.polling_target(), &headers, b"")
                .await;
        answer.header("content-encoding").map(str::to_owned)
    };
    let socket = server.io.sockets().pop().unwrap();
    server.io.compress(false).emit("text", &text).unwrap();
    assert_eq!(poll().await, None);
    socket.compress(false).emit("text", &text).unwrap();
    assert_eq!(poll().await, None);
    // One that may be compressed is enough.
    server.io.compress(false).emit("text", &text).unwrap();
    server.io.emit("text", &text).unwrap();
    assert_eq!(poll().await.as_deref(), Some("gzip"));
    server.io.compress(true).emit("text", &text).unwrap();
    assert_eq!(poll().await.as_deref(), Some("gzip"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_flags_combine_on_every_emit() {
    let server = serve(Server::builder(), |_| {}).await;
    let mut client = joined("websocket", server.port).await;
    let mut other = joined("websocket", server.port).await;
    let socket = first(&server.io);
    let timeout = Duration::from_secs(10);

    socket.volatile().compress(false).emit("one", ()).unwrap();
    assert_eq!(client.next().await, "42[\"one\"]");
    let asked = socket.timeout(timeout).volatile().compress(false).emit_with_ack::<u8>("two", ());
    let answer = async {
        let packet = client.next().await;
        let id = packet.trim_start_matches("42").trim_end_matches("[\"two\"]").to_owned();
        client.send(&format!("43{id}[2]")).await;
    };
    assert_eq!(tokio::join!(asked, answer).0.unwrap(), 2);

    let everybody = server.io.of("/").local().volatile().compress(false).timeout(timeout);
    assert_eq!(everybody.emit("three", ()).unwrap().local, 2);
    assert_eq!(client.next().await, "42[\"three\"]");
    assert_eq!(other.next().await, "42[\"three\"]");
    assert_eq!(socket.local().volatile().compress(false).emit("four", ()).unwrap().local, 1);
    assert_eq!(other.next().await, "42[\"four\"]");
    let answer = async |client: &mut Client, answer: u8| {
        let packet = client.next().await;
        let id = packet.trim_start_matches("42").trim_end_matches("[\"five\"]").to_owned();
        client.send(&format!("43{id}[{answer}]")).await;
    };
    let asked = everybody.emit_with_ack::<u8>("five", ());
    let (answers, (), ()) = tokio::join!(asked, answer(&mut client, 1), answer(&mut other, 2));
    let mut answers: Vec<_> = answers.unwrap().answers.into_iter().map(|(_, answer)| answer).collect();
    answers.sort_unstable();
    assert_eq!(answers, [1, 2]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broadcast_to_a_member_that_does_not_read_costs_the_others_nothing() {
    let server = serve(Server::builder().max_outgoing(200_000), |_| {}).await;
    let mut stuck = joined_narrow("/", server.port).await;
    let mut others = Vec::new();
    for _ in 0..5 {
        others.push(joined("websocket", server.port).await);
    }
    // Header and attachments, together or not at all.
    let bytes = vec![7; 20_000];
    for number in 0..300 {
        server.io.emit("news", (number, serde_bytes::Bytes::new(&bytes))).unwrap();
        for other in &mut others {
            let header = other.next().await;
            assert!(header.starts_with("451-[\"news\""), "{number}: {header:.80}");
            assert!(header.contains(&format!(",{number},")), "{number}: {header:.80}");
            assert!(other.next().await.starts_with('b'), "{number}");
        }
    }
    assert_eq!(server.io.counters().outgoing_full, 1);
    assert!(server.io.counters().undelivered > 0);
    // What it was sent before the end is whole.
    let mut last = None;
    loop {
        match stuck.next().await {
            Message::Text(text) if text == "2" => {}
            Message::Text(text) => last = Some(text),
            Message::Binary(bytes) => {
                assert_eq!(bytes.len(), 20_000);
                assert!(last.take().is_some_and(|text| text.starts_with("451-[\"news\"")));
            }
            Message::Close(_) | Message::End => break,
            other => panic!("{other:?}"),
        }
    }
    drop(stuck);
    for other in others {
        other.close().await;
    }
    assert_unharmed(&server).await;
}
