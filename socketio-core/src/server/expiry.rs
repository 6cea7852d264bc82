//! Sockets that have a time: one queue and one task for all of a server.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, SystemTime};

use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::Socket;
use super::socket::{Tell, WeakSocket};
use crate::engine::{Close, DisconnectReason, deadline};

impl Socket {
    /// Sends the client out of this namespace when the time has come, with the reason [`DisconnectReason::Expired`]: when its login ends,
    /// say. A later call counts instead of an earlier one, `None` takes the time away. A time that is over is now.
    ///
    /// The moment is fixed by the call: changes of the system's clock move it no more.
    pub fn expires_at(&self, time: impl Into<Option<SystemTime>>) {
        let left = |time: SystemTime| time.duration_since(SystemTime::now()).unwrap_or_default();
        self.expire_in(time.into().map(left));
    }

    /// The same, so long from now.
    pub fn expires_in(&self, time: Duration) {
        self.expire_in(Some(time));
    }

    fn expire_in(&self, time: Option<Duration>) {
        let Some(place) = self.expiry(time.is_some()) else { return };
        let server = self.server();
        let mut place = place.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(old) = place.take() {
            server.expiry.remove(old);
        }
        if let Some(time) = time {
            *place = Some(server.expiry.insert(deadline(time), self.downgrade(), &server.engine.runtime));
        }
        drop(place);
        if self.life().is_gone() {
            self.forget_expiry();
        }
    }

    /// Its time is over, unless it was put off at the last moment.
    fn expire(&self, key: Key) {
        let Some(place) = self.expiry(false) else { return };
        {
            let mut place = place.lock().unwrap_or_else(PoisonError::into_inner);
            if *place != Some(key) {
                return;
            }
            *place = None;
        }
        self.server().counting.expired.one();
        self.end(&Close::new(DisconnectReason::Expired), Tell::End);
    }

    pub(super) fn forget_expiry(&self) {
        let Some(place) = self.expiry(false) else { return };
        let key = place.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(key) = key {
            self.server().expiry.remove(key);
        }
    }
}

/// Things that are due at some time, as a value: the time goes in, what is due comes out.
#[derive(Debug)]
pub(crate) struct Deadlines<T> {
    queue: BTreeMap<Key, T>,
    next: u64,
}

/// A place in the queue: when, and in which order among those of the same moment.
pub(crate) type Key = (Instant, u64);

impl<T> Default for Deadlines<T> {
    fn default() -> Self {
        Deadlines { queue: BTreeMap::new(), next: 0 }
    }
}

impl<T> Deadlines<T> {
    pub(crate) fn insert(&mut self, at: Instant, what: T) -> Key {
        let key = (at, self.next);
        self.next += 1;
        self.queue.insert(key, what);
        key
    }

    pub(crate) fn remove(&mut self, key: Key) {
        self.queue.remove(&key);
    }

    /// When something is due next.
    pub(crate) fn earliest(&self) -> Option<Instant> {
        self.queue.keys().next().map(|(at, _)| *at)
    }

    /// What is due, which leaves the queue.
    pub(crate) fn due(&mut self, now: Instant) -> Vec<(Key, T)> {
        let later = self.queue.split_off(&(now, u64::MAX));
        std::mem::replace(&mut self.queue, later).into_iter().collect()
    }
}

/// The sockets of a server that expire.
#[derive(Debug, Default)]
pub(crate) struct Expiry {
    inner: Mutex<Inner>,
    changed: Arc<Notify>,
}

#[derive(Debug, Default)]
struct Inner {
    deadlines: Deadlines<WeakSocket>,
    running: bool,
}

impl Expiry {
    /// `socket` expires at that time; the first one ever starts the task that looks after them.
    pub(crate) fn insert(self: &Arc<Self>, at: Instant, socket: WeakSocket, runtime: &Handle) -> Key {
        let mut inner = self.lock();
        let earliest = inner.deadlines.earliest();
        let key = inner.deadlines.insert(at, socket);
        let starts = !std::mem::replace(&mut inner.running, true);
        drop(inner);
        if starts {
            runtime.spawn(run(Arc::downgrade(self), self.changed.clone()));
        } else if earliest.is_none_or(|earliest| at < earliest) {
            self.changed.notify_one();
        }
        key
    }

    pub(crate) fn remove(&self, key: Key) {
        self.lock().deadlines.remove(key);
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Expiry {
    fn drop(&mut self) {
        self.changed.notify_one();
    }
}

async fn run(expiry: Weak<Expiry>, changed: Arc<Notify>) {
    loop {
        let Some((earliest, due)) = expiry.upgrade().map(|expiry| {
            let mut inner = expiry.lock();
            let due = inner.deadlines.due(Instant::now());
            (inner.deadlines.earliest(), due)
        }) else {
            return;
        };
        for (key, socket) in due {
            if let Some(socket) = socket.upgrade() {
                socket.expire(key);
            }
        }
        match earliest {
            Some(earliest) => {
                let _ = tokio::time::timeout_at(earliest, changed.notified()).await;
            }
            None => changed.notified().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_due_comes_out_at_its_time_in_order_and_once() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut deadlines = Deadlines::default();
        let names = |due: Vec<(Key, &'static str)>| due.into_iter().map(|(_, name)| name).collect::<Vec<_>>();
        deadlines.insert(at(20), "late");
        deadlines.insert(at(10), "early");
        deadlines.insert(at(10), "early too");
        assert_eq!(deadlines.earliest(), Some(at(10)));
        assert_eq!(names(deadlines.due(at(9))), [""; 0]);
        assert_eq!(names(deadlines.due(at(10))), ["early", "early too"]);
        assert_eq!(names(deadlines.due(at(10))), [""; 0]);
        assert_eq!(names(deadlines.due(at(3600))), ["late"]);
        assert_eq!(deadlines.earliest(), None);
    }

    #[test]
    fn a_deadline_that_is_put_off_is_not_due_at_its_old_time() {
        let start = Instant::now();
        let mut deadlines = Deadlines::default();
        let key = deadlines.insert(start, "session");
        deadlines.remove(key);
        deadlines.insert(start + Duration::from_secs(60), "session");
        assert!(deadlines.due(start + Duration::from_secs(59)).is_empty());
        assert_eq!(deadlines.due(start + Duration::from_secs(60)).len(), 1);
    }
}
