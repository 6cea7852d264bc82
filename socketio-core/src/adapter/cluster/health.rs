//! How a node is connected to its cluster, in numbers.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// How a node is connected to its cluster: [`ClusterAdapter::health`](super::ClusterAdapter::health).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Health {
    /// Whether it hears the channel.
    pub subscribed: bool,
    /// How long ago the last frame came, its own heartbeat included: every 2 s if all is well.
    pub last_frame: Option<Duration>,
    /// Frames that wait to be published,
    pub queued_frames: usize,
    /// and their bytes.
    pub queued_bytes: usize,
    /// Frames that were dropped because the queue was full, or they were too old.
    pub dropped: u64,
    /// Other nodes that can be asked.
    pub members: usize,
    /// Questions to them that are open.
    pub open_requests: usize,
    /// Frames of others that came.
    pub frames_received: u64,
    /// Frames that made no sense here and were skipped.
    pub frames_refused: u64,
    /// Frames that the broker delivered again, and that were dropped.
    pub frames_repeated: u64,
    /// Frames of other nodes that never came, by the gaps in their numbers; one that comes late is taken off again.
    pub frames_missed: u64,
    /// Answers of clients that python nodes asked for and did not get: those with bytes, which their wire has no form for.
    pub answers_withheld: u64,
}

#[derive(Debug, Default)]
pub(crate) struct ClusterCounters {
    received: AtomicU64,
    refused: AtomicU64,
    repeated: AtomicU64,
    missed: AtomicU64,
    withheld: AtomicU64,
    /// Causes that have been logged.
    logged: Mutex<HashSet<&'static str>>,
}

impl ClusterCounters {
    pub(super) fn one_received(&self) {
        self.received.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn one_repeated(&self) {
        self.repeated.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn some_missed(&self, frames: u64) {
        self.missed.fetch_add(frames, Ordering::Relaxed);
    }

    /// A frame that counts as missed came after all.
    pub(super) fn one_missed_came(&self) {
        let less = |missed: u64| missed.checked_sub(1);
        let _ = self.missed.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
    }

    /// Counts an answer with bytes that a python node does not get; `true` the first time.
    pub(super) fn one_withheld(&self) -> bool {
        self.withheld.fetch_add(1, Ordering::Relaxed) == 0
    }

    /// Counts a frame that made no sense; `true` when nobody has been told of this cause.
    pub(super) fn one_refused(&self, cause: &'static str) -> bool {
        self.refused.fetch_add(1, Ordering::Relaxed);
        self.logged.lock().unwrap_or_else(PoisonError::into_inner).insert(cause)
    }

    pub(super) fn received(&self) -> u64 {
        self.received.load(Ordering::Relaxed)
    }

    pub(super) fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    pub(super) fn repeated(&self) -> u64 {
        self.repeated.load(Ordering::Relaxed)
    }

    pub(super) fn withheld(&self) -> u64 {
        self.withheld.load(Ordering::Relaxed)
    }

    pub(super) fn missed(&self) -> u64 {
        self.missed.load(Ordering::Relaxed)
    }
}
