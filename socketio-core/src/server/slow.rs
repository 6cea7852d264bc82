//! Handlers that block their thread: noticed when they come back, and named.

use super::{Socket, blocking};
use crate::engine::Limit;

/// When a handler was let loose on the thread.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Watch(Time);

impl Watch {
    #[inline]
    pub(crate) fn start() -> Self {
        Watch(now())
    }

    /// It has come back; if that took long, whoever runs the server should know which it was.
    #[inline]
    pub(crate) fn end(self, socket: &Socket, event: &str) {
        let now = now();
        // The clock is coarse: nearly always it has not moved.
        if now != self.0 {
            warn_if_long(socket, event, millis(now).saturating_sub(millis(self.0)));
        }
    }
}

#[cold]
fn warn_if_long(socket: &Socket, event: &str, blocked_ms: u64) {
    // A thread of the pool serves nobody else.
    if blocked_ms <= u64::from(socket.server().limits.slow_handler) || blocking::on_pool() {
        return;
    }
    if let Some(left_out) = socket.server().engine.reached.count_and_admit(Limit::SlowHandler) {
        tracing::warn!(
            target: "socketio", sid = %socket.id(), event, blocked_ms, left_out,
            "a handler blocked its thread, and every client that the thread serves; on_blocking runs it elsewhere"
        );
    }
}

/// Seconds and nanoseconds.
type Time = (i64, i64);

fn millis((seconds, nanos): Time) -> u64 {
    seconds.cast_unsigned() * 1000 + nanos.cast_unsigned() / 1_000_000
}

/// A clock that is cheap to read and a few milliseconds coarse: it is read twice for every event.
#[cfg(target_os = "linux")]
#[inline]
#[allow(clippy::useless_conversion, reason = "on some targets they are narrower")]
fn now() -> Time {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::MonotonicCoarse);
    (time.tv_sec.into(), time.tv_nsec.into())
}

#[cfg(not(target_os = "linux"))]
fn now() -> Time {
    static START: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
    let time = START.get_or_init(std::time::Instant::now).elapsed();
    (time.as_secs().cast_signed(), i64::from(time.subsec_nanos()))
}
