//! A time from now on, however far.

use std::time::Duration;

use tokio::time::Instant;

/// When so much time has passed; what is beyond the clock is half a century.
pub(crate) fn deadline(within: Duration) -> Instant {
    const FAR: Duration = Duration::from_secs(50 * 365 * 24 * 3600);
    Instant::now() + within.min(FAR)
}
