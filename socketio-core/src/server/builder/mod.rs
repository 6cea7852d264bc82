//! Options of a server, and how one is made of them.

mod build; // a server of the options
mod hooks; // what the application has to say about requests
mod http; // which requests are the server's, from whom, and how they are answered
mod sessions; // transports, heartbeat, deadlines

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use self::http::HttpOptions;
use self::sessions::SessionOptions;
use super::inner::{Limits, StateMap};
use super::remote::Share;
use super::{BuildError, OutgoingPolicy, Server};
use crate::adapter::Adapter;
use crate::adapter::operation::with_slash;
use crate::engine::{Hooks, Pace, Rate};

/// Options of a [`Server`], each with its default; made by [`Server::builder`], checked by [`build`](Self::build).
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), socketio_core::server::BuildError> {
/// use std::time::Duration;
///
/// use socketio_core::{Cors, Server};
///
/// struct Database;
///
/// let io = Server::builder()
///     .state(Database)
///     .cors(Cors::origin("https://example.com"))
///     .max_payload(100_000)
///     .ack_timeout(Duration::from_secs(10))
///     .build()?;
/// # Ok(()) }
/// ```
///
/// A server for threads, [`blocking::Server`](crate::blocking::Server), has the same options, and some of its own: `S` is what is built.
#[derive(Debug)]
#[must_use = "nothing is made before `build`"]
pub struct ServerBuilder<S: Built = Server> {
    /// Those of this kind of server alone.
    #[cfg_attr(not(feature = "blocking"), allow(dead_code, reason = "only the server for threads has any"))]
    pub(crate) own: S::Options,
    http: HttpOptions,
    sessions: SessionOptions,
    pub(crate) hooks: Hooks,
    pub(crate) max_payload: usize,
    pub(super) max_outgoing: usize,
    pub(super) outgoing_policy: OutgoingPolicy,
    pub(super) max_buffered_total: usize,
    pub(super) max_connections: Option<usize>,
    pub(super) max_connections_per_address: Option<usize>,
    pub(super) max_handshake_rate: Option<Rate>,
    pub(super) max_packet_rate: Option<Rate>,
    pub(super) max_byte_rate: Option<Rate>,
    shutdown_within: Duration,
    pub(super) shutdown_pace: Pace,
    namespaces: Vec<String>,
    every_namespace: bool,
    cleanup_empty_child_namespaces: bool,
    pub(crate) limits: Limits,
    pub(super) slow_handler: Duration,
    state: StateMap,
    adapter: Option<Arc<dyn Adapter>>,
    share: Share,
}

/// What a builder builds: a [`Server`], or one for threads.
pub trait Built: fmt::Debug + sealed::Sealed {
    /// Options of this kind of server alone.
    #[doc(hidden)]
    type Options: Default + fmt::Debug;
    /// Whether its functions may block their thread.
    #[doc(hidden)]
    const BLOCKS: bool;
}

pub(crate) mod sealed {
    pub trait Sealed {}
}

impl sealed::Sealed for Server {}

impl Built for Server {
    type Options = ();
    const BLOCKS: bool = false;
}

impl<S: Built> Default for ServerBuilder<S> {
    fn default() -> Self {
        ServerBuilder {
            own: S::Options::default(),
            http: HttpOptions::default(),
            sessions: SessionOptions::default(),
            hooks: Hooks::default(),
            max_payload: 1_000_000,
            max_outgoing: 4 << 20,
            outgoing_policy: OutgoingPolicy::default(),
            max_buffered_total: 1 << 30,
            max_connections: None,
            max_connections_per_address: None,
            max_handshake_rate: None,
            max_packet_rate: None,
            max_byte_rate: None,
            shutdown_within: Duration::from_secs(10),
            shutdown_pace: Pace { batch: 100, pause: Duration::from_millis(50) },
            namespaces: Vec::new(),
            every_namespace: false,
            cleanup_empty_child_namespaces: false,
            limits: Limits {
                attachments: 10,
                namespaces: 64,
                rooms: 10_000,
                pending_acks: 10_000,
                handlers_in_flight: 64,
                early_packets: 1_000,
                early_bytes: 1_000_000,
                ack_timeout: Duration::from_secs(60),
                serial: false,
                queued_events: 1_000,
                blocking_handlers: 64,
                slow_handler: 0,
                always_connect: false,
                unready_after: Duration::from_secs(10),
            },
            slow_handler: Duration::from_millis(100),
            state: StateMap::default(),
            adapter: None,
            share: Share::default(),
        }
    }
}

impl<S: Built> ServerBuilder<S> {
    /// Gives handlers a value: they take it as [`State<T>`](crate::State). One value per type; the last one counts.
    pub fn state<T: Send + Sync + 'static>(mut self, state: T) -> Self {
        self.state.insert(Arc::new(state));
        self
    }

    /// How long a question to one client waits for its answer unless it says otherwise. Default: 60 s.
    ///
    /// A question to many waits 5 s, unless [`timeout`](crate::adapter::Broadcast::timeout) says otherwise.
    pub fn ack_timeout(mut self, timeout: Duration) -> Self {
        self.limits.ack_timeout = timeout;
        self
    }

    /// How long a shutdown may take. Default: 10 s. [`Duration::MAX`]: as long as it takes.
    pub fn shutdown_within(mut self, limit: Duration) -> Self {
        self.shutdown_within = limit;
        self
    }

    /// How long the node may not hear its cluster before [`Server::readiness`] says so; a heartbeat of its own comes every 2 s. Default:
    /// 10 s. [`Duration::MAX`]: for ever.
    ///
    /// A broker that all nodes share is away for all of them: then there is nowhere to send clients, and they are better served by nodes
    /// that are alone for a while than by none. Where that is so, set it well above the time that the broker takes to restart.
    pub fn unready_after(mut self, silence: Duration) -> Self {
        self.limits.unready_after = silence;
        self
    }

    /// Clients that a shutdown tells at once; the next ones follow after [`shutdown_pause`](Self::shutdown_pause), so that not all of
    /// them come back to the other nodes in the same instant. Default: 100.
    ///
    /// Everybody is told by half of [`shutdown_within`](Self::shutdown_within): where there are too many clients for that, batches are
    /// larger. By default that is beyond 10,000.
    pub fn shutdown_batch(mut self, clients: usize) -> Self {
        self.shutdown_pace.batch = clients;
        self
    }

    /// Time between two batches of clients that a shutdown tells. Default: 50 ms. Zero tells all at once.
    pub fn shutdown_pause(mut self, pause: Duration) -> Self {
        self.shutdown_pace.pause = pause;
        self
    }

    /// Opens a namespace to clients that needs no handlers. `*` opens every one, as python's `namespaces='*'`: each is made for its first
    /// client, and forgotten when its last has left. [`Server::every_namespace`] gives them handlers.
    pub fn namespace(mut self, name: &str) -> Self {
        match name {
            "*" => self.every_namespace = true,
            name => self.namespaces.push(with_slash(name)),
        }
        self
    }

    /// Whether a namespace that was made for a client is forgotten when its last client has left, even if the program gave it handlers
    /// of its own ([`Server::of_pattern`]). Default: false. Those without are forgotten anyway.
    pub fn cleanup_empty_child_namespaces(mut self, cleanup: bool) -> Self {
        self.cleanup_empty_child_namespaces = cleanup;
        self
    }

    /// Who carries operations to the sockets, here and on other nodes. Default: [`LocalAdapter`](crate::adapter::LocalAdapter), this process alone.
    pub fn adapter(mut self, adapter: impl Adapter) -> Self {
        self.adapter = Some(Arc::new(adapter));
        self
    }

    /// What other nodes may learn of a client's handshake by [`fetch_sockets`](crate::adapter::Broadcast::fetch_sockets): headers and
    /// query parameters by name. Default: none. Its address, time and whether it was secure are always told, what it sent as `auth` never:
    /// what others need of that goes into [`Socket::set_data`](super::Socket::set_data).
    pub fn share_handshake<'a>(
        mut self,
        headers: impl IntoIterator<Item = &'a str>,
        query: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        self.share = Share::new(headers, query);
        self
    }

    /// [`adapter`](Self::adapter) in the words of python's server, where a manager is an adapter over a given broker.
    pub fn manager(self, manager: impl Adapter) -> Self {
        self.adapter(manager)
    }
}

pub(crate) fn wrong(option: &'static str, problem: impl Into<String>) -> BuildError {
    BuildError::Option { option, problem: problem.into() }
}
