//! Whose turn it is: requests of a polling session take its sides, and the WebSocket of an upgrade takes it over.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};

use super::{Session, Slot, Turn};
use crate::engine::Inbox;
use crate::engine::heartbeat::Heartbeat;
use crate::engine::outbox::Reader;

impl Session {
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
}
