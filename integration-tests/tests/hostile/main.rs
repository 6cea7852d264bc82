//! Hostile input: what has broken other servers, one test each.
//!
//! Each test ends with a look at the server: it still serves, and holds nothing of who attacked it.

mod channel;
mod floods;
mod frames;
mod names;
mod packets;
mod requests;

use std::time::Duration;

use integration_tests::client::joined;
use integration_tests::running::Running;
use socketio_core::server::ServerBuilder;
use socketio_core::{Args, Auth, RawArgs, Server};

/// A server with short deadlines and a small limit.
async fn serve() -> Running {
    serve_by(Server::builder()).await
}

async fn serve_by(builder: ServerBuilder) -> Running {
    let short = Duration::from_secs(3);
    let builder = builder.max_payload(100_000).connect_timeout(short).upgrade_timeout(short);
    let io = builder.build().unwrap();
    io.on("echo", |args: RawArgs| args).on("two", |Args((one, two)): Args<(RawText, RawText)>| (one, two));
    io.of("/login").on_connect(|_: Auth<String>| ());
    Running::start(io).await
}

type RawText = serde_json::Value;

/// The server serves, and nothing is left of anybody else.
async fn assert_unharmed(server: &Running) {
    for transport in ["websocket", "polling"] {
        let mut client = joined(transport, server.port).await;
        client.send("421[\"echo\",1]").await;
        assert_eq!(client.next().await, "431[1]");
        client.close().await;
    }
    server.is_empty().await;
}
