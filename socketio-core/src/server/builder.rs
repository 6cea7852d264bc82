//! Options of a server, and how one is made of them.

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;

use super::blocking::BlockingPool;
use super::counters::Counting;
use super::gather::GatherIds;
use super::inner::{Limits, Namespaces, ServerInner, StateMap};
use super::remote::Share;
use super::{BuildError, OutgoingPolicy, Server};
use crate::adapter::operation::with_slash;
use crate::adapter::{Adapter, LocalAdapter, LocalNode};
use crate::engine::{Cookie, Cors, Engine, EngineConfig, Rate, TrustedProxies, default_max_connections};
use crate::http::PathRule;
use crate::protocol::engine::Transport;

/// Options of a [`Server`], each with its default; made by [`Server::builder`], checked by [`build`](Self::build).
#[derive(Debug)]
#[must_use = "nothing is made before `build`"]
pub struct ServerBuilder {
    path: PathRule,
    cors: Cors,
    trusted_proxies: Vec<String>,
    transports: Vec<Transport>,
    allow_upgrades: bool,
    ping_interval: Duration,
    ping_timeout: Duration,
    upgrade_timeout: Duration,
    connect_timeout: Duration,
    pub(super) max_payload: usize,
    pub(super) max_outgoing: usize,
    pub(super) outgoing_policy: OutgoingPolicy,
    pub(super) max_buffered_total: usize,
    pub(super) max_connections: Option<usize>,
    pub(super) max_connections_per_address: Option<usize>,
    pub(super) max_handshake_rate: Option<Rate>,
    pub(super) max_packet_rate: Option<Rate>,
    pub(super) max_byte_rate: Option<Rate>,
    http_compression: bool,
    compression_threshold: usize,
    cookie: Option<Cookie>,
    shutdown_within: Duration,
    namespaces: Vec<String>,
    pub(super) limits: Limits,
    pub(super) slow_handler: Duration,
    state: StateMap,
    adapter: Option<Arc<dyn Adapter>>,
    share: Share,
}

impl Default for ServerBuilder {
    fn default() -> Self {
        ServerBuilder {
            path: PathRule::default(),
            cors: Cors::same_origin(),
            trusted_proxies: Vec::new(),
            transports: vec![Transport::Polling, Transport::Websocket],
            allow_upgrades: true,
            ping_interval: Duration::from_secs(25),
            ping_timeout: Duration::from_secs(20),
            upgrade_timeout: Duration::from_secs(10),
            connect_timeout: Duration::from_secs(45),
            max_payload: 1_000_000,
            max_outgoing: 4 << 20,
            outgoing_policy: OutgoingPolicy::default(),
            max_buffered_total: 1 << 30,
            max_connections: None,
            max_connections_per_address: None,
            max_handshake_rate: None,
            max_packet_rate: None,
            max_byte_rate: None,
            http_compression: true,
            compression_threshold: 1024,
            cookie: None,
            shutdown_within: Duration::from_secs(10),
            namespaces: Vec::new(),
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
            },
            slow_handler: Duration::from_millis(100),
            state: StateMap::default(),
            adapter: None,
            share: Share::default(),
        }
    }
}

impl ServerBuilder {
    /// Gives handlers a value: they take it as [`State<T>`](crate::State). One value per type; the last one counts.
    pub fn state<T: Send + Sync + 'static>(mut self, state: T) -> Self {
        self.state.insert(Arc::new(state));
        self
    }

    /// The path that clients are told to use. Default: `/socket.io`. A path that only begins like it is not the server's.
    pub fn path(mut self, path: &str) -> Self {
        self.path = PathRule::new(path);
        self
    }

    /// Takes requests of every path, for servers that have one to themselves.
    pub fn every_path(mut self) -> Self {
        self.path = PathRule::every();
        self
    }

    /// Which web pages may use the server. Default: those of the same origin, see [`Cors`].
    pub fn cors(mut self, cors: Cors) -> Self {
        self.cors = cors;
        self
    }

    /// Proxies whose `X-Forwarded-For`, `-Proto` and `-Host` (or `Forwarded`) count: addresses, networks such as `10.0.0.0/8`, and
    /// `unix` for peers on a Unix socket. Default: none.
    pub fn trusted_proxies<I>(mut self, proxies: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        self.trusted_proxies = proxies.into_iter().map(Into::into).collect();
        self
    }

    /// The transports that clients may use. Default: both.
    pub fn transports(mut self, transports: impl IntoIterator<Item = Transport>) -> Self {
        self.transports = transports.into_iter().collect();
        self
    }

    /// Whether a polling client may move to a WebSocket. Default: true.
    pub fn allow_upgrades(mut self, allow: bool) -> Self {
        self.allow_upgrades = allow;
        self
    }

    /// Time between two pings to a client. Default: 25 s.
    pub fn ping_interval(mut self, interval: Duration) -> Self {
        self.ping_interval = interval;
        self
    }

    /// How long a client may take to answer a ping; then it is gone. Default: 20 s.
    pub fn ping_timeout(mut self, timeout: Duration) -> Self {
        self.ping_timeout = timeout;
        self
    }

    /// How long an upgrade may take. Default: 10 s.
    pub fn upgrade_timeout(mut self, timeout: Duration) -> Self {
        self.upgrade_timeout = timeout;
        self
    }

    /// How long a connection may stay without having joined a namespace. Default: 45 s.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// How long a question waits for its answer unless it says otherwise. Default: 60 s.
    pub fn ack_timeout(mut self, timeout: Duration) -> Self {
        self.limits.ack_timeout = timeout;
        self
    }

    /// Whether polling answers are compressed for clients that accept gzip or deflate. Default: true.
    pub fn http_compression(mut self, compress: bool) -> Self {
        self.http_compression = compress;
        self
    }

    /// Size in bytes from which polling answers are compressed. Default: 1,024.
    pub fn compression_threshold(mut self, bytes: usize) -> Self {
        self.compression_threshold = bytes;
        self
    }

    /// Sets a cookie with the session's id, for load balancers that stick to it. Default: none.
    pub fn cookie(mut self, cookie: Cookie) -> Self {
        self.cookie = Some(cookie);
        self
    }

    /// How long a shutdown may take. Default: 10 s.
    pub fn shutdown_within(mut self, limit: Duration) -> Self {
        self.shutdown_within = limit;
        self
    }

    /// Opens a namespace to clients that needs no handlers.
    pub fn namespace(mut self, name: &str) -> Self {
        self.namespaces.push(with_slash(name));
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

    /// Makes the server and starts its adapter. It serves nothing yet.
    ///
    /// # Errors
    ///
    /// [`BuildError::Option`] names the option whose value cannot work; [`BuildError::NoRuntime`]: there is no Tokio runtime here.
    pub fn build(self) -> Result<Server, BuildError> {
        let runtime = Handle::try_current().map_err(|_| BuildError::NoRuntime)?;
        let mut limits = self.limits.clone();
        limits.slow_handler = millis("slow_handler", self.slow_handler)?;
        let limits = limits;
        let share = self.share.clone();
        let names = self.namespaces.clone();
        let adapter = self.adapter.clone().unwrap_or_else(|| Arc::new(LocalAdapter::new()));
        let (config, state) = self.check()?;
        let counting = Arc::new(Counting::default());
        let inner = Arc::new(ServerInner {
            engine: Engine::start(config, runtime.clone(), counting.reached.clone()),
            adapter: adapter.clone(),
            namespaces: Namespaces::default(),
            state,
            blocking: BlockingPool::new(limits.blocking_handlers),
            limits,
            counting,
            gather_ids: GatherIds::default(),
            share,
        });
        for name in names {
            inner.namespaces.get_or_make(&name).open();
        }
        export(&inner, &runtime);
        start(&adapter, LocalNode::new(Arc::downgrade(&inner)), &runtime);
        Ok(Server::new(inner))
    }

    fn check(self) -> Result<(EngineConfig, StateMap), BuildError> {
        let trusted_proxies = TrustedProxies::parse(&self.trusted_proxies)
            .map_err(|error| wrong("trusted_proxies", error.to_string()))?;
        if let Some(origin) = self.cors.misspelt() {
            return Err(wrong("cors", format!("{origin:?} is not an origin such as https://example.com")));
        }
        if self.transports.is_empty() {
            return Err(wrong("transports", "at least one is needed"));
        }
        if self.cookie.as_ref().is_some_and(|cookie| !cookie.is_valid()) {
            return Err(wrong("cookie", "its name or an attribute cannot stand in a header"));
        }
        for name in &self.namespaces {
            if name.contains([',', '?']) {
                return Err(wrong("namespace", format!("{name:?} contains a comma or a question mark")));
            }
        }
        self.check_bounds()?;
        let config = EngineConfig {
            path: self.path,
            cors: self.cors,
            trusted_proxies,
            polling: self.transports.contains(&Transport::Polling),
            websocket: self.transports.contains(&Transport::Websocket),
            allow_upgrades: self.allow_upgrades,
            ping_interval: millis("ping_interval", self.ping_interval)?,
            ping_timeout: millis("ping_timeout", self.ping_timeout)?,
            upgrade_timeout: millis("upgrade_timeout", self.upgrade_timeout)?,
            connect_timeout: millis("connect_timeout", self.connect_timeout)?,
            max_payload: self.max_payload,
            max_outgoing: self.max_outgoing,
            volatile_first: self.outgoing_policy == OutgoingPolicy::DropVolatileFirst,
            max_buffered_total: self.max_buffered_total,
            max_connections: self.max_connections.unwrap_or_else(default_max_connections),
            max_connections_per_address: self.max_connections_per_address,
            handshake_rate: self.max_handshake_rate,
            packet_rate: self.max_packet_rate,
            byte_rate: self.max_byte_rate,
            compression: self.http_compression.then_some(self.compression_threshold),
            cookie: self.cookie,
            shutdown_within: self.shutdown_within,
        };
        Ok((config, self.state))
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

pub(super) fn millis(option: &'static str, time: Duration) -> Result<u32, BuildError> {
    match u32::try_from(time.as_millis()) {
        Ok(0) => Err(wrong(option, "less than a millisecond")),
        Ok(millis) => Ok(millis),
        Err(_) => Err(wrong(option, "more than 49 days")),
    }
}

pub(super) fn wrong(option: &'static str, problem: impl Into<String>) -> BuildError {
    BuildError::Option { option, problem: problem.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn build_outside_a_runtime_says_what_is_missing() {
        let error = ServerBuilder::default().build().unwrap_err();
        assert!(error.to_string().contains("Tokio runtime"));
    }

    #[tokio::test]
    async fn a_wrong_value_is_refused_in_words_that_name_the_option() {
        let builder = ServerBuilder::default;
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
            (builder().transports([]), "transports"),
            (builder().trusted_proxies(["10.0.0.0/99"]), "trusted_proxies"),
            (builder().cookie(Cookie::new("a b")), "cookie"),
            (builder().namespace("/a,b"), "namespace"),
            (builder().cors(Cors::origin("example.com")), "cors"),
        ];
        for (builder, option) in refused {
            let error = builder.build().unwrap_err().to_string();
            assert!(error.starts_with(option), "{error}");
        }
    }
}
