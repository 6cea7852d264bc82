//! Under plain hyper: the server is a tower service, and answers 404 for paths that are not Socket.IO's.
//!
//! ```text
//! cargo run -p socketio-examples --features hyper --example hyper
//! ```
//!
//! With `-- ADDRESS CERTIFICATE KEY` it is https.

#[path = "accept.rs"]
mod accept; // the accept loop
#[path = "listen.rs"]
mod listen; // where, and whether by TLS

use std::convert::Infallible;
use std::error::Error;

use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use socketio_core::http::{Body, SocketIoService, shutdown_signal};
use socketio_core::{Data, HandlerError, RawArgs, Server, Socket};
use tower_service::Service;

/// Everybody else hears it; the ack is how many they are.
fn say(socket: Socket, Data(text): Data<String>) -> Result<usize, HandlerError> {
    Ok(socket.broadcast().emit("said", text)?.local)
}

/// Sends back whatever comes, unread: numbers of any size, nesting of any depth, bytes.
fn echo(socket: Socket, args: RawArgs) -> Result<(), HandlerError> {
    socket.emit("echo", args)?;
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let io = Server::builder().build()?;
    io.on("say", say).on("echo", echo);

    let socket_io = io.service();
    let service = service_fn(move |request| answer(socket_io.clone(), request));

    let (listener, tls) = listen::from_arguments()?;
    let closed = async {
        shutdown_signal().await;
        io.close().await; // clients are told, and what is queued for them goes out
    };
    match tls {
        Some(tls) => accept::until(tls.on(listener), service, closed).await?,
        None => accept::until(listener, service, closed).await?,
    }
    Ok(())
}

/// One route of our own; all other paths are for Socket.IO, which answers 404 where they are not its own.
async fn answer(
    mut socket_io: SocketIoService,
    request: Request<Incoming>,
) -> Result<Response<Body>, Infallible> {
    match request.uri().path() {
        "/" => Ok(Response::new(Body::full("a page of our own\n"))),
        _ => socket_io.call(request).await,
    }
}
