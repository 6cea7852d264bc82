//! The server as a `tower` service: it answers for its path, and 404 for the rest.

use std::convert::Infallible;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Buf;
use futures_util::FutureExt;
use http::{Request, Response, StatusCode};
use http_body::Body as HttpBody;
use tower_service::Service;

use super::body::{Body, RequestBody};
use super::connections::Connections;
use super::health::Probe;
use crate::engine::{Application, Engine, Peer, Reached};

/// A `tower` service that answers for the server's path, and 404 for the rest.
///
/// ```ignore
/// let app = axum::Router::new().route("/", get(index)).fallback_service(io.service());      // axum
/// http1::Builder::new().serve_connection(stream, TowerToHyperService::new(io.service())).with_upgrades()  // hyper
/// ```
///
/// Where a framework takes the prefix away that it routes by (axum's `nest_service("/socket.io", ..)`), build the server with
/// `every_path`; `nest("/api", ..)` around the whole router and `route_service("/socket.io/", ..)` need nothing.
///
/// # What the host server has to do
///
/// * Serve connections *with upgrades*, or WebSockets fail. `axum::serve` and hyper-util's `serve_connection_with_upgrades` do.
/// * Limit the time and the size of request heads (hyper: `header_read_timeout` with a `timer`, `max_buf_size`). What reaches this
///   service has deadlines of its own: bodies, sessions, and connections once they are WebSockets. `axum::serve` has no limit of
///   time for heads, so put a proxy before it, or use `Server::serve`.
/// * A server that is not hyper has to insert an [`Upgrade`](super::Upgrade), or there are no WebSockets.
/// * Tell the client's address: insert a [`Peer`](super::Peer) into the requests' extensions; or, with the feature `axum`, serve
///   `into_make_service_with_connect_info::<SocketAddr>()`.
/// * Set `TCP_NODELAY` (`axum::serve`: `ListenerExt::tap_io`).
/// * At shutdown, call `Server::close` before it waits for its connections: long polls end with their sessions. WebSockets are no
///   longer the host's connections, and it does not wait for them.
/// * Leave `Connection: close` of our answers in place.
#[derive(Clone)]
pub struct SocketIoService {
    engine: Arc<Engine>,
    application: Arc<dyn Application>,
}

impl SocketIoService {
    pub(crate) fn new(engine: Arc<Engine>, application: Arc<dyn Application>) -> Self {
        SocketIoService { engine, application }
    }

    /// The path that clients ask for, without a slash at its end.
    #[cfg(feature = "testing")]
    pub(crate) fn path(&self) -> &str {
        self.engine.config.path.as_str()
    }

    /// Whether there is no place for one more connection; if so, that is counted and logged.
    pub(super) fn is_full(&self) -> bool {
        self.engine.is_full()
    }

    /// Resolves when every session has ended.
    pub(super) async fn closed(&self) {
        self.engine.closing.is_done().await;
    }

    /// Where limits that are reached are counted.
    pub(super) fn reached(&self) -> &Reached {
        &self.engine.reached
    }

    /// The connections of the standalone server.
    pub(super) fn connections(&self) -> &Connections {
        &self.engine.http
    }

    /// Whether a request for this path is answered here.
    pub(super) fn is_for<B>(&self, request: &Request<B>) -> bool {
        let path = request.uri().path();
        self.engine.config.path.matches(path) || self.probe(path).is_some()
    }

    /// Patterns of actix-web for the paths that are answered here.
    #[cfg(feature = "actix")]
    pub(super) fn actix_paths(&self) -> Vec<String> {
        let config = &self.engine.config;
        let health = config.health.iter().flat_map(super::health::HealthPath::paths).map(str::to_owned);
        health.chain(config.path.actix()).collect()
    }

    fn probe(&self, path: &str) -> Option<Probe> {
        self.engine.config.health.as_ref()?.probe(path)
    }

    /// Answers a request of `peer`, whatever its path; `None`: the request itself tells who sent it.
    pub(super) fn answer<B>(
        &self,
        request: Request<B>,
        peer: Option<Peer>,
    ) -> impl Future<Output = Response<Body>> + Send + use<B>
    where
        B: HttpBody + Send + 'static,
        B::Data: Buf + Send,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>> + Send,
    {
        let (mut parts, body) = request.into_parts();
        let body = RequestBody::new(body);
        let (service, probe) = (self.clone(), self.probe(parts.uri.path()));
        async move {
            match probe {
                Some(probe) => probe.answer(&parts.method, || service.application.readiness()),
                None => service.engine.handle(&service.application, &mut parts, body, peer.as_ref()).await,
            }
        }
    }
}

impl<B> Service<Request<B>> for SocketIoService
where
    B: HttpBody + Send + 'static,
    B::Data: Buf + Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>> + Send,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        if !self.is_for(&request) {
            return Box::pin(std::future::ready(Ok(not_found())));
        }
        Box::pin(self.answer(request, None).map(Ok))
    }
}

impl fmt::Debug for SocketIoService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SocketIoService").field("path", &self.engine.config.path).finish_non_exhaustive()
    }
}

fn not_found() -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_kept_of_a_request_that_waits_stays_small() {
        let io = crate::Server::builder().build().unwrap();
        let answer = io.service().answer(Request::new(Body::empty()), None);
        // With room for a field more.
        assert!(size_of_val(&answer) <= 784, "{} bytes", size_of_val(&answer));
    }
}
