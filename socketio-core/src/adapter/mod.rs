//! Rooms, and the operations that reach them: on this server, and through an [`Adapter`] on others.
//!
//! Everything that is sent to more than one socket is an [`Operation`], a value; the server hands it to its adapter and nothing goes
//! round it. [`LocalAdapter`] knows this process alone. An adapter for a cluster applies the operation here first, through
//! [`LocalNode::apply`], and passes it on.

#[cfg(feature = "server")]
mod asking; // what a server can ask of many sockets
mod broadcast; // what `to`, `except` and their like build
pub mod broker; // the seam to message queues
#[cfg(feature = "server")]
pub mod cluster; // nodes that share a channel
#[cfg(feature = "contract")]
pub mod contract; // what every broker must do
mod error; // why an operation was not taken
#[cfg(feature = "server")]
mod local; // the adapter for this process alone
pub mod memory; // several servers in one process
#[cfg(feature = "server")]
mod node; // the sockets of this process
pub mod operation; // what can be done to many sockets, as data
pub mod publisher; // the half of a cluster that only sends
#[cfg(feature = "server")]
mod replies; // answers, as they come
pub(crate) mod reserved; // names that the libraries keep for themselves
mod room; // a room's name
#[cfg(feature = "server")]
pub(crate) mod rooms; // who is in which room
pub mod wire; // what nodes say to each other, and its bytes

pub use self::broadcast::{Broadcast, Dispatch};
pub use self::error::{AdapterError, EmitError};
pub use self::operation::{EventPacket, Flags, Operation, Receipt, Recipients, Target};
pub use self::room::{IntoRooms, Room, RoomList};

#[cfg(feature = "server")]
pub use self::{
    asking::{Answers, Fetched},
    cluster::{ClusterAdapter, Health},
    local::{Adapter, LocalAdapter, Membership},
    node::LocalNode,
    replies::{Replies, Reply},
};
