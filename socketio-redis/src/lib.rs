#![doc = include_str!("../README.md")]
#![cfg_attr(not(test), warn(clippy::unwrap_used))] // a peer's mistake must never reach one

mod broker; // Redis: connect, publish, subscribe
mod error;
mod feed; // what was published, as it comes
mod link; // one connection: socket, TLS, login
mod options; // settings and URLs
mod servers; // which server: the one named, a Cluster's, or the one that the Sentinels name

pub use self::{
    broker::Redis,
    error::RedisError,
    feed::RedisFeed,
    options::{Protocol, RedisOptions, TlsVerify},
};

/// The adapter for clusters over Redis: give it to `Server::builder().manager(…)`.
#[cfg(feature = "server")]
pub type RedisManager = socketio_core::adapter::ClusterAdapter<Redis>;
