//! A runtime whose clock goes on only when nothing else can, and how many cases there are.

use std::env;
use std::future::Future;
use std::time::Duration;

use proptest::test_runner::{Config, FileFailurePersistence};

/// `PROPTEST_CASES` of them, else `few`.
pub(crate) fn config(few: u32) -> Config {
    let mut config = Config {
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("regressions"))),
        ..Config::default()
    };
    if env::var_os("PROPTEST_CASES").is_none() {
        config.cases = few;
    }
    config
}

pub(crate) fn run<T>(case: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
    runtime.expect("a runtime").block_on(case)
}

/// Until no task has anything to do; a millisecond passes.
pub(crate) async fn settle() {
    wait(1).await;
}

/// Some time, and until no task has anything to do.
pub(crate) async fn wait(millis: u64) {
    tokio::time::sleep(Duration::from_millis(millis)).await;
    // What came due in the same moment.
    for _ in 0..64 {
        tokio::task::yield_now().await;
    }
}
