//! What every handle of a server shares.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use foldhash::quality::RandomState;

use super::blocking::BlockingPool;
use super::client::ClientInbox;
use super::counters::{Counters, SharedCounting};
use super::expiry::Expiry;
use super::gather::GatherIds;
use super::namespace::{Namespace, NamespaceInner};
use super::namespaces::Namespaces;
use super::remote::Share;
use super::table::Table;
use super::watching::Uncommon;
use crate::adapter::{Adapter, Membership};
use crate::engine::{Application, Engine, Inbox, Limit, Readiness, Session};

#[derive(Debug)]
pub(crate) struct ServerInner {
    pub(crate) engine: Arc<Engine>,
    pub(crate) adapter: Arc<dyn Adapter>,
    pub(crate) namespaces: Namespaces,
    /// Handlers of every namespace, once there is one.
    pub(crate) every: OnceLock<Table>,
    pub(crate) new_namespace: ArcSwapOption<NewNamespace>,
    pub(crate) uncommon: Uncommon,
    pub(crate) expiry: Arc<Expiry>,
    pub(crate) state: StateMap,
    pub(crate) limits: Limits,
    pub(crate) blocking: BlockingPool,
    pub(crate) counting: SharedCounting,
    pub(crate) gather_ids: GatherIds,
    pub(crate) share: Share,
}

/// Hears of namespaces that are made.
pub(crate) struct NewNamespace(pub(crate) Box<dyn Fn(Namespace) + Send + Sync>);

/// Bounds on what one client can make the server keep.
#[derive(Debug, Clone)]
pub(crate) struct Limits {
    pub(crate) attachments: usize,
    pub(crate) namespaces: usize,
    pub(crate) rooms: usize,
    pub(crate) pending_acks: usize,
    pub(crate) handlers_in_flight: usize,
    /// Packets, and bytes of them, that may wait for `on_connect`.
    pub(crate) early_packets: usize,
    pub(crate) early_bytes: usize,
    pub(crate) ack_timeout: Duration,
    /// Events are handled one after the other.
    pub(crate) serial: bool,
    pub(crate) queued_events: usize,
    pub(crate) blocking_handlers: usize,
    /// Milliseconds that a handler may block its thread before that is worth a line.
    pub(crate) slow_handler: u32,
    /// Clients are told that they are in before `on_connect` has decided.
    pub(crate) always_connect: bool,
    /// How long the cluster may be silent before this node is not ready.
    pub(crate) unready_after: Duration,
}

impl ServerInner {
    /// A namespace has been made.
    pub(crate) fn tell_of_new(self: &Arc<Self>, namespace: &Arc<NamespaceInner>) {
        tracing::debug!(target: "socketio", namespace = &*namespace.name, "a namespace was made");
        let Some(listener) = self.new_namespace.load_full() else { return };
        let handle = Namespace { server: self.clone(), inner: namespace.clone() };
        if catch_unwind(AssertUnwindSafe(|| (listener.0)(handle))).is_err() {
            self.counting.handler_panics.one();
            tracing::error!(target: "socketio", namespace = &*namespace.name, "the listener for new namespaces panicked");
        }
    }

    /// Calls an application's function on a thread of the pool, in its turn.
    #[cfg(feature = "blocking")]
    pub(crate) fn call_back(self: &Arc<Self>, function: impl FnOnce() + Send + 'static) {
        let server = self.clone();
        self.blocking.start("a callback", move || {
            if catch_unwind(AssertUnwindSafe(function)).is_err() {
                server.counting.handler_panics.one();
                tracing::error!(target: "socketio", "a callback panicked");
            }
        });
    }

    pub(crate) fn readiness(&self) -> Readiness {
        if self.engine.closing.has_begun() {
            return Readiness::Closing;
        }
        match self.adapter.membership() {
            Membership::Joining => Readiness::Joining,
            Membership::Joined { heard } if heard > self.limits.unready_after => Readiness::CutOff { heard },
            Membership::Joined { .. } => Readiness::Ready,
        }
    }

    pub(crate) fn counters(&self) -> Counters {
        let engine = &self.engine;
        let counting = &self.counting;
        let reached = |limit| engine.reached.get(limit);
        Counters {
            sessions: engine.sessions(),
            sockets: counting.sockets.get(),
            namespaces: self.namespaces.len(),
            rooms: self.namespaces.all().iter().map(|namespace| namespace.rooms.rooms()).sum(),
            pending_acks: counting.pending_acks.get(),
            handlers_running: counting.handlers_running.get(),
            connections: engine.http.open(),
            websockets: engine.admission.sockets(),
            buffered: engine.buffered(),

            sessions_opened: engine.counters.opened_total(),
            requests_refused: engine.counters.refused_total(),
            undelivered: engine.counters.undelivered_total(),
            handler_panics: counting.handler_panics.get(),
            handler_errors: counting.handler_errors.get(),
            arguments_refused: counting.arguments_refused.get(),
            connects_refused: counting.connects_refused.get(),
            packets_dropped: counting.packets_dropped.get(),
            expired: counting.expired.get(),
            msgpack_refused: counting.msgpack_refused.get(),

            outgoing_full: reached(Limit::Outgoing),
            volatile_dropped: reached(Limit::Volatile),
            buffered_full: reached(Limit::BufferedTotal),
            connections_full: reached(Limit::Connections),
            address_full: reached(Limit::ConnectionsPerAddress),
            handshakes_too_fast: reached(Limit::HandshakeRate),
            packets_too_fast: reached(Limit::PacketRate),
            bytes_too_fast: reached(Limit::ByteRate),
            payloads_too_large: reached(Limit::Payload),
            attachments_too_many: reached(Limit::Attachments),
            namespaces_too_many: reached(Limit::Namespaces),
            rooms_too_many: reached(Limit::Rooms),
            acks_too_many: reached(Limit::PendingAcks),
            handlers_full: reached(Limit::HandlersInFlight),
            early_full: reached(Limit::EarlyPackets),
            queued_full: reached(Limit::QueuedEvents),
            blocking_full: reached(Limit::BlockingHandlers),
            files_full: reached(Limit::OpenFiles),
            unjoined: reached(Limit::ConnectTimeout),
            upgrades_timed_out: reached(Limit::UpgradeTimeout),
            pings_timed_out: reached(Limit::PingTimeout),
            acks_timed_out: reached(Limit::AckTimeout),
            handlers_slow: reached(Limit::SlowHandler),
        }
    }
}

/// The engine's side of a server: it keeps it alive for as long as sessions can come.
#[derive(Debug)]
pub(crate) struct Sessions(pub(crate) Arc<ServerInner>);

impl Application for Sessions {
    fn open(&self, session: &Arc<Session>) -> Box<dyn Inbox> {
        Box::new(ClientInbox::new(self.0.clone(), session.clone()))
    }

    fn readiness(&self) -> Readiness {
        self.0.readiness()
    }
}

/// What the builder was given as state, by type.
#[derive(Default)]
pub(crate) struct StateMap {
    map: HashMap<TypeId, (Arc<dyn Any + Send + Sync>, &'static str), RandomState>,
}

impl StateMap {
    pub(crate) fn insert<T: Send + Sync + 'static>(&mut self, state: Arc<T>) {
        self.map.insert(TypeId::of::<T>(), (state, std::any::type_name::<T>()));
    }

    pub(crate) fn get<T: Send + Sync + 'static>(&self) -> Option<Arc<T>> {
        self.map.get(&TypeId::of::<T>())?.0.clone().downcast().ok()
    }
}

impl fmt::Debug for StateMap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.map.values().map(|(_, name)| name)).finish()
    }
}

impl fmt::Debug for NewNamespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewNamespace").finish_non_exhaustive()
    }
}
