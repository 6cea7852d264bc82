//! What is each broker's own, on real ones: the ways to it, who is let in, what becomes of a link, and what others see there.
//!
//! What all of them have in common is `socketio_core::adapter::contract`, run by `tests/contract.rs` of each backend.

mod amqp;
mod kafka;
mod redis;
