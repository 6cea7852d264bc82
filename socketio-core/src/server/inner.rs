//! What every handle of a server shares.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use foldhash::quality::RandomState;

use super::blocking::BlockingPool;
use super::client::ClientInbox;
use super::counters::{Counters, SharedCounting};
use super::gather::GatherIds;
use super::namespace::NamespaceInner;
use super::remote::Share;
use crate::adapter::Adapter;
use crate::engine::{Application, Engine, Inbox, Limit, Session};

#[derive(Debug)]
pub(crate) struct ServerInner {
    pub(crate) engine: Arc<Engine>,
    pub(crate) adapter: Arc<dyn Adapter>,
    pub(crate) namespaces: Namespaces,
    pub(crate) state: StateMap,
    pub(crate) limits: Limits,
    pub(crate) blocking: BlockingPool,
    pub(crate) counting: SharedCounting,
    pub(crate) gather_ids: GatherIds,
    pub(crate) share: Share,
}

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
}

impl ServerInner {
    pub(crate) fn counters(&self) -> Counters {
        let engine = &self.engine;
        let counting = &self.counting;
        let reached = |limit| engine.reached.get(limit);
        Counters {
            sessions: engine.sessions(),
            sockets: counting.sockets.get(),
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
}

/// The namespaces that exist, by name.
#[derive(Debug, Default)]
pub(crate) struct Namespaces {
    map: RwLock<HashMap<Arc<str>, Arc<NamespaceInner>, RandomState>>,
}

impl Namespaces {
    pub(crate) fn get(&self, name: &str) -> Option<Arc<NamespaceInner>> {
        self.map.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    /// The namespace called `name`, made if need be, and closed to clients until it has a handler.
    pub(crate) fn get_or_make(&self, name: &str) -> Arc<NamespaceInner> {
        if let Some(namespace) = self.get(name) {
            return namespace;
        }
        let mut map = self.map.write().unwrap_or_else(PoisonError::into_inner);
        let name: Arc<str> = name.into();
        map.entry(name.clone()).or_insert_with(|| Arc::new(NamespaceInner::new(name))).clone()
    }

    pub(crate) fn all(&self) -> Vec<Arc<NamespaceInner>> {
        self.map.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
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
