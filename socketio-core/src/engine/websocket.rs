//! The connection of a WebSocket: one future that drains its socket, runs what came, and writes once.
//!
//! ```text
//! turn:  read what is there (at most 64 KiB) -> messages to the inbox, in order -> what is due -> write what they queued
//! ```
//!
//! It sleeps until the socket, its queue, or the sweep wakes it. It does not read on while its own queue is over half full or its
//! handlers are all busy; bytes that were read and not handled wait in `held`.

use std::cell::Cell;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::Inbox;
use super::close::{Close, DisconnectReason};
use super::farewell::farewell;
use super::heartbeat::{Due, Heartbeat, Millis};
use super::io::Io;
use super::outbox::Taken;
use super::sending::Sending;
use super::session::{PING, Session};
use crate::protocol::engine::Packet;
use crate::protocol::frame::{self, Decoder, FrameError, Message, Opcode};

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
    /// Bytes written that the outbox has not been told of.
    written: usize,
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
    /// It will send no more; what is held is still for the handlers.
    at_end: bool,
    /// When a write that is stuck ends the connection.
    stuck_until: Option<Millis>,
}

enum Read {
    /// There may be more.
    More,
    /// Nothing there; the socket wakes when there is.
    Nothing,
    /// Not the time for it; nobody wakes.
    Paused,
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
            pongs: Vec::new(),
            ping_due: false,
            unflushed: false,
            heartbeat,
            progress: false,
            heard: false,
            handlers_ended: 0,
            at_end: false,
            stuck_until: None,
        }
    }

    /// One turn; `Ready` with the reason when the connection has ended.
    fn turn(&mut self, cx: &mut Context<'_>) -> Result<Poll<()>, End> {
        // Before reading: what comes may set another deadline.
        let due = self.session.was_told_due();
        let read = self.read(cx)?;
        if due {
            self.tick()?;
        }
        let more = self.write(cx)?;
        match read {
            _ if more => return Ok(Poll::Ready(())),
            Read::More => return Ok(Poll::Ready(())),
            Read::Paused if !self.paused() => return Ok(Poll::Ready(())),
            Read::Paused | Read::Nothing => {}
        }
        if !self.is_ready() {
            // Stuck writes wake by themselves; a handler that ends must.
            let ready = self.inbox.as_ref().is_none_or(|inbox| inbox.poll_ready(cx).is_ready());
            return Ok(if ready && !self.overfull() { Poll::Ready(()) } else { Poll::Pending });
        }
        Ok(if self.held.is_empty() || self.overfull() { Poll::Pending } else { Poll::Ready(()) })
    }

    fn read(&mut self, cx: &mut Context<'_>) -> Result<Read, End> {
        if self.overfull() {
            return Ok(Read::Paused);
        }
        let ready = self.is_ready();
        if ready && !self.held.is_empty() {
            let mut held = std::mem::take(&mut self.held);
            let at = std::mem::take(&mut self.held_at);
            let used = self.receive(held.get_mut(at..).unwrap_or_default())?;
            if at + used < held.len() {
                (self.held, self.held_at) = (held, at + used);
            }
            return Ok(Read::More);
        }
        if self.at_end && self.held.is_empty() {
            return Err(End::Lost(None));
        }
        // While handlers are busy the stream is still listened to: its end must be heard.
        if self.at_end || self.held.len() - self.held_at >= SCRATCH {
            return Ok(Read::Paused);
        }
        let Some(io) = self.io.as_mut() else {
            return Err(End::Lost(None));
        };
        let mut scratch = Scratch::take();
        let mut buffer = ReadBuf::new(&mut scratch.0);
        match Pin::new(io).poll_read(cx, &mut buffer) {
            Poll::Pending => Ok(Read::Nothing),
            Poll::Ready(Err(error)) => Err(End::Lost(Some(error))),
            Poll::Ready(Ok(())) => match buffer.filled().len() {
                // What it said before it left is handled first, if that does not take too long.
                0 if !self.held.is_empty() => {
                    self.at_end = true;
                    let timeout = u64::from(self.session.engine.config.ping_timeout);
                    self.session.set_deadline(self.session.engine.now() + timeout);
                    Ok(Read::More)
                }
                0 => Err(End::Lost(None)),
                length => {
                    self.heard = true;
                    let input = scratch.0.get_mut(..length).unwrap_or_default();
                    let used = if ready { self.receive(input)? } else { 0 };
                    self.held.drain(..std::mem::take(&mut self.held_at));
                    self.held.extend_from_slice(input.get(used..).unwrap_or_default());
                    Ok(Read::More)
                }
            },
        }
    }

    /// Hands every message that ends in `input` to the inbox, until it must pause; returns how many bytes it used.
    fn receive(&mut self, mut input: &mut [u8]) -> Result<usize, End> {
        let length = input.len();
        while !input.is_empty() {
            if self.paused() {
                return Ok(length - input.len());
            }
            let (used, message) = self.decoder.read(input).map_err(End::frame)?;
            if let Some(message) = message {
                let Some(inbox) = self.inbox.as_mut() else { break };
                match message {
                    Message::Text(text) => match text.strip_prefix('4') {
                        Some(text) => inbox.text(text).map_err(End::Close)?,
                        None => {
                            let unjoined = if inbox.has_joined() {
                                Millis::MAX - 1
                            } else {
                                self.session.connect_deadline()
                            };
                            packet(text, &self.session, &mut self.heartbeat, self.stuck_until, unjoined)?;
                        }
                    },
                    Message::Binary(bytes) => inbox.binary(bytes).map_err(End::Close)?,
                    Message::Ping(payload) => {
                        if self.pongs.len() > PONGS_MAX {
                            self.pongs.clear();
                        }
                        frame::write(&mut self.pongs, Opcode::Pong, payload);
                    }
                    Message::Pong(_) => {}
                    Message::Close(close) => {
                        let code = close.map_or(1000, |(code, _)| code);
                        return Err(End::Close(Close {
                            code,
                            ..Close::new(DisconnectReason::TransportClose)
                        }));
                    }
                }
            }
            input = input.get_mut(used..).unwrap_or_default();
        }
        // Gives a large message's buffer back.
        let _ = self.decoder.read(&mut []);
        Ok(length)
    }

    /// The deadline has come; the socket has just been read, so a pong that was there has counted.
    fn tick(&mut self) -> Result<(), End> {
        let now = self.session.engine.now();
        let progress = std::mem::take(&mut self.progress);
        let heard = std::mem::take(&mut self.heard);
        let ended = self.inbox.as_ref().map_or(0, |inbox| inbox.handlers_ended());
        let busy = std::mem::replace(&mut self.handlers_ended, ended) != ended;
        if self.at_end {
            return Err(End::Lost(None));
        }
        if self.stuck_until.is_some_and(|until| now >= until) && !progress {
            return Err(End::Lost(Some(io::ErrorKind::TimedOut.into())));
        }
        match self.heartbeat.tick(now) {
            Due::Nothing => {}
            Due::Ping => self.ping_due = true,
            // One whose ping is still here cannot have answered it; one that is not read cannot be heard, and if it is dead the
            // write that is stuck ends it.
            Due::Timeout
                if self.overfull() || (progress && (self.ping_due || self.sending.has_slipped())) =>
            {
                self.heartbeat.extend(now);
            }
            // Its pong may be among what waits for the handlers, or behind it.
            Due::Timeout
                if !self.is_ready() && (heard || (busy && self.held.len() - self.held_at >= SCRATCH)) =>
            {
                self.heartbeat.extend(now)
            }
            Due::Timeout => return Err(End::Close(Close::new(DisconnectReason::PingTimeout))),
        }
        let mut deadline = self.heartbeat.deadline();
        if !self.inbox.as_ref().is_some_and(|inbox| inbox.has_joined()) {
            let connect = self.session.connect_deadline();
            if now >= connect {
                let detail = "joined no namespace in time";
                return Err(End::Close(Close::with(DisconnectReason::ForcedClose, detail)));
            }
            deadline = deadline.min(connect);
        }
        if let Some(until) = &mut self.stuck_until {
            if now >= *until {
                *until = now + u64::from(self.session.engine.config.ping_timeout);
            }
            deadline = deadline.min(*until);
        }
        self.session.set_deadline(deadline);
        Ok(())
    }

    /// Writes what is queued; `true` when there may be more and others should have their turn.
    fn write(&mut self, cx: &mut Context<'_>) -> Result<bool, End> {
        let limit = self.session.engine.config.max_outgoing;
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
                match self.session.outbox.poll_frames(std::mem::take(&mut self.written), true, limit, cx) {
                    Poll::Ready(Taken::Frames(rope)) => self.sending.append(rope),
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
                Poll::Ready(Ok(written)) => {
                    self.written += written;
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
        let mut frames = if std::mem::take(&mut self.ping_due) { PING.to_vec() } else { Vec::new() };
        frames.append(&mut self.pongs);
        self.sending.slip_in(Bytes::from(frames));
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
        let config = &self.session.engine.config;
        if self.written > 0 || self.stuck_until.is_none() {
            let until = self.session.engine.now() + u64::from(config.ping_timeout);
            self.stuck_until = Some(until);
            self.session.set_deadline(until.min(self.heartbeat.deadline()));
        }
        let written = std::mem::take(&mut self.written);
        match self.session.outbox.poll_frames(written, false, config.max_outgoing, cx) {
            Poll::Ready(Taken::Close(close, rope)) => {
                self.sending.append(rope);
                Err(End::Told(*close))
            }
            _ => Ok(false),
        }
    }

    fn paused(&self) -> bool {
        self.overfull() || !self.is_ready()
    }

    /// Whether a handler may start.
    fn is_ready(&self) -> bool {
        self.inbox.as_ref().is_some_and(|inbox| inbox.is_ready())
    }

    fn overfull(&self) -> bool {
        self.session.outbox.len() > self.session.engine.config.max_outgoing / 2
    }

    fn end(&mut self, end: End) {
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
        // What was queued before the end still goes out; nothing can be added.
        let rest = session.outbox.shut();
        self.sending.append(rest);
        let undelivered = if speaks { 0 } else { self.sending.count() };
        // Counted before the session is forgotten, so that a shutdown waits for it.
        let open = speaks.then(|| session.engine.hold_open());
        session.engine.forget(session, undelivered);
        if let Some(inbox) = self.inbox.take() {
            inbox.close(&close);
        }
        if let (Some(io), Some(open)) = (self.io.take(), open) {
            let sending = std::mem::take(&mut self.sending);
            session.engine.runtime.spawn(farewell(open, io, sending, close));
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

/// How a connection ends.
enum End {
    /// The stream is gone.
    Lost(Option<io::Error>),
    /// Something this side decided, or the client asked for; the WebSocket is closed properly.
    Close(Close),
    /// The session was closed from elsewhere.
    Told(Close),
}

impl End {
    fn frame(error: FrameError) -> End {
        let code = error.close_code();
        End::Close(Close { code, ..Close::with(DisconnectReason::TransportError, error.to_string()) })
    }
}

/// A packet other than a message.
fn packet(
    text: &str,
    session: &Session,
    heartbeat: &mut Heartbeat,
    stuck_until: Option<Millis>,
    unjoined: Millis,
) -> Result<(), End> {
    match Packet::parse(text).map_err(|error| End::Close(Close::parse_error(error)))? {
        Packet::Pong(_) => {
            let now = session.engine.now();
            if heartbeat.pong(now) {
                let deadline = heartbeat.deadline().min(unjoined);
                session.set_deadline(stuck_until.map_or(deadline, |until| until.min(deadline)));
            }
            Ok(())
        }
        Packet::Close => Err(End::Close(Close::new(DisconnectReason::TransportClose))),
        Packet::Noop => Ok(()),
        Packet::Message(_) | Packet::Binary(_) => Err(End::Close(Close::parse_error("misplaced message"))),
        Packet::Open(_) | Packet::Ping(_) | Packet::Upgrade => {
            Err(End::Close(Close::parse_error("this packet is the server's to send")))
        }
    }
}

/// The thread's read buffer, taken while a connection has its turn and put back after: user code never finds it borrowed.
struct Scratch(Vec<u8>);

thread_local! {
    static SCRATCH_BUFFER: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

impl Scratch {
    fn take() -> Self {
        let buffer = SCRATCH_BUFFER.with(Cell::take);
        Scratch(if buffer.is_empty() { vec![0; SCRATCH] } else { buffer })
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        SCRATCH_BUFFER.with(|buffer| buffer.set(std::mem::take(&mut self.0)));
    }
}
