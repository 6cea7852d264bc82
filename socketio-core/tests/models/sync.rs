//! What `src/sync.rs` is in the crate: here of shuttle.

pub(crate) use shuttle::sync::{Mutex, MutexGuard, atomic};

use std::cell::RefCell;
use std::future::Future;

use shuttle::future::JoinHandle;
use tokio::runtime::Handle;

/// Runs `task` among the threads of the model.
pub(crate) fn spawn(_: &Handle, task: impl Future<Output = ()> + Send + 'static) {
    let task = shuttle::future::spawn(task);
    TASKS.with_borrow_mut(|tasks| tasks.push(task));
}

/// Waits until all that was spawned has ended; what sleeps for ever is a deadlock, and fails the model.
pub(crate) async fn settle() {
    while let Some(task) = TASKS.with_borrow_mut(Vec::pop) {
        task.await.expect("a task that ended");
    }
}

/// Of an order that failed nothing may reach the next one.
pub(crate) fn forget() {
    TASKS.take();
}

thread_local! {
    /// All threads of a model run on one of the system's.
    static TASKS: RefCell<Vec<JoinHandle<()>>> = const { RefCell::new(Vec::new()) };
}
