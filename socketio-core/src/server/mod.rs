//! The server: namespaces, sockets, and what is done with them.

mod ack; // questions to a client, and their answers
pub(crate) mod blocking; // where handlers run that block
mod bounds; // options that bound what clients can do
pub(crate) mod builder; // options
mod client; // the inbox of a connection
mod connecting; // a client at the door of a namespace
mod connection; // what the sockets of a client share
pub(crate) mod counters; // what is going on, in numbers
pub(crate) mod dispatch; // starting handlers
pub(crate) mod encode; // packets to complete frames
mod error; // errors of the server's words
mod everybody; // a server's words about the clients of `/`
mod expiry; // sockets that have a time
#[cfg(feature = "metrics")]
mod export; // the counters as metrics
mod gather; // one question to many clients
pub(crate) mod inner; // what every handle of a server shares
mod joined; // the sockets of a connection, by namespace
mod life; // a socket from its CONNECT to its end
mod link; // what the sockets of one connection share
#[cfg(feature = "msgpack")]
mod msgpack; // clients that speak msgpack
#[cfg(not(feature = "msgpack"))]
#[path = "without_msgpack.rs"]
mod msgpack;
mod namespace; // a world of its own
mod namespaces; // those that exist, and those to come
mod parent; // handlers for many namespaces
mod pattern; // patterns of namespaces' names
mod remote; // sockets of any node, as data
mod serial; // one event after the other
mod server_events; // what servers tell each other
mod session; // what an application keeps for one client
#[cfg(test)]
mod sizes; // what a socket takes
mod slow; // handlers that block their thread
mod socket; // one client in one namespace
mod store; // one value per type
pub(crate) mod table; // handlers, and the order of their tables
pub(crate) mod watching; // who hears what is sent, and of rooms
mod words; // the words that give handlers

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

pub use self::ack::{Answer, Question};
pub use self::bounds::OutgoingPolicy;
pub use self::builder::{Built, ServerBuilder};
pub use self::connection::Connection;
pub use self::counters::Counters;
pub use self::error::{AckError, BuildError, JoinError, ServeError};
pub use self::namespace::Namespace;
pub use self::parent::{EveryNamespace, ParentNamespace};
pub use self::remote::RemoteSocket;
pub use self::server_events::ServerAnswers;
pub use self::session::SessionScope;
pub use self::watching::RoomEvent;

pub(crate) use self::dispatch::unhandled;
pub(crate) use self::gather::Gathering;

pub use self::socket::Socket;
pub use crate::adapter::EmitError;
pub use crate::engine::{AllowRequest, GenerateId, RefusedRequest};
pub use crate::engine::{Rate, Readiness};

use self::inner::{NewNamespace, ServerInner, Sessions};
use self::parent::Matcher;
use self::pattern::Pattern;
use self::table::Handlers;
use self::words::{connect_words, event_words};
use crate::adapter::operation::with_slash;
use crate::adapter::wire::HostId;
use crate::adapter::{self, Adapter};
use crate::engine::Application;
use crate::http::{App, IntoListener, SocketIoLayer, SocketIoService};

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

event_words!(Server);
connect_words!(Server);

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
        let (namespace, _) = inner.namespaces.get_or_make("/");
        Server { root: Namespace { server: inner, inner: namespace } }
    }

    pub(crate) fn inner(&self) -> &Arc<ServerInner> {
        &self.root.server
    }

    /// A namespace; a leading `/` is added where it is missing.
    ///
    /// Clients can come in once it has a handler, or if the builder names it. Asking for it does not open it.
    ///
    /// # Panics
    ///
    /// The name contains a comma or a question mark, which cannot be told from what follows it on the wire; or it is `*`, which stands
    /// for [every namespace](Self::every_namespace) elsewhere.
    #[must_use]
    #[track_caller]
    pub fn of(&self, namespace: &str) -> Namespace {
        assert!(
            !namespace.contains([',', '?']),
            "a namespace's name has no comma and no question mark: {namespace:?}"
        );
        assert!(namespace != "*", "handlers for every namespace are given by every_namespace()");
        let server = self.inner().clone();
        let (inner, is_new) = server.namespaces.get_or_make(&with_slash(namespace));
        if is_new {
            server.tell_of_new(&inner);
        }
        Namespace { server, inner }
    }

    /// All namespaces whose name fits `pattern`: `/room-{id}`, `/{tenant}/chat`, `/files/{*path}`. A leading `/` is added where it is
    /// missing.
    ///
    /// `{name}` is one character or more, no slash among them; `{*name}` at the end is whatever follows.
    /// [`Captured`](crate::handler::Captured) gives the parts to handlers. Where several patterns and predicates fit, the first one
    /// counts; a namespace that the program opened itself before is nobody's child.
    ///
    /// # Panics
    ///
    /// It is no pattern: the message says why.
    #[track_caller]
    pub fn of_pattern(&self, pattern: &str) -> ParentNamespace {
        match Pattern::parse(&with_slash(pattern)) {
            Ok(pattern) => ParentNamespace::new(self.inner().clone(), Matcher::Pattern(pattern)),
            Err(error) => panic!("{pattern:?} is no pattern of namespaces: {error}"),
        }
    }

    /// All namespaces for whose name (with its leading `/`) `fits` says yes. It is asked whenever a client wants in where no namespace
    /// is; whether this client may, say its [middlewares](ParentNamespace::use_connect), which see more of it and may wait.
    pub fn of_where(&self, fits: impl Fn(&str) -> bool + Send + Sync + 'static) -> ParentNamespace {
        ParentNamespace::new(self.inner().clone(), Matcher::Predicate(Box::new(fits)))
    }

    /// Handlers for every namespace, where it has none of its own. Python: `namespace='*'`.
    pub fn every_namespace(&self) -> EveryNamespace {
        EveryNamespace::new(self.inner().clone())
    }

    /// Hears of every namespace that is made from now on, by [`of`](Self::of) or for a client, before the client is asked anything: it
    /// may give it handlers. The last listener given counts. Node: `new_namespace`.
    pub fn on_new_namespace(&self, listener: impl Fn(Namespace) + Send + Sync + 'static) -> &Self {
        self.inner().new_namespace.store(Some(Arc::new(NewNamespace(Box::new(listener)))));
        self
    }

    fn add(&self, change: impl Fn(&mut Handlers)) -> &Self {
        self.root.add(change);
        self
    }

    fn remove(&self, change: impl Fn(&mut Handlers)) -> &Self {
        self.root.remove(change);
        self
    }

    /// The nodes of the cluster that can be asked, this one first.
    #[must_use]
    pub fn members(&self) -> Vec<HostId> {
        self.inner().adapter.members()
    }

    /// Whether a load balancer should send new clients here: not before the node has joined its cluster, not while the broker is away
    /// for longer than [`unready_after`](ServerBuilder::unready_after), not once the server [closes](Self::close).
    ///
    /// [`health_path`](ServerBuilder::health_path) answers it over HTTP. Clients that are there are served in every case.
    #[must_use]
    pub fn readiness(&self) -> Readiness {
        self.inner().readiness()
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
        SocketIoLayer::new(App::new(self))
    }

    /// Serves alone until `shutdown` resolves, then [closes](Self::close): lets nobody new in, tells the clients, drains, stops
    /// listening, and returns by the deadline of [`shutdown_within`](ServerBuilder::shutdown_within). It does so too when `close` is
    /// called elsewhere.
    ///
    /// New clients are answered 503 meanwhile (a WebSocket 400); those that poll fetch what is left for them, also by new connections.
    ///
    /// `listener` is an address such as `"0.0.0.0:8000"`, a bound listener, or anything that [becomes one](IntoListener).
    ///
    /// # Errors
    ///
    /// [`ServeError::Listen`]: the address is taken, or forbidden; nothing was served. That is in the log too, and on stderr where the
    /// program has no log.
    pub async fn serve<L: IntoListener>(
        &self,
        listener: L,
        shutdown: impl Future<Output = ()> + Send,
    ) -> Result<Drained, ServeError> {
        App::new(self).serve(listener, shutdown).await
    }

    /// Resolves when the server begins to [close](Self::close), at once if it has begun: for tasks that are to stop with it.
    ///
    /// Clients are told after that: what a task emits then still reaches those whose turn has not come, and the other nodes until `close`
    /// or [`serve`](Self::serve) returns. Neither waits for the task; its `JoinHandle` does. A `serve` that is dropped has not closed.
    ///
    /// ```
    /// # async fn example(io: socketio_core::Server) {
    /// let task = tokio::spawn(async move {
    ///     tokio::select! {
    ///         () = work(&io) => {}
    ///         () = io.closing() => {} // `work` is dropped at its next await
    ///     }
    /// });
    /// # async fn work(_: &socketio_core::Server) {}
    /// # task.await.ok();
    /// # }
    /// ```
    pub fn closing(&self) -> impl Future<Output = ()> + Send + use<> {
        let engine = self.inner().engine.clone();
        async move { engine.closing.begins().await }
    }

    /// Ends every session: no new ones, `server shutting down` for all, what is queued is delivered if that can be done by the
    /// deadline of [`shutdown_within`](ServerBuilder::shutdown_within), and disconnect handlers may end. Then the adapter leaves its
    /// cluster.
    ///
    /// Clients are told in [batches](ServerBuilder::shutdown_batch), a [pause](ServerBuilder::shutdown_pause) apart.
    ///
    /// It waits for the handlers of `on_disconnect`: in one of them call it from a task of its own, or it waits for itself until
    /// `shutdown_within` is over.
    ///
    /// For a server that is mounted into another one; [`serve`](Self::serve) does it by itself.
    pub async fn close(&self) -> Drained {
        let inner = self.inner();
        let engine = &inner.engine;
        let within = engine.config.shutdown_within;
        let end = crate::engine::deadline(within);
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
