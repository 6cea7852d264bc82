//! A goal in salvo's router: Socket.IO below its path, salvo's routes beside it.
//!
//! ```text
//! cargo run -p socketio-examples --features salvo --example salvo
//! curl -i http://127.0.0.1:3000/
//! ```
//!
//! With `-- ADDRESS CERTIFICATE KEY` it is https.

#[path = "listen.rs"]
mod listen; // where, and whether by TLS

use std::error::Error;
use std::time::Duration;

use futures_util::stream;
use salvo::conn::Acceptor;
use salvo::conn::rustls::RustlsAcceptor;
use salvo::conn::tcp::TcpAcceptor;
use salvo::http::ReqBody;
use salvo::http::uri::Scheme;
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

/// Tells Socket.IO the client's address, for the log, the handlers and the proxies that are trusted, and whether this is https.
#[handler]
async fn peer(request: &mut Request) {
    if let Some(address) = request.remote_addr().clone().into_std() {
        let secure = *request.scheme() == Scheme::HTTPS;
        request.extensions_mut().insert(Peer::from(address).secure(secure));
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let io = socketio_core::Server::builder().build()?;
    io.on("say", say);

    let service = TowerServiceCompat::<ReqBody, _, _, _>::compat(io.service());
    let socket_io = Router::with_path("socket.io/{**rest}").hoop(peer).goal(service);
    let router = Router::new().get(page).push(socket_io);

    let (listener, tls) = listen::from_arguments()?;
    listener.set_nonblocking(true)?;
    let acceptor = TcpAcceptor::try_from(TcpListener::from_std(listener)?)?;
    match tls {
        Some(tls) => {
            tls.keep_fresh();
            // One configuration is enough: what changes is the certificate in it.
            let config = stream::iter([tls.server_config().as_ref().clone()]);
            serve(RustlsAcceptor::new(config, acceptor), router, io).await;
        }
        None => serve(acceptor, router, io).await,
    }
    Ok(())
}

async fn serve(acceptor: impl Acceptor, router: Router, io: socketio_core::Server) {
    let server = Server::new(acceptor);
    let salvo = server.handle();
    tokio::spawn(async move {
        shutdown_signal().await;
        io.close().await; // salvo does not wait for WebSockets
        salvo.stop_graceful(Duration::from_secs(5));
    });
    server.serve(router).await;
}
