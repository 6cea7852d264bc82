//! Who listened before an outage.
//!
//! Where a queue forgets its listeners, what was held during an outage would go to nobody if its publisher is the first one back. So
//! it waits for them, for [`RETURN`] at most: for as many as there were where the queue counts them, and for whom the publisher knows
//! besides.
//!
//! ```text
//! 3 listen ┄ outage ┄ back: 1 listens … 2 … 3, what was held goes out
//! 3 listen ┄ silence ┄ back: 3 seem to listen … 4 … 6, what was held goes out
//! ```
//!
//! The second: behind a link that was half open, the queue may still count the connections that are dead.

use std::future::pending;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::outgoing::Outgoing;
use super::writer::PATIENCE;
use crate::adapter::broker::Broker;

/// After an outage, publishes wait this long at most for those who listened before.
pub(crate) const RETURN: Duration = Duration::from_secs(6);
/// While something is published, listeners are counted this often.
const FRESH: Duration = Duration::from_secs(2);
/// And after an outage this often.
const IMPATIENT: Duration = Duration::from_millis(100);

#[derive(Debug, Default)]
pub(crate) struct Audience {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// How many listened when they were counted last, with nothing wrong.
    before: Option<usize>,
    /// They are waited for until then.
    until: Option<Instant>,
    /// The link did not break but fell silent: who is counted now may be dead.
    silent: bool,
    /// So many have to be counted.
    wanted: Option<usize>,
    /// The queue was away for so short a time that it has not started again, and keeps frames for who is away.
    kept: bool,
}

impl Audience {
    /// The link gave no answer.
    pub(super) fn link_silent(&self) {
        self.lock().silent = true;
    }

    /// The link is back after an outage, at the first attempt or a later one.
    pub(crate) fn link_back<B: Broker>(&self, attempts: u32) {
        let mut state = self.lock();
        state.kept = B::KEEPS && attempts == 0;
        state.until = B::FORGETS.then(|| Instant::now() + RETURN);
        state.wanted = None;
    }

    /// Waits until those who listened before an outage listen again, and until `others_are_back`. It may be dropped and called again.
    pub(crate) async fn wait<B: Broker>(
        &self,
        broker: &B,
        channel: &str,
        others_are_back: impl Fn() -> bool,
    ) {
        let Some(until) = self.until() else { return };
        let returning = async {
            while !(others_are_back() && self.counted_are_back(broker, channel).await) {
                sleep(IMPATIENT).await;
            }
        };
        let _ = timeout_at(until, returning).await;
        let mut state = self.lock();
        (state.until, state.silent) = (None, false);
    }

    /// Counts who listens, again and again, for as long as something is published. It does not end.
    pub(crate) async fn watch<B: Broker>(&self, broker: &B, outgoing: &Outgoing) {
        if !B::FORGETS {
            pending::<()>().await;
        }
        let mut sent = None;
        loop {
            let now = outgoing.queue().sent();
            if self.until().is_none() && sent.replace(now) != Some(now) {
                let count = count(broker, outgoing.channel()).await;
                let mut state = self.lock();
                state.before = count.or(state.before);
            }
            sleep(FRESH).await;
        }
    }

    /// For who knows no listener: whether they can be counted, or were kept for. Otherwise they are given all of their time.
    pub(super) fn is_sure(&self) -> bool {
        let state = self.lock();
        state.before.is_some() || state.kept
    }

    async fn counted_are_back<B: Broker>(&self, broker: &B, channel: &str) -> bool {
        let Some(before) = self.lock().before else { return true };
        // They could be counted before: a server of the queue is away.
        let Some(now) = count(broker, channel).await else { return false };
        let mut state = self.lock();
        let dead = if state.silent { now } else { 0 };
        now >= *state.wanted.get_or_insert(dead + before)
    }

    fn until(&self) -> Option<Instant> {
        self.lock().until
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// `None` where the queue does not tell, or not this user. A link that is lost is noticed by who publishes over it.
async fn count<B: Broker>(broker: &B, channel: &str) -> Option<usize> {
    timeout(PATIENCE, broker.subscriber_count(channel)).await.ok()?.ok()?
}
