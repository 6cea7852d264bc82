//! What `to`, `except` and their like build: an operation on many sockets, spelled as a chain.
//!
//! Servers and emitters share these words. Whom they are said to is a [`Dispatch`]: a server's adapter, or a publisher.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::error::{AdapterError, EmitError};
use super::operation::{EventPacket, Flags, Operation, Receipt, Target, with_slash};
use super::reserved;
use super::room::IntoRooms;
use crate::protocol::args::IntoArgs;

/// Takes operations on many sockets.
pub trait Dispatch: fmt::Debug + Send + Sync + 'static {
    /// Applies `operation` to the sockets of this node, if it is one, and queues it for the others. Waits for nothing.
    ///
    /// # Errors
    ///
    /// Nothing was done.
    fn dispatch(&self, operation: Operation) -> Result<Receipt, AdapterError>;
}

/// Sockets of a namespace, about to be sent something.
///
/// ```no_run
/// # #[cfg(feature = "server")]
/// # async fn example(io: socketio_core::Server) -> Result<(), Box<dyn std::error::Error>> {
/// let reached = io.to(["news", "sports"]).except("muted").emit("headline", ("Storm", 3))?.local;
/// # Ok(()) }
/// ```
///
/// It can be kept and used again. From a socket (`socket.to(…)`, `socket.broadcast()`) it leaves that socket out.
#[derive(Debug)]
#[must_use = "nothing is sent before `emit`"]
pub struct Broadcast<D: Dispatch + ?Sized> {
    pub(super) dispatch: Arc<D>,
    pub(super) target: Target,
    pub(super) timeout: Option<Duration>,
    pub(super) flags: Flags,
}

impl<D: Dispatch + ?Sized> Broadcast<D> {
    pub(crate) fn new(dispatch: Arc<D>, target: Target) -> Self {
        Broadcast { dispatch, target, timeout: None, flags: Flags::default() }
    }

    /// Everybody in `namespace`, whose name begins with a slash, written or not.
    pub fn everyone(dispatch: Arc<D>, namespace: &str) -> Self {
        Broadcast::new(dispatch, Target::everyone(with_slash(namespace).into()))
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

    /// Drops what is sent next for those who are not ready for it: they do not read, or poll and are between two polls. The others get
    /// it, and [`Receipt::local`] counts them. Nodes of python-socketio deliver it to all of theirs.
    pub fn volatile(mut self) -> Self {
        self.flags.volatile = true;
        self
    }

    /// Whether polling answers that carry what is sent next may be compressed for its sake. Default: true.
    pub fn compress(mut self, compress: bool) -> Self {
        self.flags.uncompressed = !compress;
        self
    }

    /// Sends `event` to each of the sockets.
    ///
    /// On return the packet is in the queue of each; nothing is waited for. The arguments are encoded once, whatever the number of
    /// sockets: `("moved", (3, 4))` leaves as `42["moved",3,4]`. [`Receipt::local`] says how many queues took it.
    ///
    /// # Errors
    ///
    /// [`EmitError::Encode`], [`EmitError::ReservedEvent`], [`EmitError::Adapter`]: nothing was sent.
    pub fn emit(&self, event: &str, args: impl IntoArgs) -> Result<Receipt, EmitError> {
        reserved::check(event)?;
        let packet = EventPacket::new(event, &args)?.with_flags(self.flags);
        Ok(self.dispatch.dispatch(Operation::Emit { target: self.target.clone(), packet })?)
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
        self.dispatch.dispatch(Operation::Join { target: self.target.clone(), rooms: rooms.into_rooms() })
    }

    /// Takes each of the sockets out of `rooms`.
    ///
    /// # Errors
    ///
    /// The adapter could not take the operation; nobody was moved.
    pub fn leave(&self, rooms: impl IntoRooms) -> Result<Receipt, AdapterError> {
        self.dispatch.dispatch(Operation::Leave { target: self.target.clone(), rooms: rooms.into_rooms() })
    }

    /// Sends each of the sockets out of the namespace.
    ///
    /// # Errors
    ///
    /// The adapter could not take the operation; nobody was disconnected.
    pub fn disconnect(&self) -> Result<Receipt, AdapterError> {
        self.dispatch.dispatch(Operation::Disconnect { target: self.target.clone(), close: false })
    }

    /// Closes the whole connection of each of the sockets.
    ///
    /// # Errors
    ///
    /// The adapter could not take the operation; nobody was disconnected.
    pub fn close(&self) -> Result<Receipt, AdapterError> {
        self.dispatch.dispatch(Operation::Disconnect { target: self.target.clone(), close: true })
    }
}

impl<D: Dispatch + ?Sized> Clone for Broadcast<D> {
    fn clone(&self) -> Self {
        let (dispatch, target) = (self.dispatch.clone(), self.target.clone());
        Broadcast { dispatch, target, timeout: self.timeout, flags: self.flags }
    }
}
