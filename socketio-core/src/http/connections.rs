//! The open HTTP connections of a standalone server: counted, and told when to end.
//!
//! A connection that has become a WebSocket is no longer among them.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

/// A handle of the connections; all clones are the same ones.
#[derive(Clone, Debug)]
pub(crate) struct Connections {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    open: watch::Sender<usize>,
    phase: watch::Sender<Phase>,
}

/// What connections are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Serving,
    /// End when the requests that are under way have been answered.
    Ending,
    /// End now.
    Over,
}

impl Connections {
    /// How many are open.
    pub(crate) fn open(&self) -> usize {
        *self.shared.open.borrow()
    }

    /// Tells all connections to end: idle ones at once, others when their requests have been answered, and all by `within`.
    ///
    /// How many had to be cut is returned. Connections that come later end after their first request.
    pub(crate) async fn finish(&self, within: Duration) -> usize {
        self.shared.phase.send_replace(Phase::Ending);
        if tokio::time::timeout(within, self.none_left()).await.is_ok() {
            return 0;
        }
        let cut = self.open();
        self.shared.phase.send_replace(Phase::Over);
        // Their tasks end as soon as they run.
        let _ = tokio::time::timeout(TO_RUN, self.none_left()).await;
        cut
    }

    async fn none_left(&self) {
        let mut open = self.shared.open.subscribe();
        // It cannot fail: the sender lives in `self`.
        let _ = open.wait_for(|open| *open == 0).await;
    }

    pub(super) fn enter(&self) -> Entry {
        self.shared.open.send_modify(|open| *open += 1);
        Entry { phase: self.shared.phase.subscribe(), connections: self.clone() }
    }
}

impl Default for Connections {
    fn default() -> Self {
        let shared = Shared { open: watch::Sender::new(0), phase: watch::Sender::new(Phase::Serving) };
        Connections { shared: Arc::new(shared) }
    }
}

/// One open connection, until it is dropped.
#[derive(Debug)]
pub(super) struct Entry {
    phase: watch::Receiver<Phase>,
    connections: Connections,
}

impl Entry {
    /// Waits for a phase other than `known`.
    pub(super) async fn other_phase(&mut self, known: Phase) -> Phase {
        *self.phase.wait_for(|phase| *phase != known).await.expect("the sender lives in `connections`")
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.connections.shared.open.send_modify(|open| *open -= 1);
    }
}

/// For a busy machine.
const TO_RUN: Duration = Duration::from_secs(1);
