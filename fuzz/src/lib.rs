//! What each fuzz target does with its input: one function `run` per decoder, which panics when a promise is broken.
//!
//! Nothing here knows a fuzzer: `socketio-core/tests/corpora.rs` includes this file and runs the same functions over the
//! committed corpora and findings.

pub mod args;
#[cfg(all(feature = "server", feature = "static-files"))]
pub mod connection;
pub mod engine_packet;
pub mod frame;
pub mod handshake_query;
#[cfg(feature = "msgpack")]
pub mod msgpack;
pub mod packet;
pub mod payload;
pub mod wire_python;
