//! Functions as handlers: what they may take, what they may return.
//!
//! A handler is a function or closure, sync or async, of up to five *extractors* in any order:
//!
//! | extractor | gives | in |
//! | --- | --- | --- |
//! | [`Socket`](crate::Socket), [`Namespace`](crate::Namespace) | the client, its namespace | all |
//! | [`Data<T>`] | the first argument | events |
//! | [`Args<T>`] | all arguments: a tuple | events |
//! | [`RawArgs`](crate::RawArgs) | all arguments as they came | events |
//! | [`EventName`] | the event's name | events |
//! | [`Ack`] | the answer, to be sent by hand | events |
//! | [`Auth<T>`] | what the client sent with CONNECT | `on_connect` |
//! | [`DisconnectReason`](crate::DisconnectReason), [`Disconnection`] | why the client is gone | `on_disconnect` |
//! | [`Next`] | what comes behind a middleware | `use_event`, which has all those of events |
//! | [`Captured<T>`] | the parts of its namespace's name | all, in namespaces of a pattern |
//! | [`State<T>`] | what the builder was given | all |
//! | [`Session<T>`] | what was saved for this client in this namespace | all |
//! | [`SharedSession<T>`] | what was saved for this client in all namespaces | all |
//! | [`Handshake`](crate::Handshake) | the request that opened the connection | all |
//! | [`Extension<T>`] | what the host framework put into that request | all |
//!
//! `Option<X>` is `None` where `X` is not there (an argument that is missing or `null`, no auth, nothing saved); something of the wrong
//! shape is still refused. `Result<X, `[`Rejection`]`>` never refuses: the handler answers itself.
//!
//! ```no_run
//! use socketio_core::{Args, HandlerError, Session, Socket, State};
//! # struct User { name: String }
//! # struct Rooms;
//! # impl Rooms { async fn is_open(&self, _: &str) -> Result<bool, std::io::Error> { Ok(true) } }
//!
//! async fn say(
//!     socket: Socket,
//!     State(rooms): State<Rooms>,
//!     Session(user): Session<User>,
//!     Args((room, text)): Args<(String, String)>,
//! ) -> Result<usize, HandlerError> {
//!     if !rooms.is_open(&room).await? {
//!         return Err(HandlerError::ack("closed"));
//!     }
//!     Ok(socket.to(&room).emit("say", (&user.name, text))?.local)
//! }
//! # fn example(io: socketio_core::Server) {
//! io.on("say", say);
//! # }
//! ```
//!
//! A type whose methods are handlers is a [`Class`]; [`events!`](crate::events) registers functions and methods under their own names.
//!
//! An event's handler returns the client's ack: nothing, a value, a tuple (several arguments), or `Result<_, `[`HandlerError`]`>`.

mod ack; // Ack
mod arguments; // Data, Args, RawArgs, EventName
mod auth; // Auth
mod blocking; // functions that block
mod captured; // Captured
mod class; // types whose methods are handlers
mod connect; // on_connect: ConnectError, what it may return
mod context; // what extractors look at
mod extract; // FromContext, Option and Result of extractors
mod function; // functions that are handlers
mod middleware; // Next
mod reason; // DisconnectReason, Disconnection
mod registering; // events!
mod reply; // what handlers return
mod request; // Handshake, Extension
mod saved; // State, Session, SharedSession

pub use self::ack::Ack;
pub use self::arguments::{Args, Data, EventName};
pub use self::auth::Auth;
pub use self::blocking::{BlockingConnectHandler, BlockingHandler, Threaded};
pub use self::captured::Captured;
pub use self::class::{Class, ConnectMethod, Events, Method};
pub use self::connect::{ConnectError, ConnectHandler, IntoConnect};
pub use self::context::{Context, kind};
pub use self::extract::{FromContext, Rejection};
pub use self::function::Handler;
pub use self::middleware::Next;
pub use self::reason::Disconnection;
pub use self::reply::{HandlerError, IntoAck};
pub use self::request::Extension;
pub use self::saved::{Session, SharedSession, State};

#[doc(hidden)]
pub use self::registering::{event_of_function, event_of_method};

pub(crate) use self::blocking::Blocking;
pub(crate) use self::class::{Methods, Place};
pub(crate) use self::connect::{Asking, ConnectFunction, Connecting, erase_connect};
pub(crate) use self::function::{BoxedHandler, Called, Function, erase};
pub(crate) use self::middleware::pass;
