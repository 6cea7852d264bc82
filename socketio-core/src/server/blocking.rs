//! Where handlers run that block: threads for the purpose, not more than so many at a time.

use std::sync::Arc;

use tokio::sync::Semaphore;

use super::Socket;
use crate::engine::Limit;

#[derive(Debug)]
pub(crate) struct BlockingPool {
    permits: Arc<Semaphore>,
    limit: usize,
}

impl BlockingPool {
    pub(crate) fn new(limit: usize) -> Self {
        BlockingPool { permits: Arc::new(Semaphore::new(limit.min(Semaphore::MAX_PERMITS))), limit }
    }

    fn note_full(&self, socket: &Socket) {
        let detail = format_args!("{} handlers block already, one more has to wait", self.limit);
        socket.server().engine.reached.note(Limit::BlockingHandlers, socket.id(), detail);
    }

    /// Runs `work` on a thread of its own once one is free; those that wait go in order. Its panic is the caller's. `None`: the runtime
    /// goes down.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        socket: &Socket,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        let permit = match self.permits.clone().try_acquire_owned() {
            Ok(permit) => permit,
            Err(_) => {
                self.note_full(socket);
                match self.permits.clone().acquire_owned().await {
                    Ok(permit) => permit,
                    // It is never closed.
                    Err(_) => return None,
                }
            }
        };
        let done = socket.server().engine.runtime.spawn_blocking(move || {
            let _permit = permit;
            work()
        });
        match done.await {
            Ok(output) => Some(output),
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(_) => None,
            },
        }
    }
}
