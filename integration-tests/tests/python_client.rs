//! python-socketio's clients against the server: threads and asyncio, polling, WebSocket, and the upgrade.

use std::time::Duration;

use integration_tests::{foreign, world};
use socketio_core::Server;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_client_for_threads_is_at_home() {
    holds("threads").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_client_for_asyncio_is_at_home() {
    holds("coroutines").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn handlers_are_looked_up_in_the_order_of_pythons_own_server() {
    let server = world::routing::start().await;
    foreign::python("routing", server.port, &[]).await.assert_holds();
    server.is_empty().await;
    server.stop().await;
}

/// With `serializer='msgpack'`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_clients_are_as_much_at_home_in_msgpack() {
    holds_with("coroutines", &["msgpack"]).await;
    holds_with("threads", &["msgpack"]).await;
}

async fn holds(script: &str) {
    holds_with(script, &[]).await;
}

async fn holds_with(script: &str, arguments: &[&str]) {
    // The client for threads leaves some of its polling sessions without a word: those end by the heartbeat.
    let builder =
        Server::builder().ping_interval(Duration::from_secs(3)).ping_timeout(Duration::from_secs(5));
    let server = world::start_with(builder).await;
    foreign::python(script, server.port, arguments).await.assert_holds();
    server.is_empty().await;
    server.stop().await;
}
