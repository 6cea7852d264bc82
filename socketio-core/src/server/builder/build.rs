//! A server of the options, once they are checked.

use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwapOption;
use tokio::runtime::Handle;

use super::sessions::millis;
use super::{Built, ServerBuilder, wrong};
use crate::adapter::{Adapter, LocalAdapter, LocalNode};
use crate::engine::{Engine, EngineConfig, default_max_connections};
use crate::protocol::engine::Transport;
use crate::server::blocking::BlockingPool;
use crate::server::counters::Counting;
use crate::server::gather::GatherIds;
use crate::server::inner::{ServerInner, StateMap};
use crate::server::namespaces::Namespaces;
use crate::server::watching::Uncommon;
use crate::server::{BuildError, OutgoingPolicy, Server};

impl<S: Built> ServerBuilder<S> {
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
    runtime.spawn(crate::server::export::export(Arc::downgrade(server)));
}

#[cfg(not(feature = "metrics"))]
fn export(_: &Arc<ServerInner>, _: &Handle) {}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::engine::{Cookie, Cors, Rate};

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
