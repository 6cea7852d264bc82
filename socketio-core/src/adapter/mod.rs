//! Rooms, and the operations that reach them: on this server, and through an [`Adapter`] on others.
//!
//! Everything that is sent to more than one socket is an [`Operation`], a value; the server hands it to its adapter and nothing goes
//! round it. [`LocalAdapter`] knows this process alone. An adapter for a cluster applies the operation here first, through
//! [`LocalNode::apply`], and passes it on.

#[cfg(feature = "server")]
mod broadcast; // what `to`, `except` and their like build
pub mod broker; // the seam to message queues
#[cfg(feature = "server")]
pub mod cluster; // nodes that share a channel
#[cfg(feature = "contract")]
pub mod contract; // what every broker must do
#[cfg(feature = "server")]
mod local; // the adapter for this process alone
pub mod memory; // several servers in one process
#[cfg(feature = "server")]
mod node; // the sockets of this process
pub mod operation; // what can be done to many sockets, as data
#[cfg(feature = "server")]
mod replies; // answers, as they come
mod room; // a room's name
#[cfg(feature = "server")]
pub(crate) mod rooms; // who is in which room
pub mod wire; // what nodes say to each other, and its bytes

pub use self::operation::{EventPacket, Operation, Receipt, Recipients, Target};
pub use self::room::{IntoRooms, Room, RoomList};

#[cfg(feature = "server")]
pub use self::{
    broadcast::{Answers, Broadcast, Fetched},
    cluster::{ClusterAdapter, Health},
    local::{Adapter, AdapterError, LocalAdapter},
    node::LocalNode,
    replies::{Replies, Reply},
};
