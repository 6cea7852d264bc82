//! What waits to be sent to one client: complete frames, bounded in bytes, with the waker of whoever sends them.
//!
//! Whatever the transport, the queue holds WebSocket frames as they leave on the wire. A WebSocket writes them unchanged; a polling
//! answer walks them (`protocol::frame::peek`) and writes each as a packet of its payload. So a broadcast is encoded once for
//! everybody, and an upgrade changes who reads the queue, not what is in it.
//!
//! Every push holds whole packets (a binary event's header and attachments together), so nothing comes between them, and nothing is
//! thrown out from between them.

mod reading; // how frames leave
mod volatile; // what may be thrown out

use std::sync::PoisonError;
use std::task::{Context, Poll, Waker};

pub(crate) use self::reading::Taken;
use self::volatile::Marks;
use super::budget::{Budget, Ledger};
use super::close::Close;
use super::rope::{Frames, Rope};
use super::session::PING;
use crate::adapter::Flags;
use crate::http::Lent;
use crate::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use crate::sync::{Mutex, MutexGuard};

/// What bounds the queues of a server.
#[derive(Debug)]
pub(crate) struct Bounds {
    /// Bytes of one queue.
    pub(crate) limit: usize,
    /// Whether volatile packets that wait make room for others.
    pub(crate) volatile_first: bool,
    /// All queues together.
    pub(crate) budget: Budget,
}

/// Why a push was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// The session has ended, or is about to.
    Closed,
    /// The queue is full; the session is being closed for it.
    Full,
    /// The client is not ready, and the packet is volatile.
    Dropped,
}

/// What a push has done beside queueing its packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pushed {
    Nothing,
    /// More bytes are counted than before.
    Grew,
    /// Volatile packets had to make room: [`Outbox::displaced`].
    Displaced,
}

/// Who takes frames out of the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reader {
    Polling,
    /// A GET that waits is sent away with a `noop`, so that the client can finish its upgrade.
    Probing,
    Websocket,
}

#[derive(Debug)]
pub(crate) struct Outbox {
    state: Mutex<State>,
    /// Bytes queued and in flight; written under the lock, read without.
    len: AtomicUsize,
    /// The reader sleeps until there is something to send; set under the lock.
    hungry: AtomicBool,
    /// Volatile packets that had to make room.
    displaced: AtomicU64,
}

#[derive(Debug)]
struct State {
    rope: Rope,
    in_flight: usize,
    /// The polling answer that is on its way, if it is one that counts.
    lent: Option<Lent>,
    /// Which bytes of `rope` are volatile, where that matters.
    marks: Option<Box<Marks>>,
    ledger: Ledger,
    reader: Reader,
    /// The client takes what it is sent: its stream is not full, or its GET waits.
    ready: bool,
    /// Something in `rope` may be compressed.
    compress: bool,
    waker: Option<Waker>,
    /// Waits for the queue to be at most half full (a POST that was held back).
    room: Option<Waker>,
    /// Why the session is to end; kept after the end.
    close: Option<Box<Close>>,
    /// The reader knows, or is gone; nothing is taken any more.
    shut: bool,
}

impl Outbox {
    pub(crate) fn new(reader: Reader) -> Self {
        let state = State {
            rope: Rope::default(),
            in_flight: 0,
            lent: None,
            marks: None,
            ledger: Ledger::default(),
            reader,
            ready: reader == Reader::Websocket,
            compress: false,
            waker: None,
            room: None,
            close: None,
            shut: false,
        };
        Outbox {
            state: Mutex::new(state),
            len: AtomicUsize::new(0),
            hungry: AtomicBool::new(false),
            displaced: AtomicU64::new(0),
        }
    }

    /// Bytes that are queued or being written.
    pub(crate) fn len(&self) -> usize {
        self.len.load(Ordering::Relaxed)
    }

    /// Queues `frames`; the reader is woken if it sleeps for want of them.
    ///
    /// A packet larger than the limit is taken when nothing but a ping waits. When the queue is full, the session is closed: a client
    /// that lost one message in the middle could not know. A volatile packet is dropped instead, and where the bounds say so, those
    /// that wait make room first.
    #[inline]
    pub(crate) fn push(&self, frames: Frames<'_>, flags: Flags, bounds: &Bounds) -> Result<Pushed, Refused> {
        let size = frames.len();
        self.put(size, flags, bounds, |rope| rope.push(frames))
    }

    /// The same for frames that belong together and count as one packet.
    pub(crate) fn push_all(&self, frames: Rope, bounds: &Bounds) -> Result<Pushed, Refused> {
        self.put(frames.len(), Flags::default(), bounds, |rope| rope.append(frames))
    }

    fn put(
        &self,
        size: usize,
        flags: Flags,
        bounds: &Bounds,
        put: impl FnOnce(&mut Rope),
    ) -> Result<Pushed, Refused> {
        let mut state = self.lock();
        if state.is_ending() {
            return Err(Refused::Closed);
        }
        let before = self.len();
        let mut after = before + size;
        let mut pushed = Pushed::Nothing;
        if after > bounds.limit && before > 0 {
            match self.make_room(&mut state, size, after, flags, bounds) {
                Ok(room) if room < after => (after, pushed) = (room, Pushed::Displaced),
                Ok(_) => {}
                Err(Refused::Full) => return Err(self.overflow(state)),
                Err(refused) => return Err(refused),
            }
        }
        if flags.volatile {
            if !state.ready {
                return Err(Refused::Dropped);
            }
            if bounds.volatile_first {
                state.mark(size);
            }
        }
        state.compress |= !flags.uncompressed;
        put(&mut state.rope);
        self.len.store(after, Ordering::Relaxed);
        if state.ledger.set(&bounds.budget, after) && pushed == Pushed::Nothing {
            pushed = Pushed::Grew;
        }
        let waker = if self.hungry.swap(false, Ordering::Relaxed) { state.waker.clone() } else { None };
        drop(state);
        wake(waker);
        Ok(pushed)
    }

    /// There is no room for `size` more bytes, which would make it `after`: what is volatile has to give way, if that helps. Returns how
    /// many bytes it will be.
    #[cold]
    fn make_room(
        &self,
        state: &mut State,
        size: usize,
        after: usize,
        flags: Flags,
        bounds: &Bounds,
    ) -> Result<usize, Refused> {
        if flags.volatile {
            return Err(Refused::Dropped);
        }
        let (packets, bytes) = state.make_room(after - bounds.limit);
        let after = after - bytes;
        self.len.store(after - size, Ordering::Relaxed);
        self.displaced.fetch_add(packets, Ordering::Relaxed);
        // Nothing else is as short as a ping. One that happens to wait must not make the difference.
        if after > bounds.limit && after > size + PING.len() {
            state.ledger.set(&bounds.budget, after - size);
            state.close = Some(Box::new(Close::outgoing_full(bounds.limit, after)));
            return Err(Refused::Full);
        }
        Ok(after)
    }

    /// Volatile packets that had to make room since this was asked last.
    pub(crate) fn displaced(&self) -> u64 {
        self.displaced.swap(0, Ordering::Relaxed)
    }

    #[cold]
    fn overflow(&self, mut state: MutexGuard<'_, State>) -> Refused {
        let (waker, room) = (state.waker.clone(), state.room.take());
        drop(state);
        wake(waker);
        wake(room);
        Refused::Full
    }

    /// Three bytes that no queue is too full for.
    pub(crate) fn push_ping(&self, ping: &[u8]) {
        let mut state = self.lock();
        if state.is_ending() {
            return;
        }
        state.rope.push(Frames::Copied(ping));
        self.len.fetch_add(ping.len(), Ordering::Relaxed);
        let waker = if self.hungry.swap(false, Ordering::Relaxed) { state.waker.clone() } else { None };
        drop(state);
        wake(waker);
    }

    /// The reader runs: it will look again before it sleeps, and need not be woken.
    pub(crate) fn reader_runs(&self) {
        self.hungry.store(false, Ordering::Relaxed);
    }

    /// Asks the reader to end the session; `false` when that was asked before.
    pub(crate) fn close(&self, close: Close) -> bool {
        let mut state = self.lock();
        if state.is_ending() {
            return false;
        }
        state.close = Some(Box::new(close));
        let (waker, room) = (state.waker.clone(), state.room.take());
        drop(state);
        wake(waker);
        wake(room);
        true
    }

    /// Whether the session's end was asked for, or has come.
    pub(crate) fn is_closing(&self) -> bool {
        self.lock().is_ending()
    }

    /// Why the session is to end, or has ended.
    pub(crate) fn closing(&self) -> Option<Close> {
        self.lock().close.as_deref().cloned()
    }

    /// Wakes the reader whatever it waits for.
    pub(crate) fn wake(&self) {
        let waker = self.lock().waker.clone();
        wake(waker);
    }

    /// Ready when the session is to end. Shares its waker with [`poll_turn`](Self::poll_turn): one POST waits for one of them.
    pub(crate) fn poll_closing(&self, cx: &Context<'_>) -> Poll<()> {
        let mut state = self.lock();
        if state.is_ending() {
            return Poll::Ready(());
        }
        state.room = Some(cx.waker().clone());
        Poll::Pending
    }

    /// Ready when a POST may hand its next packet on: at most half of `limit` is taken and the `handlers` have room; or the session ends.
    /// An upgrade under way excuses the queue, which a client that has stopped polling does not empty, but never the handlers.
    pub(crate) fn poll_turn(&self, limit: usize, handlers: bool, cx: &Context<'_>) -> Poll<()> {
        self.poll_room(limit, handlers, handlers, cx)
    }

    /// The same for the answer, when all of its packets have been handed on: an upgrade must not wait for that in any case.
    pub(crate) fn poll_answer(&self, limit: usize, handlers: bool, cx: &Context<'_>) -> Poll<()> {
        self.poll_room(limit, handlers, true, cx)
    }

    fn poll_room(&self, limit: usize, handlers: bool, upgrade_excuses: bool, cx: &Context<'_>) -> Poll<()> {
        if handlers && self.len() <= limit / 2 {
            return Poll::Ready(());
        }
        let mut state = self.lock();
        let excused = upgrade_excuses && state.reader != Reader::Polling;
        if (handlers && self.len() <= limit / 2) || state.is_ending() || excused {
            return Poll::Ready(());
        }
        state.room = Some(cx.waker().clone());
        Poll::Pending
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it is held; if something did, the queue would still be whole frames.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn is_ending(&self) -> bool {
        self.shut || self.close.is_some()
    }

    /// The next `size` bytes are a volatile packet.
    fn mark(&mut self, size: usize) {
        let start = self.rope.len();
        self.marks.get_or_insert_default().add(start, size);
    }

    /// Throws out volatile packets, the oldest first, until `bytes` are gained; returns how many packets and bytes went.
    fn make_room(&mut self, bytes: usize) -> (u64, usize) {
        match self.marks.as_deref_mut() {
            Some(marks) => marks.give_way(&mut self.rope, bytes),
            None => (0, 0),
        }
    }
}

fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        waker.wake();
    }
}

#[cfg(test)]
mod tests;
