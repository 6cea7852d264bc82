//! Too much of something that is harmless once, and what is begun and never ended.

use std::time::Duration;

use integration_tests::{
    client::{Client, PATH},
    frames::WebSocket,
    http::{self, Http},
    running::Running,
    wait::until,
};
use socketio_core::Server;
use tokio::{runtime::Handle, time::timeout};

use crate::{assert_unharmed, joined, serve, serve_by};

#[tokio::test]
async fn stray_pongs_start_nothing() {
    let io = Server::builder()
        .ping_interval(Duration::from_millis(300))
        .ping_timeout(Duration::from_millis(1_500))
        .build()
        .unwrap();
    let server = Running::start(io).await;
    let mut client = joined("websocket", server.port).await;
    let tasks = Handle::current().metrics().num_alive_tasks();
    client.send_all(&vec!["3".into(); 1_000]).await;
    // One ping an interval, as without them.
    let start = std::time::Instant::now();
    for _ in 0..3 {
        assert_eq!(client.next_or_end().await.as_deref(), Some("2"));
        client.send("3").await;
    }
    assert!(start.elapsed() > Duration::from_millis(500), "three pings in {:?}", start.elapsed());
    assert!(Handle::current().metrics().num_alive_tasks() <= tasks);
}

#[tokio::test]
async fn abandoned_handshakes_are_reclaimed() {
    let server = serve().await;
    for _ in 0..200 {
        http::get(server.port, &format!("{PATH}&transport=polling")).await;
    }
    assert!(server.io.counters().sessions > 0);
    server.is_empty().await;
    assert_unharmed(&server).await;
}

#[tokio::test]
async fn upgrades_that_are_begun_and_never_ended_are_reclaimed() {
    let io = Server::builder()
        .ping_interval(Duration::from_millis(400))
        .ping_timeout(Duration::from_millis(300))
        .upgrade_timeout(Duration::from_millis(300))
        .build()
        .unwrap();
    let server = Running::start(io).await;
    let mut held = Vec::new();
    for round in 0..60 {
        let client = joined("polling", server.port).await;
        let mut socket = WebSocket::open(server.port, &client.websocket_target()).await.unwrap();
        if round % 2 == 0 {
            socket.send_text("2probe").await;
        }
        held.push(socket);
    }
    server.is_empty().await;
    for socket in &mut held {
        socket.ended().await;
    }
}

#[tokio::test]
async fn polling_twice_while_upgrading_neither_loops_nor_leaks() {
    let server = serve().await;
    for _ in 0..20 {
        let client = joined("polling", server.port).await;
        let socket = client.probe().await;
        let target = client.polling_target();
        let (one, two) = tokio::join!(http::get(server.port, &target), http::get(server.port, &target));
        for response in [one, two] {
            assert!(matches!(response.status, 200 | 400), "{response:?}");
        }
        socket.cut();
        client.close().await;
    }
    assert_unharmed(&server).await;
}

#[tokio::test]
async fn a_client_that_joins_and_leaves_without_end_leaves_nothing() {
    let server = serve().await;
    let mut client = joined("websocket", server.port).await;
    for _ in 0..500 {
        client.send("41").await;
        client.connect("/").await;
    }
    let counters = server.io.counters();
    assert_eq!((counters.sessions, counters.sockets), (1, 1));
    assert!(counters.rooms <= 1, "{counters:?}");
    client.close().await;
    assert_unharmed(&server).await;
}

#[tokio::test]
async fn a_client_that_asks_for_namespaces_without_end_gets_answers_and_costs_nothing() {
    let server = serve().await;
    let mut client = joined("websocket", server.port).await;
    for number in 0..2_000 {
        client.send(&format!("40/n{number},")).await;
        assert_eq!(client.next().await, format!("44/n{number},{{\"message\":\"Invalid namespace\"}}"));
    }
    assert_eq!(server.io.counters().sockets, 1);
    client.close().await;
    assert_unharmed(&server).await;
}

#[tokio::test]
async fn a_client_that_does_not_read_is_disconnected_and_not_kept_in_memory() {
    let server = serve().await;
    let client = joined("websocket", server.port).await;
    told_too_much(&server).await;
    drop(client);
    assert_unharmed(&server).await;
}

#[tokio::test]
async fn a_polling_client_that_does_not_poll_is_disconnected_and_not_kept_in_memory() {
    let server = serve().await;
    let client = joined("polling", server.port).await;
    told_too_much(&server).await;
    assert_eq!(http::get(server.port, &client.polling_target()).await.status, 400);
    assert_unharmed(&server).await;
}

#[tokio::test]
async fn a_client_that_asks_faster_than_it_reads_is_slowed_and_gets_every_answer() {
    // No ping comes among the answers.
    let server = serve_by(Server::builder().ping_interval(Duration::from_secs(3600))).await;
    let mut client = joined("websocket", server.port).await;
    // 40 MB of answers, ten times what may wait for a client; they are read only once all is asked.
    let text = "y".repeat(10_000);
    let asking: Vec<_> = (0..4_000).map(|number| format!("42{number}[\"echo\",\"{text}\"]")).collect();
    let (mut reading, mut writing) = client.socket().split();
    let mut written = Box::pin(async {
        for some in asking.chunks(100) {
            writing.send_texts(some).await;
        }
    });
    // Without anybody who reads, the server stops reading too: this does not end.
    let stuck = timeout(Duration::from_secs(2), &mut written).await;
    assert!(stuck.is_err(), "the server took in everything");
    let read = async {
        for number in 0..4_000 {
            assert!(reading.next_text().await.starts_with(&format!("43{number}[")));
        }
    };
    tokio::join!(written, read);
    client.close().await;
    assert_unharmed(&server).await;
}

#[tokio::test]
async fn connections_that_say_nothing_do_not_keep_others_out() {
    let server = serve().await;
    let mut held = Vec::new();
    for _ in 0..300 {
        held.push(Http::connect(server.port).await);
    }
    let mut client = Client::websocket(server.port).await;
    client.connect("/").await;
    client.close().await;
    drop(held);
    assert_unharmed(&server).await;
}

#[tokio::test]
async fn a_body_that_never_comes_is_given_up_with_its_session() {
    let io = Server::builder()
        .ping_interval(Duration::from_millis(300))
        .ping_timeout(Duration::from_millis(300))
        .build()
        .unwrap();
    let server = Running::start(io).await;
    let client = joined("polling", server.port).await;
    let mut http = Http::connect(server.port).await;
    let target = client.polling_target();
    http.send(format!("POST {target} HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\n42[\"").as_bytes())
        .await;
    server.is_empty().await;
    let answer = http.try_response().await;
    assert!(answer.is_none_or(|answer| answer.status == 400));
}

#[tokio::test]
async fn a_get_that_breaks_off_neither_hangs_its_session_nor_leaves_it_behind() {
    let server = serve().await;
    for round in 0..40 {
        let mut client = joined("polling", server.port).await;
        let mut http = Http::connect(server.port).await;
        http.send_request("GET", &client.polling_target(), &[], b"").await;
        http::get(server.port, "/").await;
        match round % 3 {
            0 => drop(http),
            1 => http.into_parts().0.set_zero_linger().unwrap(),
            _ => {
                server.io.emit("news", round).unwrap();
                drop(http);
            }
        }
        // The session goes on, or is over at once; the next request is answered either way.
        let response = client.post("421[\"echo\"]").await;
        if response.status == 200 {
            let mut packets = Vec::new();
            while !packets.iter().any(|packet| packet == "431[]") {
                match client.next_or_end().await {
                    Some(packet) => packets.push(packet),
                    None => break,
                }
            }
        } else {
            assert_eq!(response.status, 400);
        }
        client.close().await;
    }
    assert_unharmed(&server).await;
}

/// Until nobody is left who would be told more.
async fn told_too_much(server: &Running) {
    let text = "x".repeat(50_000);
    until("the client to be given up", || {
        for _ in 0..50 {
            let _ = server.io.emit("news", &text);
        }
        match server.io.counters().sessions {
            0 => Ok(()),
            other => Err(other),
        }
    })
    .await;
}
