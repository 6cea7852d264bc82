//! What the sockets of one connection share: each other, and a bound on the handlers that wait for something.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use super::Socket;
use super::counters::SharedCounting;

#[derive(Debug)]
pub(crate) struct Link {
    count: AtomicUsize,
    limit: usize,
    counting: SharedCounting,
    /// The connection, while it waits for one of them to end.
    waker: Mutex<Option<Waker>>,
    /// One per namespace; emptied when the connection ends.
    sockets: Mutex<Vec<Socket>>,
}

impl Link {
    pub(crate) fn new(limit: usize, counting: SharedCounting) -> Arc<Self> {
        Arc::new(Link {
            count: AtomicUsize::new(0),
            limit,
            counting,
            waker: Mutex::new(None),
            sockets: Mutex::default(),
        })
    }

    /// The sockets of the connection.
    pub(crate) fn sockets(&self) -> Vec<Socket> {
        self.sockets
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub(crate) fn set_sockets(&self, sockets: &[Socket]) {
        // What was there is dropped after the lock.
        let _old = {
            let mut list = self.sockets.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut *list, sockets.to_vec())
        };
    }

    /// Whether another handler may start.
    pub(crate) fn has_room(&self) -> bool {
        self.count.load(Ordering::Acquire) < self.limit
    }

    pub(crate) fn poll_room(&self, cx: &Context<'_>) -> Poll<()> {
        if self.has_room() {
            return Poll::Ready(());
        }
        *self.waker.lock().unwrap_or_else(PoisonError::into_inner) = Some(cx.waker().clone());
        // One may have ended before the waker was there.
        if self.has_room() {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }

    pub(crate) fn enter(self: &Arc<Self>) -> Entry {
        self.count.fetch_add(1, Ordering::AcqRel);
        self.counting.handlers_running.up();
        Entry(self.clone())
    }
}

/// A handler that runs.
#[derive(Debug)]
pub(crate) struct Entry(Arc<Link>);

impl Drop for Entry {
    fn drop(&mut self) {
        let link = &self.0;
        link.counting.handlers_running.down();
        if link.count.fetch_sub(1, Ordering::AcqRel) == link.limit {
            let waker = link.waker.lock().unwrap_or_else(PoisonError::into_inner).take();
            if let Some(waker) = waker {
                waker.wake();
            }
        }
    }
}
