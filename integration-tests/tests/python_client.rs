//! python-socketio's clients against the server: threads and asyncio, polling, WebSocket, and the upgrade.

use integration_tests::{foreign, world};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_client_for_threads_is_at_home() {
    holds("threads").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_client_for_asyncio_is_at_home() {
    holds("coroutines").await;
}

async fn holds(script: &str) {
    let server = world::start().await;
    foreign::python(script, server.port, &[]).await.assert_holds();
    server.is_empty().await;
    server.stop().await;
}
