//! What is due: pings, pongs that did not come, writes that are stuck, clients that join nothing.

use std::io;

use super::ending::End;
use super::{Connection, SCRATCH};
use crate::engine::close::{Close, DisconnectReason};
use crate::engine::heartbeat::Due;
use crate::engine::limits::Limit;

impl Connection {
    /// The deadline has come; the socket has just been read, so a pong that was there has counted.
    pub(super) fn tick(&mut self) -> Result<(), End> {
        let now = self.session.engine.now();
        let progress = std::mem::take(&mut self.progress);
        let heard = std::mem::take(&mut self.heard);
        let ended = self.inbox.as_ref().map_or(0, |inbox| inbox.handlers_ended());
        let busy = std::mem::replace(&mut self.handlers_ended, ended) != ended;
        let waits = self.held.len() - self.held_at;
        if let Some(error) = self.gone.take() {
            return Err(End::Lost(error));
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
            // Its pong may be among what waits for the handlers, or for the client's having been too fast, or behind that. Another ping is
            // what it answers if it lives: that is heard, if not understood.
            Due::Timeout
                if (!self.is_ready() && (heard || (busy && waits >= SCRATCH)))
                    || (self.slowed.is_some() && (heard || waits > 0)) =>
            {
                self.heartbeat.extend(now);
                self.ping_due = true;
            }
            Due::Timeout => {
                return Err(End::Close(Close::new(DisconnectReason::PingTimeout).at(Limit::PingTimeout)));
            }
        }
        let mut deadline = self.heartbeat.deadline();
        if !self.inbox.as_ref().is_some_and(|inbox| inbox.has_joined()) {
            let connect = self.session.connect_deadline();
            if now >= connect {
                return Err(End::Close(Close::unjoined()));
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
}
