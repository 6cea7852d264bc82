//! In a row of tower layers: `io.layer()` answers Socket.IO's requests and passes on the rest.
//!
//! ```text
//! cargo run -p socketio-examples --features tower --example tower
//! curl -i http://127.0.0.1:3000/
//! ```
//!
//! With `-- ADDRESS CERTIFICATE KEY` it is https.
//!
//! What stands before it sees every request, those for the upgrade to WebSocket too; what stands behind it never sees Socket.IO's.

#[path = "accept.rs"]
mod accept; // the accept loop
#[path = "listen.rs"]
mod listen; // where, and whether by TLS

use std::convert::Infallible;
use std::error::Error;

use hyper::body::Incoming;
use hyper::{Request, Response, StatusCode};
use hyper_util::service::TowerToHyperService;
use socketio_core::http::{Body, shutdown_signal};
use socketio_core::{Data, HandlerError, Server, Socket};
use tower::{ServiceBuilder, service_fn};
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::trace::TraceLayer;

/// Everybody else hears it; the ack is how many they are.
fn say(socket: Socket, Data(text): Data<String>) -> Result<usize, HandlerError> {
    Ok(socket.broadcast().emit("said", text)?.local)
}

/// What is not Socket.IO's.
async fn pages(request: Request<Incoming>) -> Result<Response<Body>, Infallible> {
    Ok(match request.uri().path() {
        "/" => Response::new(Body::full("a page of our own\n")),
        _ => {
            let mut response = Response::new(Body::full("there is no such page\n"));
            *response.status_mut() = StatusCode::NOT_FOUND;
            response
        }
    })
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let io = Server::builder().build()?;
    io.on("say", say);

    let served_by = hyper::header::HeaderValue::from_static("tower");
    let service = ServiceBuilder::new()
        .layer(TraceLayer::new_for_http())
        .layer(SetResponseHeaderLayer::overriding(hyper::header::SERVER, served_by))
        .layer(io.layer())
        .service(service_fn(pages));

    let (listener, tls) = listen::from_arguments()?;
    let closed = async {
        shutdown_signal().await;
        io.close().await;
    };
    let service = TowerToHyperService::new(service);
    match tls {
        Some(tls) => accept::until(tls.on(listener), service, closed).await?,
        None => accept::until(listener, service, closed).await?,
    }
    Ok(())
}
