//! Deadlines: a test that hangs says what it was waiting for.

use std::{future::Future, time::Duration};

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
    let place = std::panic::Location::caller();
    async move {
        match timeout(DEADLINE, future).await {
            Ok(output) => output,
            Err(_) => panic!("waited {DEADLINE:?} for {what} ({place})"),
        }
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
