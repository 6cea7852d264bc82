#![doc = include_str!("../README.md")]

mod broker; // the connection as the core sees it
mod error;
mod exchange; // what a channel is
mod feed; // frames in
mod link; // TCP, TLS and AMQP's handshake
mod options; // URLs and settings
mod publisher; // messages out
mod queue; // what is kept for this node
mod tls; // certificates

pub use crate::broker::Amqp;
pub use crate::error::AmqpError;
pub use crate::feed::AmqpFeed;
pub use crate::options::{AmqpOptions, Argument};
pub use crate::queue::QueueName;

// With the core's cluster adapter:
// /// Makes several servers act as one, through an AMQP broker.
// #[cfg(feature = "server")]
// pub type AmqpManager = socketio_core::adapter::ClusterAdapter<Amqp>;
