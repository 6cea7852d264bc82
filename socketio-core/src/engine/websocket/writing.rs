//! What goes: the queue into the stream, pings and pongs at the next border between frames.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use tokio::io::AsyncWrite;

use super::ending::End;
use super::{Connection, ROUNDS};
use crate::engine::outbox::Taken;
use crate::engine::session::PING;

impl Connection {
    /// Writes what is queued; `true` when there may be more and others should have their turn.
    pub(super) fn write(&mut self, cx: &mut Context<'_>) -> Result<bool, End> {
        let mut rounds = 0;
        loop {
            self.slip_in();
            if self.sending.is_empty() {
                if std::mem::take(&mut self.unflushed) && self.flush(cx)?.is_pending() {
                    self.unflushed = true;
                    return self.stuck(cx);
                }
                if rounds == ROUNDS {
                    return Ok(true);
                }
                rounds += 1;
                let written = std::mem::take(&mut self.written);
                match self.session.outbox.poll_frames(written, true, &self.session.engine.outgoing, cx) {
                    Poll::Ready(Taken::Frames { rope, .. }) => self.sending.append(rope),
                    Poll::Ready(Taken::Close(close, rope)) => {
                        self.sending.append(rope);
                        return Err(End::Told(*close));
                    }
                    Poll::Ready(_) => return Err(End::Lost(None)),
                    Poll::Pending => {
                        self.stuck_until = None;
                        return Ok(false);
                    }
                }
                continue;
            }
            let Some(io) = self.io.as_mut() else {
                return Err(End::Lost(None));
            };
            match self.sending.poll_write(io, cx) {
                Poll::Ready(Ok(_)) => {
                    self.written += self.sending.take_freed();
                    self.moved = true;
                    self.progress = true;
                    self.unflushed = true;
                }
                Poll::Ready(Err(error)) => return Err(End::Lost(Some(error))),
                Poll::Pending => return self.stuck(cx),
            }
        }
    }

    /// Puts ping and pongs at the next border between frames, unless earlier ones still wait there.
    fn slip_in(&mut self) {
        if self.sending.has_slipped() || (!self.ping_due && self.pongs.is_empty()) {
            return;
        }
        let ping = if std::mem::take(&mut self.ping_due) { &PING[..] } else { &[] };
        self.sending.slip_in(match std::mem::take(&mut self.pongs) {
            pongs if pongs.is_empty() => Bytes::from_static(ping),
            pongs => Bytes::from([ping, &pongs].concat()),
        });
    }

    fn flush(&mut self, cx: &mut Context<'_>) -> Result<Poll<()>, End> {
        let Some(io) = self.io.as_mut() else { return Err(End::Lost(None)) };
        match Pin::new(io).poll_flush(cx) {
            Poll::Ready(Ok(())) => Ok(Poll::Ready(())),
            Poll::Ready(Err(error)) => Err(End::Lost(Some(error))),
            Poll::Pending => Ok(Poll::Pending),
        }
    }

    /// The stream takes no more for now. It wakes when it does; an end of the session must wake too.
    fn stuck(&mut self, cx: &mut Context<'_>) -> Result<bool, End> {
        let engine = &self.session.engine;
        if std::mem::take(&mut self.moved) || self.stuck_until.is_none() {
            let until = engine.now() + u64::from(engine.config.ping_timeout);
            self.stuck_until = Some(until);
            self.session.set_deadline(until.min(self.heartbeat.deadline()));
        }
        let written = std::mem::take(&mut self.written);
        match self.session.outbox.poll_frames(written, false, &engine.outgoing, cx) {
            Poll::Ready(Taken::Close(close, rope)) => {
                self.sending.append(rope);
                Err(End::Told(*close))
            }
            _ => Ok(false),
        }
    }
}
