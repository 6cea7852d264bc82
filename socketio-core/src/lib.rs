#![doc = include_str!("../README.md")]
#![cfg_attr(not(test), warn(clippy::unwrap_used))] // a peer's mistake must never reach one

pub mod protocol; // bytes <-> packets; no I/O, no clock

pub mod adapter; // rooms, and the broadcasts that reach them
#[cfg(feature = "blocking")]
pub mod blocking; // the server for programs of threads
#[cfg(feature = "server")]
mod engine; // one client session: handshake, heartbeat, transports, upgrade
#[cfg(feature = "server")]
mod fatal; // errors that end a server
#[cfg(feature = "server")]
pub mod handler; // functions as handlers: extractors, return values
#[cfg(feature = "server")]
pub mod http; // the tower service and layer, the standalone server
#[cfg(feature = "server")]
pub mod server; // namespaces, sockets, acks, sessions
#[cfg(feature = "server")]
mod sync; // locks, atomics and tasks, which models replace
#[cfg(feature = "testing")]
pub mod testing; // clients inside a test, without a port

pub use crate::adapter::{IntoRooms, Room};
pub use crate::protocol::args::{IntoArgs, RawArgs};
pub use crate::protocol::engine::Transport;
pub use crate::protocol::sid::Sid;

// The paved path. Everything else is named through its module.
#[cfg(feature = "server")]
pub use crate::{
    engine::{Cookie, Cors, DisconnectReason, Handshake},
    handler::{Ack, Args, Auth, ConnectError, Data, EventName, Extension, HandlerError, Session, State},
    server::{Broadcast, Counters, Drained, Namespace, Server, Socket},
};

#[cfg(feature = "static-files")]
pub use crate::http::StaticFiles;

#[cfg(feature = "autobahn")]
#[doc(hidden)]
pub use crate::engine::echo::websocket_echo;
