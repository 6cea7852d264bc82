//! Functions that block, as handlers: their extractors run where the event arrived, they themselves elsewhere.

use std::sync::Arc;

use super::ack::reply;
use super::context::{Context, kind::Event};
use super::extract::FromContext;
use super::function::{Called, Function, refuse};
use super::reply::IntoAck;

/// A handler of events that may block its thread: a function of up to five extractors, not async. `M` is inferred.
///
/// Not to be implemented: functions do.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a blocking handler",
    note = "a blocking handler is a plain function of up to five extractors that can be sent to another thread; an async one belongs to `on`"
)]
pub trait BlockingHandler<M>: Send + Sync + 'static {
    #[doc(hidden)]
    fn call(self: Arc<Self>, context: &mut Context<'_>) -> Called;
}

pub(crate) fn erase_blocking<M>(handler: impl BlockingHandler<M>) -> Function {
    let handler = Arc::new(handler);
    Arc::new(move |context| handler.clone().call(context))
}

macro_rules! handlers {
    ($($arg:ident),*) => {
        #[allow(non_snake_case, reason = "the type's name is the variable's")]
        impl<F, R, M, $($arg,)*> BlockingHandler<(M, $($arg,)*)> for F
        where
            F: Fn($($arg),*) -> R + Send + Sync + 'static,
            R: IntoAck<M>,
            $($arg: FromContext<Event> + Send + 'static,)*
        {
            fn call(self: Arc<Self>, context: &mut Context<'_>) -> Called {
                $(let $arg = match $arg::from_context(context) {
                    Ok(value) => value,
                    Err(rejection) => return refuse(context, &rejection),
                };)*
                let (socket, event, id) = (context.socket().clone(), Box::<str>::from(context.event_name()), context.ack);
                let slot = context.slot().cloned();
                Called::Future(Box::pin(async move {
                    let server = socket.server().clone();
                    let replies = socket.clone();
                    let work = move || reply(&replies, &event, id, slot.as_deref(), (*self)($($arg),*).into_ack());
                    server.blocking.run(&socket, work).await;
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
