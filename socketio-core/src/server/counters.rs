//! What is going on in a server, in numbers.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// A moment's figures of one server: [`Server::counters`](super::Server::counters).
///
/// The first group goes up and down, and is zero when every client is gone (but for the namespaces); the second only grows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counters {
    /// Open Engine.IO sessions.
    pub sessions: usize,
    /// Clients in namespaces; one session can have several.
    pub sockets: usize,
    /// Namespaces: those of the program, and those of a parent that clients are in. They do not go down to zero.
    pub namespaces: usize,
    /// Rooms that somebody joined.
    pub rooms: usize,
    /// Answers that are awaited from clients.
    pub pending_acks: usize,
    /// Handlers that wait for something.
    pub handlers_running: usize,
    /// TCP connections of the standalone server.
    pub connections: usize,

    /// Sessions opened.
    pub sessions_opened: u64,
    /// Requests refused.
    pub requests_refused: u64,
    /// Connections closed because their outgoing queue was full.
    pub outgoing_full: u64,
    /// Messages that were queued for clients when their connection ended.
    pub undelivered: u64,
    /// Handlers that panicked.
    pub handler_panics: u64,
    /// Handlers that returned an error.
    pub handler_errors: u64,
    /// Events whose arguments did not fit their handler.
    pub arguments_refused: u64,
    /// Connects refused, by `on_connect` or for want of such a namespace; who leaves meanwhile is not among them.
    pub connects_refused: u64,
    /// Packets for namespaces that the client had just left.
    pub packets_dropped: u64,
    /// Questions to clients that were not asked: too many answers were awaited from that client already (`max_pending_acks`).
    pub acks_too_many: u64,
    /// Sockets whose time was over ([`Socket::expires_at`](super::Socket::expires_at)).
    pub expired: u64,
    /// Packets of clients that speak msgpack, or for them, that were left out: an extension type, more than 128 levels, and the like.
    pub msgpack_refused: u64,
}

/// The counters themselves; everything that counts shares them.
#[derive(Debug, Default)]
pub(crate) struct Counting {
    pub(crate) sockets: Gauge,
    /// Disconnect handlers that have not ended.
    pub(crate) disconnecting: Gauge,
    pub(crate) pending_acks: Gauge,
    pub(crate) handlers_running: Gauge,
    pub(crate) handler_panics: Count,
    pub(crate) handler_errors: Count,
    pub(crate) arguments_refused: Count,
    pub(crate) connects_refused: Count,
    pub(crate) packets_dropped: Count,
    pub(crate) acks_too_many: Count,
    pub(crate) expired: Count,
    pub(crate) msgpack_refused: Refusals,
}

/// A number that only grows.
#[derive(Debug, Default)]
pub(crate) struct Count(AtomicU64);

impl Count {
    pub(crate) fn one(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A number of refusals, of which there are few causes.
#[derive(Debug, Default)]
pub(crate) struct Refusals {
    count: Count,
    causes: Mutex<HashSet<String>>,
}

impl Refusals {
    /// Counts one; `true` the first time for this cause, when it is to be logged.
    pub(crate) fn one(&self, cause: &str) -> bool {
        self.count.one();
        let mut causes = self.causes.lock().unwrap_or_else(PoisonError::into_inner);
        !causes.contains(cause) && causes.insert(cause.to_owned())
    }

    pub(crate) fn get(&self) -> u64 {
        self.count.get()
    }
}

/// A number of things that exist.
#[derive(Debug, Default)]
pub(crate) struct Gauge(AtomicUsize);

impl Gauge {
    pub(crate) fn up(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn down(&self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

/// Shared by the server and whatever outlives a call into it.
pub(crate) type SharedCounting = Arc<Counting>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_cause_of_a_refusal_is_told_once_and_every_one_is_counted() {
        let refusals = Refusals::default();
        assert!(refusals.one("too deep"));
        assert!(!refusals.one("too deep"));
        assert!(refusals.one("msgpack extension type 5"));
        assert!(!refusals.one("too deep"));
        assert_eq!(refusals.get(), 4);
    }
}
