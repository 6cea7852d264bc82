//! What becomes of everybody when a broker, the link to it, or the machine fails. The brokers are real, and those that are killed, stopped or
//! paused are the test's own.
//!
//! ```text
//! two nodes ── on each: a client that listens, one that asks ten times a second; on the first also a socket.io-client
//! 50 numbered messages a second from each, 100 from an emitter ── all through the fault
//! ```
//!
//! See [`play::Play`] for what is asserted of every fault of a broker.

mod amqp;
mod common; // the faults that every broker may have
mod kafka;
mod log; // who was lost and back, and what panicked
mod machine; // processes that are suspended, clocks that jump
mod play; // the parties, and what holds for each fault
mod probe; // how long a client waits
mod redis;
mod source; // numbered messages
