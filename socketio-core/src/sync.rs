//! Where threads and tasks of one client meet: its queue, its session, its sockets and their rooms.
//!
//! The models in `tests/models` are built from these same sources with a module of their own in the place of this one: its locks,
//! atomics and tasks belong to a scheduler that tries the orders in which threads may come.

pub(crate) use std::sync::{Mutex, MutexGuard, atomic};

use std::future::Future;

use tokio::runtime::Handle;

/// Runs `task` on `runtime`.
pub(crate) fn spawn(runtime: &Handle, task: impl Future<Output = ()> + Send + 'static) {
    runtime.spawn(task);
}
