//! The answer to an event.

use std::fmt::Display;

use super::context::{Context, kind::HasArgs};
use super::extract::{FromContext, Rejection};
use super::middleware::Slot;
use super::reply::HandlerError;
use crate::protocol::args::{EncodeError, IntoArgs, RawArgs};
use crate::server::{EmitError, Socket, encode};

/// The answer that the client waits for, to be sent by hand: taking it switches the automatic one off.
///
/// Dropped without [`send`](Self::send), it leaves the client without an answer. [`is_wanted`](Self::is_wanted) tells whether the client asked for one.
///
/// ```no_run
/// # fn example(io: socketio_core::Server) {
/// use socketio_core::{Ack, Data};
///
/// io.on("order", |Data(item): Data<String>, ack: Ack| async move {
///     ack.send(("accepted", &item)).ok(); // the client goes on
///     tokio::time::sleep(std::time::Duration::from_secs(60)).await; // and so does the work
/// });
/// # }
/// ```
#[derive(Debug)]
#[must_use = "the client waits for the answer"]
pub struct Ack {
    socket: Socket,
    id: Option<u64>,
}

impl Ack {
    /// Sends the answer: a tuple is several arguments, `()` none. Does nothing if the client asked for none.
    ///
    /// # Errors
    ///
    /// Nothing was sent.
    pub fn send(self, args: impl IntoArgs) -> Result<(), EmitError> {
        respond(&self.socket, self.id, &args)
    }

    /// Whether the client waits for an answer.
    #[must_use]
    pub fn is_wanted(&self) -> bool {
        self.id.is_some()
    }
}

impl<K: HasArgs> FromContext<K> for Ack {
    fn from_context(context: &mut Context<'_>) -> Result<Self, Rejection> {
        Ok(Ack { socket: context.socket().clone(), id: context.take_ack() })
    }
}

pub(super) fn respond(socket: &Socket, id: Option<u64>, args: &impl IntoArgs) -> Result<(), EmitError> {
    let Some(id) = id else { return Ok(()) };
    socket.write(|out| -> Result<usize, EncodeError> {
        encode::ack(out, socket.parser(), &socket.namespace_inner().name, id, args)
    })
}

/// Sends what a handler returned, or logs why there is nothing to send; with middlewares it is theirs, in `slot`.
#[inline]
pub(super) fn reply<A: IntoArgs>(
    socket: &Socket,
    event: &str,
    id: Option<u64>,
    slot: Option<&Slot>,
    returned: Result<A, HandlerError>,
) {
    if id.is_some() || slot.is_some() || returned.is_err() {
        reply_something(socket, event, id, slot, returned);
    }
}

fn reply_something<A: IntoArgs>(
    socket: &Socket,
    event: &str,
    id: Option<u64>,
    slot: Option<&Slot>,
    returned: Result<A, HandlerError>,
) {
    if let Some(slot) = slot {
        slot.put(returned.and_then(|args| Ok(RawArgs::encode(&args)?)));
        return;
    }
    let sent = match returned {
        Ok(args) => respond(socket, id, &args),
        Err(error) if error.is_silent() => Ok(()),
        Err(error) => {
            socket.server().counting.handler_errors.one();
            if let Some(cause) = error.cause() {
                tracing::error!(target: "socketio", sid = %socket.id(), event, error = cause, "a handler failed");
            }
            match error.into_ack() {
                Some(Ok(args)) => respond(socket, id, &args),
                Some(Err(error)) => Err(error.into()),
                None => Ok(()),
            }
        }
    };
    match sent {
        Ok(()) | Err(EmitError::Disconnected) => {}
        Err(error) => log_unsent(socket, event, &error),
    }
}

fn log_unsent(socket: &Socket, event: &str, error: &dyn Display) {
    tracing::error!(target: "socketio", sid = %socket.id(), event, %error, "an ack was not sent");
}
