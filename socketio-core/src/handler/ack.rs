//! The answer to an event.

use std::fmt::Display;

use super::context::{Context, kind::Event};
use super::extract::{FromContext, Rejection};
use super::reply::HandlerError;
use crate::protocol::args::{EncodeError, IntoArgs};
use crate::server::{EmitError, Socket, encode};

/// The answer that the client waits for, to be sent by hand: taking it switches the automatic one off.
///
/// Dropped without [`send`](Self::send), it leaves the client without an answer. [`is_wanted`](Self::is_wanted) tells whether the client asked for one.
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

impl FromContext<Event> for Ack {
    fn from_context(context: &mut Context<'_>) -> Result<Self, Rejection> {
        Ok(Ack { socket: context.socket().clone(), id: context.ack.take() })
    }
}

pub(super) fn respond(socket: &Socket, id: Option<u64>, args: &impl IntoArgs) -> Result<(), EmitError> {
    let Some(id) = id else { return Ok(()) };
    socket.write(|out| -> Result<usize, EncodeError> {
        encode::ack(out, &socket.namespace_inner().name, id, args)
    })
}

/// Sends what a handler returned, or logs why there is nothing to send.
pub(super) fn reply<A: IntoArgs>(
    socket: &Socket,
    event: &str,
    id: Option<u64>,
    returned: Result<A, HandlerError>,
) {
    let sent = match returned {
        Ok(args) => respond(socket, id, &args),
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
