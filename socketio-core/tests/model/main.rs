//! The server beside slow, plain models of the protocol: random steps go to both, and what clients get must be what the model says.
//!
//! ```text
//! cargo test -p socketio-core --features testing,msgpack --test model                           a few seconds
//! PROPTEST_CASES=100000 cargo test -p socketio-core --features testing,msgpack --test model     longer; `make models` does that
//! ```
//!
//! Everything is in one process and one thread, with the clock of tokio's tests: a case has no luck but its own steps, and one that
//! failed fails again. It is kept beside its test, in `*.regressions`, and goes first from then on.

mod clock; // a paused one, and waiting until nothing moves
mod comparing; // what a session's client has received, and what the server knows of it
mod crowd; // clients, namespaces, rooms: who hears what
mod namespaces; // the model of one client in its namespaces
mod opening; // handshakes
mod pipe; // a client's connection, byte by byte
mod protocol; // the model of one session
mod session; // GET, POST, upgrade, WebSocket, shutdown and time, in any order
mod steps; // what may happen to a session
mod words; // JSON and msgpack
