//! What the sockets of one connection share: each other, and a bound on the handlers that wait for something.
//!
//! Over the bound the client is not read any more. A handler that waits for an answer of that very client must not stop the answer
//! from being read: questions that are open raise the bound, up to [`ASKING`] times.

use std::sync::{Arc, OnceLock, PoisonError};
use std::task::{Context, Poll, Waker};

use super::Socket;
use super::counters::SharedCounting;
use super::encode::Parser;
use super::serial::{self, Serial};
use super::store::Store;
use crate::engine::{Limit, Session};
use crate::protocol::sid::Sid;
use crate::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use crate::sync::{Mutex, MutexGuard};

/// How many times as many handlers may wait while the client is asked.
const ASKING: usize = 16;

#[derive(Debug)]
pub(crate) struct Link {
    /// Handlers that wait.
    running: AtomicUsize,
    /// The client is not read because of them.
    full: AtomicBool,
    /// Sockets whose early events are being handled.
    catching_up: AtomicUsize,
    /// Handlers that waited and have ended; it wraps.
    ended: AtomicUsize,
    /// Answers of the client that are awaited, in all its namespaces.
    asked: AtomicUsize,
    limit: usize,
    /// How the client writes; known from its first packet.
    parser: OnceLock<Parser>,
    serial: Option<Box<Serial>>,
    counting: SharedCounting,
    /// The connection, while it waits for room.
    waker: Mutex<Option<Waker>>,
    /// One per namespace; emptied when the connection ends.
    sockets: Mutex<Vec<Socket>>,
    /// What the application keeps for all of them,
    store: OnceLock<Box<Store>>,
    /// until the connection has ended and the last of them, with its disconnect handler.
    users: AtomicUsize,
}

impl Link {
    pub(crate) fn new(limit: usize, serial: Option<Box<Serial>>, counting: SharedCounting) -> Arc<Self> {
        Arc::new(Link {
            running: AtomicUsize::new(0),
            full: AtomicBool::new(false),
            catching_up: AtomicUsize::new(0),
            ended: AtomicUsize::new(0),
            asked: AtomicUsize::new(0),
            limit,
            parser: OnceLock::new(),
            serial,
            counting,
            waker: Mutex::default(),
            sockets: Mutex::default(),
            store: OnceLock::new(),
            users: AtomicUsize::new(1),
        })
    }

    /// How the client writes its packets; JSON while it has sent none.
    #[inline]
    pub(crate) fn parser(&self) -> Parser {
        self.parser.get().copied().unwrap_or(Parser::Json)
    }

    /// The client has sent a packet that only `parser` would write; what it really speaks is what its first packet was.
    pub(crate) fn hear(&self, parser: Parser) -> Parser {
        *self.parser.get_or_init(|| parser)
    }

    /// The sockets of the connection.
    pub(crate) fn sockets(&self) -> Vec<Socket> {
        lock(&self.sockets).clone()
    }

    /// Another one, or one in the place of one that has left.
    pub(crate) fn put_socket(&self, place: usize, socket: Socket) {
        let mut sockets = lock(&self.sockets);
        let left = match sockets.get_mut(place) {
            Some(there) => Some(std::mem::replace(there, socket)),
            None => {
                // Most have one for good.
                if sockets.is_empty() {
                    sockets.reserve_exact(1);
                }
                sockets.push(socket);
                None
            }
        };
        // It is dropped after the lock.
        drop(sockets);
        drop(left);
    }

    pub(crate) fn forget_sockets(&self) {
        // They are dropped after the lock.
        let _sockets = std::mem::take(&mut *lock(&self.sockets));
    }

    /// `None`: the end of it all has come.
    pub(crate) fn store(&self) -> Option<&Store> {
        (self.users.load(Ordering::Acquire) > 0).then(|| &**self.store.get_or_init(Box::default))
    }

    pub(crate) fn saved(&self) -> Option<&Store> {
        self.store.get().map(|store| &**store)
    }

    /// A socket may use what is kept, until it is [`forgotten`](Self::forgotten).
    pub(crate) fn remembered(&self) {
        self.users.fetch_add(1, Ordering::AcqRel);
    }

    pub(crate) fn forgotten(&self) {
        if self.users.fetch_sub(1, Ordering::AcqRel) == 1
            && let Some(store) = self.saved()
        {
            store.clear();
        }
    }

    /// The connection has ended.
    pub(crate) fn closed(&self) {
        self.forgotten();
    }

    /// Where events have to wait for their turn.
    pub(crate) fn serial(&self) -> Option<&Serial> {
        self.serial.as_deref()
    }

    /// Whether a handler waits for something.
    pub(crate) fn is_busy(&self) -> bool {
        self.running.load(Ordering::Acquire) > 0
    }

    /// Whether another event can be taken.
    #[inline]
    pub(crate) fn has_room(&self) -> bool {
        if self.catching_up.load(Ordering::Acquire) > 0 {
            return false;
        }
        if let Some(serial) = &self.serial {
            return serial.has_room(1 + self.asked.load(Ordering::Acquire).min(ASKING - 1));
        }
        let running = self.running.load(Ordering::Acquire);
        running < self.limit || {
            let asked = self.asked.load(Ordering::Acquire).min(self.limit.saturating_mul(ASKING - 1));
            running < self.limit.saturating_add(asked)
        }
    }

    pub(crate) fn poll_room(&self, session: &Session, cx: &Context<'_>) -> Poll<()> {
        if self.has_room() {
            self.full.store(false, Ordering::Relaxed);
            return Poll::Ready(());
        }
        if let Some(serial) = &self.serial {
            if self.catching_up.load(Ordering::Acquire) == 0 {
                serial.note_full(session);
            }
        } else if self.catching_up.load(Ordering::Acquire) == 0 && !self.full.swap(true, Ordering::Relaxed) {
            let detail = "the client is not read until one of its handlers ends";
            session.engine.reached.note(Limit::HandlersInFlight, session.id(), detail);
        }
        *lock(&self.waker) = Some(cx.waker().clone());
        // It may have come before the waker was there.
        if self.has_room() { Poll::Ready(()) } else { Poll::Pending }
    }

    pub(crate) fn ended(&self) -> usize {
        self.ended.load(Ordering::Relaxed)
    }

    /// A handler waits from now on.
    pub(crate) fn enter(self: &Arc<Self>) -> Entry {
        self.running.fetch_add(1, Ordering::AcqRel);
        self.counting.handlers_running.up();
        Entry(self.clone())
    }

    /// The client is not read until the events that waited for its CONNECT have started.
    pub(crate) fn catch_up(self: &Arc<Self>) -> CatchingUp {
        self.catching_up.fetch_add(1, Ordering::AcqRel);
        CatchingUp(self.clone())
    }

    /// The client is asked something.
    pub(super) fn ask(&self) {
        self.counting.pending_acks.up();
        self.asked.fetch_add(1, Ordering::AcqRel);
        self.wake();
    }

    /// So many answers are awaited already that one more is refused.
    pub(super) fn refused_to_ask(&self, sid: &Sid, limit: usize) {
        self.counting.reached.note(
            Limit::PendingAcks,
            sid,
            format_args!("{limit} answers are awaited already, one more was not asked for"),
        );
    }

    /// A question is answered, or nobody waits for the answer any more.
    pub(super) fn unask(&self) {
        self.counting.pending_acks.down();
        self.asked.fetch_sub(1, Ordering::AcqRel);
    }

    pub(super) fn wake(&self) {
        let waker = lock(&self.waker).take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

/// A handler that waits.
#[derive(Debug)]
pub(crate) struct Entry(Arc<Link>);

impl Drop for Entry {
    fn drop(&mut self) {
        self.0.counting.handlers_running.down();
        self.0.running.fetch_sub(1, Ordering::AcqRel);
        self.0.ended.fetch_add(1, Ordering::Relaxed);
        serial::handler_ended(&self.0);
        self.0.wake();
    }
}

/// Early events that are being handled.
#[derive(Debug)]
pub(crate) struct CatchingUp(Arc<Link>);

impl Drop for CatchingUp {
    fn drop(&mut self) {
        self.0.catching_up.fetch_sub(1, Ordering::AcqRel);
        self.0.wake();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_waits_for_room_until_one_of_its_handlers_ends() {
        let link = Link::new(2, None, SharedCounting::default());
        let first = link.enter();
        assert!(link.has_room());
        let _second = link.enter();
        assert!(!link.has_room());
        drop(first);
        assert!(link.has_room());
    }

    #[test]
    fn questions_to_the_client_make_room_so_that_their_answers_are_read_but_not_without_end() {
        let link = Link::new(1, None, SharedCounting::default());
        let _waiting = link.enter();
        assert!(!link.has_room());
        link.ask();
        assert!(link.has_room());
        (0..100).for_each(|_| link.ask());
        let _more: Vec<_> = (1..ASKING).map(|_| link.enter()).collect();
        assert!(!link.has_room());
    }
}
