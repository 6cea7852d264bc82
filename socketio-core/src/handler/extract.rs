//! How a handler's parameters come out of what has happened.

use std::convert::Infallible;

use super::context::Context;
use crate::protocol::args::DecodeError;
use crate::server::{Namespace, Socket};

/// A parameter of handlers of kind `K` (see [`kind`](super::kind)).
///
/// Extractors run in the order of the parameters, before the handler, on borrowed data, and do not wait.
///
/// One of your own takes what it needs from the socket, for handlers of every kind:
///
/// ```no_run
/// use socketio_core::handler::{Context, FromContext, Rejection};
/// use socketio_core::Data;
///
/// struct Language(String);
///
/// impl<K> FromContext<K> for Language {
///     fn from_context(context: &mut Context<'_>) -> Result<Self, Rejection> {
///         let header = context.socket().handshake().header("accept-language");
///         header.map(|header| Language(header.to_owned())).ok_or(Rejection::Absent("accept-language"))
///     }
/// }
///
/// # fn example(io: socketio_core::Server) {
/// io.on("translate", |Language(to): Language, Data(text): Data<String>| format!("{text} in {to}"));
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a parameter of this kind of handler",
    label = "not an extractor here",
    note = "events: Socket, Data<T>, Args<T>, RawArgs, Ack, EventName; on_connect: Socket, Auth<T>; on_disconnect: Socket, DisconnectReason; use_event: as events, and Next",
    note = "all of them: State<T>, Session<T>, SharedSession<T>, Captured<T>, Handshake, Extension<T>, Namespace; a plain value of the client is `Data<T>`"
)]
pub trait FromContext<K>: Sized {
    /// Takes the parameter.
    ///
    /// # Errors
    ///
    /// It is not there, or does not fit: the handler does not run.
    fn from_context(context: &mut Context<'_>) -> Result<Self, Rejection>;
}

/// Why a parameter could not be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Rejection {
    /// There is none.
    #[error("there is no {0}")]
    Absent(&'static str),
    /// What the client sent does not fit the type.
    #[error(transparent)]
    Invalid(#[from] DecodeError),
    /// An extractor of the application says no.
    #[error("{0}")]
    Other(String),
}

impl From<Infallible> for Rejection {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

impl<K> FromContext<K> for Socket {
    fn from_context(context: &mut Context<'_>) -> Result<Self, Rejection> {
        Ok(context.socket().clone())
    }
}

impl<K> FromContext<K> for Namespace {
    fn from_context(context: &mut Context<'_>) -> Result<Self, Rejection> {
        Ok(context.socket().namespace())
    }
}

impl<K, T: FromContext<K>> FromContext<K> for Option<T> {
    fn from_context(context: &mut Context<'_>) -> Result<Self, Rejection> {
        match T::from_context(context) {
            Ok(value) => Ok(Some(value)),
            Err(Rejection::Absent(_)) => Ok(None),
            Err(rejection) => Err(rejection),
        }
    }
}

impl<K, T: FromContext<K>> FromContext<K> for Result<T, Rejection> {
    fn from_context(context: &mut Context<'_>) -> Result<Self, Rejection> {
        Ok(T::from_context(context))
    }
}
