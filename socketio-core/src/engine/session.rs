//! One client's session: its outgoing queue, its deadline, and, while it polls, the side that requests take turns with.
//!
//! Each session has one owner that reads what the client sends, in order:
//!
//! ```text
//! polling    whoever handles the POST takes the inbox out and puts it back; between requests the sweep looks after the session
//! upgrading  the same; once `5` has come, the WebSocket takes the inbox (after the POST in flight) and keeps it
//! websocket  its connection holds the inbox from the beginning to the end
//! ```

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use super::close::{Close, DisconnectReason};
use super::heartbeat::{Due, Heartbeat, Millis};
use super::outbox::{Outbox, Reader, Refused};
use super::parts::Handshake;
use super::rope::{Frames, Rope};
use super::{Engine, Inbox};
use crate::protocol::engine::Transport;
use crate::protocol::sid::SessionId;

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
        self.pushed(self.outbox.push(frames, self.engine.config.max_outgoing))
    }

    /// Queues frames that belong together.
    pub(crate) fn push_all(self: &Arc<Self>, frames: Rope) -> Result<(), Refused> {
        self.pushed(self.outbox.push_all(frames, self.engine.config.max_outgoing))
    }

    fn pushed(self: &Arc<Self>, pushed: Result<(), Refused>) -> Result<(), Refused> {
        if pushed == Err(Refused::Full) {
            self.engine.counters.outgoing_full();
            self.finish_if_polling();
        }
        pushed
    }

    /// Ends the session because `size` bytes wait for its client before it has been let in.
    pub(crate) fn close_for_full_queue(self: &Arc<Self>, size: usize) {
        self.engine.counters.outgoing_full();
        self.close(Close::outgoing_full(self.engine.config.max_outgoing, size));
    }

    /// The bound on what waits for this client, in bytes.
    pub(crate) fn max_outgoing(&self) -> usize {
        self.engine.config.max_outgoing
    }

    /// The largest message the client may send, in bytes.
    pub(crate) fn max_payload(&self) -> usize {
        self.engine.config.max_payload
    }

    /// Ends the session for `close`; the owner does it, shortly after.
    pub(crate) fn close(self: &Arc<Self>, close: Close) {
        if self.outbox.close(close) {
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

    pub(super) fn is_due(&self, now: Millis) -> bool {
        now >= self.deadline.load(Ordering::Relaxed)
    }

    /// Whether the sweep has come by since the last [`set_deadline`](Self::set_deadline).
    pub(crate) fn was_told_due(&self) -> bool {
        self.deadline.load(Ordering::Relaxed) == DUE
    }

    pub(super) fn tell_due(self: &Arc<Self>) {
        self.deadline.store(DUE, Ordering::Relaxed);
        let polling = self.side().is_some();
        if polling { self.tick_polling() } else { self.outbox.wake() }
    }

    /// A polling session's deadline has come.
    fn tick_polling(self: &Arc<Self>) {
        let now = self.engine.now();
        if self.outbox.is_closing() {
            // Nobody came for what was left. Handlers run elsewhere: the sweep is everybody's.
            let session = self.clone();
            self.engine.runtime.spawn(async move { session.end_polling() });
            return;
        }
        let mut side = self.side();
        let Some(polling) = side.as_deref_mut() else {
            return;
        };
        let mut due = polling.heartbeat.tick(now);
        if due == Due::Timeout && polling.held && polling.getting {
            // Its pong waits behind the POST that this side holds back. Another ping answers its GET: if it lives it sends a new one.
            polling.heartbeat.extend(now);
            due = Due::Ping;
        }
        let mut deadline = polling.heartbeat.deadline();
        let mut unjoined = false;
        match &polling.inbox {
            Slot::Here(inbox) if inbox.has_joined() => {}
            Slot::Here(_) => {
                unjoined = now >= self.connect_deadline();
                deadline = deadline.min(self.connect_deadline());
            }
            Slot::Busy => deadline = deadline.min(now + u64::from(self.engine.config.ping_timeout)),
        }
        self.set_deadline(deadline);
        drop(side);
        match due {
            Due::Timeout => self.close(Close::new(DisconnectReason::PingTimeout)),
            _ if unjoined => {
                self.close(Close::with(DisconnectReason::ForcedClose, "joined no namespace in time"))
            }
            Due::Ping => {
                // Three bytes that no queue is too full for.
                let _ = self.outbox.push(Frames::Copied(&PING), usize::MAX);
            }
            Due::Nothing => {}
        }
    }

    /// After the queue was asked to close: a polling session has no owner that would notice.
    fn finish_if_polling(self: &Arc<Self>) {
        if self.side().is_some() {
            let session = self.clone();
            // The disconnect handlers run on a task of their own: the caller may be in the middle of a broadcast.
            self.engine.runtime.spawn(async move { session.finish_polling() });
        }
    }

    fn finish_polling(self: &Arc<Self>) {
        let Some(close) = self.outbox.closing() else {
            return;
        };
        let mut side = self.side();
        let Some(polling) = side.as_deref_mut() else {
            return;
        };
        let inbox = polling.take_inbox();
        let getting = polling.getting;
        let upgrader = polling.upgrader.take();
        // A client between two polls shall hear that it was sent away; a broken one will not come back.
        let grace = match close.reason {
            DisconnectReason::ForcedServerClose => u64::from(self.engine.config.ping_timeout),
            DisconnectReason::ServerShuttingDown => SHUTDOWN_GRACE,
            _ if getting => u64::from(self.engine.config.ping_timeout),
            _ => 0,
        };
        self.set_deadline(self.engine.now() + grace);
        drop(side);
        if let Some(waker) = upgrader {
            waker.wake();
        }
        if let Some(inbox) = inbox {
            self.log_end(&close);
            inbox.close(&close);
        }
        if grace == 0 {
            self.end_polling();
        }
    }

    /// Forgets the session: its last answer has been given, or nobody waits for one.
    pub(crate) fn end_polling(self: &Arc<Self>) {
        let left = self.outbox.shut();
        let side = self.side().take();
        self.engine.forget(self, left.count());
        if let Some(mut side) = side {
            if let Some(inbox) = side.take_inbox() {
                let close = self.end();
                self.log_end(&close);
                inbox.close(&close);
            }
            if let Some(waker) = side.upgrader.take() {
                waker.wake();
            }
        }
    }

    /// A GET begins.
    pub(crate) fn begin_get(&self) -> Result<(), Turn> {
        let mut side = self.side();
        match side.as_deref_mut() {
            Some(polling) if polling.getting => Err(Turn::Overlap),
            Some(polling) => {
                polling.getting = true;
                Ok(())
            }
            None => Err(Turn::Mismatch),
        }
    }

    /// It has been answered, or its connection is gone.
    pub(crate) fn end_get(self: &Arc<Self>) {
        if let Some(polling) = self.side().as_deref_mut() {
            polling.getting = false;
        }
        if self.outbox.is_closing() {
            self.finish_if_polling();
        }
    }

    /// A POST takes the inbox.
    pub(crate) fn begin_post(&self) -> Result<Box<dyn Inbox>, Turn> {
        let mut side = self.side();
        let Some(polling) = side.as_deref_mut() else {
            return Err(Turn::Mismatch);
        };
        if self.outbox.is_closing() {
            return Err(Turn::Ended);
        }
        polling.take_inbox().ok_or(Turn::Overlap)
    }

    /// The POST is held back, or goes on.
    pub(crate) fn hold_post(&self, held: bool) {
        if let Some(polling) = self.side().as_deref_mut() {
            polling.held = held;
        }
    }

    /// It puts it back; when the session was closed meanwhile, this is its end.
    pub(crate) fn end_post(self: &Arc<Self>, inbox: Box<dyn Inbox>) {
        let mut side = self.side();
        let Some(polling) = side.as_deref_mut() else {
            drop(side);
            let close = self.end();
            self.log_end(&close);
            inbox.close(&close);
            return;
        };
        polling.inbox = Slot::Here(inbox);
        let upgrader = polling.upgrader.take();
        drop(side);
        if let Some(waker) = upgrader {
            waker.wake();
        }
        if self.outbox.is_closing() {
            self.finish_polling();
        }
    }

    /// A pong came by POST.
    pub(crate) fn pong(&self) {
        let now = self.engine.now();
        if let Some(polling) = self.side().as_deref_mut()
            && polling.heartbeat.pong(now)
        {
            self.set_deadline(polling.heartbeat.deadline().min(self.unjoined_deadline(&polling.inbox)));
        }
    }

    /// A WebSocket wants to take over; one at a time.
    pub(crate) fn begin_upgrade(&self) -> Result<(), Turn> {
        let mut side = self.side();
        match side.as_deref_mut() {
            Some(polling) if polling.probing => Err(Turn::Overlap),
            Some(polling) => {
                polling.probing = true;
                Ok(())
            }
            None => Err(Turn::Mismatch),
        }
    }

    /// It gave up; polling goes on.
    pub(crate) fn abandon_upgrade(&self) {
        if let Some(polling) = self.side().as_deref_mut() {
            polling.probing = false;
            polling.upgrader = None;
            self.outbox.hand_to(Reader::Polling);
        }
    }

    /// Waits until the POST in flight is through, then hands the session to the WebSocket, with the ping that polling may have sent.
    /// `None`: the session has ended.
    pub(crate) fn poll_take_over(&self, cx: &Context<'_>) -> Poll<Option<(Box<dyn Inbox>, Heartbeat)>> {
        let mut side = self.side();
        let Some(polling) = side.as_deref_mut() else {
            return Poll::Ready(None);
        };
        if self.outbox.is_closing() {
            return Poll::Ready(None);
        }
        let Some(inbox) = polling.take_inbox() else {
            polling.upgrader = Some(cx.waker().clone());
            return Poll::Pending;
        };
        let heartbeat = side.take().map(|polling| polling.heartbeat);
        self.upgraded.store(true, Ordering::Relaxed);
        self.outbox.hand_to(Reader::Websocket);
        Poll::Ready(heartbeat.map(|heartbeat| (inbox, heartbeat)))
    }

    /// Ready when a probed session ends before its upgrade.
    pub(crate) fn poll_ended(&self, cx: &Context<'_>) -> Poll<()> {
        let mut side = self.side();
        match side.as_deref_mut() {
            Some(polling) if !self.outbox.is_closing() => {
                polling.upgrader = Some(cx.waker().clone());
                Poll::Pending
            }
            _ => Poll::Ready(()),
        }
    }

    /// One line for the end of a session: for whoever runs the server when a limit was passed, else for whoever follows a client.
    pub(super) fn log_end(&self, close: &Close) {
        let (sid, reason, detail) = (&self.id, close.reason, close.detail.as_deref());
        if close.is_limit() {
            tracing::warn!(target: "engineio", %sid, %reason, detail, "session closed for a limit");
        } else {
            tracing::debug!(target: "engineio", %sid, %reason, detail, "session closed");
        }
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
