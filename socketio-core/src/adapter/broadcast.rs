//! What `to`, `except` and their like build: an operation on many sockets, spelled as a chain.

use std::sync::Arc;

use super::local::{Adapter, AdapterError};
use super::operation::{EventPacket, Operation, Receipt, Target};
use super::room::IntoRooms;
use crate::protocol::args::{EncodeError, IntoArgs};
use crate::server::EmitError;
use crate::server::reserved;

/// Sockets of a namespace, about to be sent something.
///
/// ```no_run
/// # async fn example(io: socketio_core::Server) -> Result<(), Box<dyn std::error::Error>> {
/// let reached = io.to(["news", "sports"]).except("muted").emit("headline", ("Storm", 3))?.local;
/// # Ok(()) }
/// ```
///
/// It can be kept and used again. From a socket (`socket.to(…)`, `socket.broadcast()`) it leaves that socket out.
#[derive(Clone, Debug)]
#[must_use = "nothing is sent before `emit`"]
pub struct Broadcast {
    adapter: Arc<dyn Adapter>,
    target: Target,
}

impl Broadcast {
    pub(crate) fn new(adapter: Arc<dyn Adapter>, target: Target) -> Self {
        Broadcast { adapter, target }
    }

    /// Adds rooms: a socket in any of them is meant, once. An empty list adds nobody, and is not everybody.
    pub fn to(mut self, rooms: impl IntoRooms) -> Self {
        self.target.recipients.add(rooms.into_rooms());
        self
    }

    /// Leaves out the sockets in any of these rooms.
    pub fn except(mut self, rooms: impl IntoRooms) -> Self {
        self.target.except.extend(rooms.into_rooms());
        self
    }

    /// Sends `event` to each of the sockets.
    ///
    /// On return the packet is in the queue of each; nothing is waited for. The arguments are encoded once, whatever the number of
    /// sockets: `("moved", (3, 4))` leaves as `42["moved",3,4]`. [`Receipt::local`] says how many queues took it.
    ///
    /// # Errors
    ///
    /// [`EmitError::Encode`], [`EmitError::ReservedEvent`]: nothing was sent.
    pub fn emit(&self, event: &str, args: impl IntoArgs) -> Result<Receipt, EmitError> {
        reserved::check(event)?;
        let packet =
            EventPacket::new(event, &args).map_err(|source: EncodeError| EmitError::Encode(source))?;
        Ok(self.adapter.dispatch(Operation::Emit { target: self.target.clone(), packet })?)
    }

    /// Sends a `message` event, as `send` does in every Socket.IO library.
    ///
    /// # Errors
    ///
    /// Those of [`emit`](Self::emit).
    pub fn send(&self, args: impl IntoArgs) -> Result<Receipt, EmitError> {
        self.emit("message", args)
    }

    /// Puts each of the sockets into `rooms`.
    ///
    /// # Errors
    ///
    /// The adapter could not take the operation; nobody was moved.
    pub fn join(&self, rooms: impl IntoRooms) -> Result<Receipt, AdapterError> {
        self.adapter.dispatch(Operation::Join { target: self.target.clone(), rooms: rooms.into_rooms() })
    }

    /// Takes each of the sockets out of `rooms`.
    ///
    /// # Errors
    ///
    /// The adapter could not take the operation; nobody was moved.
    pub fn leave(&self, rooms: impl IntoRooms) -> Result<Receipt, AdapterError> {
        self.adapter.dispatch(Operation::Leave { target: self.target.clone(), rooms: rooms.into_rooms() })
    }

    /// Sends each of the sockets out of the namespace.
    ///
    /// # Errors
    ///
    /// The adapter could not take the operation; nobody was disconnected.
    pub fn disconnect(&self) -> Result<Receipt, AdapterError> {
        self.adapter.dispatch(Operation::Disconnect { target: self.target.clone(), close: false })
    }

    /// Closes the whole connection of each of the sockets.
    ///
    /// # Errors
    ///
    /// The adapter could not take the operation; nobody was disconnected.
    pub fn close(&self) -> Result<Receipt, AdapterError> {
        self.adapter.dispatch(Operation::Disconnect { target: self.target.clone(), close: true })
    }
}
