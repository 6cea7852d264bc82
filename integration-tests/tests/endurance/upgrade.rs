//! Upgrades while a POST of the session is held back: the client has stopped polling, and waits for the WebSocket.

use integration_tests::{client::Client, frames::WebSocket, gate::Gate};
use socketio_core::{Data, Server, Socket};

use crate::{begin_post, joined, serve};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upgrade_goes_through_while_a_post_is_held_back_for_a_full_queue() {
    let gate = Gate::default();
    let server = serve(Server::builder().max_outgoing(64 * 1024), |io| {
        let gate = gate.clone();
        io.on("big", move |socket: Socket| {
            socket.emit("data", "x".repeat(40_000)).unwrap();
            let gate = gate.clone();
            async move { gate.pass().await }
        })
        .on("echo", |Data(number): Data<u32>| number);
    })
    .await;
    gate.open(1);
    let client = joined("polling", server.port).await;
    let mut posting = begin_post(&client, "42[\"big\"]").await;
    gate.arrived(1).await;
    let mut socket = upgraded(&client).await;
    assert!(socket.next_text().await.starts_with("42[\"data\",\"xxx"));
    assert_eq!(posting.response().await.brief(), (200, "ok"));
    socket.send_text("421[\"echo\",1]").await;
    assert_eq!(socket.next_text().await, "431[1]");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upgrade_goes_through_while_a_post_is_held_back_for_busy_handlers() {
    let gate = Gate::default();
    let server = serve(Server::builder().max_handlers_in_flight(1), |io| {
        let gate = gate.clone();
        io.on("work", move || {
            let gate = gate.clone();
            async move { gate.pass().await }
        });
    })
    .await;
    let client = joined("polling", server.port).await;
    let mut posting = begin_post(&client, "421[\"work\"]").await;
    gate.arrived(1).await;
    let mut socket = upgraded(&client).await;
    assert_eq!(posting.response().await.brief(), (200, "ok"));
    server.io.emit("news", 1).unwrap();
    assert_eq!(socket.next_text().await, "42[\"news\",1]");
    gate.open(1);
    assert_eq!(socket.next_text().await, "431[]");
}

/// The WebSocket of a client that does not poll any more.
async fn upgraded(client: &Client) -> WebSocket {
    let mut socket = client.probe().await;
    socket.send_text("5").await;
    socket
}
