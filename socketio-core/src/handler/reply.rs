//! What handlers return.

use std::error::Error;
use std::fmt;

use crate::protocol::args::{EncodeError, IntoArgs, RawArgs};

/// What a handler of events returns: the client's ack.
///
/// `()` is an ack without arguments, a tuple one of several, any other value one of one. `Err(HandlerError)` is logged and counted, and
/// sends no ack unless it was made by [`HandlerError::ack`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be returned by an event handler",
    note = "return `()`, a value that is `Serialize`, a tuple of them, or `Result<_, HandlerError>`",
    note = "any `std::error::Error` becomes a `HandlerError` with `?`"
)]
pub trait IntoAck<M> {
    /// The ack's arguments.
    type Args: IntoArgs;

    /// Takes the value apart.
    ///
    /// # Errors
    ///
    /// The handler's own.
    fn into_ack(self) -> Result<Self::Args, HandlerError>;
}

/// Tells values from results.
#[derive(Debug)]
pub struct Value;

/// Tells results from values.
#[derive(Debug)]
pub struct Fallible;

impl<T: IntoArgs> IntoAck<Value> for T {
    type Args = T;

    fn into_ack(self) -> Result<T, HandlerError> {
        Ok(self)
    }
}

impl<T: IntoArgs> IntoAck<Fallible> for Result<T, HandlerError> {
    type Args = T;

    fn into_ack(self) -> Result<T, HandlerError> {
        self
    }
}

/// Why a handler failed. Every [`std::error::Error`] becomes one with `?`; [`HandlerError::ack`] also answers the client.
///
/// It is not an `Error` itself, so that the conversion can be for all of them.
///
/// ```no_run
/// use socketio_core::{Data, HandlerError};
///
/// async fn read(Data(name): Data<String>) -> Result<String, HandlerError> {
///     if name.contains('/') {
///         return Err(HandlerError::ack("no such file").because("a path instead of a name")); // the client reads the first
///     }
///     Ok(std::fs::read_to_string(name)?) // what goes wrong here is for the log
/// }
/// ```
pub struct HandlerError {
    cause: Option<Box<dyn Error + Send + Sync>>,
    ack: Option<Result<RawArgs, EncodeError>>,
}

impl HandlerError {
    /// A failure for the log; the client gets no ack.
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        HandlerError { cause: Some(message.into().into()), ack: None }
    }

    /// A failure that the client is told: `args` are its ack, as if they had been returned.
    #[must_use]
    pub fn ack(args: impl IntoArgs) -> Self {
        HandlerError { cause: None, ack: Some(RawArgs::encode(&args)) }
    }

    /// Adds what the log is told.
    #[must_use]
    pub fn because(mut self, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    /// Everything about it has been said.
    pub(crate) fn silent() -> Self {
        HandlerError { cause: None, ack: None }
    }

    pub(super) fn is_silent(&self) -> bool {
        self.cause.is_none() && self.ack.is_none()
    }

    pub(super) fn cause(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.as_deref().map(|cause| cause as _)
    }

    pub(super) fn into_ack(self) -> Option<Result<RawArgs, EncodeError>> {
        self.ack
    }
}

impl<E: Error + Send + Sync + 'static> From<E> for HandlerError {
    fn from(error: E) -> Self {
        HandlerError { cause: Some(Box::new(error)), ack: None }
    }
}

impl fmt::Debug for HandlerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HandlerError").field("cause", &self.cause).field("ack", &self.ack).finish()
    }
}
