//! Options that bound what clients can make a server keep, do and wait for.
//!
//! Each has a default, and a figure in [`Counters`](super::Counters) that tells how often it was reached; when that begins, a line in
//! the log (target `engineio`) names the option. Times have their setters beside the other options.

use std::time::Duration;

use super::builder::{Built, ServerBuilder, wrong};
use super::{BuildError, Rate};

/// What happens when more waits for a client than [`max_outgoing`](ServerBuilder::max_outgoing) allows.
///
/// Either way a volatile event that finds no room is dropped, and costs nobody its connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum OutgoingPolicy {
    /// The connection is closed with a reason: a client that lost one message in the middle could not know.
    #[default]
    Disconnect,
    /// Volatile events that wait are thrown out first, the oldest before the others; the connection is closed if that is not enough.
    DropVolatileFirst,
}

impl<S: Built> ServerBuilder<S> {
    /// Largest message accepted from a client, in bytes, on either transport, attachments included. Default: 1,000,000.
    pub fn max_payload(mut self, bytes: usize) -> Self {
        self.max_payload = bytes;
        self
    }

    /// Bytes that may wait to be sent to one client; what becomes of one that is slower still is [`outgoing_policy`]'s affair. Default:
    /// 4 MiB.
    ///
    /// A single packet that is larger is sent when nothing else waits.
    ///
    /// [`outgoing_policy`]: Self::outgoing_policy
    pub fn max_outgoing(mut self, bytes: usize) -> Self {
        self.max_outgoing = bytes;
        self
    }

    /// What happens when too much waits for one client. Default: [`OutgoingPolicy::Disconnect`].
    pub fn outgoing_policy(mut self, policy: OutgoingPolicy) -> Self {
        self.outgoing_policy = policy;
        self
    }

    /// Bytes that may be kept for all clients together: what waits to be sent to them, and what came from them and waits. Beyond it the
    /// fullest connection is cut. Default: 1 GiB.
    ///
    /// What the allocator cannot give back comes on top: glibc's has a heap for each thread, and what is free in one is not found from
    /// another (`MALLOC_ARENA_MAX`).
    pub fn max_buffered_total(mut self, bytes: usize) -> Self {
        self.max_buffered_total = bytes;
        self
    }

    /// Connections in all; more are answered 503 with `Retry-After`. Default: as many as the process may have open files when the
    /// server is built, less a hundred.
    ///
    /// Counted are sessions, and those TCP connections of the standalone server that have none.
    pub fn max_connections(mut self, count: usize) -> Self {
        self.max_connections = Some(count);
        self
    }

    /// Sessions of one client address; more are answered 503 with `Retry-After`. Default: no limit.
    ///
    /// Behind a proxy all clients have its address unless [`trusted_proxies`](Self::trusted_proxies) names it.
    pub fn max_connections_per_address(mut self, count: usize) -> Self {
        self.max_connections_per_address = Some(count);
        self
    }

    /// Sessions that may be opened in a second, of all clients together; more are answered 503 with `Retry-After`. Default: no limit.
    pub fn max_handshake_rate(mut self, rate: Rate) -> Self {
        self.max_handshake_rate = Some(rate);
        self
    }

    /// Packets that a client may send in a second, WebSocket pings among them. One that is faster is not read for a while, or
    /// [cut](Rate::cut). Default: no limit.
    pub fn max_packet_rate(mut self, rate: Rate) -> Self {
        self.max_packet_rate = Some(rate);
        self
    }

    /// Bytes that a client may send in a second, as they come: headers of frames and bodies as a whole. Default: no limit.
    pub fn max_byte_rate(mut self, rate: Rate) -> Self {
        self.max_byte_rate = Some(rate);
        self
    }

    /// Attachments of one packet; a client that announces more is disconnected. Default: 10.
    pub fn max_attachments(mut self, count: usize) -> Self {
        self.limits.attachments = count;
        self
    }

    /// Namespaces that one connection may ask for; the next ones are refused with `Too many namespaces`. Default: 64.
    pub fn max_namespaces(mut self, count: usize) -> Self {
        self.limits.namespaces = count;
        self
    }

    /// Rooms that one socket may be in beside its own; to join more is [`JoinError::TooManyRooms`](super::JoinError::TooManyRooms).
    /// Default: 10,000.
    pub fn max_rooms(mut self, count: usize) -> Self {
        self.limits.rooms = count;
        self
    }

    /// Answers that may be awaited from one socket; a further question is [`AckError::TooMany`](super::AckError::TooMany), and of a
    /// broadcast its client counts as silent. Default: 10,000.
    pub fn max_pending_acks(mut self, count: usize) -> Self {
        self.limits.pending_acks = count;
        self
    }

    /// Handlers of one connection that may wait for something at a time; then its client is not read. Default: 64.
    ///
    /// Questions to the client that are open raise it, up to 16 times, so that their answers can be read.
    pub fn max_handlers_in_flight(mut self, count: usize) -> Self {
        self.limits.handlers_in_flight = count;
        self
    }

    /// Events of one client that may wait for a namespace to let it in; it is disconnected if it sends more. Default: 1,000.
    pub fn max_early_packets(mut self, count: usize) -> Self {
        self.limits.early_packets = count;
        self
    }

    /// The same in bytes. Default: 1,000,000.
    pub fn max_early_bytes(mut self, bytes: usize) -> Self {
        self.limits.early_bytes = bytes;
        self
    }

    /// Whether handlers of one client may run at the same time. Default: true; for a server of threads, false.
    ///
    /// With `false` they run strictly one after the other, whatever they wait for: the next event starts when the last handler has
    /// ended. Events wait in a queue meanwhile (see [`max_queued_events`](Self::max_queued_events)), and the client's pongs and answers
    /// are still heard. What runs at a connect, at a disconnect or in another namespace is waited for too.
    pub fn async_handlers(mut self, concurrent: bool) -> Self {
        self.limits.serial = !concurrent;
        self
    }

    /// Events of one client that may wait for their turn where [`async_handlers`](Self::async_handlers) is `false`, with
    /// [`max_early_bytes`](Self::max_early_bytes) bytes in all; then the client is not read. Default: 1,000.
    ///
    /// Questions to the client that are open raise it, up to 16 times, so that their answers can be read.
    pub fn max_queued_events(mut self, count: usize) -> Self {
        self.limits.queued_events = count;
        self
    }

    /// Handlers of [`on_blocking`](super::Namespace::on_blocking) that run at a time, each on a thread; more wait. Default: 64, and
    /// 100 of a server of threads, where it is called `threads` too.
    pub fn max_blocking_handlers(mut self, count: usize) -> Self {
        self.limits.blocking_handlers = count;
        self
    }

    /// How long a handler may block its thread, in one go, before the log names its event: it holds up every client that the thread
    /// serves. Default: 100 ms. Nothing is done about it: [`on_blocking`](super::Namespace::on_blocking) is what helps.
    pub fn slow_handler(mut self, time: Duration) -> Self {
        self.slow_handler = time;
        self
    }

    /// Whether clients are told that they are in before `on_connect` has decided. Default: false.
    ///
    /// A refusal is then a DISCONNECT, as if they had been sent away, and its words are lost. Until the decision the client's events
    /// wait; what is emitted to it goes out, and it can be asked.
    pub fn always_connect(mut self, always: bool) -> Self {
        self.limits.always_connect = always;
        self
    }

    pub(super) fn check_bounds(&self) -> Result<(), BuildError> {
        let at_least_one = [
            ("max_payload", Some(self.max_payload)),
            ("max_outgoing", Some(self.max_outgoing)),
            ("max_buffered_total", Some(self.max_buffered_total)),
            ("max_connections", self.max_connections),
            ("max_connections_per_address", self.max_connections_per_address),
            ("max_namespaces", Some(self.limits.namespaces)),
            ("max_handlers_in_flight", Some(self.limits.handlers_in_flight)),
            ("max_queued_events", Some(self.limits.queued_events)),
            ("max_blocking_handlers", Some(self.limits.blocking_handlers)),
            ("shutdown_batch", Some(self.shutdown_pace.batch)),
        ];
        if let Some((option, _)) = at_least_one.into_iter().find(|(_, value)| *value == Some(0)) {
            return Err(wrong(option, "0 lets nothing through"));
        }
        let rates = [
            ("max_handshake_rate", self.max_handshake_rate),
            ("max_packet_rate", self.max_packet_rate),
            ("max_byte_rate", self.max_byte_rate),
        ];
        for (option, rate) in rates {
            if rate.is_some_and(|rate| rate.is_nothing()) {
                return Err(wrong(option, "a rate or burst of 0 lets nothing through"));
            }
        }
        if self.max_handshake_rate.is_some_and(|rate| rate.cuts()) {
            return Err(wrong(
                "max_handshake_rate",
                "there is nothing to cut: who is too fast is answered 503",
            ));
        }
        if self.max_buffered_total < self.max_outgoing {
            return Err(wrong("max_buffered_total", "less than one connection may keep (max_outgoing)"));
        }
        Ok(())
    }
}
