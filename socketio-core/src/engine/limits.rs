//! The bounds that clients can reach: how often each was, and a line in the log when that begins.

use std::fmt::Display;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use super::request::RefusalLog;

/// A bound on what clients can make the server keep, do or wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Limit {
    Outgoing,
    Volatile,
    BufferedTotal,
    Connections,
    ConnectionsPerAddress,
    HandshakeRate,
    PacketRate,
    ByteRate,
    Payload,
    Attachments,
    Namespaces,
    Rooms,
    PendingAcks,
    HandlersInFlight,
    EarlyPackets,
    QueuedEvents,
    BlockingHandlers,
    OpenFiles,
    ConnectTimeout,
    UpgradeTimeout,
    PingTimeout,
    AckTimeout,
    SlowHandler,
}

impl Limit {
    const COUNT: usize = Limit::SlowHandler as usize + 1;

    /// The option that sets it.
    pub(crate) fn option(self) -> &'static str {
        match self {
            Limit::Outgoing => "max_outgoing",
            Limit::Volatile => "volatile",
            Limit::BufferedTotal => "max_buffered_total",
            Limit::Connections => "max_connections",
            Limit::ConnectionsPerAddress => "max_connections_per_address",
            Limit::HandshakeRate => "max_handshake_rate",
            Limit::PacketRate => "max_packet_rate",
            Limit::ByteRate => "max_byte_rate",
            Limit::Payload => "max_payload",
            Limit::Attachments => "max_attachments",
            Limit::Namespaces => "max_namespaces",
            Limit::Rooms => "max_rooms",
            Limit::PendingAcks => "max_pending_acks",
            Limit::HandlersInFlight => "max_handlers_in_flight",
            Limit::EarlyPackets => "max_early_packets",
            Limit::QueuedEvents => "max_queued_events",
            Limit::BlockingHandlers => "max_blocking_handlers",
            Limit::OpenFiles => "max_open_files",
            Limit::ConnectTimeout => "connect_timeout",
            Limit::UpgradeTimeout => "upgrade_timeout",
            Limit::PingTimeout => "ping_timeout",
            Limit::AckTimeout => "ack_timeout",
            Limit::SlowHandler => "slow_handler",
        }
    }

    /// Whether reaching it is an everyday matter, which no operator has to know of.
    fn is_usual(self) -> bool {
        matches!(self, Limit::Volatile | Limit::PingTimeout | Limit::AckTimeout)
    }
}

/// How often each bound was reached.
#[derive(Debug, Default)]
pub(crate) struct Reached {
    counts: [AtomicU64; Limit::COUNT],
    log: RefusalLog,
}

impl Reached {
    /// Counts that `limit` was reached; the first time, and then once a second at most, with a line in the log.
    pub(crate) fn note(&self, limit: Limit, who: impl Display, detail: impl Display) {
        let Some(left_out) = self.count_and_admit(limit) else { return };
        let option = limit.option();
        if limit.is_usual() {
            tracing::debug!(target: "engineio", %option, %who, %detail, left_out, "a limit was reached");
        } else {
            tracing::warn!(target: "engineio", %option, %who, %detail, left_out, "a limit was reached");
        }
    }

    /// Counts alone, where the log is told elsewhere.
    pub(crate) fn count(&self, limit: Limit) {
        if let Some(count) = self.counts.get(limit as usize) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(crate) fn get(&self, limit: Limit) -> u64 {
        self.counts.get(limit as usize).map_or(0, |count| count.load(Ordering::Relaxed))
    }

    /// Counts, and tells whether a line may be written, and how many were not since the last.
    pub(crate) fn count_and_admit(&self, limit: Limit) -> Option<u64> {
        self.count(limit);
        self.log.admit(limit.option(), Instant::now())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_time_is_counted_and_the_first_one_logged() {
        let reached = Reached::default();
        assert_eq!(reached.count_and_admit(Limit::Rooms), Some(0));
        assert_eq!(reached.count_and_admit(Limit::Rooms), None);
        assert_eq!(reached.count_and_admit(Limit::Outgoing), Some(0), "another limit has a line of its own");
        assert_eq!(
            (reached.get(Limit::Rooms), reached.get(Limit::Outgoing), reached.get(Limit::Payload)),
            (2, 1, 0)
        );
    }
}
