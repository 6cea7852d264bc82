//! What Express middleware is to Node's server: tower layers around Socket.IO. They see its upgrades to WebSocket too.
//!
//! ```text
//! cargo run -p socketio-examples --features hyper --example layers
//! curl -i 'http://127.0.0.1:3000/socket.io/?EIO=4&transport=polling&user=ada'
//! ```
//!
//! The layer here names the user of a request, or refuses it, and puts a header into each answer. Handlers find what it put into the
//! request as an `Extension`.

use std::error::Error;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

use hyper::body::Incoming;
use hyper::header::HeaderValue;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use socketio_core::http::{Body, Peer};
use socketio_core::{Extension, Server, Socket};
use tokio::net::TcpListener;
use tower_layer::Layer;
use tower_service::Service;

/// Who sends a request; a layer found it out.
#[derive(Clone, Debug)]
struct User(String);

/// Lets requests with a user through.
#[derive(Clone, Copy, Debug)]
struct Users;

#[derive(Clone, Debug)]
struct WithUser<S> {
    inner: S,
}

impl<S> Layer<S> for Users {
    type Service = WithUser<S>;

    fn layer(&self, inner: S) -> WithUser<S> {
        WithUser { inner }
    }
}

impl<S, B> Service<Request<B>> for WithUser<S>
where
    S: Service<Request<B>, Response = Response<Body>>,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, S::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let Some(user) = user(&request) else {
            let mut refusal = Response::new(Body::full("who are you?"));
            *refusal.status_mut() = StatusCode::UNAUTHORIZED;
            return Box::pin(std::future::ready(Ok(refusal)));
        };
        request.extensions_mut().insert(User(user));
        let (what, start) = (format!("{} {}", request.method(), request.uri().path()), Instant::now());
        let answer = self.inner.call(request);
        Box::pin(async move {
            // 101 for an upgrade: from here on the connection is a WebSocket, and no layer's any more.
            let mut response = answer.await?;
            println!("{what}: {} after {:?}", response.status(), start.elapsed());
            response.headers_mut().insert("x-served-by", HeaderValue::from_static("layers"));
            Ok(response)
        })
    }
}

/// A program of its own would look at a cookie or a token. Requests of an open session have its secret id.
fn user<B>(request: &Request<B>) -> Option<String> {
    let query = request.uri().query()?;
    let value = |name: &str| query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
    value("user").or_else(|| value("sid")).map(str::to_owned)
}

fn greet(socket: Socket, Extension(User(name)): Extension<User>) {
    socket.emit("hello", name).ok();
}

/// Serves until the listener fails.
pub(crate) async fn serve(listener: TcpListener) -> Result<(), Box<dyn Error + Send + Sync>> {
    let io = Server::builder().build()?;
    io.on_connected(greet);
    let service = Users.layer(io.service());
    loop {
        let (stream, address) = listener.accept().await?;
        let service = service.clone();
        tokio::spawn(async move {
            let service = service_fn(move |mut request: Request<Incoming>| {
                request.extensions_mut().insert(Peer::from(address));
                service.clone().call(request)
            });
            let http = auto::Builder::new(TokioExecutor::new());
            http.serve_connection_with_upgrades(TokioIo::new(stream), service).await.ok();
        });
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let listener = TcpListener::bind("127.0.0.1:3000").await?;
    println!("listening on http://{}", listener.local_addr()?);
    serve(listener).await
}
