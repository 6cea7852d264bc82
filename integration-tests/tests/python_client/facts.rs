//! What holds for python-socketio's clients, on either server.

use std::time::Duration;

use integration_tests::foreign;
use integration_tests::world::{Kind, Set};
use socketio_core::server::{Built, ServerBuilder};

pub(crate) async fn the_client_for_threads_is_at_home(kind: Kind) {
    holds(kind, "threads").await;
}

pub(crate) async fn the_client_for_asyncio_is_at_home(kind: Kind) {
    holds(kind, "coroutines").await;
}

pub(crate) async fn handlers_are_looked_up_in_the_order_of_pythons_own_server(kind: Kind) {
    let server = kind.start_routing().await;
    foreign::python("routing", server.port, &[]).await.assert_holds();
    server.is_empty().await;
    server.stop().await;
}

/// With `serializer='msgpack'`.
pub(crate) async fn the_clients_are_as_much_at_home_in_msgpack(kind: Kind) {
    holds_with(kind, "coroutines", &["msgpack"]).await;
    holds_with(kind, "threads", &["msgpack"]).await;
}

async fn holds(kind: Kind, script: &str) {
    holds_with(kind, script, &[]).await;
}

async fn holds_with(kind: Kind, script: &str, arguments: &[&str]) {
    let server = kind.start(QuickPings).await;
    foreign::python(script, server.port, arguments).await.assert_holds();
    server.is_empty().await;
    server.stop().await;
}

/// The client for threads leaves some of its polling sessions without a word: those end by the heartbeat.
struct QuickPings;

impl Set for QuickPings {
    fn set<S: Built>(&self, builder: ServerBuilder<S>) -> ServerBuilder<S> {
        builder.ping_interval(Duration::from_secs(3)).ping_timeout(Duration::from_secs(5))
    }
}
