//! What all connections together may keep in memory, and who has to go when that is too much.
//!
//! Counted are the bytes that wait to be sent to clients, and those that came from them and wait: parts of messages, bodies, events
//! before the CONNECT answer. A [`Ledger`] reports one such number in steps, so that small queues never touch what is shared.

use std::sync::atomic::{AtomicUsize, Ordering};

/// The first so many bytes of a number are not counted,
pub(crate) const FREE: usize = 4 * 1024;
/// and the rest in steps of so many.
const STEP: usize = 16 * 1024;

/// The bytes of a whole server.
#[derive(Debug)]
pub(crate) struct Budget {
    limit: usize,
    total: AtomicUsize,
    /// Those of connections that are being cut for it: they are as good as gone.
    going: AtomicUsize,
}

impl Budget {
    pub(crate) fn new(limit: usize) -> Self {
        Budget { limit, total: AtomicUsize::new(0), going: AtomicUsize::new(0) }
    }

    pub(crate) fn limit(&self) -> usize {
        self.limit
    }

    pub(crate) fn total(&self) -> usize {
        self.total.load(Ordering::Relaxed)
    }

    /// Whether somebody has to go.
    pub(crate) fn is_over(&self) -> bool {
        let total = self.total();
        total > self.limit && total.saturating_sub(self.going.load(Ordering::Relaxed)) > self.limit
    }

    /// Somebody with `bytes` is being cut.
    pub(crate) fn goes(&self, bytes: usize) {
        self.going.fetch_add(bytes, Ordering::Relaxed);
    }

    /// And is gone.
    pub(crate) fn went(&self, bytes: usize) {
        self.going.fetch_sub(bytes, Ordering::Relaxed);
    }
}

/// One number of bytes, as far as it has been counted.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    counted: usize,
}

impl Ledger {
    /// The number is `bytes` now; `true` when more are counted than before.
    #[inline]
    pub(crate) fn set(&mut self, budget: &Budget, bytes: usize) -> bool {
        // The usual case: small before, and small now.
        if bytes <= FREE && self.counted == 0 { false } else { self.count(budget, bytes) }
    }

    fn count(&mut self, budget: &Budget, bytes: usize) -> bool {
        let count = if bytes <= FREE { 0 } else { bytes.next_multiple_of(STEP) };
        let before = std::mem::replace(&mut self.counted, count);
        match count.cmp(&before) {
            std::cmp::Ordering::Greater => {
                budget.total.fetch_add(count - before, Ordering::Relaxed);
                true
            }
            std::cmp::Ordering::Less => {
                budget.total.fetch_sub(before - count, Ordering::Relaxed);
                false
            }
            std::cmp::Ordering::Equal => false,
        }
    }

    pub(crate) fn counted(&self) -> usize {
        self.counted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_numbers_are_free_and_large_ones_are_counted_in_steps() {
        let budget = Budget::new(100_000);
        let mut ledger = Ledger::default();
        assert!(!ledger.set(&budget, FREE));
        assert_eq!(budget.total(), 0);
        assert!(ledger.set(&budget, FREE + 1));
        assert_eq!(budget.total(), STEP);
        assert!(!ledger.set(&budget, STEP), "within the step");
        assert!(ledger.set(&budget, STEP + 1));
        assert_eq!(budget.total(), 2 * STEP);
        assert!(!ledger.set(&budget, 0));
        assert_eq!(budget.total(), 0);
    }

    #[test]
    fn who_is_being_cut_is_as_good_as_gone() {
        let budget = Budget::new(10);
        let mut ledger = Ledger::default();
        ledger.set(&budget, 20_000);
        assert!(budget.is_over());
        budget.goes(ledger.counted());
        assert!(!budget.is_over());
        budget.went(ledger.counted());
        ledger.set(&budget, 0);
        assert!(!budget.is_over());
    }
}
