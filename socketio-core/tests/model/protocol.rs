//! A session as the specification has it, in the plainest words: who owns it, what it has heard, how it may have ended.
//!
//! ```text
//! Polling ──2probe, 5 (and the POST in flight is through)──> Websocket
//!    └──────────── a broken rule, silence, an end ─────────────┴──> Ended
//! ```
//!
//! What is said in its namespaces is in `namespaces.rs`.

use socketio_core::DisconnectReason;

use crate::namespaces::{Name, Namespaces};
use crate::steps::Said;
use crate::words::Words;

pub(crate) const PING_INTERVAL: u64 = 1000;
pub(crate) const PING_TIMEOUT: u64 = 500;
pub(crate) const UPGRADE_TIMEOUT: u64 = 700;

/// The server looks at its deadlines some 30 times a second.
const TICK: u64 = 100;

/// And it gives a client that it could not reach its timeout again.
const LATE: u64 = 2 * TICK + PING_TIMEOUT;

#[derive(Clone, Debug)]
pub(crate) struct Model {
    pub(crate) state: State,
    pub(crate) upgrade: Upgrade,
    /// A GET is in flight.
    pub(crate) get: bool,
    /// What a POST in flight will have said, and since when it is.
    pub(crate) post: Option<(Vec<Said>, u64)>,
    pub(crate) namespaces: Namespaces,
    /// Since when the client takes nothing from its WebSocket.
    pub(crate) stalled: Option<u64>,
    /// Upgrades that did not end in time.
    pub(crate) late_upgrades: u64,
    pub(crate) asked_for_pong: bool,
    /// When it was certainly heard last, and when perhaps.
    heard: u64,
    perhaps_heard: u64,
    /// A pong that nobody had asked for by then, as far as the client knows.
    stray_pong: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum State {
    Polling,
    Websocket,
    /// For one of these reasons.
    Ended(Vec<DisconnectReason>),
}

#[derive(Clone, Debug)]
pub(crate) enum Upgrade {
    None,
    /// Since when.
    Opened(u64),
    Probed(u64),
    /// `5` has come while a POST is in flight: what the WebSocket says is heard after that.
    Waiting(Vec<Heard>),
}

/// What a WebSocket brings.
#[derive(Clone, Debug)]
pub(crate) enum Heard {
    Said(Said),
    Ping,
    Close,
    Cut,
}

/// What a request may be answered with when everybody has had their turn.
#[derive(Debug, PartialEq)]
pub(crate) enum Answer {
    Status(u16),
    /// It is in flight.
    Later,
    /// The session is over: an error, or its last words.
    Any,
}

impl Model {
    pub(crate) fn new(state: State, words: Words, now: u64) -> Self {
        Model {
            state,
            upgrade: Upgrade::None,
            get: false,
            post: None,
            namespaces: Namespaces::new(words == Words::Json),
            stalled: None,
            late_upgrades: 0,
            asked_for_pong: false,
            heard: now,
            perhaps_heard: now,
            stray_pong: false,
        }
    }

    pub(crate) fn lives(&self) -> bool {
        !matches!(self.state, State::Ended(_))
    }

    pub(crate) fn get(&mut self) -> Answer {
        match self.state {
            State::Polling if self.get => {
                self.end(&[DisconnectReason::TransportError]);
                Answer::Status(400)
            }
            State::Polling => {
                self.get = true;
                Answer::Later
            }
            State::Websocket => Answer::Status(400),
            State::Ended(_) => Answer::Any,
        }
    }

    pub(crate) fn cut_get(&mut self) {
        if std::mem::take(&mut self.get) && self.state == State::Polling {
            self.end(&[DisconnectReason::TransportError]);
        }
    }

    pub(crate) fn post(&mut self, said: &[Said], now: u64) -> Answer {
        match self.begin_post(said, now) {
            Answer::Later => self.finish_post(now),
            refused => refused,
        }
    }

    pub(crate) fn begin_post(&mut self, said: &[Said], now: u64) -> Answer {
        match self.state {
            State::Polling if self.post.is_some() => {
                self.end(&[DisconnectReason::TransportError]);
                Answer::Status(400)
            }
            State::Polling => {
                self.post = Some((said.to_vec(), now));
                Answer::Later
            }
            State::Websocket => Answer::Status(400),
            State::Ended(_) => Answer::Any,
        }
    }

    pub(crate) fn finish_post(&mut self, now: u64) -> Answer {
        let Some((said, _)) = self.post.take() else { return Answer::Any };
        if !self.lives() {
            return Answer::Any;
        }
        for packet in said {
            self.hear(&packet, now);
        }
        match &self.state {
            State::Ended(reasons) if *reasons == [DisconnectReason::TransportClose] => Answer::Status(200),
            State::Ended(_) => Answer::Status(400),
            _ => {
                if matches!(self.upgrade, Upgrade::Waiting(_)) {
                    self.take_over(now);
                }
                Answer::Status(200)
            }
        }
    }

    pub(crate) fn cut_post(&mut self) {
        if self.post.take().is_some() && self.lives() {
            self.end(&[DisconnectReason::TransportError]);
        }
    }

    pub(crate) fn open(&mut self, now: u64) -> Answer {
        match (&self.state, &self.upgrade) {
            (State::Polling, Upgrade::None) => {
                self.upgrade = Upgrade::Opened(now);
                Answer::Status(101)
            }
            (State::Ended(_), _) => Answer::Any,
            _ => Answer::Status(400),
        }
    }

    pub(crate) fn websocket(&mut self, heard: Heard, now: u64) {
        match &mut self.upgrade {
            Upgrade::None if self.state == State::Websocket => self.hear_websocket(&heard, now),
            Upgrade::None => {}
            Upgrade::Waiting(later) => later.push(heard),
            Upgrade::Opened(_) | Upgrade::Probed(_) if matches!(heard, Heard::Ping) => {}
            Upgrade::Opened(since) if matches!(heard, Heard::Said(Said::Probe)) => {
                self.upgrade = Upgrade::Probed(*since);
            }
            Upgrade::Probed(_) if matches!(heard, Heard::Said(Said::Upgrade)) => {
                self.upgrade = Upgrade::Waiting(Vec::new());
                if self.post.is_none() {
                    self.take_over(now);
                }
            }
            // Polling goes on as if nothing had been.
            Upgrade::Opened(_) | Upgrade::Probed(_) => self.upgrade = Upgrade::None,
        }
    }

    /// Time has passed: an upgrade has so much of it, and polling goes on without it.
    pub(crate) fn tick(&mut self, now: u64) {
        if self.upgrade_ends().is_some_and(|end| now >= end) {
            self.upgrade = Upgrade::None;
            self.late_upgrades += 1;
        }
    }

    /// Whether a step now might come before the end of an upgrade or after it.
    pub(crate) fn is_at_an_edge(&self, now: u64) -> bool {
        self.upgrade_ends().is_some_and(|end| now.abs_diff(end) < 3)
    }

    fn upgrade_ends(&self) -> Option<u64> {
        match self.upgrade {
            Upgrade::Opened(since) | Upgrade::Probed(since) => Some(since + UPGRADE_TIMEOUT),
            Upgrade::None | Upgrade::Waiting(_) => None,
        }
    }

    pub(crate) fn is_probed(&self) -> bool {
        matches!(self.upgrade, Upgrade::Probed(_) | Upgrade::Waiting(_))
    }

    pub(crate) fn emit(&mut self, name: Name, number: u32) {
        self.namespaces.emit(name, number);
    }

    /// Its namespaces are closed, and the connection after them.
    pub(crate) fn send_away(&mut self) {
        self.namespaces.send_out_of_all();
        self.end(&[DisconnectReason::ServerNamespaceDisconnect]);
    }

    pub(crate) fn shut_down(&mut self) {
        self.end(&[DisconnectReason::ServerShuttingDown]);
    }

    /// The client answers a ping that it has seen.
    pub(crate) fn pong(&mut self, now: u64) {
        self.perhaps_heard = now;
        if std::mem::take(&mut self.asked_for_pong) && !self.stray_pong {
            self.heard = now;
        } else {
            self.stray_pong = true;
        }
    }

    /// The session was seen to end, which no step says; for which reason, there may be no handler to hear.
    pub(crate) fn seen_to_end(&mut self, reason: Option<DisconnectReason>, now: u64) {
        let silent = now >= self.heard + PING_INTERVAL + PING_TIMEOUT;
        let slow = self.post.as_ref().is_some_and(|(_, since)| now >= since + PING_INTERVAL + PING_TIMEOUT);
        let stuck = self.stalled.is_some_and(|since| now >= since + PING_TIMEOUT);
        match reason {
            Some(DisconnectReason::PingTimeout) if silent => {}
            Some(DisconnectReason::TransportError) if slow || stuck => {}
            None if silent || slow || stuck => {}
            _ => panic!("it ended for {reason:?} at {now}: {self:?}"),
        }
        self.end(&reason.into_iter().collect::<Vec<_>>());
    }

    /// Whether a client that can be reached must have had a ping by now, and has not.
    pub(crate) fn must_be_asked(&self, now: u64) -> bool {
        !self.asked_for_pong && now > self.perhaps_heard + PING_INTERVAL + TICK
    }

    /// Whether a client that is this silent must have been given up.
    pub(crate) fn is_overdue(&self, now: u64) -> bool {
        now > self.perhaps_heard + PING_INTERVAL + PING_TIMEOUT + LATE
    }

    fn take_over(&mut self, now: u64) {
        let Upgrade::Waiting(later) = std::mem::replace(&mut self.upgrade, Upgrade::None) else { return };
        self.state = State::Websocket;
        for heard in later {
            self.hear_websocket(&heard, now);
        }
    }

    fn hear_websocket(&mut self, heard: &Heard, now: u64) {
        match heard {
            Heard::Said(said) => self.hear(said, now),
            Heard::Ping => {}
            Heard::Close => self.end(&[DisconnectReason::TransportClose]),
            Heard::Cut => self.end(&[DisconnectReason::TransportClose, DisconnectReason::TransportError]),
        }
    }

    fn hear(&mut self, said: &Said, now: u64) {
        if !self.lives() {
            return;
        }
        match said {
            Said::Packet(packet) => {
                if self.namespaces.hear(packet).is_err() {
                    self.end(&[DisconnectReason::ParseError]);
                }
            }
            Said::Pong => self.pong(now),
            Said::Noop => {}
            Said::Close => self.end(&[DisconnectReason::TransportClose]),
            Said::Probe | Said::Upgrade | Said::Garbage => self.end(&[DisconnectReason::ParseError]),
        }
    }

    fn end(&mut self, reasons: &[DisconnectReason]) {
        if self.lives() {
            self.namespaces.end(reasons);
            self.state = State::Ended(reasons.to_vec());
            self.upgrade = Upgrade::None;
        }
    }
}
