//! Options of sessions: transports, heartbeat, and how long each step may take.

use std::time::Duration;

use bytes::Bytes;

use super::{BuildError, Built, ServerBuilder, wrong};
use crate::protocol::engine::{Packet, Transport};
use crate::protocol::frame::{self, Opcode};

/// See the setters of [`ServerBuilder`].
#[derive(Debug)]
pub(super) struct SessionOptions {
    pub(super) transports: Vec<Transport>,
    pub(super) allow_upgrades: bool,
    ping_interval: Duration,
    ping_grace: Duration,
    ping_timeout: Duration,
    upgrade_timeout: Duration,
    connect_timeout: Duration,
    initial_packet: Option<String>,
}

/// The times of a session, in milliseconds.
pub(super) struct Times {
    pub(super) ping_interval: u32,
    pub(super) ping_grace: u32,
    pub(super) ping_timeout: u32,
    pub(super) upgrade_timeout: u32,
    pub(super) connect_timeout: u32,
}

impl Default for SessionOptions {
    fn default() -> Self {
        SessionOptions {
            transports: vec![Transport::Polling, Transport::Websocket],
            allow_upgrades: true,
            ping_interval: Duration::from_secs(25),
            ping_grace: Duration::ZERO,
            ping_timeout: Duration::from_secs(20),
            upgrade_timeout: Duration::from_secs(10),
            connect_timeout: Duration::from_secs(45),
            initial_packet: None,
        }
    }
}

impl<S: Built> ServerBuilder<S> {
    /// The transports that clients may use. Default: both.
    pub fn transports(mut self, transports: impl IntoIterator<Item = Transport>) -> Self {
        self.sessions.transports = transports.into_iter().collect();
        self
    }

    /// Whether a polling client may move to a WebSocket. Default: true.
    pub fn allow_upgrades(mut self, allow: bool) -> Self {
        self.sessions.allow_upgrades = allow;
        self
    }

    /// Time between two pings to a client. Default: 25 s.
    pub fn ping_interval(mut self, interval: Duration) -> Self {
        self.sessions.ping_interval = interval;
        self
    }

    /// What clients are told beyond [`ping_interval`](Self::ping_interval), so that one whose pings are late does not give up: the
    /// second part of python's tuple. Default: nothing.
    pub fn ping_grace(mut self, grace: Duration) -> Self {
        self.sessions.ping_grace = grace;
        self
    }

    /// How long a client may take to answer a ping; then it is gone. Default: 20 s.
    pub fn ping_timeout(mut self, timeout: Duration) -> Self {
        self.sessions.ping_timeout = timeout;
        self
    }

    /// How long an upgrade may take. Default: 10 s.
    pub fn upgrade_timeout(mut self, timeout: Duration) -> Self {
        self.sessions.upgrade_timeout = timeout;
        self
    }

    /// How long a connection may stay without having joined a namespace. Default: 45 s.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.sessions.connect_timeout = timeout;
        self
    }

    /// A message that every session is sent right after it has opened, before anything else: Engine.IO's payload, such as
    /// `2["news","hello"]`, an event that a Socket.IO client keeps until it has joined `/`. Default: none.
    ///
    /// Clients that speak msgpack cannot read one of JSON.
    pub fn initial_packet(mut self, message: impl Into<String>) -> Self {
        self.sessions.initial_packet = Some(message.into());
        self
    }
}

impl SessionOptions {
    pub(super) fn check(&self) -> Result<Times, BuildError> {
        if self.transports.is_empty() {
            return Err(wrong("transports", "at least one is needed"));
        }
        match self.initial_packet.as_deref().map(str::len) {
            Some(0) => return Err(wrong("initial_packet", "an empty message says nothing")),
            Some(LARGEST_INITIAL..) => {
                return Err(wrong("initial_packet", "1 MiB or more for every session"));
            }
            _ => {}
        }
        Ok(Times {
            ping_interval: millis("ping_interval", self.ping_interval)?,
            ping_grace: at_most("ping_grace", self.ping_grace)?,
            ping_timeout: millis("ping_timeout", self.ping_timeout)?,
            upgrade_timeout: millis("upgrade_timeout", self.upgrade_timeout)?,
            connect_timeout: millis("connect_timeout", self.connect_timeout)?,
        })
    }

    /// The initial packet as a frame.
    pub(super) fn initial(&self) -> Option<Bytes> {
        let mut packet = Vec::new();
        Packet::Message(self.initial_packet.as_deref()?).encode(&mut packet);
        let mut out = Vec::new();
        frame::write(&mut out, Opcode::Text, &packet);
        Some(out.into())
    }
}

const LARGEST_INITIAL: usize = 1 << 20;

pub(super) fn millis(option: &'static str, time: Duration) -> Result<u32, BuildError> {
    match at_most(option, time)? {
        0 => Err(wrong(option, "less than a millisecond")),
        millis => Ok(millis),
    }
}

fn at_most(option: &'static str, time: Duration) -> Result<u32, BuildError> {
    u32::try_from(time.as_millis()).map_err(|_| wrong(option, "more than 49 days"))
}
