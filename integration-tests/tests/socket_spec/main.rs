//! The Socket.IO protocol, revision 5: one test per rule of its specification, over raw WebSocket and polling.
//!
//! Where the specification leaves the answer open, it is the one of the reference implementation.

mod ack;
mod binary;
mod connect;
mod disconnect;
mod event;
mod msgpack;

use std::time::Duration;

use bytes::Bytes;
use integration_tests::{client::Client, running::Running};
use serde_json::Value;
use socketio_core::{Auth, ConnectError, HandlerError, RawArgs, Server, Socket, server::ServerBuilder};

/// The server that the specification's own test suite asks for, and two namespaces more.
async fn serve() -> Running {
    start(Server::builder()).await
}

/// The same, which does not wait long for a client to join something.
async fn serve_hasty() -> Running {
    start(Server::builder().connect_timeout(Duration::from_secs(3))).await
}

async fn start(builder: ServerBuilder) -> Running {
    let io = builder.build().unwrap();
    for namespace in ["/", "/custom"] {
        io.of(namespace)
            .on_connect(|socket: Socket, auth: Option<Auth<Value>>| -> Result<(), ConnectError> {
                // Whoever sends auth is told it.
                auth.map_or(Ok(()), |Auth(auth)| Ok(socket.emit("auth", auth)?))
            })
            .on("message", |socket: Socket, args: RawArgs| -> Result<(), HandlerError> {
                Ok(socket.emit("message-back", &args)?)
            })
            .on("message-with-ack", |args: RawArgs| args)
            .on("ask", ask)
            .on("ask bytes", ask_bytes);
    }
    io.of("/refusing").on_connect(|| Err::<(), _>(ConnectError::new("Not authorized")));
    Running::start(io).await
}

/// Asks the client and tells it what was understood.
async fn ask(socket: Socket, args: RawArgs) -> Result<(), HandlerError> {
    let answer: Value = socket.emit_with_ack("question", &args).await?;
    Ok(socket.emit("answered", answer)?)
}

/// The same for an answer in bytes.
async fn ask_bytes(socket: Socket) -> Result<(), HandlerError> {
    let answer: Bytes = socket.emit_with_ack("question", ()).await?;
    Ok(socket.emit("answered", answer)?)
}

/// A WebSocket client that has joined `/`.
async fn joined(server: &Running) -> Client {
    let mut client = Client::websocket(server.port).await;
    client.connect("/").await;
    client
}

/// The client's connection is closed, and nothing but that was sent to it.
#[track_caller]
fn assert_closed(before: &[String], packet: &str) {
    assert!(before.is_empty(), "after {packet} came {before:?}");
}

/// Each of the packets closes the connection of a client that has joined `/`.
async fn assert_each_closes(packets: &[&str]) {
    let server = serve().await;
    for packet in packets {
        let mut client = joined(&server).await;
        client.send(packet).await;
        assert_closed(&client.ended().await, packet);
        client.socket().ended().await;
    }
    server.is_empty().await;
}
