//! Numbered messages, from one of those who send to everybody.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::{Instant, interval};

/// Emits `["n", source, number]`, numbers from 1 on, until it is dropped.
pub(crate) struct Source {
    said: Arc<Mutex<Vec<Instant>>>,
    talking: JoinHandle<()>,
}

impl Source {
    pub(crate) fn start(a_second: u32, emit: impl Fn(u64) + Send + 'static) -> Self {
        let said = Arc::<Mutex<Vec<Instant>>>::default();
        let times = said.clone();
        let talking = tokio::spawn(async move {
            let mut beat = interval(Duration::from_secs(1) / a_second);
            for number in 1.. {
                beat.tick().await;
                times.lock().unwrap_or_else(PoisonError::into_inner).push(Instant::now());
                emit(number);
            }
        });
        Source { said, talking }
    }

    /// The last number.
    pub(crate) fn said(&self) -> u64 {
        self.said.lock().unwrap_or_else(PoisonError::into_inner).len() as u64
    }

    /// When each number was said.
    pub(crate) fn times(&self) -> Vec<Instant> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Says no more.
    pub(crate) async fn stop(&mut self) {
        self.talking.abort();
        let ended = (&mut self.talking).await;
        assert!(ended.is_err_and(|error| error.is_cancelled()), "emitting fails");
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        self.talking.abort();
    }
}
