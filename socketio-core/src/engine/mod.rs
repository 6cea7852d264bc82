//! Engine.IO: sessions of clients over polling and WebSocket, and nothing of what their messages mean.
//!
//! The server above is an [`Application`]: it gives each session an [`Inbox`] that takes what the client says, and answers through
//! [`Session::push`](session::Session::push). Nothing here imports `server`.

mod admission; // who may open a session
mod answer; // every request gets one
pub(crate) mod budget; // what all connections together may keep
mod close; // why a session ended
mod compress; // gzip and deflate of polling answers
mod cookie; // the cookie that names the session
mod cors; // which origins may come
mod counters; // what is going on, in numbers
mod deadline; // a time from now on
mod draining; // the end of all sessions, in batches
#[cfg(feature = "autobahn")]
pub(crate) mod echo; // a bare WebSocket, for conformance suites
mod farewell; // the last words on a WebSocket
mod heartbeat; // ping and pong, as a value
mod held; // bytes of a client that wait on this side
mod hooks; // what an application has to say about requests
mod io; // the byte stream under the HTTP server
mod limits; // the bounds, and how often each was reached
pub(crate) mod outbox; // what waits to be sent to one client
mod parts; // what is kept of the request that opened a session
mod polling; // GET and POST
mod promise; // the connection under a request
pub(crate) mod proxies; // whose forwarded headers count
mod readiness; // whether new clients are welcome
mod registry; // the open sessions, and the sweep
mod request; // what a request asks, and how it is refused
mod rope; // complete frames in a row
mod sending; // frames on their way into a socket
mod session; // one client
#[cfg(test)]
mod sizes; // what a connection takes
pub(crate) mod spare; // empty buffers for the next
mod throttle; // how fast somebody may be
pub(crate) mod upgrade; // from HTTP to WebSocket
mod websocket; // the connection's own future

use std::fmt;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use ::http::HeaderMap;
use bytes::Bytes;
use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::time::Instant;

pub use self::close::DisconnectReason;
pub use self::cookie::Cookie;
#[cfg(feature = "static-files")]
pub(crate) use self::cookie::nearest_http_date;
pub use self::cors::Cors;
pub use self::hooks::{AllowRequest, GenerateId, RefusedRequest};
pub use self::parts::Handshake;
pub use self::promise::Upgrade;
pub use self::proxies::Peer;
pub use self::readiness::Readiness;
pub use self::throttle::Rate;

pub(crate) use self::admission::default_max_connections;
pub(crate) use self::close::Close;
pub(crate) use self::compress::Encoding;
pub(crate) use self::counters::EngineCounters;
pub(crate) use self::deadline::deadline;
pub(crate) use self::draining::{Closing, Pace};
pub(crate) use self::held::Held;
pub(crate) use self::hooks::Hooks;
pub(crate) use self::limits::{Limit, Reached};
pub(crate) use self::outbox::Refused;
pub(crate) use self::proxies::TrustedProxies;
pub(crate) use self::request::RefusalLog;
#[cfg(feature = "static-files")]
pub(crate) use self::request::shown;
pub(crate) use self::rope::{Frames, Rope};
pub(crate) use self::session::Session;

use self::admission::{Admission, Place};
use self::budget::Budget;
use self::heartbeat::{Heartbeat, Millis};
use self::outbox::{Bounds, Reader};
use self::registry::Registry;
use self::request::Refusal;
use crate::http::{ClientFiles, Connections, HealthPath, PathRule};
use crate::protocol::sid::SessionId;

pub(crate) type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// What the sessions' messages are for.
pub(crate) trait Application: fmt::Debug + Send + Sync {
    /// A session has opened; its messages go to the inbox from now on.
    fn open(&self, session: &Arc<Session>) -> Box<dyn Inbox>;
    /// Whether new clients are welcome here.
    fn readiness(&self) -> Readiness;
}

/// The receiving end of one session: called by its one owner, in the order in which the client spoke.
pub(crate) trait Inbox: fmt::Debug + Send + Sync {
    /// A text message. An error ends the session.
    fn text(&mut self, message: &str) -> Result<(), Close>;
    /// A binary message.
    fn binary(&mut self, message: &[u8]) -> Result<(), Close>;
    /// Whether the next message can be taken now.
    fn is_ready(&self) -> bool;
    /// Ready when the next message can be taken.
    fn poll_ready(&self, cx: &mut Context<'_>) -> Poll<()>;
    /// How many handlers have ended; it wraps.
    fn handlers_ended(&self) -> usize;
    /// The session has changed from polling to WebSocket.
    fn upgraded(&self) {}
    /// Whether the client has ever been let into a namespace.
    fn has_joined(&self) -> bool;
    /// The session is over.
    fn close(self: Box<Self>, close: &Close);
}

/// Settings of the sessions; times in milliseconds, sizes in bytes.
#[derive(Debug)]
pub(crate) struct EngineConfig {
    pub(crate) path: PathRule,
    pub(crate) health: Option<HealthPath>,
    pub(crate) cors: Cors,
    pub(crate) trusted_proxies: TrustedProxies,
    pub(crate) polling: bool,
    pub(crate) websocket: bool,
    pub(crate) allow_upgrades: bool,
    pub(crate) hooks: Hooks,
    /// The files of the official client, if they are served.
    pub(crate) client_files: Option<ClientFiles>,
    /// What every session is sent first, as frames.
    pub(crate) initial: Option<Bytes>,
    pub(crate) ping_interval: u32,
    /// What clients are told beyond that.
    pub(crate) ping_grace: u32,
    pub(crate) ping_timeout: u32,
    pub(crate) upgrade_timeout: u32,
    pub(crate) connect_timeout: u32,
    pub(crate) max_payload: usize,
    pub(crate) max_outgoing: usize,
    /// Volatile packets that wait make room for others.
    pub(crate) volatile_first: bool,
    pub(crate) max_buffered_total: usize,
    pub(crate) max_connections: usize,
    pub(crate) max_connections_per_address: Option<usize>,
    pub(crate) handshake_rate: Option<Rate>,
    pub(crate) packet_rate: Option<Rate>,
    pub(crate) byte_rate: Option<Rate>,
    /// Polling answers of at least this size are compressed.
    pub(crate) compression: Option<usize>,
    pub(crate) cookie: Option<Cookie>,
    pub(crate) shutdown_within: Duration,
    pub(crate) shutdown_pace: Pace,
}

impl EngineConfig {
    /// Whether a polling client is told that it may upgrade.
    fn upgrades(&self) -> bool {
        self.allow_upgrades && self.websocket
    }

    /// Whether the application sees requests of open sessions. If not, they are spared a map with their [`Peer`] in it.
    fn shows_requests(&self) -> bool {
        self.cors.has_predicate() || self.hooks.see_requests()
    }
}

#[derive(Debug)]
pub(crate) struct Engine {
    pub(crate) config: EngineConfig,
    pub(crate) counters: EngineCounters,
    pub(crate) reached: Arc<Reached>,
    pub(crate) admission: Arc<Admission>,
    pub(crate) outgoing: Bounds,
    /// Those of the standalone server.
    pub(crate) http: Connections,
    registry: Registry,
    pub(crate) runtime: Handle,
    refusals: RefusalLog,
    start: Instant,
    /// WebSockets that are saying farewell.
    farewells: AtomicUsize,
    changed: Notify,
    pub(crate) closing: Closing,
    /// When a shutdown ends.
    close_until: OnceLock<Instant>,
}

impl Engine {
    /// An engine on `runtime`, with its sweep running.
    pub(crate) fn start(config: EngineConfig, runtime: Handle, reached: Arc<Reached>) -> Arc<Self> {
        let times =
            [config.ping_interval, config.ping_timeout, config.connect_timeout, config.upgrade_timeout];
        let shortest = times.into_iter().min().unwrap_or(1000);
        let grain = Duration::from_millis(u64::from(shortest / 20).clamp(16, 500));
        let outgoing = Bounds {
            limit: config.max_outgoing,
            volatile_first: config.volatile_first,
            budget: Budget::new(config.max_buffered_total),
        };
        let (connections, per_address) = (config.max_connections, config.max_connections_per_address);
        let engine = Arc::new(Engine {
            reached,
            admission: Admission::new(connections, per_address, config.handshake_rate),
            outgoing,
            config,
            counters: EngineCounters::default(),
            http: Connections::default(),
            registry: Registry::new(),
            runtime,
            refusals: RefusalLog::default(),
            start: Instant::now(),
            farewells: AtomicUsize::new(0),
            changed: Notify::new(),
            closing: Closing::default(),
            close_until: OnceLock::new(),
        });
        engine.runtime.spawn(registry::sweep(Arc::downgrade(&engine), grain));
        engine
    }

    /// Queues what every session is sent first, if there is such a thing.
    fn greet(&self, session: &Arc<Session>) {
        if let Some(frames) = &self.config.initial {
            let _ = session.push(Frames::Shared(frames.clone()));
        }
    }

    /// The session of a request; if its time is over, that is noticed now.
    fn session(&self, sid: &str) -> Result<Arc<Session>, Refusal> {
        let session = self.registry.get(sid)?;
        if session.is_due(self.now()) {
            session.tell_due();
        }
        Ok(session)
    }

    /// The session is open to requests from now on; one that a shutdown has just missed is told of it.
    fn register(&self, session: &Arc<Session>) {
        self.registry.insert(session.clone());
        if self.closing.has_begun() {
            session.close(Close::new(DisconnectReason::ServerShuttingDown));
        }
    }

    fn admit(
        self: &Arc<Self>,
        id: SessionId,
        handshake: Handshake,
        reader: Reader,
        place: Place,
    ) -> Arc<Session> {
        let session = Session::new(self, id, handshake, reader, place);
        self.counters.opened();
        tracing::debug!(target: "engineio", sid = %session.id(), ?reader, "session opened");
        session
    }

    /// A session has ended with `undelivered` messages that nobody will send.
    fn forget(&self, session: &Session, undelivered: u64) {
        if self.registry.remove(session.id()) {
            self.counters.undelivered(undelivered);
        }
        session.gone();
        self.changed.notify_waiters();
    }

    /// Cuts the fullest connections until what all of them keep is within its bound.
    fn keep_to_budget(&self) {
        let budget = &self.outgoing.budget;
        while budget.is_over() {
            let Some(fullest) = self.registry.fullest() else { return };
            fullest.cut_for_others(budget.limit());
        }
    }

    /// Whether there is no place for one more TCP connection; then that is noted.
    pub(crate) fn is_full(&self) -> bool {
        let full = self.admission.is_full(self.http.open());
        if full {
            self.reached.note(
                Limit::Connections,
                "a TCP connection",
                format_args!("{} connections are open already", self.config.max_connections),
            );
        }
        full
    }

    /// Bytes that are kept for all clients.
    pub(crate) fn buffered(&self) -> usize {
        self.outgoing.budget.total()
    }

    /// Open sessions.
    pub(crate) fn sessions(&self) -> usize {
        self.registry.len()
    }

    /// Milliseconds since the engine started.
    pub(crate) fn now(&self) -> Millis {
        self.start.elapsed().as_millis() as Millis
    }

    fn heartbeat(&self) -> Heartbeat {
        Heartbeat::new(self.config.ping_interval, self.config.ping_timeout, self.now())
    }

    fn set_cookie(&self, id: &SessionId, headers: &mut HeaderMap) {
        if let Some(value) = self.config.cookie.as_ref().and_then(|cookie| cookie.header(id.reveal())) {
            headers.append(::http::header::SET_COOKIE, value);
        }
    }

    /// `usual`, or what a shutdown leaves of it.
    fn drain_limit(&self, usual: Duration) -> Duration {
        let until = self.close_until.get();
        until.map_or(usual, |until| usual.min(until.saturating_duration_since(Instant::now())))
    }
}
