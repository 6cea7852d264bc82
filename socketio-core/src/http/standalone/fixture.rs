//! A running server with handlers for every mood, and clients that speak raw HTTP.

use std::convert::Infallible;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::oneshot;

use super::*;
use crate::http::Body;
use crate::http::listener::{IntoListener as _, TcpListener};

pub(super) struct Running {
    pub(super) address: std::net::SocketAddr,
    pub(super) connections: Connections,
    pub(super) limits: Limits,
    at_work: Arc<AtomicUsize>,
    accepted: Arc<AtomicUsize>,
    shutdown: Option<oneshot::Sender<()>>,
    accepting: tokio::task::JoinHandle<()>,
}

impl Running {
    /// With the deadlines of production.
    pub(super) async fn start() -> Running {
        Running::start_with(Limits::default()).await
    }

    /// With short deadlines.
    pub(super) async fn start_hasty() -> Running {
        Running::start_with(Limits { head: TICK, idle: TICK, close: TICK }).await
    }

    pub(super) async fn start_with(limits: Limits) -> Running {
        let accepted = Arc::new(AtomicUsize::new(0));
        let inner = "127.0.0.1:0".into_listener().await.unwrap();
        let listener = Counting { inner, accepted: accepted.clone() };
        let address = listener.local_addr().unwrap();
        let connections = Connections::default();
        let at_work = Arc::new(AtomicUsize::new(0));
        let (shutdown, told) = oneshot::channel::<()>();
        let accepting = tokio::spawn({
            let (connections, handlers) = (connections.clone(), Handlers { at_work: at_work.clone() });
            async move {
                let told = async { told.await.unwrap_or(()) };
                let answer = move |request, peer| handlers.answer(request, peer);
                accept(answer, &connections, listener, limits, || false, told).await;
            }
        });
        Running { address, connections, limits, at_work, accepted, shutdown: Some(shutdown), accepting }
    }

    /// A connection that the server has accepted and counted.
    pub(super) async fn connect(&self) -> TcpStream {
        let before = self.accepted.load(Ordering::SeqCst);
        let stream = TcpStream::connect(self.address).await.unwrap();
        until(|| self.accepted.load(Ordering::SeqCst) > before).await;
        stream
    }

    pub(super) fn at_work(&self) -> usize {
        self.at_work.load(Ordering::SeqCst)
    }

    pub(super) async fn stop(&mut self) {
        drop(self.shutdown.take());
        (&mut self.accepting).await.unwrap();
    }

    /// Waits until no connection is left.
    pub(super) async fn empties(&self) {
        until(|| self.connections.open() == 0).await;
    }
}

/// Counts what it accepts.
struct Counting {
    inner: TcpListener,
    accepted: Arc<AtomicUsize>,
}

impl Listener for Counting {
    type Io = TcpStream;

    async fn accept(&mut self) -> (TcpStream, Peer) {
        let accepted = self.inner.accept().await;
        self.accepted.fetch_add(1, Ordering::SeqCst);
        accepted
    }

    fn local_addr(&self) -> Option<std::net::SocketAddr> {
        self.inner.local_addr()
    }
}

/// Answers by path.
#[derive(Clone)]
struct Handlers {
    at_work: Arc<AtomicUsize>,
}

impl Handlers {
    fn answer(
        &self,
        request: Request<Incoming>,
        peer: Peer,
    ) -> impl Future<Output = Result<Response<Body>, Infallible>> + Send + use<> {
        let counted = Counted(self.at_work.clone());
        counted.0.fetch_add(1, Ordering::SeqCst);
        async move {
            let _counted = counted;
            Ok(respond(request, peer).await)
        }
    }
}

async fn respond(mut request: Request<Incoming>, peer: Peer) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    match request.uri().path() {
        "/peer" => {
            *response.body_mut() = Body::full(peer.address.unwrap().to_string());
        }
        "/slow" => {
            tokio::time::sleep(TICK * 3).await;
            *response.body_mut() = Body::full("slow");
        }
        "/never" => std::future::pending().await,
        "/large" => *response.body_mut() = Body::full(vec![b'x'; LARGE]),
        "/panic" => panic!("as asked"),
        "/refuse" => {
            drop(crate::http::body::RequestBody::new(request.into_body()));
            *response.status_mut() = http::StatusCode::BAD_REQUEST;
            response.headers_mut().insert("connection", http::HeaderValue::from_static("close"));
        }
        "/upgrade" => {
            let upgraded = hyper::upgrade::on(&mut request);
            tokio::spawn(async move {
                let upgraded = upgraded.await.unwrap();
                let parts = hyper_util::server::conn::auto::upgrade::downcast::<TokioIo<TcpStream>>(upgraded)
                    .unwrap();
                parts.io.into_inner().write_all(&parts.read_buf).await.unwrap();
            });
            *response.status_mut() = http::StatusCode::SWITCHING_PROTOCOLS;
            for (name, value) in [("connection", "upgrade"), ("upgrade", "websocket")] {
                response.headers_mut().insert(name, http::HeaderValue::from_static(value));
            }
        }
        _ => {}
    }
    response
}

struct Counted(Arc<AtomicUsize>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// One response with a `Content-Length`.
pub(super) async fn read_answer(client: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    loop {
        let mut byte = [0];
        assert_eq!(
            tokio::time::timeout(PATIENCE, client.read(&mut byte)).await.unwrap().unwrap(),
            1,
            "{answer:?}"
        );
        answer.push(byte[0]);
        if answer.ends_with(b"\r\n\r\n") {
            break;
        }
    }
    let head = String::from_utf8(answer).unwrap();
    let length = head
        .to_lowercase()
        .split_once("content-length: ")
        .unwrap()
        .1
        .split_once('\r')
        .unwrap()
        .0
        .parse()
        .unwrap();
    let mut body = vec![0; length];
    client.read_exact(&mut body).await.unwrap();
    head + std::str::from_utf8(&body).unwrap()
}

/// The server ends the connection, by a reset or not.
pub(super) async fn closes(client: &mut TcpStream) {
    let mut bytes = Vec::new();
    let _ = tokio::time::timeout(PATIENCE, client.read_to_end(&mut bytes))
        .await
        .expect("the connection is closed");
}

pub(super) async fn until(condition: impl Fn() -> bool) {
    let wait = async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.expect("it comes to pass");
}

pub(super) const TICK: Duration = Duration::from_millis(300);
/// More than any of these tests needs.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);
/// More than the kernel buffers.
pub(super) const LARGE: usize = 64 << 20;
