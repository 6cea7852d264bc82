//! What comes: bytes from the stream, messages to the inbox, in order; and when to wait with both.

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, ReadBuf};

use super::ending::End;
use super::{Connection, PONGS_MAX, SCRATCH};
use crate::engine::close::{Close, DisconnectReason};
use crate::engine::heartbeat::{Heartbeat, Millis};
use crate::engine::session::Session;
use crate::protocol::engine::Packet;
use crate::protocol::frame::{self, Message, Opcode};

pub(super) enum Read {
    /// There may be more.
    More,
    /// Nothing there; the socket wakes when there is.
    Nothing,
    /// Too much waits for the client; what it takes wakes.
    Overfull,
    /// Not the time for it; nobody wakes.
    Paused,
}

impl Connection {
    pub(super) fn read(&mut self, cx: &mut Context<'_>) -> Result<Read, End> {
        if self.overfull() {
            return Ok(Read::Overfull);
        }
        let ready = self.is_ready() && !self.is_slowed(cx);
        if ready && !self.held.is_empty() {
            let mut held = std::mem::take(&mut self.held);
            let at = std::mem::take(&mut self.held_at);
            let used = self.receive(held.get_mut(at..).unwrap_or_default())?;
            if at + used < held.len() {
                (self.held, self.held_at) = (held, at + used);
            }
            return Ok(Read::More);
        }
        if self.held.is_empty()
            && let Some(error) = self.gone.take()
        {
            return Err(End::Lost(error));
        }
        // While handlers are busy the stream is still listened to: its end must be heard.
        if self.gone.is_some() || self.held.len() - self.held_at >= SCRATCH {
            return Ok(Read::Paused);
        }
        let Some(io) = self.io.as_mut() else {
            return Err(End::Lost(None));
        };
        let mut scratch = Scratch::take();
        let mut buffer = ReadBuf::new(&mut scratch.0);
        match Pin::new(io).poll_read(cx, &mut buffer) {
            Poll::Pending => Ok(Read::Nothing),
            Poll::Ready(Err(error)) => self.lost(Some(error)).map(|()| Read::More),
            Poll::Ready(Ok(())) => match buffer.filled().len() {
                0 => self.lost(None).map(|()| Read::More),
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
            if let Some(throttle) = self.session.throttle() {
                let now = self.session.engine.now();
                if let Some(wait) =
                    throttle.take(&self.session, message.is_some(), used, now).map_err(End::Close)?
                {
                    self.slowed = Some(Box::pin(tokio::time::sleep(wait)));
                }
            }
            if let Some(message) = message {
                let Some(inbox) = self.inbox.as_mut() else { break };
                match message {
                    Message::Text(text) => match text.strip_prefix('4') {
                        Some(text) => inbox.text(text).map_err(End::Close)?,
                        // From clients that avoid binary frames (`forceBase64`).
                        None if text.starts_with('b') => {
                            if let Packet::Binary(bytes) = parse(text)? {
                                inbox.binary(&bytes).map_err(End::Close)?;
                            }
                        }
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

    pub(super) fn paused(&self) -> bool {
        self.overfull() || !self.is_ready() || self.slowed.is_some()
    }

    /// Whether the client has to wait for having been too fast.
    pub(super) fn is_slowed(&mut self, cx: &mut Context<'_>) -> bool {
        let waits = self.slowed.as_mut().is_some_and(|sleep| sleep.as_mut().poll(cx).is_pending());
        if !waits {
            self.slowed = None;
        }
        waits
    }

    /// Whether a handler may start.
    pub(super) fn is_ready(&self) -> bool {
        self.inbox.as_ref().is_some_and(|inbox| inbox.is_ready())
    }

    pub(super) fn overfull(&self) -> bool {
        self.session.outbox.len() > self.session.max_outgoing() / 2
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
    match parse(text)? {
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

fn parse(text: &str) -> Result<Packet<'_>, End> {
    Packet::parse(text).map_err(|error| End::Close(Close::parse_error(error)))
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
