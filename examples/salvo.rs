//! A goal in salvo's router: Socket.IO below its path, salvo's routes beside it.
//!
//! ```text
//! cargo run -p socketio-examples --features salvo --example salvo
//! curl -i http://127.0.0.1:3000/
//! ```

use std::error::Error;
use std::time::Duration;

use salvo::conn::tcp::TcpAcceptor;
use salvo::http::ReqBody;
use salvo::prelude::{Request, Router, Server, TowerServiceCompat, handler};
use socketio_core::http::{Peer, shutdown_signal};
use socketio_core::{Data, HandlerError, Socket};
use tokio::net::TcpListener;

/// Everybody else hears it; the ack is how many they are.
fn say(socket: Socket, Data(text): Data<String>) -> Result<usize, HandlerError> {
    Ok(socket.broadcast().emit("said", text)?.local)
}

#[handler]
async fn page() -> &'static str {
    "a page of our own\n"
}

/// Tells Socket.IO the client's address, for the log, the handlers and the proxies that are trusted.
#[handler]
async fn peer(request: &mut Request) {
    if let Some(address) = request.remote_addr().clone().into_std() {
        request.extensions_mut().insert(Peer::from(address));
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let io = socketio_core::Server::builder().build()?;
    io.on("say", say);

    let service = TowerServiceCompat::<ReqBody, _, _, _>::compat(io.service());
    let socket_io = Router::with_path("socket.io/{**rest}").hoop(peer).goal(service);
    let router = Router::new().get(page).push(socket_io);

    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:3000".to_owned());
    let listener = TcpListener::bind(address).await?;
    println!("listening on http://{}", listener.local_addr()?);
    let server = Server::new(TcpAcceptor::try_from(listener)?);
    let salvo = server.handle();
    tokio::spawn(async move {
        shutdown_signal().await;
        io.close().await; // salvo does not wait for WebSockets
        salvo.stop_graceful(Duration::from_secs(5));
    });
    server.serve(router).await;
    Ok(())
}
