//! A polling session's deadlines and end: between requests it has no owner that would notice.

use std::sync::Arc;

use super::{DUE, PING, SHUTDOWN_GRACE, Session, Slot};
use crate::engine::close::{Close, DisconnectReason};
use crate::engine::heartbeat::Due;
use crate::engine::limits::Limit;
use crate::sync;

impl Session {
    /// A polling session's deadline has come.
    pub(super) fn tick_polling(self: &Arc<Self>) {
        let now = self.engine.now();
        let mut side = self.side();
        let Some(polling) = side.as_deref_mut() else {
            return;
        };
        if self.outbox.is_closing() {
            // With the inbox still here the end has only been asked for: `finish_polling` comes. It may have come just now.
            if matches!(polling.inbox, Slot::Busy) && self.is_due(now) {
                // Nobody came for what was left. Handlers run elsewhere: the sweep is everybody's.
                self.set_deadline(DUE);
                let session = self.clone();
                sync::spawn(&self.engine.runtime, async move { session.end_polling() });
            }
            return;
        }
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
            Due::Timeout => self.close(Close::new(DisconnectReason::PingTimeout).at(Limit::PingTimeout)),
            _ if unjoined => {
                self.close(Close::unjoined());
            }
            Due::Ping => {
                self.outbox.push_ping(&PING);
            }
            Due::Nothing => {}
        }
    }

    /// After the queue was asked to close: a polling session has no owner that would notice.
    pub(super) fn finish_if_polling(self: &Arc<Self>) {
        if self.side().is_some() {
            let session = self.clone();
            // The disconnect handlers run on a task of their own: the caller may be in the middle of a broadcast.
            sync::spawn(&self.engine.runtime, async move { session.finish_polling() });
        }
    }

    pub(super) fn finish_polling(self: &Arc<Self>) {
        let Some(close) = self.outbox.closing() else {
            return;
        };
        let mut side = self.side();
        let Some(polling) = side.as_deref_mut() else {
            return;
        };
        let inbox = polling.take_inbox();
        // Whoever polls may end the session meanwhile: a shutdown waits until its disconnect handlers have begun.
        let _held = self.engine.hold_open(0);
        if close.discards() {
            self.engine.counters.undelivered(self.outbox.discard(&self.engine.outgoing));
        }
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
        // Nobody would look after an answer that is not read. A shutdown has a deadline of its own for it.
        let left = match self.engine.closing.has_begun() {
            true => self.outbox.shut_patiently(&self.engine.outgoing),
            false => self.outbox.shut(&self.engine.outgoing),
        };
        let mut side = self.side().take();
        // As for a WebSocket, the disconnect handlers have begun before the session is forgotten.
        if let Some(inbox) = side.as_mut().and_then(|side| side.take_inbox()) {
            let close = self.end();
            self.log_end(&close);
            inbox.close(&close);
        }
        self.engine.forget(self, left.count());
        if let Some(waker) = side.and_then(|mut side| side.upgrader.take()) {
            waker.wake();
        }
    }
}
