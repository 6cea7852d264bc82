#![doc = include_str!("../README.md")]
#![cfg_attr(not(test), warn(clippy::unwrap_used))] // a peer's mistake must never reach one

#[cfg(test)]
extern crate self as socketio_redis; // what is shared with the fuzz targets knows it by that name

mod ahead; // how far a subscription is read ahead
mod broker; // Redis: connect, publish, subscribe
mod error;
mod feed; // what was published, as it comes
mod first; // one address after the other, until one succeeds
mod fitness; // whether the server still is one that passes on what is published
mod link; // one connection, that takes commands or listens
mod options; // settings, URLs, and how a server is reached
mod servers; // which server: the one named, a Cluster's, or the one that the Sentinels name

#[cfg(test)]
mod played; // a Redis that a test plays

pub use self::{
    broker::Redis,
    error::RedisError,
    feed::RedisFeed,
    options::{Protocol, RedisOptions, TlsVerify},
};

/// An adapter over Redis: what python-socketio calls its `RedisManager`, and a node beside them.
///
/// ```
/// use socketio_redis::RedisManager;
///
/// let manager = RedisManager::new("redis://localhost:6379/0")?.channel("chat"); // parses only
/// # Ok::<(), socketio_redis::RedisError>(())
/// ```
#[cfg(feature = "server")]
pub type RedisManager = socketio_core::adapter::ClusterAdapter<Redis>;
