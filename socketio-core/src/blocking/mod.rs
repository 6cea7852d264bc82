//! The server for programs of threads: plain functions as handlers, which may block, and words that wait.
//!
//! ```no_run
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use socketio_core::Data;
//! use socketio_core::blocking::{Server, Socket};
//!
//! let io = Server::builder().threads(100).build()?;
//! io.on("say", |socket: Socket, Data(text): Data<String>| {
//!     std::thread::sleep(std::time::Duration::from_secs(1)); // a slow database, say
//!     socket.broadcast().emit("say", text).ok();
//!     "sent"
//! });
//! io.serve("127.0.0.1:3000")?;
//! # Ok(()) }
//! ```
//!
//! It is [the async server](crate::Server), which runs on a runtime of its own; no second one. Each type here stands for one there,
//! and has all its words: those that neither wait nor hand out a handle are the same ([`Deref`](std::ops::Deref) gives them), the
//! others have the same name here and stop the thread instead. `emit_with_callback` takes its deadline as an argument,
//! `emit_with_callback(event, args, timeout, f)`, and that of a [`Broadcast`] gives `f` one tuple, `(sid, answer)`. Everything else is
//! shared: the builder, extractors, errors, managers, counters. For programs that only emit there is `socketio_emitter::blocking`.
//!
//! # Where handlers run
//!
//! On threads of a pool, [100](ServerBuilder::threads) at most, which are made when they are first needed. Their extractors run before
//! that, where the event arrived; a function that is refused its arguments takes no thread. A handler that blocks holds up neither
//! pings nor other clients, and an answer that it waits for comes, even when every thread of the pool waits.
//!
//! * *Order.* Handlers of one client run one after the other, in the order of its events, and those of different clients at the same
//!   time: one client takes one thread. Its answers and pongs are heard meanwhile. With
//!   [`async_handlers(true)`](ServerBuilder::async_handlers), the default of the async server and of python's, handlers of one client
//!   are given to threads in that order too; but from then on they run at the same time, and the second may overtake the first.
//! * *When all threads are busy,* handlers wait, in order, and nothing is lost. Of one client,
//!   [`max_queued_events`](ServerBuilder::max_queued_events) wait (1,000; with `async_handlers(true)` it is
//!   [`max_handlers_in_flight`](ServerBuilder::max_handlers_in_flight), 64): then it is not read until there is room, so that the queue
//!   is bounded by the clients. [`Counters::blocking_full`](crate::Counters) says how often a handler had to wait for a thread.
//! * *What else runs there:* `on_connect` and its middlewares, middlewares of events with all that is behind them on one thread, the
//!   handlers of the end, callbacks of acks, [`allow_request`](ServerBuilder::allow_request), [`generate_id`](ServerBuilder::generate_id),
//!   handlers of other servers' events. `on_disconnecting` has its rooms until it has returned.
//! * *What does not, and must not block:* [`on_any_outgoing`](Namespace::on_any_outgoing) and [`on_room_event`](Namespace::on_room_event),
//!   which run on the thread that sends or moves somebody; [`on_new_namespace`](Server::on_new_namespace), the predicate of
//!   [`of_where`](Server::of_where), and the builder's hooks on headers and refusals.
//!
//! A handler's own disconnects run their handlers inside it, on its thread.
//!
//! # Threads that may wait
//!
//! Every word may be said on any thread. Those that wait (`serve`, `close`, `closing`, `call`, `emit_with_ack`, `fetch_sockets`,
//! `rooms`, `count` of a broadcast, `closed`, `ask`'s iterator, `server_side_emit_with_ack`) must not be said on a thread that drives
//! async tasks of whatever Tokio runtime, which would stop with it: there they *panic*, before anything is sent, in words that say so.
//! In an async program they belong into `tokio::task::spawn_blocking`, or take [`crate::Server`].

mod broadcast; // many sockets, about to be sent something, or asked
mod builder; // options of its own
mod connection; // what a client's sockets share
mod fallback; // another application on the same port
mod namespace; // a world of its own
mod next; // what comes behind a middleware
mod parent; // handlers for many namespaces
mod question; // one socket, about to be sent something in a manner of its own
mod remote; // sockets of any node, as data
mod replies; // answers as they come
mod server; // the server
mod socket; // one client in one namespace
mod waiting; // stopping a thread
mod words; // the words that many have in common

pub use self::broadcast::Broadcast;
pub use self::builder::{Options, ServerBuilder};
pub use self::connection::Connection;
pub use self::namespace::Namespace;
pub use self::next::Next;
pub use self::parent::{EveryNamespace, ParentNamespace};
pub use self::question::Question;
pub use self::remote::RemoteSocket;
pub use self::replies::Replies;
pub use self::server::Server;
pub use self::socket::Socket;
pub use crate::handler::{BlockingConnectHandler, BlockingHandler};
