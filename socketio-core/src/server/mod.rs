//! The server: namespaces, sockets, and what is done with them.

mod ack; // questions to a client, and their answers
mod blocking; // where handlers run that block
mod bounds; // options that bound what clients can do
mod builder; // options
mod client; // the inbox of a connection
mod connecting; // a client at the door of a namespace
pub(crate) mod counters; // what is going on, in numbers
mod dispatch; // starting handlers
pub(crate) mod encode; // packets to complete frames
mod error; // errors of the server's words
#[cfg(feature = "metrics")]
mod export; // the counters as metrics
mod gather; // one question to many clients
pub(crate) mod inner; // what every handle of a server shares
mod life; // a socket from its CONNECT to its end
mod link; // what the sockets of one connection share
mod namespace; // a world of its own
mod remote; // sockets of any node, as data
mod serial; // one event after the other
mod server_events; // what servers tell each other
mod slow; // handlers that block their thread
mod socket; // one client in one namespace
mod store; // what an application keeps for one client

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;

pub use self::ack::{Answer, Question};
pub use self::bounds::OutgoingPolicy;
pub use self::builder::ServerBuilder;
pub use self::counters::Counters;
pub use self::error::{AckError, BuildError, JoinError, ServeError};
pub use self::namespace::Namespace;
pub use self::remote::RemoteSocket;

pub(crate) use self::gather::Gathering;

pub use self::socket::Socket;
pub use crate::adapter::EmitError;
pub use crate::engine::Rate;

use self::inner::{ServerInner, Sessions};
use crate::adapter::operation::with_slash;
use crate::adapter::wire::HostId;
use crate::adapter::{self, Adapter, AdapterError, IntoRooms, Receipt, Room};
use crate::engine::Application;
use crate::handler::kind::{Connected, Disconnect, Event};
use crate::handler::{BlockingHandler, ConnectHandler, Handler};
use crate::http::{self, IntoListener, SocketIoLayer, SocketIoService};
use crate::protocol::args::IntoArgs;

/// Sockets of a server's namespace, about to be sent something, or asked.
pub type Broadcast = adapter::Broadcast<dyn Adapter>;

/// A Socket.IO server. A cheap handle: clones are the same server.
///
/// Its own words for handlers and emits are those of the namespace `/`; [`of`](Self::of) gives the others.
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use socketio_core::{Data, Server, Socket};
///
/// let io = Server::builder().build()?;
/// io.on("say", |socket: Socket, Data(text): Data<String>| {
///     socket.broadcast().emit("say", text).ok();
///     "sent"
/// });
/// io.serve("127.0.0.1:3000", std::future::pending()).await?;
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Server {
    root: Namespace,
}

/// What a shutdown left behind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Drained {
    /// Messages that were queued for clients and could not be delivered in time.
    pub undelivered: u64,
    /// HTTP connections that had to be cut.
    pub cut: usize,
}

impl Server {
    /// Starts with every option at its default.
    pub fn builder() -> ServerBuilder {
        ServerBuilder::default()
    }

    fn new(inner: Arc<ServerInner>) -> Self {
        let namespace = inner.namespaces.get_or_make("/");
        Server { root: Namespace { server: inner, inner: namespace } }
    }

    fn inner(&self) -> &Arc<ServerInner> {
        &self.root.server
    }

    /// A namespace; a leading `/` is added where it is missing.
    ///
    /// Clients can come in once it has a handler, or if the builder names it. Asking for it does not open it.
    ///
    /// # Panics
    ///
    /// The name contains a comma or a question mark, which cannot be told from what follows it on the wire.
    #[must_use]
    #[track_caller]
    pub fn of(&self, namespace: &str) -> Namespace {
        assert!(
            !namespace.contains([',', '?']),
            "a namespace's name has no comma and no question mark: {namespace:?}"
        );
        let server = self.inner().clone();
        let inner = server.namespaces.get_or_make(&with_slash(namespace));
        Namespace { server, inner }
    }

    /// See [`Namespace::on_connect`].
    pub fn on_connect<M>(&self, handler: impl ConnectHandler<M>) -> &Self {
        self.root.on_connect(handler);
        self
    }

    /// See [`Namespace::on_connected`].
    pub fn on_connected<M>(&self, handler: impl Handler<Connected, M>) -> &Self {
        self.root.on_connected(handler);
        self
    }

    /// See [`Namespace::on_disconnect`].
    pub fn on_disconnect<M>(&self, handler: impl Handler<Disconnect, M>) -> &Self {
        self.root.on_disconnect(handler);
        self
    }

    /// See [`Namespace::on`].
    ///
    /// # Panics
    ///
    /// `event` is a reserved name.
    #[track_caller]
    pub fn on<M>(&self, event: &str, handler: impl Handler<Event, M>) -> &Self {
        self.root.on(event, handler);
        self
    }

    /// See [`Namespace::on_blocking`].
    ///
    /// # Panics
    ///
    /// `event` is a reserved name.
    #[track_caller]
    pub fn on_blocking<M>(&self, event: &str, handler: impl BlockingHandler<M>) -> &Self {
        self.root.on_blocking(event, handler);
        self
    }

    /// See [`Namespace::off`].
    pub fn off(&self, event: &str) -> &Self {
        self.root.off(event);
        self
    }

    /// Sends `event` to everybody in `/`.
    ///
    /// # Errors
    ///
    /// Those of [`Broadcast::emit`].
    pub fn emit(&self, event: &str, args: impl IntoArgs) -> Result<Receipt, EmitError> {
        self.root.emit(event, args)
    }

    /// Sends a `message` event to everybody in `/`.
    ///
    /// # Errors
    ///
    /// Those of [`Broadcast::emit`].
    pub fn send(&self, args: impl IntoArgs) -> Result<Receipt, EmitError> {
        self.root.send(args)
    }

    /// The sockets of `/` in any of these rooms.
    pub fn to(&self, rooms: impl IntoRooms) -> Broadcast {
        self.root.to(rooms)
    }

    /// Everybody in `/` but the sockets in these rooms.
    pub fn except(&self, rooms: impl IntoRooms) -> Broadcast {
        self.root.except(rooms)
    }

    /// Everybody in `/`: see [`Broadcast::volatile`].
    pub fn volatile(&self) -> Broadcast {
        self.root.volatile()
    }

    /// Everybody in `/`: see [`Broadcast::compress`].
    pub fn compress(&self, compress: bool) -> Broadcast {
        self.root.compress(compress)
    }

    /// Takes everybody in `/` out of `room`.
    ///
    /// # Errors
    ///
    /// The adapter could not take the operation; the room is as it was.
    pub fn close_room(&self, room: impl Into<Room>) -> Result<Receipt, AdapterError> {
        self.root.close_room(room)
    }

    /// A client in `/`, by its id.
    #[must_use]
    pub fn socket(&self, sid: &str) -> Option<Socket> {
        self.root.socket(sid)
    }

    /// The clients in `/`, as they are now.
    #[must_use]
    pub fn sockets(&self) -> Vec<Socket> {
        self.root.sockets()
    }

    /// The nodes of the cluster that can be asked, this one first.
    #[must_use]
    pub fn members(&self) -> Vec<HostId> {
        self.inner().adapter.members()
    }

    /// What is going on, in numbers.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.inner().counters()
    }

    /// The server as a `tower` service: it answers for its path, and 404 for the rest. See [`SocketIoService`].
    #[must_use]
    pub fn service(&self) -> SocketIoService {
        let application: Arc<dyn Application> = Arc::new(Sessions(self.inner().clone()));
        SocketIoService::new(self.inner().engine.clone(), application)
    }

    /// The server as a `tower` layer: it answers for its path, and passes on the rest. See [`SocketIoLayer`].
    #[must_use]
    pub fn layer(&self) -> SocketIoLayer {
        SocketIoLayer::new(self.service())
    }

    /// Serves alone until `shutdown` resolves, then [closes](Self::close): stops accepting, tells the clients, drains, and returns by
    /// the deadline of [`shutdown_within`](ServerBuilder::shutdown_within).
    ///
    /// `listener` is an address such as `"0.0.0.0:8000"`, a bound listener, or anything that [becomes one](IntoListener).
    ///
    /// # Errors
    ///
    /// [`ServeError::Listen`]: the address is taken, or forbidden; nothing was served.
    pub async fn serve<L: IntoListener>(
        &self,
        listener: L,
        shutdown: impl Future<Output = ()> + Send,
    ) -> Result<Drained, ServeError> {
        let listener = listener.into_listener().await.map_err(ServeError::Listen)?;
        let (stopped, stop) = oneshot::channel::<()>();
        let accepting = http::serve(self.service(), listener, async {
            shutdown.await;
            let _ = stopped.send(());
        });
        let draining = async {
            // It comes, or the accept loop is gone.
            let _ = stop.await;
            self.close().await
        };
        let ((), drained) = futures_util::future::join(accepting, draining).await;
        Ok(drained)
    }

    /// Ends every session: no new ones, `server shutting down` for all, what is queued is delivered if that can be done by the
    /// deadline of [`shutdown_within`](ServerBuilder::shutdown_within), and disconnect handlers may end. Then the adapter leaves its
    /// cluster.
    ///
    /// For a server that is mounted into another one; [`serve`](Self::serve) does it by itself.
    pub async fn close(&self) -> Drained {
        let inner = self.inner();
        let engine = &inner.engine;
        let within = engine.config.shutdown_within;
        let end = tokio::time::Instant::now() + within;
        let undelivered = engine.close(within).await;
        // Their disconnect handlers may still have something to save.
        while inner.counting.disconnecting.get() > 0 && tokio::time::Instant::now() < end {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let cut = engine.http.finish(end.saturating_duration_since(tokio::time::Instant::now())).await;
        if tokio::time::timeout_at(end.max(tokio::time::Instant::now() + CLOSE_MIN), inner.adapter.close())
            .await
            .is_err()
        {
            tracing::warn!(target: "socketio", "the adapter did not close in time");
        }
        if undelivered > 0 || cut > 0 {
            tracing::warn!(target: "socketio", undelivered, cut, "the server is closed, not everything was delivered");
        } else {
            tracing::info!(target: "socketio", "the server is closed");
        }
        Drained { undelivered, cut }
    }
}

/// An adapter has at least this long to leave.
const CLOSE_MIN: Duration = Duration::from_millis(500);

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("counters", &self.counters()).finish_non_exhaustive()
    }
}
