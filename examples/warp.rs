//! Before a warp application: Socket.IO's requests are answered, the others go to warp's filters.
//!
//! ```text
//! cargo run -p socketio-examples --features warp --example warp
//! curl -i http://127.0.0.1:3000/clients
//! ```
//!
//! With `-- ADDRESS CERTIFICATE KEY` it is https.
//!
//! warp's own `serve` takes filters alone, so ours serves the two together.

#[path = "listen.rs"]
mod listen; // where, and whether by TLS

use std::convert::Infallible;
use std::error::Error;

use socketio_core::http::{App, shutdown_signal};
use socketio_core::{Data, HandlerError, Server, Socket};
use warp::http::StatusCode;
use warp::{Filter, Rejection, Reply};

/// Everybody else hears it; the ack is how many they are.
fn say(socket: Socket, Data(text): Data<String>) -> Result<usize, HandlerError> {
    Ok(socket.broadcast().emit("said", text)?.local)
}

async fn not_found(_: Rejection) -> Result<impl Reply, Infallible> {
    Ok(warp::reply::with_status("there is no such page\n", StatusCode::NOT_FOUND))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let io = Server::builder().build()?;
    io.on("say", say);

    let server = io.clone();
    let clients = warp::path!("clients").map(move || format!("{}\n", server.counters().sockets));
    let page = warp::path::end().map(|| "a page of our own\n");
    let filters = page.or(clients).recover(not_found);

    let (listener, tls) = listen::from_arguments()?;
    let app = App::new(&io).fallback(warp::service(filters));
    match tls {
        Some(tls) => app.serve(tls.on(listener), shutdown_signal()).await?,
        None => app.serve(listener, shutdown_signal()).await?,
    };
    Ok(())
}
