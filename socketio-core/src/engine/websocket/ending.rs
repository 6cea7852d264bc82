//! How a connection ends, and what becomes of what was still to be sent.

use std::io;

use super::Connection;
use crate::engine::close::{Close, DisconnectReason};
use crate::engine::farewell::farewell;
use crate::engine::limits::Limit;
use crate::protocol::frame::FrameError;

impl Connection {
    /// The stream is gone. What was read of it is handled before that is the end, if it does not take too long.
    pub(super) fn lost(&mut self, error: Option<io::Error>) -> Result<(), End> {
        if self.held.is_empty() || self.overfull() {
            return Err(End::Lost(error));
        }
        if self.gone.is_none() {
            self.gone = Some(error);
            let engine = &self.session.engine;
            self.session.set_deadline(engine.now() + u64::from(engine.config.ping_timeout));
        }
        Ok(())
    }

    pub(super) fn end(&mut self, end: End) {
        let session = &self.session;
        let (close, speaks) = match end {
            End::Told(close) => (close, true),
            End::Close(close) => {
                session.close(close.clone());
                (close, true)
            }
            End::Lost(error) => {
                let close = match error {
                    Some(error) => Close::with(DisconnectReason::TransportError, error.to_string()),
                    None => Close::new(DisconnectReason::TransportClose),
                };
                (session.outbox.closing().unwrap_or(close), false)
            }
        };
        session.log_end(&close);
        // A client that answers no pings is not waited for.
        let speaks = speaks && close.reason != DisconnectReason::PingTimeout;
        // What was queued before the end still goes out, unless there is too much of it; nothing can be added.
        let rest = session.outbox.shut(&session.engine.outgoing);
        let mut undelivered = 0;
        if close.discards() {
            undelivered += rest.count() + self.sending.keep_begun();
        } else {
            self.sending.append(rest);
        }
        if !speaks {
            undelivered += self.sending.count();
        }
        self.kept = None;
        // The farewell is counted, and the disconnect handlers have begun, before the session is forgotten: a shutdown waits for both.
        let open = speaks.then(|| session.engine.hold_open(self.sending.len()));
        if let Some(inbox) = self.inbox.take() {
            inbox.close(&close);
        }
        session.engine.forget(session, undelivered);
        if let (Some(io), Some(open)) = (self.io.take(), open) {
            let sending = std::mem::take(&mut self.sending);
            session.engine.runtime.spawn(farewell(open, io, sending, close));
        }
    }
}

/// How a connection ends.
pub(super) enum End {
    /// The stream is gone.
    Lost(Option<io::Error>),
    /// Something this side decided, or the client asked for; the WebSocket is closed properly.
    Close(Close),
    /// The session was closed from elsewhere.
    Told(Close),
}

impl End {
    pub(super) fn frame(error: FrameError) -> End {
        let code = error.close_code();
        let limit = matches!(error, FrameError::TooBig { .. }).then_some(Limit::Payload);
        End::Close(Close { code, limit, ..Close::with(DisconnectReason::TransportError, error.to_string()) })
    }
}
