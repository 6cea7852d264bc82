//! Where handlers run that block: threads for the purpose, not more than so many at a time, taken in order.
//!
//! ```text
//! work arrives:  a thread is free, or may be made  -> it starts
//!                else                              -> it waits behind what waits already
//!                from a thread of the pool itself  -> it runs there, as part of what runs there: nothing waits for itself
//! ```
//!
//! Nothing here limits what waits. Each handler that waits has a place among those of its connection
//! ([`max_handlers_in_flight`](super::ServerBuilder::max_handlers_in_flight)), and a client whose places are taken is not read.

use std::cell::Cell;
use std::collections::VecDeque;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::runtime::Handle;
use tokio::sync::oneshot;

use crate::engine::{Limit, Reached};

/// A cheap handle: clones are the same pool.
#[derive(Clone)]
pub(crate) struct BlockingPool {
    shared: Arc<Shared>,
}

struct Shared {
    limit: usize,
    runtime: Handle,
    reached: Arc<Reached>,
    queue: Mutex<Queue>,
}

#[derive(Default)]
struct Queue {
    /// Threads at work.
    running: usize,
    waiting: VecDeque<Job>,
}

type Job = Box<dyn FnOnce() + Send>;

impl BlockingPool {
    pub(crate) fn new(limit: usize, runtime: Handle, reached: Arc<Reached>) -> Self {
        BlockingPool { shared: Arc::new(Shared { limit, runtime, reached, queue: Mutex::default() }) }
    }

    /// Runs `work` on a thread of the pool; what waits goes in the order of first polls. Its panic is the caller's.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        who: impl fmt::Display,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> T {
        if on_pool() {
            return work();
        }
        let (sender, done) = oneshot::channel();
        let span = tracing::Span::current();
        self.start(who, move || {
            let _entered = span.enter();
            // Whoever waited for it may be gone.
            let _ = sender.send(catch_unwind(AssertUnwindSafe(work)));
        });
        match done.await {
            Ok(Ok(value)) => value,
            Ok(Err(panic)) => resume_unwind(panic),
            // The runtime is going down, and this task with it.
            Err(_) => std::future::pending().await,
        }
    }

    /// Runs `work` on a thread of the pool in its turn, and waits for nothing. `who` is what it is done for. It must not panic.
    pub(crate) fn start(&self, who: impl fmt::Display, work: impl FnOnce() + Send + 'static) {
        let mut queue = self.shared.lock();
        if queue.running >= self.shared.limit {
            queue.waiting.push_back(Box::new(work));
            drop(queue);
            self.shared.reached.note(
                Limit::BlockingHandlers,
                who,
                format_args!("{} handlers block already, one more has to wait", self.shared.limit),
            );
            return;
        }
        // Under the lock: threads are given work in the order in which it came. It panics where the system gives no thread.
        let shared = self.shared.clone();
        self.shared.runtime.spawn_blocking(move || shared.work(work));
        queue.running += 1;
    }
}

impl Shared {
    /// What a thread does: its first job, and then whatever waits.
    fn work(&self, first: impl FnOnce()) {
        ON_POOL.set(true);
        do_not_panic(first);
        while let Some(job) = self.next() {
            do_not_panic(job);
        }
        ON_POOL.set(false);
    }

    fn next(&self) -> Option<Job> {
        let mut queue = self.lock();
        let next = queue.waiting.pop_front();
        if next.is_none() {
            queue.running -= 1;
        }
        next
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The panic of a job is its caller's; what comes here is that of a result, dropped because nobody waits for it. The hook has told it.
fn do_not_panic(job: impl FnOnce()) {
    if catch_unwind(AssertUnwindSafe(job)).is_err() {
        tracing::error!(target: "socketio", "the result of a blocking handler panicked as it was dropped");
    }
}

/// Whether this thread is one of a pool's, and may be stopped.
pub(crate) fn on_pool() -> bool {
    ON_POOL.get()
}

thread_local! {
    static ON_POOL: Cell<bool> = const { Cell::new(false) };
}

impl fmt::Debug for BlockingPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let queue = self.shared.lock();
        f.debug_struct("BlockingPool")
            .field("limit", &self.shared.limit)
            .field("running", &queue.running)
            .field("waiting", &queue.waiting.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    fn pool(limit: usize) -> BlockingPool {
        BlockingPool::new(limit, Handle::current(), Arc::default())
    }

    #[tokio::test]
    async fn what_waits_is_taken_in_order_and_never_more_than_the_limit_runs() {
        let pool = pool(1);
        let (done, order) = mpsc::channel();
        let (open, gate) = mpsc::channel::<()>();
        pool.start("test", move || gate.recv().unwrap());
        for number in 0..100 {
            let done = done.clone();
            pool.start("test", move || done.send(number).unwrap());
        }
        assert!(order.try_recv().is_err());
        open.send(()).unwrap();
        drop(done);
        let order = tokio::task::spawn_blocking(move || order.iter().collect::<Vec<_>>()).await.unwrap();
        assert_eq!(order, (0..100).collect::<Vec<_>>());
    }

    #[tokio::test]
    async fn work_that_a_thread_of_the_pool_asks_for_runs_there_and_waits_for_no_other() {
        let pool = pool(1);
        let inner = pool.clone();
        let there = pool.run("test", move || {
            let here = std::thread::current().id();
            let mut nested = Box::pin(inner.run("test", move || std::thread::current().id() == here));
            crate::server::dispatch::poll_in_place(&mut nested)
        });
        assert_eq!(there.await, std::task::Poll::Ready(true));
    }

    #[tokio::test]
    async fn a_panic_is_the_callers_and_the_thread_goes_on() {
        let pool = pool(1);
        let (panicking, after) = (pool.clone(), pool.clone());
        let failed =
            tokio::spawn(async move { panicking.run("test", || panic!("asked for by a test")).await });
        assert!(failed.await.unwrap_err().is_panic());
        assert_eq!(after.run("test", || 1).await, 1);
    }

    #[tokio::test]
    async fn a_result_that_panics_as_it_is_dropped_costs_no_place() {
        struct Panics;
        impl Drop for Panics {
            fn drop(&mut self) {
                panic!("asked for by a test");
            }
        }
        let pool = pool(1);
        let (open, gate) = mpsc::channel::<()>();
        let mut dropped = Box::pin(pool.run("test", move || {
            gate.recv().unwrap();
            Panics
        }));
        assert!(crate::server::dispatch::poll_in_place(&mut dropped).is_pending());
        drop(dropped);
        open.send(()).unwrap();
        assert_eq!(pool.run("test", || 1).await, 1);
    }
}
