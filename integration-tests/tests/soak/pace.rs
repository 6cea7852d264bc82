//! At most half a core: who may wait, waits longer while the nodes have more to do.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// How much slower than planned the bad clients come, in percent; shared.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pace(Arc<AtomicU64>);

/// Of one core, for both nodes, in percent.
pub(crate) const BUDGET: u64 = 50;

impl Pace {
    /// What a pause is to be now.
    pub(crate) fn of(&self, pause: Duration) -> Duration {
        pause + pause * u32::try_from(self.slower()).unwrap_or(u32::MAX) / 100
    }

    pub(crate) fn slower(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// The nodes have used so much of a core in the last seconds.
    pub(crate) fn used(&self, percent: u64) {
        let slower = self.slower();
        let next = match percent {
            // Some room stays, so that the whole is below.
            percent if percent > BUDGET * 8 / 10 => (slower + 25).min(900),
            percent if percent < BUDGET * 6 / 10 => slower.saturating_sub(10),
            _ => slower,
        };
        self.0.store(next, Ordering::Relaxed);
    }
}
