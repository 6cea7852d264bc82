//! Handlers that block their thread: noticed when they come back, and named.

use super::Socket;
use crate::engine::Limit;

/// When a handler was let loose on the thread.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Watch(u64);

impl Watch {
    pub(crate) fn start() -> Self {
        Watch(coarse_millis())
    }

    /// It has come back; if that took long, whoever runs the server should know which it was.
    pub(crate) fn end(self, socket: &Socket, event: &str) {
        let blocked = coarse_millis().saturating_sub(self.0);
        if blocked > u64::from(socket.server().limits.slow_handler) {
            warn(socket, event, blocked);
        }
    }
}

#[cold]
fn warn(socket: &Socket, event: &str, blocked_ms: u64) {
    if let Some(left_out) = socket.server().engine.reached.count_and_admit(Limit::SlowHandler) {
        tracing::warn!(
            target: "socketio", sid = %socket.id(), event, blocked_ms, left_out,
            "a handler blocked its thread, and every client that the thread serves; on_blocking runs it elsewhere"
        );
    }
}

/// A clock that is cheap to read and a few milliseconds coarse: it is read twice for every event.
#[cfg(target_os = "linux")]
fn coarse_millis() -> u64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::MonotonicCoarse);
    time.tv_sec.cast_unsigned() * 1000 + time.tv_nsec.cast_unsigned() / 1_000_000
}

#[cfg(not(target_os = "linux"))]
fn coarse_millis() -> u64 {
    static START: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
    START.get_or_init(std::time::Instant::now).elapsed().as_millis() as u64
}
