//! The end of all sessions: nobody new, everybody is told, and what is queued may still go out.
//!
//! Clients come back at once when they are told, so they are told in batches:
//!
//! ```text
//! told       100  100  100           the last batch within half of the time
//! ├───────────┼────┼────┼────────────────────────┤
//! begins       pause pause         those are left who do not read: cut
//! ```

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::watch;

use super::{Close, DisconnectReason, Engine, deadline};

impl Engine {
    /// Refuses new sessions, tells every client, and waits until all are gone, `within` that time at most. Returns undelivered messages.
    pub(crate) async fn close(self: &Arc<Self>, within: Duration) -> u64 {
        let before = self.counters.undelivered_total();
        let end = deadline(within);
        // A little before the end, so that what the farewells could not deliver is counted in it.
        let _ = self.close_until.set(deadline(within - within / 20));
        self.closing.begin();
        let tell = |session: &Arc<_>| {
            super::Session::close(session, Close::new(DisconnectReason::ServerShuttingDown))
        };
        self.config.shutdown_pace.tell(&self.registry.all(), within / 2, tell).await;
        loop {
            let changed = self.changed.notified();
            if self.registry.len() == 0 && self.farewells.load(Ordering::Acquire) == 0 {
                break;
            }
            if tokio::time::timeout_at(end, changed).await.is_err() {
                for session in self.registry.all() {
                    session.end_polling();
                }
                break;
            }
        }
        self.closing.finish();
        self.counters.undelivered_total() - before
    }
}

/// How far a shutdown is, and who waits for that.
#[derive(Debug, Default)]
pub(crate) struct Closing {
    stage: watch::Sender<Stage>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    #[default]
    Open,
    /// Nobody new is let in.
    Begun,
    /// No session is left.
    Done,
}

impl Closing {
    pub(crate) fn has_begun(&self) -> bool {
        *self.stage.borrow() >= Stage::Begun
    }

    /// Waits until it begins, or has begun.
    pub(crate) async fn begins(&self) {
        self.reaches(Stage::Begun).await;
    }

    /// Waits until all sessions have ended.
    pub(crate) async fn is_done(&self) {
        self.reaches(Stage::Done).await;
    }

    fn begin(&self) {
        self.advance(Stage::Begun);
    }

    fn finish(&self) {
        self.advance(Stage::Done);
    }

    fn advance(&self, to: Stage) {
        self.stage.send_if_modified(|stage| std::mem::replace(stage, to.max(*stage)) < to);
    }

    async fn reaches(&self, stage: Stage) {
        // It cannot fail: the sender lives in `self`.
        let _ = self.stage.subscribe().wait_for(|now| *now >= stage).await;
    }
}

/// How fast clients are told of a shutdown.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    /// Clients that are told at once, unless there are too many for the time.
    pub(crate) batch: usize,
    /// Between two batches.
    pub(crate) pause: Duration,
}

impl Pace {
    /// Calls `tell` for all of them, a batch at a time, the last one `within` that time.
    async fn tell<T>(self, all: &[T], within: Duration, tell: impl Fn(&T)) {
        for (index, batch) in all.chunks(self.batch_of(all.len(), within)).enumerate() {
            if index > 0 {
                tokio::time::sleep(self.pause).await;
            }
            batch.iter().for_each(&tell);
        }
    }

    fn batch_of(self, count: usize, within: Duration) -> usize {
        let pauses = within.as_nanos() / self.pause.as_nanos().max(1);
        let batches = usize::try_from(pauses).unwrap_or(usize::MAX).saturating_add(1);
        self.batch.max(count.div_ceil(batches))
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use tokio::time::Instant;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn batches_are_a_pause_apart() {
        assert_eq!(told(250, 100, 50, 5_000).await, [(0, 100), (50, 100), (100, 50)]);
    }

    #[tokio::test(start_paused = true)]
    async fn batches_grow_where_the_time_would_not_do() {
        assert_eq!(told(1_000, 10, 100, 300).await, [(0, 250), (100, 250), (200, 250), (300, 250)]);
        assert_eq!(told(1_000, 10, 100, 99).await, [(0, 1_000)]);
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_pause_all_are_told_at_once() {
        assert_eq!(told(250, 100, 0, 5_000).await, [(0, 250)]);
        assert_eq!(told(0, 100, 50, 5_000).await, []);
    }

    #[tokio::test]
    async fn who_waits_for_the_end_hears_it_whenever_it_began() {
        let closing = Closing::default();
        let early = closing.begins();
        assert!(!closing.has_begun());
        futures_util::future::join(early, async { closing.begin() }).await;
        closing.begins().await;
    }

    /// How many of `count` are told after how many milliseconds.
    async fn told(count: usize, batch: usize, pause: u64, within: u64) -> Vec<(u128, usize)> {
        let start = Instant::now();
        let told = RefCell::<Vec<(u128, usize)>>::default();
        let pace = Pace { batch, pause: Duration::from_millis(pause) };
        let all: Vec<_> = (0..count).collect();
        pace.tell(&all, Duration::from_millis(within), |_| {
            let now = start.elapsed().as_millis();
            let mut told = told.borrow_mut();
            match told.last_mut() {
                Some((at, count)) if *at == now => *count += 1,
                _ => told.push((now, 1)),
            }
        })
        .await;
        told.into_inner()
    }
}
