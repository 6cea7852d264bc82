//! `on_connect`: who may come in.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use serde::Serialize;

use super::auth::AUTH;
use super::context::{Context, kind::Connect};
use super::extract::{FromContext, Rejection};
use super::reply::HandlerError;
use crate::server::{EmitError, JoinError};

/// A client is refused, in these words: it gets `{"message":…}`, with `"data":…` when there is more to say.
///
/// Without words it is python's `Connection rejected by server`. Text becomes the message, so `Err("wrong password")?` does too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectError {
    message: String,
    data: Option<String>,
}

impl ConnectError {
    /// Refuses with `message`.
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        ConnectError { message: message.into(), data: None }
    }

    /// Adds data: a tuple arrives as a list. A value that cannot be JSON is left out, and logged.
    #[must_use]
    pub fn with_data(mut self, data: impl Serialize) -> Self {
        match serde_json::to_string(&data) {
            Ok(data) => self.data = Some(data),
            Err(error) => tracing::error!(target: "socketio", %error, "a refusal's data cannot be JSON"),
        }
        self
    }

    /// What the client reads.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The data as JSON.
    #[must_use]
    pub fn data(&self) -> Option<&str> {
        self.data.as_deref()
    }
}

impl Default for ConnectError {
    fn default() -> Self {
        ConnectError::new("Connection rejected by server")
    }
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ConnectError {}

impl From<&str> for ConnectError {
    fn from(message: &str) -> Self {
        ConnectError::new(message)
    }
}

impl From<String> for ConnectError {
    fn from(message: String) -> Self {
        ConnectError::new(message)
    }
}

/// The client is not told what went wrong inside.
macro_rules! inside {
    ($($error:ty),+) => {
        $(impl From<$error> for ConnectError {
            fn from(error: $error) -> Self {
                tracing::error!(target: "socketio", %error, "on_connect failed");
                ConnectError::default()
            }
        })+
    };
}

inside!(JoinError, EmitError);

impl From<HandlerError> for ConnectError {
    fn from(error: HandlerError) -> Self {
        tracing::error!(target: "socketio", ?error, "on_connect failed");
        ConnectError::default()
    }
}

/// What `on_connect` returns: `()` lets the client in, `false` and `Err` refuse it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be returned by on_connect",
    note = "return `()`, a `bool`, or `Result<(), E>` with an `E` that becomes a `ConnectError` (text does, and so does `ConnectError` itself)"
)]
pub trait IntoConnect {
    /// The decision.
    ///
    /// # Errors
    ///
    /// The client is refused.
    fn into_connect(self) -> Result<(), ConnectError>;
}

impl IntoConnect for () {
    fn into_connect(self) -> Result<(), ConnectError> {
        Ok(())
    }
}

impl IntoConnect for bool {
    fn into_connect(self) -> Result<(), ConnectError> {
        if self { Ok(()) } else { Err(ConnectError::default()) }
    }
}

impl<E: Into<ConnectError>> IntoConnect for Result<(), E> {
    fn into_connect(self) -> Result<(), ConnectError> {
        self.map_err(Into::into)
    }
}

/// A function that is an `on_connect`: up to five extractors, sync or async. `M` is inferred.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot decide about connecting clients",
    label = "not an on_connect handler",
    note = "it takes up to five extractors (`Socket`, `Auth<T>`, `State<T>`, `Handshake`, …) and returns `()`, `bool` or `Result<(), ConnectError>`"
)]
pub trait ConnectHandler<M>: Send + Sync + 'static {
    #[doc(hidden)]
    fn call(&self, context: &mut Context<'_>) -> Connecting;
}

/// How far the decision has come.
#[doc(hidden)]
#[allow(missing_debug_implementations, reason = "it holds a user's future")]
pub enum Connecting {
    Ready(Result<(), ConnectError>),
    Future(Asking),
}

/// A decision that takes its time.
pub(crate) type Asking = Pin<Box<dyn Future<Output = Result<(), ConnectError>> + Send>>;

/// An `on_connect`, its form forgotten.
pub(crate) type ConnectFunction = Arc<dyn Fn(&mut Context<'_>) -> Connecting + Send + Sync>;

pub(crate) fn erase_connect<M>(handler: impl ConnectHandler<M>) -> ConnectFunction {
    Arc::new(move |context| handler.call(context))
}

/// A handler does not run because a parameter is missing. One line in the log says which; the client is told what it can mend itself.
pub(super) fn refuse(context: &Context<'_>, rejection: &Rejection) -> Connecting {
    let socket = context.socket();
    let (sid, namespace) = (socket.id(), &*socket.namespace_inner().name);
    let error = match rejection {
        Rejection::Invalid(error) => {
            let (path, cause) = (error.path(), error.cause());
            tracing::warn!(
                target: "socketio", %sid, namespace, path, expected = error.type_name(), cause,
                "auth does not fit, the client is refused"
            );
            // The names of the application's types are not for the client.
            ConnectError::new(format!(
                "auth{} does not fit: {cause}",
                path.strip_prefix("[0]").unwrap_or_default()
            ))
        }
        // In the application's own words.
        Rejection::Other(text) => return Connecting::Ready(Err(ConnectError::new(text))),
        &Rejection::Absent(what) => {
            tracing::warn!(target: "socketio", %sid, namespace, %rejection, "on_connect does not run, the client is refused");
            if what == AUTH { ConnectError::new(rejection.to_string()) } else { ConnectError::default() }
        }
    };
    Connecting::Ready(Err(error))
}

macro_rules! connect_handlers {
    ($($arg:ident),*) => {
        #[allow(non_snake_case, unused_variables, reason = "the type's name is the variable's")]
        impl<F, R, $($arg,)*> ConnectHandler<(super::function::Plain, $($arg,)*)> for F
        where
            F: Fn($($arg),*) -> R + Send + Sync + 'static,
            R: IntoConnect,
            $($arg: FromContext<Connect>,)*
        {
            fn call(&self, context: &mut Context<'_>) -> Connecting {
                $(let $arg = match $arg::from_context(context) {
                    Ok(value) => value,
                    Err(rejection) => return refuse(context, &rejection),
                };)*
                Connecting::Ready(self($($arg),*).into_connect())
            }
        }

        #[allow(non_snake_case, unused_variables, reason = "the type's name is the variable's")]
        impl<F, U, R, $($arg,)*> ConnectHandler<(super::function::Async, $($arg,)*)> for F
        where
            F: Fn($($arg),*) -> U + Send + Sync + 'static,
            U: Future<Output = R> + Send + 'static,
            R: IntoConnect,
            $($arg: FromContext<Connect>,)*
        {
            fn call(&self, context: &mut Context<'_>) -> Connecting {
                $(let $arg = match $arg::from_context(context) {
                    Ok(value) => value,
                    Err(rejection) => return refuse(context, &rejection),
                };)*
                let deciding = self($($arg),*);
                Connecting::Future(Box::pin(async move { deciding.await.into_connect() }))
            }
        }
    };
}

connect_handlers!();
connect_handlers!(A);
connect_handlers!(A, B);
connect_handlers!(A, B, C);
connect_handlers!(A, B, C, D);
connect_handlers!(A, B, C, D, E);
