//! Fixtures for the tests beside this crate: a running server, raw clients, and the foreign clients as processes.
//!
//! ```text
//! tests/js_client.rs ── world::start() ──────── a server with a handler for everything a client can ask
//!                    └─ foreign::node("acks") ─ foreign/js/acks.mjs, one JSON line per fact
//! tests/order.rs ────── client::Client ──────── Engine.IO packets as text, over either transport
//! tests/hostile.rs ──── http, frames ────────── requests and frames as no client should send them
//! ```
//!
//! Nothing here sleeps for a guess: everything is waited for, with a deadline generous enough for a busy machine.

#![allow(clippy::duplicate_mod, reason = "the world is compiled for each of the two servers")]
#![allow(
    missing_docs,
    reason = "fixtures, which nobody publishes: where a name says it all, it is left at that"
)]

pub mod balancer; // nginx and HAProxy before several nodes
pub mod client; // Engine.IO packets over polling or WebSocket
pub mod cluster; // several servers that act as one
#[cfg(test)]
mod coverage; // the checker of docs/coverage.md
pub mod foreign; // scripts for Node and Python, and what they report
pub mod frames; // WebSocket frames as a client sends them, wrong ones included
pub mod gate; // where handlers wait for the test
pub mod heard; // numbered messages that a client has heard
pub mod http; // HTTP/1.1 requests, wrong ones included
pub mod log; // what servers write to it
mod on_every_broker; // the list of brokers, as a macro
pub mod own_brokers; // brokers that may be killed
pub mod process; // a server in a process of its own, and its figures
pub mod program; // a process of a test, whichever
pub mod python_party; // python-socketio in a cluster, doing what the test says
pub mod running; // a server on a port of its own
pub mod wait; // deadlines
pub mod ways; // how clients come and go
pub mod world; // the server that the foreign clients talk to

pub use test_brokers as brokers; // where the real brokers are
