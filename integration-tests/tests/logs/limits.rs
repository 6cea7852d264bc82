//! Limits that are reached: which, and how large it is.

use std::sync::Mutex;

use integration_tests::client::Client;
use integration_tests::frames::{Frame, Message, TEXT};
use integration_tests::running::Running;
use socketio_core::handler::Disconnection;
use socketio_core::{Server, Socket};

use crate::{lines_of, log, start_log};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_close_for_a_limit_says_which_and_which_size_in_log_and_reason() {
    start_log();
    let ends: &'static Mutex<Vec<Disconnection>> = Box::leak(Box::default());
    let io = Server::builder().max_payload(12_345).max_outgoing(23_456).build().unwrap();
    io.on_disconnect(move |end: Disconnection| ends.lock().unwrap().push(end));
    let server = Running::start(io).await;

    let mut client = Client::websocket(server.port).await;
    client.connect("/").await;
    client.socket().send_frame(Frame::of(TEXT), &[b'x'; 12_399]).await;
    let Message::Close(Some((1009, reason))) = client.socket().closed().await else {
        panic!("expected 1009")
    };
    for number in ["12345", "12399"] {
        assert!(digits(&reason).contains(number), "{reason}");
    }
    server.is_empty().await;

    let mut client = Client::polling(server.port).await;
    client.connect("/").await;
    assert_eq!(client.post(&"x".repeat(12_399)).await.status, 413);
    server.is_empty().await;

    let mut client = Client::polling(server.port).await;
    client.connect("/").await;
    for _ in 0..40 {
        let _ = server.io.emit("news", "y".repeat(1_000));
    }
    server.is_empty().await;

    let ends = ends.lock().unwrap();
    let details: Vec<_> = ends.iter().map(|end| digits(end.detail.as_deref().unwrap_or_default())).collect();
    assert_eq!(details.len(), 3);
    assert!(details[0].contains("12345") && details[0].contains("12399"), "{details:?}");
    assert!(details[1].contains("12345"), "{details:?}");
    assert!(details[2].contains("23456"), "{details:?}");

    let log = digits(&log());
    for number in ["12345", "12399", "23456"] {
        let line = log.lines().find(|line| line.contains(number) && line.contains("WARN"));
        assert!(line.is_some(), "no warning names {number}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_limit_has_a_line_when_it_is_first_reached_and_does_not_fill_the_log() {
    start_log();
    let io = Server::builder().max_rooms(1).max_namespaces(1).build().unwrap();
    io.on("join", |socket: Socket| socket.join(["a", "b"]).is_ok());
    io.of("/other").on_connect(|| ());
    let server = Running::start(io).await;
    let mut client = Client::websocket(server.port).await;
    let sid = client.connect("/").await;
    for _ in 0..50 {
        client.send("421[\"join\"]").await;
        assert_eq!(client.next().await, "431[false]");
        client.send("40/other,").await;
        assert_eq!(client.next().await, "44/other,{\"message\":\"Too many namespaces\"}");
    }
    for option in ["max_rooms", "max_namespaces"] {
        let lines: Vec<_> = lines_of(option).into_iter().filter(|line| line.contains("WARN")).collect();
        assert!((1..20).contains(&lines.len()), "50 times wrote {} lines", lines.len());
    }
    assert!(lines_of("max_rooms")[0].contains(&sid));
    let counters = server.io.counters();
    assert_eq!((counters.rooms_too_many, counters.namespaces_too_many), (50, 50));
}

/// Numbers without what groups their digits.
fn digits(text: &str) -> String {
    text.replace([',', '_'], "")
}
