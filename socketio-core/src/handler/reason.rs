//! Why a client is gone.

use super::context::{Context, kind::Disconnect};
use super::extract::{FromContext, Rejection};
use crate::engine::DisconnectReason;

/// Why a client is gone, with what exactly happened.
///
/// ```no_run
/// # fn example(io: socketio_core::Server) {
/// use socketio_core::{Socket, handler::Disconnection};
///
/// io.on_disconnect(|socket: Socket, end: Disconnection| {
///     println!("{} is gone: {} {}", socket.id(), end.reason, end.detail.unwrap_or_default());
/// });
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Disconnection {
    /// In Node's words.
    pub reason: DisconnectReason,
    /// More than the reason tells, where there is more: which limit was passed and by how much, what the connection's error was.
    pub detail: Option<String>,
}

impl FromContext<Disconnect> for DisconnectReason {
    fn from_context(context: &mut Context<'_>) -> Result<Self, Rejection> {
        context.close.map(|close| close.reason).ok_or(Rejection::Absent("reason"))
    }
}

impl FromContext<Disconnect> for Disconnection {
    fn from_context(context: &mut Context<'_>) -> Result<Self, Rejection> {
        let close = context.close.ok_or(Rejection::Absent("reason"))?;
        Ok(Disconnection { reason: close.reason, detail: close.detail.as_deref().map(str::to_owned) })
    }
}
