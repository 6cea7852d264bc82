//! What the engine has seen, in numbers that only grow.

use std::sync::atomic::{AtomicU64, Ordering};

#[derive(Debug, Default)]
pub(crate) struct EngineCounters {
    opened: AtomicU64,
    refused: AtomicU64,
    undelivered: AtomicU64,
}

impl EngineCounters {
    pub(super) fn opened(&self) {
        self.opened.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn refused(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn undelivered(&self, messages: u64) {
        self.undelivered.fetch_add(messages, Ordering::Relaxed);
    }

    /// Sessions opened.
    pub(crate) fn opened_total(&self) -> u64 {
        self.opened.load(Ordering::Relaxed)
    }

    /// Requests refused.
    pub(crate) fn refused_total(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// Messages that were queued when their session ended.
    pub(crate) fn undelivered_total(&self) -> u64 {
        self.undelivered.load(Ordering::Relaxed)
    }
}
