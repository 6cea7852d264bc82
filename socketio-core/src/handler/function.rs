//! Functions and closures that are handlers.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use super::ack::reply;
use super::context::{Context, kind};
use super::extract::{FromContext, Rejection};
use super::reply::IntoAck;

/// A handler of kind `K`: a function of up to five extractors, sync or async. `M` tells the forms apart and is inferred.
///
/// Not to be implemented: functions do.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a handler",
    label = "not a handler",
    note = "it takes up to five extractors (`Socket`, `Data<T>`, `Args<T>`, `State<T>`, …): a plain value of the client is `Data<T>`; `Auth<T>` belongs to on_connect, `DisconnectReason` to on_disconnect",
    note = "it returns `()`, a `Serialize` value, a tuple, or `Result<_, HandlerError>`: any `std::error::Error` becomes a `HandlerError` with `?`",
    note = "an async handler must not keep anything across an `.await` that is not `Send`"
)]
pub trait Handler<K, M>: Send + Sync + 'static {
    #[doc(hidden)]
    fn call(&self, context: &mut Context<'_>) -> Called;
}

/// How far a handler has come.
#[doc(hidden)]
#[allow(missing_debug_implementations, reason = "it holds a user's future")]
pub enum Called {
    Done,
    Future(BoxedHandler),
    /// It runs on a thread of its own: where an async handler counts once it first waits, this one counts when it has returned.
    Blocking(BoxedHandler),
}

/// A handler that waits.
pub(crate) type BoxedHandler = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A handler, its form forgotten.
pub(crate) type Function = Arc<dyn Fn(&mut Context<'_>) -> Called + Send + Sync>;

pub(crate) fn erase<K, M>(handler: impl Handler<K, M>) -> Function {
    Arc::new(move |context| handler.call(context))
}

/// Marks sync functions.
#[derive(Debug)]
pub struct Plain;

/// Marks async functions.
#[derive(Debug)]
pub struct Async;

macro_rules! handlers {
    ($($arg:ident),*) => {
        #[allow(non_snake_case, reason = "the type's name is the variable's")]
        impl<K, F, R, M, $($arg,)*> Handler<K, (Plain, M, $($arg,)*)> for F
        where
            K: Kind,
            F: Fn($($arg),*) -> R + Send + Sync + 'static,
            R: IntoAck<M>,
            $($arg: FromContext<K>,)*
        {
            fn call(&self, context: &mut Context<'_>) -> Called {
                $(let $arg = match $arg::from_context(context) {
                    Ok(value) => value,
                    Err(rejection) => return refuse(context, &rejection),
                };)*
                let (socket, event, id) = (context.socket(), context.event_name(), context.ack);
                reply(socket, event, id, context.slot().map(|slot| &**slot), self($($arg),*).into_ack());
                Called::Done
            }
        }

        #[allow(non_snake_case, reason = "the type's name is the variable's")]
        impl<K, F, U, R, M, $($arg,)*> Handler<K, (Async, M, $($arg,)*)> for F
        where
            K: Kind,
            F: Fn($($arg),*) -> U + Send + Sync + 'static,
            U: Future<Output = R> + Send + 'static,
            R: IntoAck<M>,
            $($arg: FromContext<K>,)*
        {
            fn call(&self, context: &mut Context<'_>) -> Called {
                $(let $arg = match $arg::from_context(context) {
                    Ok(value) => value,
                    Err(rejection) => return refuse(context, &rejection),
                };)*
                let (socket, event, id) = (context.socket().clone(), Arc::<str>::from(context.event_name()), context.ack);
                let slot = context.slot().cloned();
                let handler = self($($arg),*);
                Called::Future(Box::pin(async move {
                    reply(&socket, &event, id, slot.as_deref(), handler.await.into_ack());
                }))
            }
        }
    };
}

handlers!();
handlers!(A);
handlers!(A, B);
handlers!(A, B, C);
handlers!(A, B, C, D);
handlers!(A, B, C, D, E);

/// The kinds whose handlers return acks (or nothing).
#[doc(hidden)]
pub trait Kind {}
impl Kind for kind::Event {}
impl Kind for kind::Middleware {}
impl Kind for kind::Connected {}
impl Kind for kind::Disconnect {}

/// A handler does not run because a parameter is missing: one line says which event, where and what.
pub(super) fn refuse(context: &Context<'_>, rejection: &Rejection) -> Called {
    let socket = context.socket();
    let event = context.event_name();
    socket.server().counting.arguments_refused.one();
    match rejection {
        Rejection::Invalid(error) => tracing::warn!(
            target: "socketio", sid = %socket.id(), event, path = error.path(), expected = error.type_name(), cause = error.cause(),
            "an argument does not fit, the handler does not run"
        ),
        rejection => {
            tracing::warn!(target: "socketio", sid = %socket.id(), event, %rejection, "the handler does not run")
        }
    }
    Called::Done
}
