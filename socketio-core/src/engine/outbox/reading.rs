//! How frames leave a queue: to a WebSocket all that is there, to a polling answer as many packets as clients take.

use std::sync::atomic::Ordering;
use std::task::{Context, Poll, Waker};

use super::{Bounds, Outbox, Reader, State, wake};
use crate::engine::close::Close;
use crate::engine::rope::Rope;
use crate::http::Lent;

/// At most this many packets go into one polling answer: python's clients refuse more than 16, and a close may be added.
const PAYLOAD_PACKETS: u64 = 15;

/// What a reader finds.
#[derive(Debug)]
pub(crate) enum Taken {
    Frames {
        rope: Rope,
        /// Whether the sender of any of them wants it compressed.
        compress: bool,
    },
    /// Nothing for this reader any more: the queue is another's now.
    Handed,
    /// A GET must return empty-handed so that the upgrade can go on.
    Probing,
    /// The session ends for this reason; `Rope` is what is still to be sent.
    Close(Box<Close>, Rope),
    /// It has ended already.
    Ended,
}

impl Outbox {
    /// Takes what is queued for the WebSocket, or sleeps until there is something; `written` bytes of what was taken before have left.
    pub(crate) fn poll_frames(
        &self,
        written: usize,
        idle: bool,
        bounds: &Bounds,
        cx: &Context<'_>,
    ) -> Poll<Taken> {
        let mut state = self.lock();
        let room = state.left(self, written, bounds);
        state.ready = idle;
        let taken = if state.shut {
            Poll::Ready(Taken::Ended)
        } else if let Some(close) = state.close.clone() {
            state.shut = true;
            Poll::Ready(Taken::Close(close, std::mem::take(&mut state.rope)))
        } else if idle && !state.rope.is_empty() {
            Poll::Ready(state.take())
        } else {
            // While a write is stuck only the socket's own readiness needs to wake the reader.
            self.hungry.store(idle, Ordering::Relaxed);
            state.remember(cx);
            Poll::Pending
        };
        drop(state);
        wake(room);
        taken
    }

    /// The same for a polling GET.
    pub(crate) fn poll_payload(&self, cx: &Context<'_>) -> Poll<Taken> {
        let mut state = self.lock();
        // Between two polls nobody takes anything.
        state.ready = false;
        if state.shut {
            return Poll::Ready(Taken::Ended);
        }
        if state.reader == Reader::Websocket {
            return Poll::Ready(Taken::Handed);
        }
        if state.rope.count() > PAYLOAD_PACKETS {
            return Poll::Ready(state.take_front());
        }
        // The close has a payload of its own: socket.io-client acts on it before it has handled the packets beside it.
        if !state.rope.is_empty() {
            return Poll::Ready(state.take());
        }
        if let Some(close) = state.close.clone() {
            state.shut = true;
            return Poll::Ready(Taken::Close(close, Rope::default()));
        }
        if state.reader == Reader::Probing {
            return Poll::Ready(Taken::Probing);
        }
        state.ready = true;
        self.hungry.store(true, Ordering::Relaxed);
        state.remember(cx);
        Poll::Pending
    }

    /// The answer to a GET is on its way: what of it does not leave before the session's end is taken back.
    pub(crate) fn lend(&self, answer: Lent) {
        let mut state = self.lock();
        if state.shut {
            drop(state);
            answer.take_back();
        } else {
            state.lent = Some(answer);
        }
    }

    /// `bytes` that a GET took have been handed to its connection, or are lost with it.
    pub(crate) fn delivered(&self, bytes: usize, bounds: &Bounds) {
        let mut state = self.lock();
        state.lent = None;
        let room = state.left(self, bytes, bounds);
        drop(state);
        wake(room);
    }

    /// Takes back the answer that is on its way, and throws away what waits behind it; returns how many messages waited.
    pub(crate) fn take_back(&self, bounds: &Bounds) -> u64 {
        let mut state = self.lock();
        let lent = state.lent.take();
        if lent.is_some() {
            state.in_flight = 0;
        }
        let rope = state.empty(self, bounds);
        drop(state);
        if let Some(lent) = lent {
            lent.take_back();
        }
        rope.count()
    }

    /// Changes the reader; the one before is woken and leaves without frames.
    pub(crate) fn hand_to(&self, reader: Reader) {
        let mut state = self.lock();
        state.reader = reader;
        state.ready = reader == Reader::Websocket;
        let (waker, room) = (state.waker.take(), state.room.take());
        drop(state);
        wake(waker);
        wake(room);
    }

    /// Ends the queue; returns what was not taken yet. Whoever sends it counts it. A polling answer on its way is taken back.
    pub(crate) fn shut(&self, bounds: &Bounds) -> Rope {
        self.end(bounds, false)
    }

    /// The same where an answer on its way may end in its own time: that goes on being counted.
    pub(crate) fn shut_patiently(&self, bounds: &Bounds) -> Rope {
        self.end(bounds, true)
    }

    fn end(&self, bounds: &Bounds, in_flight: bool) -> Rope {
        let mut state = self.lock();
        state.shut = true;
        let lent = if in_flight { None } else { state.lent.take() };
        if !in_flight {
            state.in_flight = 0;
        }
        let rope = state.empty(self, bounds);
        let (waker, room) = (state.waker.take(), state.room.take());
        drop(state);
        if let Some(lent) = lent {
            lent.take_back();
        }
        wake(waker);
        wake(room);
        rope
    }

    /// Throws away what waits; returns how many messages that were.
    pub(crate) fn discard(&self, bounds: &Bounds) -> u64 {
        let rope = self.lock().empty(self, bounds);
        rope.count()
    }
}

impl State {
    fn empty(&mut self, outbox: &Outbox, bounds: &Bounds) -> Rope {
        self.marks = None;
        outbox.len.store(self.in_flight, Ordering::Relaxed);
        self.ledger.set(&bounds.budget, self.in_flight);
        std::mem::take(&mut self.rope)
    }

    #[inline]
    fn take(&mut self) -> Taken {
        let rope = std::mem::take(&mut self.rope);
        self.in_flight += rope.len();
        self.marks = None;
        Taken::Frames { rope, compress: std::mem::take(&mut self.compress) }
    }

    /// As many packets as a polling client takes at once.
    fn take_front(&mut self) -> Taken {
        let rope = self.rope.split(PAYLOAD_PACKETS as usize);
        let length = rope.len();
        self.in_flight += length;
        if let Some(marks) = &mut self.marks {
            marks.forget_front(length);
        }
        Taken::Frames { rope, compress: self.compress }
    }

    /// Counts `written` bytes as gone; returns the waker of one who waited for room.
    fn left(&mut self, outbox: &Outbox, written: usize, bounds: &Bounds) -> Option<Waker> {
        if written == 0 {
            return None;
        }
        let gone = written.min(self.in_flight);
        self.in_flight -= gone;
        let len = outbox.len.load(Ordering::Relaxed).saturating_sub(gone);
        outbox.len.store(len, Ordering::Relaxed);
        self.ledger.set(&bounds.budget, len);
        if len <= bounds.limit / 2 { self.room.take() } else { None }
    }

    fn remember(&mut self, cx: &Context<'_>) {
        match &mut self.waker {
            Some(waker) if waker.will_wake(cx.waker()) => {}
            waker => *waker = Some(cx.waker().clone()),
        }
    }
}
