//! Cross-origin rules by the framework: Socket.IO's own are switched off, and tower-http's layer answers for every route alike.
//!
//! ```text
//! cargo run -p socketio-examples --features cors --example cors -- 127.0.0.1:3000 https://app.example
//! ```
//!
//! With both at work a page would have to pass both, and where a framework adds its headers to ours a browser would see
//! `Access-Control-Allow-Origin` twice, and refuse the answer.

use std::error::Error;
use std::net::SocketAddr;

use axum::Router;
use axum::http::Method;
use axum::http::header::{CONTENT_TYPE, HeaderValue};
use axum::routing::get;
use socketio_core::http::shutdown_signal;
use socketio_core::{Cookie, Cors, Data, HandlerError, Server, Socket};
use tower_http::cors::CorsLayer;

/// Everybody else hears it; the ack is how many they are.
fn say(socket: Socket, Data(text): Data<String>) -> Result<usize, HandlerError> {
    Ok(socket.broadcast().emit("said", text)?.local)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let address = arguments.next().unwrap_or_else(|| "127.0.0.1:3000".to_owned());
    let origins: Vec<HeaderValue> = arguments.map(|origin| origin.parse()).collect::<Result<_, _>>()?;

    // An empty list: neither a check nor a header of ours. Whatever page gets through the layer, gets through to the server.
    let none: [&str; 0] = [];
    let io = Server::builder().cors(Cors::origins(none)).cookie(Cookie::new("io")).build()?;
    io.on("say", say);

    let cors = CorsLayer::new()
        .allow_origin(origins)
        .allow_credentials(true) // without it the page's cookies stay at home, and stickiness with them
        .allow_methods([Method::GET, Method::POST])
        .allow_headers([CONTENT_TYPE]);
    let app = Router::new().route("/", get(|| async { "a page of our own\n" })).layer(io.layer()).layer(cors); // behind `io.layer()`, so that it sees Socket.IO's requests

    let listener = tokio::net::TcpListener::bind(address).await?;
    println!("listening on http://{}", listener.local_addr()?);
    axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>())
        .with_graceful_shutdown(async move {
            shutdown_signal().await;
            io.close().await;
        })
        .await?;
    Ok(())
}
