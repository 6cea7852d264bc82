//! Bytes of one client that wait on this side, counted for as long as they are there.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::budget::Ledger;
use super::session::Session;

/// A number of bytes that are kept for a session: its part of a message, say. Dropped, it is nothing.
#[derive(Debug)]
pub(crate) struct Held {
    session: Arc<Session>,
    ledger: Ledger,
}

impl Held {
    pub(crate) fn new(session: &Arc<Session>) -> Self {
        Held { session: session.clone(), ledger: Ledger::default() }
    }

    /// It is `bytes` now. When that is too much for the server, its fullest connection is cut.
    pub(crate) fn set(&mut self, bytes: usize) {
        let engine = &self.session.engine;
        let before = self.ledger.counted();
        let grew = self.ledger.set(&engine.outgoing.budget, bytes);
        let after = self.ledger.counted();
        if after >= before {
            self.session.incoming.fetch_add(after - before, Ordering::Relaxed);
        } else {
            self.session.incoming.fetch_sub(before - after, Ordering::Relaxed);
        }
        if grew {
            engine.keep_to_budget();
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.set(0);
    }
}
