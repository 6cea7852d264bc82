//! Clients inside a test: no port, no network, and the server's real path from the HTTP request on.
//!
//! ```text
//! Client ─ WebSocket frames ─ HTTP/1.1 upgrade ─ a pipe in memory ─ hyper ─ Server::service() ─ … ─ your handlers
//! ```
//!
//! A [`Client`] speaks to a [`Server`](crate::Server) of the same process as a browser's client would: it asks for the WebSocket, enters
//! a namespace with its auth, emits, receives, answers. What it waits for has a [deadline](ClientBuilder::deadline), so a test that
//! cannot pass says what it waited for instead of hanging.
//!
//! ```
//! use socketio_core::testing::{Client, TestError};
//! use socketio_core::{Data, Server, Socket};
//!
//! fn chat() -> Server {
//!     let io = Server::builder().build().expect("the options are right");
//!     io.on("say", |socket: Socket, Data(text): Data<String>| {
//!         socket.broadcast().emit("say", text).is_ok()
//!     });
//!     io
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), TestError> {
//! let io = chat();
//! let mut ada = Client::connect(&io).await?;
//! let mut bob = Client::connect(&io).await?;
//! assert!(ada.emit_with_ack::<bool>("say", "hello").await?);
//! assert_eq!(bob.receive::<String>("say").await?, "hello");
//! # Ok(()) }
//! ```
//!
//! # Time
//!
//! Nothing here touches the system's network, so tests work with Tokio's paused clock (`#[tokio::test(start_paused = true)]`, its
//! feature `test-util`): nobody waits for a handler's `sleep`, for heartbeats and timeouts, and a deadline comes only when nothing else
//! can happen. The clock jumps from one timer to the next, and a server has one some 32 times a second: an hour takes a few seconds.
//!
//! # What is not tested by it
//!
//! Polling and the upgrade from it, TLS, proxies, the framework that the server is mounted into. Those have a port, and a client of
//! their own.

mod builder; // how a client connects
mod client; // the client's words
mod error; // what went wrong
mod event; // what the server sent
mod link; // what reads, and what is shared with it
mod pipe; // a WebSocket in memory

#[cfg(test)]
mod tests;

pub use self::builder::ClientBuilder;
pub use self::client::Client;
pub use self::error::{Ended, TestError};
pub use self::event::Event;
