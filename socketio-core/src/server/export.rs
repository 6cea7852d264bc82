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

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use metrics_util::debugging::{DebugValue, DebuggingRecorder};

    use super::*;

    #[test]
    fn every_figure_is_a_metric_and_those_of_two_servers_add_up() {
        let recorder = DebuggingRecorder::new();
        let snapshotter = recorder.snapshotter();
        let (one, other) = (Exported::default(), Exported::default());
        let before = Counters { sessions: 3, volatile_dropped: 5, ..Counters::default() };
        let now = Counters { sessions: 2, volatile_dropped: 6, ..before };
        metrics::with_local_recorder(&recorder, || {
            one.update(&before);
            other.update(&before);
            one.update(&now);
            other.update(&before.at_the_end());
        });
        let metrics: HashMap<_, _> = snapshotter
            .snapshot()
            .into_vec()
            .into_iter()
            .map(|(key, _, _, value)| (key.key().name().to_owned(), value))
            .collect();
        assert_eq!(
            metrics["socketio_sessions"],
            DebugValue::Gauge(2.0.into()),
            "the other's clients are gone"
        );
        assert_eq!(metrics["socketio_volatile_dropped_total"], DebugValue::Counter(11));
        assert_eq!(
            metrics["socketio_sockets"],
            DebugValue::Gauge(0.0.into()),
            "it is there from the beginning"
        );
        let mut figures = 0;
        now.gauges(|name, _| figures += usize::from(metrics.contains_key(name)));
        now.totals(|name, _| figures += usize::from(metrics.contains_key(name)));
        assert_eq!(figures, metrics.len());
    }
}
