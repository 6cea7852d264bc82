#![doc = include_str!("../README.md")]
#![cfg_attr(not(test), warn(clippy::unwrap_used))] // a peer's mistake must never reach one

#[cfg(test)]
extern crate self as socketio_amqp; // what is shared with the fuzz targets knows it by that name

mod broker; // the connection as the core sees it
mod error;
mod exchange; // what a channel is
mod feed; // frames in
mod options; // URLs, settings, and how a broker is reached
mod publisher; // messages out
mod queue; // what is kept for this node

pub use crate::broker::Amqp;
pub use crate::error::AmqpError;
pub use crate::feed::AmqpFeed;
pub use crate::options::{AmqpOptions, Argument};
pub use crate::queue::QueueName;

/// An adapter over AMQP: what python-socketio calls its `KombuManager` and its `AsyncAioPikaManager`, and a node beside them.
///
/// ```
/// use socketio_amqp::AmqpManager;
///
/// let manager = AmqpManager::new("amqp://guest:guest@localhost:5672//")?.channel("chat"); // parses only
/// # Ok::<(), socketio_amqp::AmqpError>(())
/// ```
#[cfg(feature = "server")]
pub type AmqpManager = socketio_core::adapter::ClusterAdapter<Amqp>;
