//! The connection of a WebSocket: one future that drains its socket, runs what came, and writes once.
//!
//! ```text
//! turn:  read what is there (at most 64 KiB) -> messages to the inbox, in order -> what is due -> write what they queued
//! ```
//!
//! It sleeps until the socket, its queue, or the sweep wakes it. It does not read on while its own queue is over half full, its
//! handlers are all busy, or its client is faster than it may be; bytes that were read and not handled wait in `held`.

mod deadlines; // what is due
mod ending; // how it ends
mod reading; // what comes
#[cfg(test)]
mod tests;
mod writing; // what goes

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::time::Sleep;

use self::ending::End;
use self::reading::Read;
use super::Inbox;
use super::budget;
use super::heartbeat::{Heartbeat, Millis};
use super::held::Held;
use super::io::Io;
use super::sending::Sending;
use super::session::Session;
use crate::protocol::frame::Decoder;

/// Bytes read in one turn.
const SCRATCH: usize = 64 * 1024;
/// Turns before other tasks of the thread have theirs.
const TURNS: usize = 4;
/// Times the queue is emptied in one turn.
const ROUNDS: usize = 4;
/// Bytes of pongs that may wait; a client that pings faster than it reads misses the older ones (RFC 6455, 5.5.3 allows it).
const PONGS_MAX: usize = 4096;

/// Owns a WebSocket and the session's inbox until the end.
pub(crate) struct Connection {
    io: Option<Io>,
    session: Arc<Session>,
    inbox: Option<Box<dyn Inbox>>,
    decoder: Decoder,
    /// Input that was read while the connection had to pause.
    held: Vec<u8>,
    /// How much of it has been handled.
    held_at: usize,
    sending: Sending,
    /// Bytes that are written and free, of which the outbox has not been told.
    written: usize,
    /// Bytes have left since a write was stuck last.
    moved: bool,
    /// Pongs of the WebSocket's own pings; like `ping_due` they go out at the next border between frames.
    pongs: Vec<u8>,
    ping_due: bool,
    /// Bytes were written that the stream may still hold back.
    unflushed: bool,
    heartbeat: Heartbeat,
    /// The peer took bytes since the last tick,
    progress: bool,
    /// it sent some,
    heard: bool,
    /// and so many of its handlers had ended then.
    handlers_ended: usize,
    /// It has gone, perhaps with an error; what is held is still for the handlers.
    gone: Option<Option<io::Error>>,
    /// When a write that is stuck ends the connection.
    stuck_until: Option<Millis>,
    /// The client was faster than it may be, and waits.
    slowed: Option<Pin<Box<Sleep>>>,
    /// What is kept of its input, while that is much.
    kept: Option<Held>,
}

impl Connection {
    /// `early` is what was read behind the request or behind the upgrade.
    pub(crate) fn new(
        io: Io,
        session: Arc<Session>,
        inbox: Box<dyn Inbox>,
        heartbeat: Heartbeat,
        decoder: Decoder,
        early: Vec<u8>,
    ) -> Self {
        session.set_deadline(heartbeat.deadline().min(session.connect_deadline()));
        Connection {
            io: Some(io),
            session,
            inbox: Some(inbox),
            decoder,
            held: early,
            held_at: 0,
            sending: Sending::default(),
            written: 0,
            moved: false,
            pongs: Vec::new(),
            ping_due: false,
            unflushed: false,
            heartbeat,
            progress: false,
            heard: false,
            handlers_ended: 0,
            gone: None,
            stuck_until: None,
            slowed: None,
            kept: None,
        }
    }

    /// One turn; `Ready` with the reason when the connection has ended.
    fn turn(&mut self, cx: &mut Context<'_>) -> Result<Poll<()>, End> {
        // Before reading: what comes may set another deadline.
        let due = self.session.was_told_due();
        let read = self.read(cx)?;
        self.count_kept();
        if due {
            self.tick()?;
        }
        let more = match self.write(cx) {
            // What it said before it left is handled first.
            Err(End::Lost(_)) if matches!(read, Read::More) => true,
            Err(End::Lost(error)) => {
                self.lost(error)?;
                false
            }
            written => written?,
        };
        // Also where the client was not read for another reason: the time that it waits for wakes it.
        let slowed = self.is_slowed(cx);
        match read {
            _ if more => return Ok(Poll::Ready(())),
            Read::More => return Ok(Poll::Ready(())),
            Read::Overfull if !self.overfull() => return Ok(Poll::Ready(())),
            Read::Paused if !self.paused() => return Ok(Poll::Ready(())),
            Read::Overfull | Read::Paused | Read::Nothing => {}
        }
        if slowed {
            return Ok(Poll::Pending);
        }
        if !self.is_ready() {
            // Stuck writes wake by themselves; a handler that ends must.
            let ready = self.inbox.as_ref().is_none_or(|inbox| inbox.poll_ready(cx).is_ready());
            return Ok(if ready && !self.overfull() { Poll::Ready(()) } else { Poll::Pending });
        }
        Ok(if self.held.is_empty() || self.overfull() { Poll::Pending } else { Poll::Ready(()) })
    }

    /// Parts of messages, and input that must wait, are kept at the server's expense.
    fn count_kept(&mut self) {
        let bytes = self.decoder.buffered() + self.held.len();
        if bytes > budget::FREE || self.kept.is_some() {
            self.kept.get_or_insert_with(|| Held::new(&self.session)).set(bytes);
        }
    }
}

impl Future for Connection {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.session.outbox.reader_runs();
        for _ in 0..TURNS {
            match self.turn(cx) {
                Ok(Poll::Ready(())) => {}
                // The sweep came by before there was anybody to wake.
                Ok(Poll::Pending) if self.session.was_told_due() => {}
                Ok(Poll::Pending) => return Poll::Pending,
                Err(end) => {
                    self.end(end);
                    return Poll::Ready(());
                }
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

impl Drop for Connection {
    /// The runtime is going down, or the future was dropped: the session must not stay.
    fn drop(&mut self) {
        if self.inbox.is_some() {
            self.end(End::Lost(None));
        }
    }
}
