//! The heartbeat of a session as a value: the time goes in, what is due comes out.
//!
//! ```text
//! resting --interval--> ping due --sent--> awaiting --pong--> resting
//!                                          awaiting --timeout--> the client is gone
//! ```
//!
//! Only a pong that was asked for counts: one that comes unasked changes nothing.
//! Specification: engine.io-protocol, "Heartbeat".

/// Milliseconds since the engine started.
pub(crate) type Millis = u64;

#[derive(Debug)]
pub(crate) struct Heartbeat {
    interval: u32,
    timeout: u32,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Resting { ping_at: Millis },
    Awaiting { until: Millis },
}

/// What [`Heartbeat::tick`] found due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Due {
    Nothing,
    /// Send a ping.
    Ping,
    /// No pong came in time.
    Timeout,
}

impl Heartbeat {
    pub(crate) fn new(interval: u32, timeout: u32, now: Millis) -> Self {
        Heartbeat { interval, timeout, state: State::Resting { ping_at: now + Millis::from(interval) } }
    }

    /// When [`tick`](Self::tick) has something to say next.
    pub(crate) fn deadline(&self) -> Millis {
        match self.state {
            State::Resting { ping_at } => ping_at,
            State::Awaiting { until } => until,
        }
    }

    /// Tells the heartbeat that it is `now`.
    pub(crate) fn tick(&mut self, now: Millis) -> Due {
        match self.state {
            State::Resting { ping_at } if now >= ping_at => {
                self.state = State::Awaiting { until: now + Millis::from(self.timeout) };
                Due::Ping
            }
            State::Awaiting { until } if now >= until => Due::Timeout,
            _ => Due::Nothing,
        }
    }

    /// A pong has come; `false` when nobody asked for it.
    pub(crate) fn pong(&mut self, now: Millis) -> bool {
        let asked = matches!(self.state, State::Awaiting { .. });
        if asked {
            self.state = State::Resting { ping_at: now + Millis::from(self.interval) };
        }
        asked
    }

    /// Gives the client its whole timeout again: it could not be heard, or the ping could not be sent.
    pub(crate) fn extend(&mut self, now: Millis) {
        if let State::Awaiting { until } = &mut self.state {
            *until = now + Millis::from(self.timeout);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_that_misses_a_pong_is_gone_after_interval_plus_timeout() {
        let mut heartbeat = Heartbeat::new(25_000, 20_000, 0);
        assert_eq!(heartbeat.tick(24_999), Due::Nothing);
        assert_eq!(heartbeat.tick(25_000), Due::Ping);
        assert_eq!(heartbeat.tick(44_999), Due::Nothing);
        assert_eq!(heartbeat.tick(45_000), Due::Timeout);
    }

    #[test]
    fn a_pong_starts_the_interval_anew() {
        let mut heartbeat = Heartbeat::new(25_000, 20_000, 0);
        heartbeat.tick(25_000);
        assert!(heartbeat.pong(26_000));
        assert_eq!(heartbeat.deadline(), 51_000);
        assert_eq!(heartbeat.tick(50_999), Due::Nothing);
        assert_eq!(heartbeat.tick(51_000), Due::Ping);
    }

    #[test]
    fn a_pong_that_nobody_asked_for_changes_nothing() {
        let mut heartbeat = Heartbeat::new(25_000, 20_000, 0);
        assert!(!heartbeat.pong(24_000));
        assert_eq!(heartbeat.tick(25_000), Due::Ping);
    }

    #[test]
    fn one_ping_is_sent_however_often_the_clock_is_told() {
        let mut heartbeat = Heartbeat::new(25_000, 20_000, 0);
        assert_eq!(heartbeat.tick(25_000), Due::Ping);
        assert_eq!(heartbeat.tick(25_001), Due::Nothing);
    }
}
