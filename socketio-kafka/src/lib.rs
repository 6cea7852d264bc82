#![doc = include_str!("../README.md")]
#![cfg_attr(not(test), warn(clippy::unwrap_used))] // a peer's mistake must never reach one

#[cfg(test)]
extern crate self as socketio_kafka; // what is shared with the fuzz targets knows it by that name

mod broker; // Kafka as the core sees it
mod cursor; // where to go on
mod error;
mod feed; // what was published, as it comes
mod link; // what librdkafka's threads tell us, and its calls that block
mod options; // settings and URLs
mod publisher; // frames out
mod topics; // a channel is a topic

pub use self::{
    broker::Kafka,
    cursor::Cursor,
    error::KafkaError,
    feed::KafkaFeed,
    options::{KafkaOptions, Sasl},
};

/// The adapter for clusters over Kafka: give it to `Server::builder().manager(…)`.
#[cfg(feature = "server")]
pub type KafkaManager = socketio_core::adapter::ClusterAdapter<Kafka>;
