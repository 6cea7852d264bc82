//! "Upgrade": from polling to WebSocket, and what must not come of one that fails.

use std::time::Duration;

use integration_tests::{
    client::Client,
    frames::{Frame, Message, TEXT, WebSocket},
    http::{self, Http},
    running::Running,
};
use socketio_core::Server;

use crate::{assert_refused, echoing, joined, serve, serve_quick};

#[tokio::test]
async fn a_probe_is_answered_and_frees_the_get_that_waits() {
    let server = serve().await;
    let client = joined("polling", server.port).await;
    let mut waiting = Http::connect(server.port).await;
    waiting.send_request("GET", &client.polling_target(), &[], b"").await;
    let mut socket = client.probe().await;
    assert_eq!(waiting.response().await.brief(), (200, "6"));
    socket.send_text("5").await;
    socket.send_text("42[\"echo\",1]").await;
    assert_eq!(socket.next_text().await, "42[\"echo\",1]");
}

#[tokio::test]
async fn a_get_that_comes_after_the_probe_is_freed_too() {
    let server = serve().await;
    let client = joined("polling", server.port).await;
    let mut socket = client.probe().await;
    assert_eq!(http::get(server.port, &client.polling_target()).await.brief(), (200, "6"));
    socket.send_text("5").await;
    socket.send_text("42[\"echo\",1]").await;
    assert_eq!(socket.next_text().await, "42[\"echo\",1]");
}

#[tokio::test]
async fn what_is_posted_before_the_change_is_handled_before_what_comes_after_it() {
    let server = serve().await;
    let mut client = joined("polling", server.port).await;
    let mut socket = client.probe().await;
    client.send("42[\"echo\",1]\x1e42[\"echo\",2]").await;
    let first = http::get(server.port, &client.polling_target()).await;
    socket.send_text("5").await;
    socket.send_text("42[\"echo\",3]").await;
    let mut all: Vec<_> =
        first.text().split('\x1e').filter(|packet| *packet != "6").map(str::to_owned).collect();
    while all.len() < 3 {
        all.push(socket.next_text().await);
    }
    assert_eq!(all, ["42[\"echo\",1]", "42[\"echo\",2]", "42[\"echo\",3]"]);
}

#[tokio::test]
async fn what_is_emitted_during_the_upgrade_arrives_once_and_in_order() {
    let server = serve().await;
    let client = joined("polling", server.port).await;
    server.io.emit("news", 1).unwrap();
    let mut socket = client.probe().await;
    server.io.emit("news", 2).unwrap();
    let first = http::get(server.port, &client.polling_target()).await;
    server.io.emit("news", 3).unwrap();
    socket.send_text("5").await;
    server.io.emit("news", 4).unwrap();
    let mut all: Vec<_> =
        first.text().split('\x1e').filter(|packet| *packet != "6").map(str::to_owned).collect();
    while all.len() < 4 {
        all.push(socket.next_text().await);
    }
    assert_eq!(all, (1..=4).map(|number| format!("42[\"news\",{number}]")).collect::<Vec<_>>());
}

#[tokio::test]
async fn after_the_change_polling_is_refused_and_the_session_lives_on() {
    let server = serve().await;
    let mut client = joined("upgrade", server.port).await;
    let target = client.polling_target();
    assert_refused(&http::get(server.port, &target).await, 3, "Bad request");
    assert_refused(&http::post(server.port, &target, "42[\"echo\",0]").await, 3, "Bad request");
    client.send("42[\"echo\",1]").await;
    assert_eq!(client.next().await, "42[\"echo\",1]");
}

#[tokio::test]
async fn after_the_change_another_websocket_is_closed_and_the_session_lives_on() {
    let server = serve().await;
    let mut client = joined("upgrade", server.port).await;
    refused_or_closed(&server, &client).await;
    client.send("42[\"echo\",1]").await;
    assert_eq!(client.next().await, "42[\"echo\",1]");
}

#[tokio::test]
async fn during_the_upgrade_another_websocket_is_closed_and_the_first_goes_on() {
    let server = serve().await;
    let client = joined("polling", server.port).await;
    let mut socket = client.probe().await;
    refused_or_closed(&server, &client).await;
    socket.send_text("5").await;
    socket.send_text("42[\"echo\",1]").await;
    assert_eq!(socket.next_text().await, "42[\"echo\",1]");
}

#[tokio::test]
async fn a_websocket_that_does_not_begin_with_a_probe_is_closed_and_polling_goes_on() {
    let server = serve().await;
    for first in ["2", "2prob", "5", "42[\"echo\",0]", "abc", "3probe"] {
        let mut client = joined("polling", server.port).await;
        let mut socket = WebSocket::open(server.port, &client.websocket_target()).await.unwrap();
        socket.send_text(first).await;
        socket.closed().await;
        client.send("421[\"acked\",1]").await;
        assert_eq!(client.next_but_noop().await, "431[1]", "{first}");
    }
}

#[tokio::test]
async fn a_message_longer_than_any_probe_is_refused_at_its_header_and_polling_goes_on() {
    // It would be waited for so long otherwise.
    let builder = Server::builder().upgrade_timeout(Duration::from_secs(600));
    let server = Running::start(echoing(builder.build().unwrap())).await;
    for probed in [false, true] {
        let mut client = joined("polling", server.port).await;
        let mut socket = match probed {
            false => WebSocket::open(server.port, &client.websocket_target()).await.unwrap(),
            true => client.probe().await,
        };
        let announced = 900_000_u64.to_be_bytes();
        socket.send_raw(&[&[0x81, 0xFF][..], &announced, &[0; 4], b"2"].concat()).await;
        socket.ended().await;
        client.send("421[\"acked\",1]").await;
        assert_eq!(client.next_but_noop().await, "431[1]");
    }
}

#[tokio::test]
async fn what_comes_right_behind_the_upgrade_packet_may_be_as_long_as_any_message() {
    let server = serve().await;
    let client = joined("polling", server.port).await;
    let mut socket = client.probe().await;
    let long = format!("42[\"echo\",\"{}\"]", "x".repeat(200_000));
    let mut bytes = Vec::new();
    Frame::of(TEXT).write(&mut bytes, b"5");
    Frame::of(TEXT).write(&mut bytes, long.as_bytes());
    socket.send_raw(&bytes).await;
    assert_eq!(socket.next_text().await, long);
}

#[tokio::test]
async fn a_websocket_that_says_nothing_is_closed_in_time_and_polling_goes_on() {
    let server = serve_hasty().await;
    let mut client = joined("polling", server.port).await;
    let mut socket = WebSocket::open(server.port, &client.websocket_target()).await.unwrap();
    socket.ended().await;
    client.send("421[\"acked\",1]").await;
    assert_eq!(client.next_but_noop().await, "431[1]");
}

#[tokio::test]
async fn a_probe_without_the_upgrade_packet_is_closed_in_time_and_polling_goes_on() {
    let server = serve_hasty().await;
    let mut client = joined("polling", server.port).await;
    let mut socket = client.probe().await;
    assert!(matches!(socket.closed().await, Message::Close(_) | Message::End));
    server.io.emit("news", 1).unwrap();
    assert_eq!(client.next_but_noop().await, "42[\"news\",1]");
    // And it may try again.
    let mut client = client.upgrade().await;
    client.send("421[\"acked\",1]").await;
    assert_eq!(client.next().await, "431[1]");
}

#[tokio::test]
async fn a_websocket_that_breaks_during_the_upgrade_loses_nothing() {
    let server = serve().await;
    let mut client = joined("polling", server.port).await;
    server.io.emit("news", 1).unwrap();
    let socket = client.probe().await;
    server.io.emit("news", 2).unwrap();
    socket.cut();
    server.io.emit("news", 3).unwrap();
    for number in 1..=3 {
        assert_eq!(client.next_but_noop().await, format!("42[\"news\",{number}]"));
    }
}

#[tokio::test]
async fn a_session_that_ends_during_the_upgrade_ends_its_websocket() {
    let server = serve().await;
    let client = joined("polling", server.port).await;
    let mut socket = client.probe().await;
    client.close().await;
    socket.ended().await;
    server.is_empty().await;
}

#[tokio::test]
async fn a_ping_that_the_last_poll_brings_may_be_answered_on_the_websocket() {
    let server = serve_quick().await;
    let client = joined("polling", server.port).await;
    // Whoever came later has been pinged twice: a ping waits for the first.
    let mut later = joined("polling", server.port).await;
    for _ in 0..2 {
        assert_eq!(later.next_or_end().await.as_deref(), Some("2"));
        later.send("3").await;
    }
    let mut client = client.upgrade().await;
    // Its pong was heard: there is another ping.
    assert_eq!(client.next_or_end().await.as_deref(), Some("2"));
}

/// Time enough for an upgrade on a busy machine.
async fn serve_hasty() -> Running {
    let builder = Server::builder().upgrade_timeout(Duration::from_secs(3));
    Running::start(echoing(builder.build().unwrap())).await
}

async fn refused_or_closed(server: &Running, client: &Client) {
    match WebSocket::open(server.port, &client.websocket_target()).await {
        Ok(mut other) => {
            other.closed().await;
        }
        Err(refused) => assert_eq!(refused.status, 400),
    }
}

#[tokio::test]
async fn a_post_in_flight_is_handled_before_what_comes_by_the_websocket() {
    let server = serve().await;
    let client = joined("polling", server.port).await;
    let (target, body) = (client.polling_target(), "42[\"echo\",1]");
    let mut posting = Http::connect(server.port).await;
    let length = body.len();
    posting
        .send(format!("POST {target} HTTP/1.1\r\nhost: a\r\ncontent-length: {length}\r\n\r\n42[").as_bytes())
        .await;
    http::get(server.port, "/").await;
    let mut socket = client.probe().await;
    socket.send_text("5").await;
    socket.send_text("42[\"echo\",2]").await;
    http::get(server.port, "/").await;
    posting.send(&body.as_bytes()[3..]).await;
    assert_eq!(posting.response().await.brief(), (200, "ok"));
    assert_eq!(socket.next_text().await, "42[\"echo\",1]");
    assert_eq!(socket.next_text().await, "42[\"echo\",2]");
}
