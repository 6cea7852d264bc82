//! A server's words about the clients of `/`: those of [`Namespace`](super::Namespace).

use std::time::Duration;

use super::{AckError, Answer, Broadcast, EmitError, RemoteSocket, Server, Socket};
use crate::adapter::{AdapterError, Fetched, IntoRooms, Receipt, Room};
use crate::protocol::args::IntoArgs;
use crate::protocol::sid::Sid;

impl Server {
    /// Sends `event` to everybody in `/`.
    ///
    /// # Errors
    ///
    /// Those of [`Broadcast::emit`].
    pub fn emit(&self, event: &str, args: impl IntoArgs) -> Result<Receipt, EmitError> {
        self.root.emit(event, args)
    }

    /// Sends a `message` event to everybody in `/`.
    ///
    /// # Errors
    ///
    /// Those of [`Broadcast::emit`].
    pub fn send(&self, args: impl IntoArgs) -> Result<Receipt, EmitError> {
        self.root.send(args)
    }

    /// The sockets of `/` in any of these rooms.
    pub fn to(&self, rooms: impl IntoRooms) -> Broadcast {
        self.root.to(rooms)
    }

    /// Everybody in `/` but the sockets in these rooms.
    pub fn except(&self, rooms: impl IntoRooms) -> Broadcast {
        self.root.except(rooms)
    }

    /// Everybody in `/`: see [`Broadcast::volatile`].
    pub fn volatile(&self) -> Broadcast {
        self.root.volatile()
    }

    /// Everybody in `/`: see [`Broadcast::compress`].
    pub fn compress(&self, compress: bool) -> Broadcast {
        self.root.compress(compress)
    }

    /// Takes everybody in `/` out of `room`.
    ///
    /// # Errors
    ///
    /// The adapter could not take the operation; the room is as it was.
    pub fn close_room(&self, room: impl Into<Room>) -> Result<Receipt, AdapterError> {
        self.root.close_room(room)
    }

    /// A client in `/`, by its id.
    #[must_use]
    pub fn socket(&self, sid: &str) -> Option<Socket> {
        self.root.socket(sid)
    }

    /// The clients in `/`, as they are now.
    #[must_use]
    pub fn sockets(&self) -> Vec<Socket> {
        self.root.sockets()
    }

    /// How many clients of this process are in `/`.
    #[must_use]
    pub fn count(&self) -> usize {
        self.root.count()
    }

    /// Everybody in `/` who is on this node.
    pub fn local(&self) -> Broadcast {
        self.root.local()
    }

    /// Sets how long the next question to everybody in `/` waits for answers. Default: 5 s.
    pub fn timeout(&self, timeout: Duration) -> Broadcast {
        self.root.timeout(timeout)
    }

    /// Who is in `/`, on every node.
    ///
    /// Nodes have 5 s to answer, or what [`timeout`](Self::timeout) says; [`Fetched::silent`] names those that did not.
    ///
    /// # Errors
    ///
    /// Nobody was asked.
    pub async fn fetch_sockets(&self) -> Result<Fetched<RemoteSocket>, AdapterError> {
        self.root.fetch_sockets().await
    }

    /// The rooms of `/` on every node, each with its number of sockets.
    ///
    /// Nodes have 5 s to answer; [`Fetched::silent`] names those that did not.
    ///
    /// # Errors
    ///
    /// Nobody was asked.
    pub async fn rooms(&self) -> Result<Fetched<(Room, u64)>, AdapterError> {
        self.root.rooms().await
    }

    /// Sends `event` to one client of `/` on whatever node, and waits for its answer; see [`Namespace::call`](super::Namespace::call).
    ///
    /// # Errors
    ///
    /// Those of [`Namespace::call`](super::Namespace::call).
    pub async fn call<T: Answer>(
        &self,
        sid: impl Into<Sid>,
        event: &str,
        args: impl IntoArgs,
        timeout: Duration,
    ) -> Result<T, AckError> {
        self.root.call(sid, event, args, timeout).await
    }

    /// Puts everybody in `/` into `rooms`; see [`Namespace::sockets_join`](super::Namespace::sockets_join).
    ///
    /// # Errors
    ///
    /// The adapter could not take the operation.
    pub fn sockets_join(&self, rooms: impl IntoRooms) -> Result<Receipt, AdapterError> {
        self.root.sockets_join(rooms)
    }

    /// Takes everybody in `/` out of `rooms`; see [`Namespace::sockets_leave`](super::Namespace::sockets_leave).
    ///
    /// # Errors
    ///
    /// The adapter could not take the operation.
    pub fn sockets_leave(&self, rooms: impl IntoRooms) -> Result<Receipt, AdapterError> {
        self.root.sockets_leave(rooms)
    }

    /// Sends everybody out of `/`; see [`Namespace::disconnect_sockets`](super::Namespace::disconnect_sockets).
    ///
    /// # Errors
    ///
    /// The adapter could not take the operation.
    pub fn disconnect_sockets(&self, close: bool) -> Result<Receipt, AdapterError> {
        self.root.disconnect_sockets(close)
    }
}
