//! The accept loop of a program that serves by hyper itself.

use std::convert::Infallible;
use std::io;
use std::pin::pin;
use std::time::Duration;

use hyper::body::{Body, Incoming};
use hyper::service::{Service, service_fn};
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use socketio_core::http::{IntoListener, Listener as _};

/// Serves hyper's kind of service (a tower service becomes one by `TowerToHyperService`) until `closed` resolves; it should close the
/// Socket.IO server first. Connections are accepted meanwhile: clients that poll fetch by new ones what is left for them.
///
/// The listener is any that Socket.IO's own server takes, with TLS too.
pub(crate) async fn until<L, S, B>(
    listener: L,
    service: S,
    closed: impl Future<Output = ()>,
) -> io::Result<()>
where
    L: IntoListener,
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let mut listener = listener.into_listener().await?;
    let mut http = auto::Builder::new(TokioExecutor::new());
    // Until the head of a request is there, nothing of it has reached the service: its deadline is the host's to set.
    http.http1().timer(TokioTimer::new()).header_read_timeout(Duration::from_secs(10));
    let connections = GracefulShutdown::new();
    let mut closed = pin!(closed);
    loop {
        let (stream, peer) = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut closed => break,
        };
        let service = service.clone();
        let with_peer = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(peer); // for the log and the handlers, and whether it is https
            service.call(request)
        });
        // Without upgrades there is no WebSocket.
        let connection = http.serve_connection_with_upgrades(TokioIo::new(stream), with_peer).into_owned();
        let connection = connections.watch(connection);
        tokio::spawn(async move { connection.await.ok() });
    }
    drop(listener);
    // Answers that are on their way have a moment; WebSockets are no longer among the connections.
    tokio::time::timeout(Duration::from_secs(5), connections.shutdown()).await.ok();
    Ok(())
}
