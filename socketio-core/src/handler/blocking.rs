//! Functions that block, as handlers: their extractors run where the event arrived, they themselves on a thread for the purpose.

use std::sync::Arc;

use super::ack::reply;
use super::connect::{self, ConnectHandler, Connecting, IntoConnect};
use super::context::{Context, kind::Connect};
use super::extract::FromContext;
use super::function::{Called, Handler, Kind, refuse};
use super::reply::IntoAck;

/// A handler of kind `K` that may block its thread: a function of up to five extractors, not async. `M` is inferred.
///
/// Not to be implemented: functions do.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a blocking handler",
    label = "not a blocking handler",
    note = "a blocking handler is a plain function of up to five extractors that can be sent to another thread; an async one belongs to `on`"
)]
pub trait BlockingHandler<K, M>: Send + Sync + 'static {
    #[doc(hidden)]
    fn call(self: Arc<Self>, context: &mut Context<'_>) -> Called;
}

/// An `on_connect` that may block its thread: a function of up to five extractors, not async. `M` is inferred.
///
/// Not to be implemented: functions do.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a blocking on_connect handler",
    label = "not a blocking on_connect handler",
    note = "it is a plain function of up to five extractors that can be sent to another thread, and returns `()`, `bool` or `Result<(), ConnectError>`"
)]
pub trait BlockingConnectHandler<M>: Send + Sync + 'static {
    #[doc(hidden)]
    fn call(self: Arc<Self>, context: &mut Context<'_>) -> Connecting;
}

/// A function that blocks, as a handler among others.
pub(crate) struct Blocking<H>(Arc<H>);

/// Marks functions that block.
#[derive(Debug)]
pub struct Threaded;

impl<H> Blocking<H> {
    pub(crate) fn new(handler: H) -> Self {
        Blocking(Arc::new(handler))
    }
}

impl<K, M, H: BlockingHandler<K, M>> Handler<K, (Threaded, M)> for Blocking<H> {
    fn call(&self, context: &mut Context<'_>) -> Called {
        self.0.clone().call(context)
    }
}

impl<M, H: BlockingConnectHandler<M>> ConnectHandler<(Threaded, M)> for Blocking<H> {
    fn call(&self, context: &mut Context<'_>) -> Connecting {
        self.0.clone().call(context)
    }
}

macro_rules! handlers {
    ($($arg:ident),*) => {
        #[allow(non_snake_case, reason = "the type's name is the variable's")]
        impl<K, F, R, M, $($arg,)*> BlockingHandler<K, (M, $($arg,)*)> for F
        where
            K: Kind,
            F: Fn($($arg),*) -> R + Send + Sync + 'static,
            R: IntoAck<M>,
            $($arg: FromContext<K> + Send + 'static,)*
        {
            fn call(self: Arc<Self>, context: &mut Context<'_>) -> Called {
                $(let $arg = match $arg::from_context(context) {
                    Ok(value) => value,
                    Err(rejection) => return refuse(context, &rejection),
                };)*
                let (socket, event, id) = (context.socket().clone(), Box::<str>::from(context.event_name()), context.ack);
                let slot = context.slot().cloned();
                Called::Blocking(Box::pin(async move {
                    let (pool, who) = (socket.server().blocking.clone(), socket.id().clone());
                    let work = move || reply(&socket, &event, id, slot.as_deref(), (*self)($($arg),*).into_ack());
                    pool.run(who, work).await;
                }))
            }
        }

        #[allow(non_snake_case, unused_variables, reason = "the type's name is the variable's")]
        impl<F, R, $($arg,)*> BlockingConnectHandler<(R, $($arg,)*)> for F
        where
            F: Fn($($arg),*) -> R + Send + Sync + 'static,
            R: IntoConnect,
            $($arg: FromContext<Connect> + Send + 'static,)*
        {
            fn call(self: Arc<Self>, context: &mut Context<'_>) -> Connecting {
                $(let $arg = match $arg::from_context(context) {
                    Ok(value) => value,
                    Err(rejection) => return connect::refuse(context, &rejection),
                };)*
                let socket = context.socket().clone();
                Connecting::Future(Box::pin(async move {
                    let (pool, who) = (socket.server().blocking.clone(), socket.id().clone());
                    pool.run(who, move || (*self)($($arg),*).into_connect()).await
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
