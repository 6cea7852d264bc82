//! One client's session: its outgoing queue, its deadline, and, while it polls, the side that requests take turns with.
//!
//! Each session has one owner that reads what the client sends, in order:
//!
//! ```text
//! polling    whoever handles the POST takes the inbox out and puts it back; between requests the sweep looks after the session
//! upgrading  the same; once `5` has come, the WebSocket takes the inbox (after the POST in flight) and keeps it
//! websocket  its connection holds the inbox from the beginning to the end
//! ```

mod polling; // its deadlines and end while it polls
mod speed; // how fast the client may be
mod turns; // whose turn it is

use std::sync::{Arc, PoisonError};
use std::task::Waker;

use self::speed::SessionThrottle;
use super::admission::Place;
use super::close::{Close, DisconnectReason};
use super::heartbeat::{Heartbeat, Millis};
use super::limits::Limit;
use super::outbox::{Outbox, Pushed, Reader, Refused};
use super::parts::Handshake;
use super::rope::{Frames, Rope};
use super::{Engine, Inbox};
use crate::adapter::Flags;
use crate::protocol::engine::Transport;
use crate::protocol::sid::SessionId;
use crate::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use crate::sync::{Mutex, MutexGuard};

/// States of [`Session::going`]; other numbers are bytes that an owner is still to give back.
const STAYS: usize = 0;
const CHOSEN: usize = usize::MAX - 1;
const GONE: usize = usize::MAX;

/// The deadline has come and the owner has been told.
const DUE: Millis = u64::MAX;

#[derive(Debug)]
pub(crate) struct Session {
    id: SessionId,
    pub(crate) engine: Arc<Engine>,
    pub(crate) handshake: Handshake,
    pub(crate) outbox: Outbox,
    deadline: AtomicU64,
    opened: Millis,
    upgraded: AtomicBool,
    /// Bytes of the client that wait on this side, as far as they are counted.
    pub(super) incoming: AtomicUsize,
    /// Whether it was chosen to be cut, so that others have room, and what it still had then.
    going: AtomicUsize,
    place: Place,
    /// Where the client's speed is limited; it goes along at an upgrade.
    throttle: Option<Box<SessionThrottle>>,
    /// `None` once a WebSocket owns the session, and after the end.
    polling: Mutex<Option<Box<Polling>>>,
}

/// What requests of a polling session share.
#[derive(Debug)]
struct Polling {
    inbox: Slot,
    heartbeat: Heartbeat,
    getting: bool,
    /// The POST waits for this side: the queue is too full, or the handlers are all busy.
    held: bool,
    probing: bool,
    /// The WebSocket of an upgrade, waiting for the inbox or for the end.
    upgrader: Option<Waker>,
}

#[derive(Debug)]
enum Slot {
    Here(Box<dyn Inbox>),
    /// A POST has it.
    Busy,
}

/// Why a request cannot have its turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// Another request of the same kind is in flight: the client broke the protocol.
    Overlap,
    /// The session is not polling (any more).
    Mismatch,
    Ended,
}

impl Session {
    /// A session that the caller registers and owns.
    pub(crate) fn new(
        engine: &Arc<Engine>,
        id: SessionId,
        handshake: Handshake,
        reader: Reader,
        place: Place,
    ) -> Arc<Self> {
        let now = engine.now();
        Arc::new(Session {
            id,
            engine: engine.clone(),
            handshake,
            outbox: Outbox::new(reader),
            deadline: AtomicU64::new(now),
            opened: now,
            upgraded: AtomicBool::new(reader == Reader::Websocket),
            incoming: AtomicUsize::new(0),
            going: AtomicUsize::new(STAYS),
            place,
            throttle: SessionThrottle::new(engine, now),
            polling: Mutex::new(None),
        })
    }

    /// Gives a polling session its inbox and its first deadline.
    pub(crate) fn start_polling(&self, inbox: Box<dyn Inbox>) {
        let heartbeat = self.engine.heartbeat();
        self.set_deadline(heartbeat.deadline().min(self.connect_deadline()));
        let side = Polling {
            inbox: Slot::Here(inbox),
            heartbeat,
            getting: false,
            held: false,
            probing: false,
            upgrader: None,
        };
        *self.side() = Some(Box::new(side));
    }

    pub(crate) fn id(&self) -> &SessionId {
        &self.id
    }

    pub(crate) fn transport(&self) -> Transport {
        if self.upgraded.load(Ordering::Relaxed) { Transport::Websocket } else { Transport::Polling }
    }

    /// Queues whole frames; see [`Outbox::push`].
    pub(crate) fn push(self: &Arc<Self>, frames: Frames<'_>) -> Result<(), Refused> {
        self.push_with(frames, Flags::default())
    }

    /// The same with what their sender wants of them.
    #[inline]
    pub(crate) fn push_with(self: &Arc<Self>, frames: Frames<'_>, flags: Flags) -> Result<(), Refused> {
        match self.outbox.push(frames, flags, &self.engine.outgoing) {
            Ok(Pushed::Nothing) => Ok(()),
            pushed => self.pushed(pushed),
        }
    }

    /// Queues frames that belong together.
    pub(crate) fn push_all(self: &Arc<Self>, frames: Rope) -> Result<(), Refused> {
        self.pushed(self.outbox.push_all(frames, &self.engine.outgoing))
    }

    #[cold]
    fn pushed(self: &Arc<Self>, pushed: Result<Pushed, Refused>) -> Result<(), Refused> {
        let reached = &self.engine.reached;
        match pushed {
            Ok(_) => {
                self.note_displaced();
                self.engine.keep_to_budget();
                return Ok(());
            }
            Err(Refused::Full) => {
                self.note_displaced();
                reached.note(Limit::Outgoing, &self.id, self.end().detail.unwrap_or_default());
                self.discard();
                self.finish_if_polling();
            }
            Err(Refused::Dropped) => self.note_dropped(),
            Err(Refused::Closed) => {}
        }
        pushed.map(|_| ())
    }

    fn note_displaced(&self) {
        for _ in 0..self.outbox.displaced() {
            self.engine.reached.note(Limit::Volatile, &self.id, "a volatile packet made room for another");
        }
    }

    /// A volatile packet was not queued: the client is not ready for it.
    pub(crate) fn note_dropped(&self) {
        self.engine.reached.note(
            Limit::Volatile,
            &self.id,
            "a volatile packet was dropped: the client is not ready",
        );
    }

    /// The limits of the client's speed, if there are any.
    pub(super) fn throttle(&self) -> Option<&SessionThrottle> {
        self.throttle.as_deref()
    }

    /// Ends the session because `size` bytes wait for its client before it has been let in.
    pub(crate) fn close_for_full_queue(self: &Arc<Self>, size: usize) {
        self.close(Close::outgoing_full(self.engine.outgoing.limit, size));
    }

    /// Bytes that are kept for it, both ways.
    pub(super) fn fullness(&self) -> usize {
        self.outbox.len() + self.incoming.load(Ordering::Relaxed)
    }

    /// Whether it has been chosen to go.
    pub(super) fn is_going(&self) -> bool {
        self.going.load(Ordering::Relaxed) != STAYS
    }

    /// It has to go so that others have room: what waits for the client is thrown away at once, the rest goes with its owner.
    pub(super) fn cut_for_others(self: &Arc<Self>, limit: usize) {
        if self.going.compare_exchange(STAYS, CHOSEN, Ordering::AcqRel, Ordering::Relaxed).is_err() {
            return;
        }
        self.close(Close::over_budget(limit, self.fullness()));
        self.engine.counters.undelivered(self.outbox.take_back(&self.engine.outgoing));
        let (budget, rest) = (&self.engine.outgoing.budget, self.fullness().max(1));
        budget.goes(rest);
        if self.going.compare_exchange(CHOSEN, rest, Ordering::AcqRel, Ordering::Relaxed).is_err() {
            // It is gone already.
            budget.went(rest);
        }
    }

    /// Throws away what waits for the client: it has to go because of that.
    fn discard(&self) {
        self.engine.counters.undelivered(self.outbox.discard(&self.engine.outgoing));
    }

    /// Its memory and its place are free.
    pub(super) fn gone(&self) {
        self.place.leave();
        match self.going.swap(GONE, Ordering::AcqRel) {
            STAYS | CHOSEN | GONE => {}
            rest => self.engine.outgoing.budget.went(rest),
        }
    }

    /// The bound on what waits for this client, in bytes.
    pub(crate) fn max_outgoing(&self) -> usize {
        self.engine.outgoing.limit
    }

    /// The largest message the client may send, in bytes.
    pub(crate) fn max_payload(&self) -> usize {
        self.engine.config.max_payload
    }

    /// Ends the session for `close`; the owner does it, shortly after.
    pub(crate) fn close(self: &Arc<Self>, close: Close) {
        let limit = close.limit.map(|limit| (limit, close.detail.clone()));
        if self.outbox.close(close) {
            if let Some((limit, detail)) = limit {
                self.engine.reached.note(limit, &self.id, detail.unwrap_or_default());
            }
            self.finish_if_polling();
        }
    }

    /// Whether requests serve it; a WebSocket does otherwise.
    pub(crate) fn is_polling(&self) -> bool {
        self.side().is_some()
    }

    fn unjoined_deadline(&self, inbox: &Slot) -> Millis {
        match inbox {
            Slot::Here(inbox) if inbox.has_joined() => Millis::MAX - 1,
            _ => self.connect_deadline(),
        }
    }

    /// When a client that has joined no namespace is sent away.
    pub(crate) fn connect_deadline(&self) -> Millis {
        self.opened + u64::from(self.engine.config.connect_timeout)
    }

    pub(crate) fn set_deadline(&self, at: Millis) {
        self.deadline.store(at, Ordering::Relaxed);
    }

    pub(crate) fn is_due(&self, now: Millis) -> bool {
        now >= self.deadline.load(Ordering::Relaxed)
    }

    /// Whether the sweep has come by since the last [`set_deadline`](Self::set_deadline).
    pub(crate) fn was_told_due(&self) -> bool {
        self.deadline.load(Ordering::Relaxed) == DUE
    }

    pub(crate) fn tell_due(self: &Arc<Self>) {
        let polling = self.side().is_some();
        if polling {
            self.tick_polling();
        } else {
            self.set_deadline(DUE);
            self.outbox.wake();
        }
    }

    /// A line for whoever follows a client; a limit that ended it has a line of its own.
    pub(super) fn log_end(&self, close: &Close) {
        let (sid, reason, detail) = (&self.id, close.reason, close.detail.as_deref());
        tracing::debug!(target: "engineio", %sid, %reason, detail, "session closed");
    }

    /// Why the session ends or has ended.
    pub(super) fn end(&self) -> Close {
        self.outbox.closing().unwrap_or_else(|| Close::new(DisconnectReason::TransportClose))
    }

    fn side(&self) -> MutexGuard<'_, Option<Box<Polling>>> {
        self.polling.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Polling {
    fn take_inbox(&mut self) -> Option<Box<dyn Inbox>> {
        match std::mem::replace(&mut self.inbox, Slot::Busy) {
            Slot::Here(inbox) => Some(inbox),
            Slot::Busy => None,
        }
    }
}

/// How long a polling client may take to fetch the news of a shutdown, in milliseconds.
const SHUTDOWN_GRACE: Millis = 1000;

/// An Engine.IO ping as a frame.
pub(crate) const PING: [u8; 3] = [0x81, 1, b'2'];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::frame;

    #[test]
    fn the_prepared_ping_is_a_text_frame_with_the_packet_2() {
        let mut out = Vec::new();
        frame::write(&mut out, frame::Opcode::Text, b"2");
        assert_eq!(out, PING);
    }
}
