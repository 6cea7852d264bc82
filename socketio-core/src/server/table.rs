//! Tables of handlers, and in which order several of them are asked.
//!
//! ```text
//! the socket's own -> its namespace's -> its parent's -> those of every namespace
//! ```
//!
//! Each table is asked for the event by its name, then for its catch-all; the first that has something serves. Where none has, the first
//! class among the tables is asked, and no other. This is python's order.
//!
//! Middlewares run the other way round, the widest first.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arc_swap::ArcSwap;
use foldhash::quality::RandomState;
use smallvec::SmallVec;

use super::Socket;
use super::server_events::ServerFunction;
use super::watching::RoomWatcher;
use crate::handler::{ConnectFunction, Function, Methods};

/// Handlers, replaced as a whole when one is added, read without a lock.
#[derive(Default)]
pub(crate) struct Table {
    handlers: ArcSwap<Handlers>,
}

#[derive(Clone, Default)]
pub(crate) struct Handlers {
    pub(crate) connect: Option<ConnectFunction>,
    pub(crate) connected: Option<Function>,
    pub(crate) upgraded: Option<Function>,
    pub(crate) disconnecting: Option<Function>,
    pub(crate) disconnect: Option<Function>,
    pub(crate) events: HashMap<Box<str>, Listener, RandomState>,
    /// For events that `events` does not name.
    pub(crate) any: Option<Function>,
    pub(crate) connect_middlewares: Vec<ConnectFunction>,
    pub(crate) event_middlewares: Vec<Function>,
    /// Hears what is sent.
    pub(crate) outgoing: Option<Function>,
    /// Hears of rooms.
    pub(crate) rooms: Option<RoomWatcher>,
    /// For what no function handles.
    pub(crate) class: Option<Arc<Methods>>,
    /// For events of other servers.
    pub(crate) server: HashMap<Box<str>, ServerFunction, RandomState>,
}

/// A handler of one event.
#[derive(Clone)]
pub(crate) struct Listener {
    function: Function,
    /// It serves once; whether it has.
    once: Option<Arc<AtomicBool>>,
}

impl Listener {
    pub(crate) fn new(function: Function) -> Self {
        Listener { function, once: None }
    }

    pub(crate) fn once(function: Function) -> Self {
        Listener { function, once: Some(Arc::default()) }
    }

    pub(crate) fn function(&self) -> &Function {
        &self.function
    }
}

impl Table {
    #[inline]
    pub(crate) fn load(&self) -> arc_swap::Guard<Arc<Handlers>> {
        self.handlers.load()
    }

    pub(crate) fn change(&self, change: impl Fn(&mut Handlers)) {
        self.handlers.rcu(|handlers| {
            let mut handlers = Handlers::clone(handlers);
            change(&mut handlers);
            handlers
        });
    }

    /// Forgets all; what the handlers hold is dropped by the caller's thread.
    pub(crate) fn clear(&self) {
        self.handlers.store(Arc::default());
    }

    /// The handler for `event` among `handlers`, which are this table's; one that serves once is taken out.
    #[inline]
    pub(crate) fn handler<'h>(&self, handlers: &'h Handlers, event: &str) -> Option<&'h Function> {
        match handlers.events.get(event) {
            Some(Listener { function, once: None }) => Some(function),
            Some(Listener { function, once: Some(used) }) if self.use_up(event, used) => Some(function),
            _ => handlers.any.as_ref(),
        }
    }

    /// Whether this is the one time.
    #[cold]
    fn use_up(&self, event: &str, used: &Arc<AtomicBool>) -> bool {
        let first = !used.swap(true, Ordering::AcqRel);
        if first {
            self.change(|handlers| {
                let same = |once: &Arc<AtomicBool>| Arc::ptr_eq(once, used);
                if handlers.events.get(event).and_then(|listener| listener.once.as_ref()).is_some_and(same) {
                    handlers.events.remove(event);
                }
            });
        }
        first
    }
}

/// The tables that serve one socket, the narrowest first.
pub(crate) struct Layers<'s>(SmallVec<[(&'s Table, Arc<Handlers>); 4]>);

impl<'s> Layers<'s> {
    pub(crate) fn of(socket: &'s Socket) -> Self {
        let namespace = socket.namespace_inner();
        let parent = namespace.parent().map(|parent| &parent.table);
        let tables = [socket.own_table(), Some(&namespace.table), parent, socket.server().every.get()];
        Layers(tables.into_iter().flatten().map(|table| (table, table.handlers.load_full())).collect())
    }

    /// Whether more than the handlers of the namespace's own table, which are these, have a say in an event.
    pub(crate) fn are_needed(socket: &Socket, own: &Handlers) -> bool {
        !own.event_middlewares.is_empty()
            || socket.own_table().is_some()
            || socket.namespace_inner().parent().is_some()
            || socket.server().every.get().is_some()
    }

    /// The first that is there.
    pub(crate) fn first<T: Clone>(&self, pick: impl Fn(&Handlers) -> Option<&T>) -> Option<T> {
        let function = self.0.iter().find_map(|(_, handlers)| pick(handlers));
        function.or_else(|| pick(&self.class()?.handlers)).cloned()
    }

    /// The class that counts.
    fn class(&self) -> Option<&Arc<Methods>> {
        self.0.iter().find_map(|(_, handlers)| handlers.class.as_ref())
    }

    /// The handler for `event`; one that serves once is taken out.
    pub(crate) fn event(&self, event: &str) -> Option<Function> {
        let function = self.0.iter().find_map(|(table, handlers)| table.handler(handlers, event));
        function.cloned().or_else(|| self.class()?.event(event))
    }

    /// Whether there is a handler for `event`.
    pub(crate) fn handle(&self, event: &str) -> bool {
        let by_function = |handlers: &Handlers| handlers.any.is_some() || handlers.events.contains_key(event);
        self.0.iter().any(|(_, handlers)| by_function(handlers))
            || self.class().is_some_and(|class| class.handle(event))
    }

    pub(crate) fn event_middlewares(&self) -> Vec<Function> {
        self.0.iter().rev().flat_map(|(_, handlers)| &handlers.event_middlewares).cloned().collect()
    }

    /// Who is asked whether a client may come in, in this order.
    pub(crate) fn door(&self) -> SmallVec<[ConnectFunction; 1]> {
        let middlewares = self.0.iter().rev().flat_map(|(_, handlers)| &handlers.connect_middlewares);
        middlewares.cloned().chain(self.first(|handlers| handlers.connect.as_ref())).collect()
    }
}

impl fmt::Debug for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.load().events.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::handler::Called;

    fn function() -> Function {
        Arc::new(|_| Called::Done)
    }

    #[test]
    fn a_handler_that_serves_once_serves_one_of_many_who_come_at_once_and_is_gone() {
        let table = Table::default();
        table.change(|handlers| {
            handlers.events.insert("once".into(), Listener::once(function()));
        });
        let before = table.load();
        let served = (0..4).filter(|_| table.handler(&before, "once").is_some()).count();
        assert_eq!(served, 1);
        assert!(table.load().events.is_empty());
    }

    #[test]
    fn a_handler_that_took_the_place_of_one_that_has_served_stays() {
        let table = Table::default();
        table.change(|handlers| {
            handlers.events.insert("event".into(), Listener::once(function()));
        });
        let before = table.load();
        table.change(|handlers| {
            handlers.events.insert("event".into(), Listener::new(function()));
        });
        assert!(table.handler(&before, "event").is_some());
        assert!(table.handler(&table.load(), "event").is_some());
    }
}
