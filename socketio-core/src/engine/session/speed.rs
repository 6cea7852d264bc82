//! How fast one client may be, over whichever transport.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::Session;
use crate::engine::Engine;
use crate::engine::close::Close;
use crate::engine::heartbeat::Millis;
use crate::engine::limits::Limit;
use crate::engine::throttle::Throttle;

#[derive(Debug)]
pub(crate) struct SessionThrottle {
    throttle: Mutex<Throttle>,
}

impl SessionThrottle {
    pub(super) fn new(engine: &Engine, now: Millis) -> Option<Box<Self>> {
        let config = &engine.config;
        let throttle = Throttle::new(config.packet_rate, config.byte_rate, now)?;
        Some(Box::new(SessionThrottle { throttle: Mutex::new(throttle) }))
    }

    /// The client has sent `bytes`, with which a packet has ended or not. How long it has to wait before it is read again, if it has; an
    /// error where it is not to wait but to go.
    pub(crate) fn take(
        &self,
        session: &Session,
        packet: bool,
        bytes: usize,
        now: Millis,
    ) -> Result<Option<Duration>, Close> {
        let excess = self.throttle.lock().unwrap_or_else(PoisonError::into_inner).take(
            u64::from(packet),
            bytes as u64,
            now,
        );
        let Some(excess) = excess else { return Ok(None) };
        let limit = if excess.bytes { Limit::ByteRate } else { Limit::PacketRate };
        let detail = if excess.bytes {
            "more bytes a second than allowed"
        } else {
            "more packets a second than allowed"
        };
        if excess.cuts {
            return Err(Close::over_limit(limit, format_args!("{detail} ({})", limit.option())));
        }
        session.engine.reached.note(limit, session.id(), detail);
        Ok(Some(excess.wait))
    }
}
