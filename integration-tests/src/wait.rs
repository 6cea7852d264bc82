//! Deadlines: a test that hangs says what it was waiting for.

use std::{future::Future, time::Duration};

use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};

/// Long enough for a machine with other things to do; a test that passes never waits for it.
pub const DEADLINE: Duration = Duration::from_secs(20);

/// The future's output.
///
/// # Panics
///
/// After [`DEADLINE`], naming `what`.
#[track_caller]
pub fn within<F: Future>(what: &str, future: F) -> impl Future<Output = F::Output> {
    within_time(DEADLINE, what, future)
}

/// The same, for what takes longer: a broker that makes something for the first time.
///
/// # Panics
///
/// After `limit`, naming `what`.
#[track_caller]
pub fn within_time<F: Future>(limit: Duration, what: &str, future: F) -> impl Future<Output = F::Output> {
    let place = std::panic::Location::caller();
    async move {
        match timeout(limit, future).await {
            Ok(output) => output,
            Err(_) => panic!("waited {limit:?} for {what} ({place})"),
        }
    }
}

/// What `asking` gives; `None` if it failed, and a busy machine has let `limit` pass since `start`, in which it would not have.
///
/// # Panics
///
/// As `asking` does, within `limit`.
pub async fn if_in_time<T: Send + 'static>(
    start: std::time::Instant,
    limit: Duration,
    asking: impl Future<Output = T> + Send + 'static,
) -> Option<T> {
    match tokio::spawn(asking).await {
        Ok(given) => Some(given),
        Err(_) if start.elapsed() > limit => None,
        Err(failed) => std::panic::resume_unwind(failed.into_panic()),
    }
}

/// Comes back once `condition` holds; looks every few milliseconds.
///
/// # Panics
///
/// After [`DEADLINE`], with the last thing that `condition` said was missing.
#[track_caller]
pub fn until<E: std::fmt::Debug>(
    what: &str,
    mut condition: impl FnMut() -> Result<(), E>,
) -> impl Future<Output = ()> {
    let place = std::panic::Location::caller();
    async move {
        let deadline = Instant::now() + DEADLINE;
        while let Err(missing) = condition() {
            assert!(Instant::now() < deadline, "waited {DEADLINE:?} for {what} ({place}): {missing:?}");
            sleep(Duration::from_millis(5)).await;
        }
    }
}

/// The same, for a condition that has to be asked for.
///
/// # Panics
///
/// As [`until`] does.
#[track_caller]
pub fn until_asked<E: std::fmt::Debug>(
    what: &str,
    mut condition: impl AsyncFnMut() -> Result<(), E>,
) -> impl Future<Output = ()> {
    let place = std::panic::Location::caller();
    async move {
        let deadline = Instant::now() + DEADLINE;
        while let Err(missing) = condition().await {
            assert!(Instant::now() < deadline, "waited {DEADLINE:?} for {what} ({place}): {missing:?}");
            sleep(Duration::from_millis(5)).await;
        }
    }
}

/// By how much a timer of 10 ms is late until it `ended`: the worst of each second, behind the time since `start` at which it was.
///
/// What the machine made everybody wait, to be told beside what a server did.
pub async fn lateness(start: std::time::Instant, ended: watch::Receiver<bool>) -> Vec<(Duration, Duration)> {
    const STEP: Duration = Duration::from_millis(10);
    let mut late = Vec::<(Duration, Duration)>::new();
    while !*ended.borrow() {
        let begun = std::time::Instant::now();
        sleep(STEP).await;
        let (at, by) = (start.elapsed(), begun.elapsed().saturating_sub(STEP));
        match late.last_mut() {
            Some(last) if last.0.as_secs() == at.as_secs() => last.1 = last.1.max(by),
            _ => late.push((at, by)),
        }
    }
    late
}
