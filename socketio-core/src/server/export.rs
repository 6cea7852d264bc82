//! The counters as metrics, through the `metrics` crate: whichever recorder the program has installed gets them.
//!
//! Every figure of [`Counters`] is a metric: `socketio_sessions`, `socketio_buffered`, `socketio_sessions_opened_total`. What is told
//! is the difference to the last time, so that the figures of several servers in one process add up.

use std::sync::{Mutex, PoisonError, Weak};
use std::time::Duration;

use super::counters::Counters;
use super::inner::ServerInner;

/// How often recorders are told.
const EVERY: Duration = Duration::from_secs(1);

/// What recorders have been told.
#[derive(Debug, Default)]
pub(crate) struct Exported {
    last: Mutex<Counters>,
}

impl Exported {
    /// Tells what has changed.
    pub(crate) fn update(&self, now: &Counters) {
        let last = std::mem::replace(&mut *self.last.lock().unwrap_or_else(PoisonError::into_inner), *now);
        let mut before = Vec::new();
        last.gauges(|_, value| before.push(value as u64));
        last.totals(|_, value| before.push(value));
        let mut before = before.into_iter();
        now.gauges(|name, value| {
            let gauge = metrics::gauge!(name);
            let last = before.next().unwrap_or_default() as usize;
            // Also where nothing has changed: the metric shall be there.
            gauge.increment(value.saturating_sub(last) as f64);
            gauge.decrement(last.saturating_sub(value) as f64);
        });
        now.totals(|name, value| {
            let last = before.next().unwrap_or_default();
            metrics::counter!(name).increment(value.saturating_sub(last));
        });
    }
}

/// Keeps recorders up to date for as long as the server is there.
pub(crate) async fn export(server: Weak<ServerInner>) {
    let exported = Exported::default();
    let mut ticks = tokio::time::interval(EVERY);
    loop {
        ticks.tick().await;
        let Some(server) = server.upgrade() else { break };
        exported.update(&server.counters());
    }
    let last = *exported.last.lock().unwrap_or_else(PoisonError::into_inner);
    exported.update(&last.at_the_end());
}
