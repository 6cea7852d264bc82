//! Deadlines for brokers, which take their time.

use std::future::Future;
use std::time::Duration;

/// Nothing here takes that long unless it hangs.
pub(crate) async fn within<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(60), what).await.expect("it ends in time")
}

/// Asks until it is so.
pub(crate) async fn until(mut asked: impl AsyncFnMut() -> bool) {
    within(async {
        while !asked().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
}
