//! The server, static files and another application behind one door.
//!
//! ```text
//! a request ─ for the server's path? ──── the engine
//!             ├ a static file? ────────── its bytes
//!             ├ another application? ──── whatever that says
//!             └ 404
//! ```
//!
//! This is the one place that decides the order: `io.layer()` makes an [`App`] around a service, `io.serve()` serves one that has
//! neither files nor another application.

mod answer; // its future, and its body

use std::convert::Infallible;
use std::fmt;
use std::future::{Ready, poll_fn, ready};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use futures_util::future;
use http::header::{ALLOW, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body::Body as HttpBody;
use hyper::body::Incoming;
use tower_service::Service;

pub use self::answer::{AppBody, AppFuture};
use super::body::{Body, RequestBody};
use super::listener::{IntoListener, listen};
use super::service::SocketIoService;
use super::standalone;
use super::static_files::Files;
use crate::engine::Peer;
use crate::server::{Drained, ServeError, Server};

/// Socket.IO, static files and another application on one port, asked in this order; then 404.
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use socketio_core::Server;
/// use socketio_core::http::App;
///
/// let io = Server::builder().build()?;
/// # #[cfg(feature = "static-files")] {
/// use socketio_core::StaticFiles;
///
/// let files = StaticFiles::new().rule("/", "latency.html").rule("/static", "./public");
/// App::new(&io).static_files(files).serve("127.0.0.1:5000", std::future::pending()).await?;
/// # }
/// # Ok(())
/// # }
/// ```
///
/// It is a `tower` service for any host that speaks `http` 1 and upgrades connections; what [`SocketIoService`] asks of its host holds
/// for it, too. [`serve`](Self::serve) is a host of its own.
///
/// With [`every_path`](crate::server::ServerBuilder::every_path) all requests are Socket.IO's, and neither files nor the other
/// application are ever asked.
///
/// A cheap handle, if the other application is one.
#[derive(Clone)]
pub struct App<F = NotFound> {
    shared: Arc<Shared>,
    fallback: F,
}

#[derive(Clone)]
struct Shared {
    io: Server,
    service: SocketIoService,
    files: Option<Files>,
    /// There is no other application.
    alone: bool,
}

impl App {
    /// Socket.IO alone: other paths are answered 404.
    #[must_use]
    pub fn new(io: &Server) -> App {
        let shared = Shared { io: io.clone(), service: io.service(), files: None, alone: true };
        App { shared: Arc::new(shared), fallback: NotFound }
    }
}

impl<F> App<F> {
    /// What is neither for the server nor a static file goes to `fallback`, any `tower` service: an axum `Router`, say.
    ///
    /// Each request goes to a clone of it, once that is ready. How large a request's body may be, and how long its client may take over
    /// it, is the fallback's to say: a connection whose request is at work stays.
    #[must_use]
    pub fn fallback<G>(self, fallback: G) -> App<G> {
        let shared = Shared { alone: false, ..Arc::unwrap_or_clone(self.shared) };
        App { shared: Arc::new(shared), fallback }
    }

    /// Serves until `shutdown` resolves, then closes the server, as [`Server::serve`] does.
    ///
    /// A connection whose fallback fails is closed, and the log tells; answers are the better way to say that something failed.
    ///
    /// # Errors
    ///
    /// [`ServeError::Listen`]: the address is taken, or forbidden; nothing was served. That is in the log too, and on stderr where the
    /// program has no log.
    pub async fn serve<L, R>(
        self,
        listener: L,
        shutdown: impl Future<Output = ()> + Send,
    ) -> Result<Drained, ServeError>
    where
        L: IntoListener,
        F: Service<Request<Incoming>, Response = Response<R>> + Clone + Send + 'static,
        F::Future: Send + 'static,
        F::Error: Into<BoxError>,
        R: HttpBody<Data = Bytes> + Send + 'static,
        R::Error: Into<BoxError>,
    {
        let listener = listen(listener).await?;
        let Shared { io, service, .. } = Shared::clone(&self.shared);
        // Clients that poll come by new connections, also for what is left for them.
        let accepting = standalone::serve(self, listener, service.closed());
        let draining = async {
            future::select(pin!(shutdown), pin!(io.closing())).await;
            io.close().await
        };
        let ((), drained) = future::join(accepting, draining).await;
        Ok(drained)
    }

    /// The server's own part of it.
    pub(super) fn service(&self) -> &SocketIoService {
        &self.shared.service
    }

    #[cfg_attr(not(feature = "static-files"), allow(dead_code, reason = "only the feature has files"))]
    pub(super) fn with_files(mut self, files: Files) -> Self {
        Arc::make_mut(&mut self.shared).files = Some(files);
        self
    }

    /// The answer to a request of `peer`; `None`: the request itself tells who sent it.
    pub(super) fn answer<B, R>(&self, mut request: Request<B>, peer: Option<Peer>) -> AppFuture<R, F::Error>
    where
        F: Service<Request<B>, Response = Response<R>> + Clone + Send + 'static,
        F::Future: Send + 'static,
        B: HttpBody + Send + 'static,
        B::Data: Buf + Send,
        B::Error: Into<BoxError> + Send,
        R: 'static,
    {
        let service = &self.shared.service;
        if service.is_for(&request) {
            return AppFuture::engine(service.answer(request, peer));
        }
        if let Some(peer) = peer {
            request.extensions_mut().insert(peer);
        }
        AppFuture::elsewhere(self.clone().elsewhere(request))
    }

    /// What is not for the server.
    async fn elsewhere<B, R>(mut self, request: Request<B>) -> Result<Response<AppBody<R>>, F::Error>
    where
        F: Service<Request<B>, Response = Response<R>>,
        B: HttpBody + Send + 'static,
    {
        let (head, body) = request.into_parts();
        if let Some(files) = &self.shared.files {
            let answer = match head.method {
                Method::GET | Method::HEAD => {
                    let answer = files.answer(&head, self.shared.service.reached()).await;
                    answer.map(|answer| answer.map(AppBody::file))
                }
                _ if self.shared.alone && files.has_rule_for(&head.uri) => {
                    Some(read_only().map(AppBody::ours))
                }
                _ => None,
            };
            if let Some(answer) = answer {
                drop(RequestBody::new(body));
                return Ok(answer);
            }
        }
        poll_fn(|cx| self.fallback.poll_ready(cx)).await?;
        let answer = self.fallback.call(Request::from_parts(head, body)).await?;
        Ok(answer.map(AppBody::theirs))
    }
}

impl<F, B, R> Service<Request<B>> for App<F>
where
    F: Service<Request<B>, Response = Response<R>> + Clone + Send + 'static,
    F::Future: Send + 'static,
    B: HttpBody + Send + 'static,
    B::Data: Buf + Send,
    B::Error: Into<BoxError> + Send,
    R: 'static,
{
    type Response = Response<AppBody<R>>;
    type Error = F::Error;
    type Future = AppFuture<R, F::Error>;

    /// Always ready: a busy fallback holds up nobody but those who ask it.
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), F::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        self.answer(request, None)
    }
}

impl<F: fmt::Debug> fmt::Debug for App<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App")
            .field("service", &self.shared.service)
            .field("static_files", &self.shared.files)
            .field("fallback", &self.fallback)
            .finish()
    }
}

/// Where there is no other application: 404.
#[derive(Clone, Copy, Debug, Default)]
pub struct NotFound;

impl<B: HttpBody + Send + 'static> Service<Request<B>> for NotFound {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Ready<Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        drop(RequestBody::new(request.into_body()));
        ready(Ok(plain(StatusCode::NOT_FOUND, "Not Found")))
    }
}

/// A file is not changed from outside.
fn read_only() -> Response<Body> {
    let mut response = plain(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed");
    response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    response
}

fn plain(status: StatusCode, text: &'static str) -> Response<Body> {
    let mut response = Response::new(Body::full(text));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    response
}

/// Whatever a service may fail with.
pub(super) type BoxError = Box<dyn std::error::Error + Send + Sync>;
