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

    /// Runs `work` on a thread of its own once one is free; those that wait go in order. Its panic is the caller's.
    pub(crate) async fn run(&self, socket: &Socket, work: impl FnOnce() + Send + 'static) {
        let permit = match self.permits.clone().try_acquire_owned() {
            Ok(permit) => permit,
            Err(_) => {
                self.note_full(socket);
                match self.permits.clone().acquire_owned().await {
                    Ok(permit) => permit,
                    // It is never closed.
                    Err(_) => return,
                }
            }
        };
        let done = socket.server().engine.runtime.spawn_blocking(move || {
            let _permit = permit;
            work();
        });
        if let Err(error) = done.await
            && let Ok(panic) = error.try_into_panic()
        {
            std::panic::resume_unwind(panic);
        }
    }
}
