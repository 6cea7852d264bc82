//! What is going on in a server, in numbers.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::engine::Reached;

/// The figures, each named once.
macro_rules! counters {
    (
        $(#[$about:meta])*
        gauges { $($(#[$gauge_doc:meta])* $gauge:ident,)* }
        totals { $($(#[$total_doc:meta])* $total:ident,)* }
    ) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct Counters {
            $($(#[$gauge_doc])* pub $gauge: usize,)*
            $($(#[$total_doc])* pub $total: u64,)*
        }

        #[cfg(feature = "metrics")]
        impl Counters {
            /// Gives each figure that goes up and down, by the name of its metric,
            pub(crate) fn gauges(&self, mut give: impl FnMut(&'static str, usize)) {
                $(give(concat!("socketio_", stringify!($gauge)), self.$gauge);)*
            }

            /// and each that only grows.
            pub(crate) fn totals(&self, mut give: impl FnMut(&'static str, u64)) {
                $(give(concat!("socketio_", stringify!($total), "_total"), self.$total);)*
            }

            /// What is left of the figures when the server is gone.
            pub(crate) fn at_the_end(&self) -> Self {
                Counters { $($gauge: 0,)* ..*self }
            }
        }
    };
}

counters! {
    /// A moment's figures of one server: [`Server::counters`](super::Server::counters).
    ///
    /// The first group goes up and down, and is zero when every client is gone (but for the namespaces); the second only grows. With the feature `metrics`
    /// each is also a metric, called `socketio_` and its name here, those that only grow with `_total` behind it.
    gauges {
        /// Open Engine.IO sessions.
        sessions,
        /// Clients in namespaces; one session can have several.
        sockets,
        /// Namespaces: those of the program, and those of a parent that clients are in. They do not go down to zero.
        namespaces,
        /// Rooms that somebody joined.
        rooms,
        /// Answers that are awaited from clients.
        pending_acks,
        /// Handlers that wait for something.
        handlers_running,
        /// TCP connections of the standalone server that speak HTTP.
        connections,
        /// TCP connections that are WebSockets.
        websockets,
        /// Bytes that are kept for clients: what waits to be sent, and what came and waits. The first 4 KiB of each such number are left out,
        /// and the rest counts in steps of 16 KiB.
        buffered,
    }
    totals {
        /// Sessions opened.
        sessions_opened,
        /// Requests refused.
        requests_refused,
        /// Messages that were queued for clients when their connection ended.
        undelivered,
        /// Handlers that panicked.
        handler_panics,
        /// Handlers that returned an error.
        handler_errors,
        /// Events whose arguments did not fit their handler.
        arguments_refused,
        /// Connects refused, by `on_connect` or for want of such a namespace; who leaves meanwhile is not among them.
        connects_refused,
        /// Packets for namespaces that the client had just left.
        packets_dropped,
        /// Sockets whose time was over ([`Socket::expires_at`](super::Socket::expires_at)).
        expired,
        /// Packets of clients that speak msgpack, or for them, that were left out: an extension type, more than 128 levels, and the like.
        msgpack_refused,
        /// Connections closed because their outgoing queue was full (`max_outgoing`).
        outgoing_full,
        /// Volatile packets dropped because their client was not ready, or to make room for others.
        volatile_dropped,
        /// Connections cut so that all clients together stay within `max_buffered_total`.
        buffered_full,
        /// Connections and handshakes refused for `max_connections`.
        connections_full,
        /// Handshakes refused for `max_connections_per_address`.
        address_full,
        /// Handshakes refused for `max_handshake_rate`.
        handshakes_too_fast,
        /// Times a client had to wait, or go, for `max_packet_rate`.
        packets_too_fast,
        /// Times a client had to wait, or go, for `max_byte_rate`.
        bytes_too_fast,
        /// Connections closed for a message over `max_payload`.
        payloads_too_large,
        /// Connections closed for a packet that announced more than `max_attachments`.
        attachments_too_many,
        /// CONNECTs refused for `max_namespaces`.
        namespaces_too_many,
        /// Joins refused for `max_rooms`.
        rooms_too_many,
        /// Questions refused for `max_pending_acks`.
        acks_too_many,
        /// Times a client was not read for a while because of `max_handlers_in_flight`.
        handlers_full,
        /// Connections closed for `max_early_packets` or `max_early_bytes`.
        early_full,
        /// Times a client was not read for a while because of `max_queued_events`.
        queued_full,
        /// Handlers of `on_blocking` that had to wait for `max_blocking_handlers`.
        blocking_full,
        /// Static files not served for `max_open_files`.
        files_full,
        /// Connections closed because they joined no namespace within `connect_timeout`.
        unjoined,
        /// Upgrades given up after `upgrade_timeout`.
        upgrades_timed_out,
        /// Connections closed because no pong came within `ping_timeout`.
        pings_timed_out,
        /// Questions that a client did not answer within `ack_timeout`, or the timeout of their own.
        acks_timed_out,
        /// Handlers that blocked their thread for longer than `slow_handler`.
        handlers_slow,
    }
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
    pub(crate) expired: Count,
    pub(crate) msgpack_refused: Refusals,
    pub(crate) reached: Arc<Reached>,
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
