//! Under plain hyper: the server is a tower service, and answers 404 for paths that are not Socket.IO's.
//!
//! ```text
//! cargo run -p socketio-examples --features hyper --example hyper
//! ```

use std::error::Error;
use std::time::Duration;

use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use socketio_core::http::Peer;
use socketio_core::{HandlerError, RawArgs, Server, Socket};
use tokio::net::TcpListener;
use tower_service::Service;

/// Sends back whatever comes, unread: numbers of any size, nesting of any depth, bytes.
fn echo(socket: Socket, args: RawArgs) -> Result<(), HandlerError> {
    socket.emit("echo", args)?;
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let io = Server::builder().build()?;
    io.on("echo", echo);

    let service = io.service();
    let listener = TcpListener::bind("127.0.0.1:3000").await?;
    println!("listening on http://{}", listener.local_addr()?);
    loop {
        let (stream, address) = listener.accept().await?;
        let service = service.clone();
        let with_address = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(Peer::from(address)); // for the log and the handlers
            service.clone().call(request)
        });
        tokio::spawn(async move {
            // Until the head of a request is there, nothing of it has reached the service: its deadline is the host's to set.
            http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(Duration::from_secs(10))
                .serve_connection(TokioIo::new(stream), with_address)
                .with_upgrades() // without it there is no WebSocket
                .await
                .ok();
        });
    }
}
