//! Options of a server, and how one is made of them.

mod hooks; // what the application has to say about requests
mod http; // which requests are the server's, from whom, and how they are answered
mod sessions; // transports, heartbeat, deadlines

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use tokio::runtime::Handle;

use self::http::HttpOptions;
use self::sessions::{SessionOptions, millis};
use super::blocking::BlockingPool;
use super::counters::Counting;
use super::gather::GatherIds;
use super::inner::{Limits, ServerInner, StateMap};
use super::namespaces::Namespaces;
use super::remote::Share;
use super::watching::Uncommon;
use super::{BuildError, OutgoingPolicy, Server};
use crate::adapter::operation::with_slash;
use crate::adapter::{Adapter, LocalAdapter, LocalNode};
use crate::engine::{Engine, EngineConfig, Hooks, Pace, Rate, default_max_connections};
use crate::protocol::engine::Transport;

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

    /// How long a question waits for its answer unless it says otherwise. Default: 60 s.
    pub fn ack_timeout(mut self, timeout: Duration) -> Self {
        self.limits.ack_timeout = timeout;
        self
    }

    /// How long a shutdown may take. Default: 10 s.
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

    /// Who carries operations to the sockets, here and on other nodes. Default: [`LocalAdapter`], this process alone.
    pub fn adapter(mut self, adapter: impl Adapter) -> Self {
        self.adapter = Some(Arc::new(adapter));
        self
    }

    /// What other nodes may learn of a client's handshake by [`fetch_sockets`](crate::adapter::Broadcast::fetch_sockets): headers and
    /// query parameters by name. Default: none. Its address, time and whether it was secure are always told.
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

    /// Makes a server on the runtime that this thread is in.
    pub(crate) fn build_here(mut self) -> Result<Server, BuildError> {
        let runtime = Handle::try_current().map_err(|_| BuildError::NoRuntime)?;
        let mut limits = self.limits.clone();
        limits.slow_handler = millis("slow_handler", self.slow_handler)?;
        let limits = limits;
        let share = self.share.clone();
        let names = self.namespaces.clone();
        let adapter = self.adapter.clone().unwrap_or_else(|| Arc::new(LocalAdapter::new()));
        let namespaces = Namespaces::new(self.cleanup_empty_child_namespaces, self.every_namespace);
        let counting = Arc::new(Counting::default());
        let blocking = BlockingPool::new(limits.blocking_handlers, runtime.clone(), counting.reached.clone());
        if S::BLOCKS {
            self.hooks = self.hooks.on_threads(&blocking);
        }
        let (config, state) = self.check()?;
        let inner = Arc::new(ServerInner {
            engine: Engine::start(config, runtime.clone(), counting.reached.clone()),
            adapter: adapter.clone(),
            namespaces,
            every: OnceLock::new(),
            new_namespace: ArcSwapOption::empty(),
            uncommon: Uncommon::default(),
            expiry: Arc::default(),
            state,
            blocking,
            limits,
            counting,
            gather_ids: GatherIds::default(),
            share,
        });
        for name in names {
            inner.namespaces.get_or_make(&name).0.open();
        }
        export(&inner, &runtime);
        start(&adapter, LocalNode::new(Arc::downgrade(&inner)), &runtime);
        Ok(Server::new(inner))
    }

    fn check(self) -> Result<(EngineConfig, StateMap), BuildError> {
        self.http.check()?;
        let times = self.sessions.check()?;
        for name in &self.namespaces {
            if name.contains([',', '?']) {
                return Err(wrong("namespace", format!("{name:?} contains a comma or a question mark")));
            }
        }
        self.check_bounds()?;
        let config = EngineConfig {
            trusted_proxies: self.http.trusted_proxies_parsed()?,
            compression: self.http.compression(),
            path: self.http.path(),
            health: self.http.health(),
            client_files: self.http.client_files()?,
            hooks: self.hooks,
            initial: self.sessions.initial(),
            ping_grace: times.ping_grace,
            cors: self.http.cors,
            cookie: self.http.cookie,
            polling: self.sessions.transports.contains(&Transport::Polling),
            websocket: self.sessions.transports.contains(&Transport::Websocket),
            allow_upgrades: self.sessions.allow_upgrades,
            ping_interval: times.ping_interval,
            ping_timeout: times.ping_timeout,
            upgrade_timeout: times.upgrade_timeout,
            connect_timeout: times.connect_timeout,
            max_payload: self.max_payload,
            max_outgoing: self.max_outgoing,
            volatile_first: self.outgoing_policy == OutgoingPolicy::DropVolatileFirst,
            max_buffered_total: self.max_buffered_total,
            max_connections: self.max_connections.unwrap_or_else(default_max_connections),
            max_connections_per_address: self.max_connections_per_address,
            handshake_rate: self.max_handshake_rate,
            packet_rate: self.max_packet_rate,
            byte_rate: self.max_byte_rate,
            shutdown_within: self.shutdown_within,
            shutdown_pace: self.shutdown_pace,
        };
        Ok((config, self.state))
    }
}

impl ServerBuilder {
    /// Makes the server and starts its adapter. It serves nothing yet.
    ///
    /// # Errors
    ///
    /// [`BuildError::Option`] names the option whose value cannot work; [`BuildError::NoRuntime`]: there is no Tokio runtime here.
    pub fn build(self) -> Result<Server, BuildError> {
        self.build_here()
    }
}

/// Runs the adapter's start: one that needs not wait is ready when `build` returns.
fn start(adapter: &Arc<dyn Adapter>, node: LocalNode, runtime: &Handle) {
    let adapter = adapter.clone();
    let mut starting = Box::pin(async move {
        if let Err(error) = adapter.start(Arc::new(node)).await {
            tracing::error!(target: "socketio", %error, "the adapter did not start: this server is alone");
        }
    });
    let waker = std::task::Waker::noop();
    if starting.as_mut().poll(&mut std::task::Context::from_waker(waker)).is_pending() {
        runtime.spawn(starting);
    }
}

#[cfg(feature = "metrics")]
fn export(server: &Arc<ServerInner>, runtime: &Handle) {
    runtime.spawn(super::export::export(Arc::downgrade(server)));
}

#[cfg(not(feature = "metrics"))]
fn export(_: &Arc<ServerInner>, _: &Handle) {}

pub(crate) fn wrong(option: &'static str, problem: impl Into<String>) -> BuildError {
    BuildError::Option { option, problem: problem.into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Cookie, Cors};

    #[test]
    fn build_outside_a_runtime_says_what_is_missing() {
        let error = Server::builder().build().unwrap_err();
        assert!(error.to_string().contains("Tokio runtime"));
    }

    #[tokio::test]
    async fn a_wrong_value_is_refused_in_words_that_name_the_option() {
        let builder = Server::builder;
        let refused = [
            (builder().ping_interval(Duration::ZERO), "ping_interval"),
            (builder().ping_timeout(Duration::from_secs(1 << 32)), "ping_timeout"),
            (builder().max_payload(0), "max_payload"),
            (builder().max_outgoing(0), "max_outgoing"),
            (builder().max_buffered_total(1000), "max_buffered_total"),
            (builder().max_connections(0), "max_connections"),
            (builder().max_connections_per_address(0), "max_connections_per_address"),
            (builder().max_handshake_rate(Rate::per_second(0)), "max_handshake_rate"),
            (builder().max_handshake_rate(Rate::per_second(1).cut()), "max_handshake_rate"),
            (builder().max_packet_rate(Rate::per_second(1).burst(0)), "max_packet_rate"),
            (builder().max_byte_rate(Rate::per_second(0)), "max_byte_rate"),
            (builder().max_namespaces(0), "max_namespaces"),
            (builder().max_handlers_in_flight(0), "max_handlers_in_flight"),
            (builder().max_queued_events(0), "max_queued_events"),
            (builder().max_blocking_handlers(0), "max_blocking_handlers"),
            (builder().slow_handler(Duration::ZERO), "slow_handler"),
            (builder().connect_timeout(Duration::ZERO), "connect_timeout"),
            (builder().upgrade_timeout(Duration::ZERO), "upgrade_timeout"),
            (builder().shutdown_batch(0), "shutdown_batch"),
            (builder().transports([]), "transports"),
            (builder().trusted_proxies(["10.0.0.0/99"]), "trusted_proxies"),
            (builder().cookie(Cookie::new("a b")), "cookie"),
            (builder().namespace("/a,b"), "namespace"),
            (builder().cors(Cors::origin("example.com")), "cors"),
            (builder().cors(Cors::any().methods(["NO GOOD"])), "cors"),
            (builder().cors(Cors::any().exposed_headers(["no good"])), "cors"),
            (builder().cookie(Cookie::new("io").domain("a;b")), "cookie"),
            (builder().serve_client("/no/such/folder"), "serve_client"),
            (builder().initial_packet(""), "initial_packet"),
            (builder().initial_packet("x".repeat(5 << 20)), "initial_packet"),
            (builder().ping_grace(Duration::from_secs(1 << 32)), "ping_grace"),
            (builder().upgrade_timeout(Duration::ZERO), "upgrade_timeout"),
            (builder().connect_timeout(Duration::from_micros(1)), "connect_timeout"),
        ];
        for (builder, option) in refused {
            let error = builder.build().unwrap_err().to_string();
            assert!(error.starts_with(option), "{error}");
        }
    }
}
