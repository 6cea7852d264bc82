//! What waits to be sent to one client: complete frames, bounded in bytes, with the waker of whoever sends them.
//!
//! Whatever the transport, the queue holds WebSocket frames as they leave on the wire. A WebSocket writes them unchanged; a polling
//! answer walks them (`protocol::frame::peek`) and writes each as a packet of its payload. So a broadcast is encoded once for
//! everybody, and an upgrade changes who reads the queue, not what is in it.
//!
//! Every push holds whole packets (a binary event's header and attachments together), so nothing comes between them.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use super::close::Close;
use super::rope::{Frames, Rope};

/// At most this many packets go into one polling answer: python's clients refuse more than 16, and a close may be added.
const PAYLOAD_PACKETS: u64 = 15;

/// Why a push was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// The session has ended, or is about to.
    Closed,
    /// The queue is full; the session is being closed for it.
    Full,
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
}

#[derive(Debug)]
struct State {
    rope: Rope,
    in_flight: usize,
    reader: Reader,
    waker: Option<Waker>,
    /// Waits for the queue to be at most half full (a POST that was held back).
    room: Option<Waker>,
    /// Why the session is to end; kept after the end.
    close: Option<Box<Close>>,
    /// The reader knows, or is gone; nothing is taken any more.
    shut: bool,
}

/// What a reader finds.
#[derive(Debug)]
pub(crate) enum Taken {
    Frames(Rope),
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
    pub(crate) fn new(reader: Reader) -> Self {
        let state = State {
            rope: Rope::default(),
            in_flight: 0,
            reader,
            waker: None,
            room: None,
            close: None,
            shut: false,
        };
        Outbox { state: Mutex::new(state), len: AtomicUsize::new(0), hungry: AtomicBool::new(false) }
    }

    /// Bytes that are queued or being written.
    pub(crate) fn len(&self) -> usize {
        self.len.load(Ordering::Relaxed)
    }

    /// Queues `frames`; the reader is woken if it sleeps for want of them.
    ///
    /// A packet larger than `limit` is taken when nothing else waits. When the queue is full, the session is closed: a client that
    /// lost one message in the middle could not know.
    pub(crate) fn push(&self, frames: Frames<'_>, limit: usize) -> Result<(), Refused> {
        let size = frames.len();
        self.put(size, limit, |rope| rope.push(frames))
    }

    /// The same for frames that belong together and count as one packet.
    pub(crate) fn push_all(&self, frames: Rope, limit: usize) -> Result<(), Refused> {
        self.put(frames.len(), limit, |rope| rope.append(frames))
    }

    fn put(&self, size: usize, limit: usize, put: impl FnOnce(&mut Rope)) -> Result<(), Refused> {
        let mut state = self.lock();
        if state.is_ending() {
            return Err(Refused::Closed);
        }
        let before = self.len();
        let after = before + size;
        if after > limit && before > 0 {
            state.close = Some(Box::new(Close::outgoing_full(limit, after)));
            let (waker, room) = (state.waker.clone(), state.room.take());
            drop(state);
            wake(waker);
            wake(room);
            return Err(Refused::Full);
        }
        put(&mut state.rope);
        self.len.store(after, Ordering::Relaxed);
        let waker = if self.hungry.swap(false, Ordering::Relaxed) { state.waker.clone() } else { None };
        drop(state);
        wake(waker);
        Ok(())
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

    /// Takes what is queued for the WebSocket, or sleeps until there is something; `written` bytes of what was taken before have left.
    pub(crate) fn poll_frames(
        &self,
        written: usize,
        idle: bool,
        limit: usize,
        cx: &Context<'_>,
    ) -> Poll<Taken> {
        let mut state = self.lock();
        let room = state.left(self, written, limit);
        let taken = if state.shut {
            Poll::Ready(Taken::Ended)
        } else if let Some(close) = state.close.clone() {
            state.shut = true;
            Poll::Ready(Taken::Close(close, std::mem::take(&mut state.rope)))
        } else if idle && !state.rope.is_empty() {
            Poll::Ready(Taken::Frames(state.take()))
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
        if state.shut {
            return Poll::Ready(Taken::Ended);
        }
        if state.reader == Reader::Websocket {
            return Poll::Ready(Taken::Handed);
        }
        if state.rope.count() > PAYLOAD_PACKETS {
            let rope = state.rope.split(PAYLOAD_PACKETS as usize);
            state.in_flight += rope.len();
            return Poll::Ready(Taken::Frames(rope));
        }
        // The close has a payload of its own: socket.io-client acts on it before it has handled the packets beside it.
        if !state.rope.is_empty() {
            return Poll::Ready(Taken::Frames(state.take()));
        }
        if let Some(close) = state.close.clone() {
            state.shut = true;
            return Poll::Ready(Taken::Close(close, Rope::default()));
        }
        if state.reader == Reader::Probing {
            return Poll::Ready(Taken::Probing);
        }
        self.hungry.store(true, Ordering::Relaxed);
        state.remember(cx);
        Poll::Pending
    }

    /// `bytes` that a GET took have been handed to its connection.
    pub(crate) fn delivered(&self, bytes: usize, limit: usize) {
        let room = self.lock().left(self, bytes, limit);
        wake(room);
    }

    /// Changes the reader; the one before is woken and leaves without frames.
    pub(crate) fn hand_to(&self, reader: Reader) {
        let mut state = self.lock();
        state.reader = reader;
        let (waker, room) = (state.waker.take(), state.room.take());
        drop(state);
        wake(waker);
        wake(room);
    }

    /// Ends the queue; returns what nobody will send any more.
    pub(crate) fn shut(&self) -> Rope {
        let mut state = self.lock();
        state.shut = true;
        self.len.store(0, Ordering::Relaxed);
        let (waker, room, rope) = (state.waker.take(), state.room.take(), std::mem::take(&mut state.rope));
        drop(state);
        wake(waker);
        wake(room);
        rope
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

    /// Ready when a POST may go on: at most half of `limit` is taken and the `handlers` have room; or the session ends; or an upgrade is
    /// under way, which must not wait for a client that has stopped polling.
    pub(crate) fn poll_turn(&self, limit: usize, handlers: bool, cx: &Context<'_>) -> Poll<()> {
        if handlers && self.len() <= limit / 2 {
            return Poll::Ready(());
        }
        let mut state = self.lock();
        if (handlers && self.len() <= limit / 2) || state.is_ending() || state.reader != Reader::Polling {
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

    fn take(&mut self) -> Rope {
        let rope = std::mem::take(&mut self.rope);
        self.in_flight += rope.len();
        rope
    }

    /// Counts `written` bytes as gone; returns the waker of one who waited for room.
    fn left(&mut self, outbox: &Outbox, written: usize, limit: usize) -> Option<Waker> {
        if written == 0 {
            return None;
        }
        let gone = written.min(self.in_flight);
        self.in_flight -= gone;
        let len = outbox.len.load(Ordering::Relaxed).saturating_sub(gone);
        outbox.len.store(len, Ordering::Relaxed);
        if len <= limit / 2 { self.room.take() } else { None }
    }

    fn remember(&mut self, cx: &Context<'_>) {
        match &mut self.waker {
            Some(waker) if waker.will_wake(cx.waker()) => {}
            waker => *waker = Some(cx.waker().clone()),
        }
    }
}

fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        waker.wake();
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::super::rope::SHARE_FROM;
    use super::*;
    use crate::protocol::frame;

    const LIMIT: usize = 100;

    fn text(payload: &str) -> Vec<u8> {
        let mut out = Vec::new();
        frame::write(&mut out, frame::Opcode::Text, payload.as_bytes());
        out
    }

    fn take(outbox: &Outbox) -> Poll<Taken> {
        outbox.poll_frames(0, true, LIMIT, &Context::from_waker(Waker::noop()))
    }

    #[test]
    fn what_is_pushed_is_taken_in_one_piece_and_counts_until_it_is_written() {
        let outbox = Outbox::new(Reader::Websocket);
        outbox.push(Frames::Copied(&text("4a")), LIMIT).unwrap();
        outbox.push(Frames::Copied(&text("4b")), LIMIT).unwrap();

        let Poll::Ready(Taken::Frames(rope)) = take(&outbox) else { panic!("frames") };
        assert_eq!((rope.count(), rope.len(), outbox.len()), (2, 8, 8));

        assert!(outbox.poll_frames(8, true, LIMIT, &Context::from_waker(Waker::noop())).is_pending());
        assert_eq!(outbox.len(), 0);
    }

    #[test]
    fn a_full_queue_closes_the_session_and_says_which_limit() {
        let outbox = Outbox::new(Reader::Websocket);
        outbox.push(Frames::Copied(&[0x81; 90]), LIMIT).unwrap();
        assert_eq!(outbox.push(Frames::Copied(&[0x81; 11]), LIMIT), Err(Refused::Full));
        assert_eq!(outbox.push(Frames::Copied(&[0x81; 1]), LIMIT), Err(Refused::Closed));
        let Poll::Ready(Taken::Close(close, _)) = take(&outbox) else { panic!("close") };
        assert!(close.detail.unwrap().contains("100"));
    }

    #[test]
    fn a_packet_over_the_limit_is_taken_by_an_empty_queue() {
        let outbox = Outbox::new(Reader::Websocket);
        assert_eq!(outbox.push(Frames::Copied(&[0x81; 500]), LIMIT), Ok(()));
    }

    #[test]
    fn large_packets_are_shared_and_keep_their_place() {
        let outbox = Outbox::new(Reader::Websocket);
        let large = Bytes::from(text(&"x".repeat(SHARE_FROM)));
        let limit = 1 << 20;
        outbox.push(Frames::Copied(&text("1")), limit).unwrap();
        outbox.push(Frames::Shared(large.clone()), limit).unwrap();
        outbox.push(Frames::Copied(&text("2")), limit).unwrap();
        let Poll::Ready(Taken::Frames(rope)) = take(&outbox) else { panic!("frames") };
        assert_eq!(rope.parts.len(), 2);
        assert_eq!(rope.parts[1].as_ptr(), large.as_ptr());
        assert_eq!(rope.tail, text("2"));
    }

    #[test]
    fn a_waiting_get_leaves_empty_handed_when_the_upgrade_needs_it() {
        let outbox = Outbox::new(Reader::Polling);
        let cx = Context::from_waker(Waker::noop());
        assert!(outbox.poll_payload(&cx).is_pending());
        outbox.hand_to(Reader::Probing);
        assert!(matches!(outbox.poll_payload(&cx), Poll::Ready(Taken::Probing)));
        outbox.push(Frames::Copied(&text("4a")), LIMIT).unwrap();
        outbox.hand_to(Reader::Websocket);
        assert!(matches!(outbox.poll_payload(&cx), Poll::Ready(Taken::Handed)));
        assert!(matches!(take(&outbox), Poll::Ready(Taken::Frames(_))));
    }

    #[test]
    fn a_get_takes_no_more_packets_than_pythons_clients_accept_and_the_next_one_the_rest() {
        let outbox = Outbox::new(Reader::Polling);
        let cx = Context::from_waker(Waker::noop());
        for number in 0..40 {
            let frame = text(&format!("4{number}"));
            let frames =
                if number % 3 == 0 { Frames::Shared(Bytes::from(frame)) } else { Frames::Copied(&frame) };
            outbox.push(frames, 1 << 20).unwrap();
        }
        outbox.close(Close::new(crate::engine::DisconnectReason::ServerShuttingDown));
        let (mut counts, mut all) = (Vec::new(), Vec::new());
        while let Poll::Ready(taken) = outbox.poll_payload(&cx) {
            let (rope, last) = match taken {
                Taken::Frames(rope) => (rope, false),
                Taken::Close(_, rope) => (rope, true),
                other => panic!("{other:?}"),
            };
            counts.push(rope.count());
            rope.parts.iter().for_each(|part| all.extend_from_slice(part));
            all.extend_from_slice(&rope.tail);
            if last {
                break;
            }
        }
        assert_eq!(counts, [15, 15, 10, 0], "the close comes by itself");
        assert_eq!(all, (0..40).flat_map(|number| text(&format!("4{number}"))).collect::<Vec<_>>());
    }

    #[test]
    fn room_comes_when_half_of_the_queue_has_left() {
        let outbox = Outbox::new(Reader::Polling);
        let cx = Context::from_waker(Waker::noop());
        outbox.push(Frames::Copied(&[0x81; 80]), LIMIT).unwrap();
        assert!(outbox.poll_turn(LIMIT, true, &cx).is_pending());
        assert!(matches!(outbox.poll_payload(&cx), Poll::Ready(Taken::Frames(_))));
        assert!(outbox.poll_turn(LIMIT, true, &cx).is_pending());
        outbox.delivered(80, LIMIT);
        assert!(outbox.poll_turn(LIMIT, true, &cx).is_ready());
    }
}
