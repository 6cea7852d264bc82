//! Stopping a thread for what the server's runtime does.

use std::future::Future;

use tokio::runtime::Handle;
use tokio::sync::oneshot;

/// Waits until `future` is through, which runs on `runtime`; `None`: that is going down.
///
/// # Panics
///
/// This thread drives async tasks; nothing was done.
#[track_caller]
pub(super) fn wait<T: Send + 'static>(
    runtime: &Handle,
    future: impl Future<Output = T> + Send + 'static,
) -> Option<T> {
    must_be_allowed();
    let (sender, result) = oneshot::channel();
    runtime.spawn(async move {
        let _ = sender.send(future.await);
    });
    result.blocking_recv().ok()
}

/// Says, before anything is done, whether this thread may be stopped.
///
/// # Panics
///
/// It drives async tasks.
#[track_caller]
pub(super) fn must_be_allowed() {
    let (sender, nothing) = oneshot::channel();
    let _ = sender.send(());
    // Tokio knows, and says "Cannot block the current thread from within a runtime …".
    let _ = nothing.blocking_recv();
}
