#![doc = include_str!("../README.md")]
#![cfg_attr(not(test), warn(clippy::unwrap_used))] // a peer's mistake must never reach one

pub mod blocking; // for programs without a runtime
mod emitter; // for those with one
mod words; // what both say

pub use crate::emitter::{Broadcast, Emitter};

/// An emitter over AMQP.
#[cfg(feature = "amqp")]
pub type AmqpEmitter = Emitter<socketio_amqp::Amqp>;

/// An emitter over Kafka.
#[cfg(feature = "kafka")]
pub type KafkaEmitter = Emitter<socketio_kafka::Kafka>;

/// An emitter over Redis or Valkey.
#[cfg(feature = "redis")]
pub type RedisEmitter = Emitter<socketio_redis::Redis>;

pub use socketio_core::adapter::publisher::{Listeners, PublisherError, PublisherHealth, Totals};
pub use socketio_core::adapter::{EmitError, Receipt};
