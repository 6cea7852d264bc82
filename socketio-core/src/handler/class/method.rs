//! Methods that are handlers: with their instance they are functions.

use std::future::Future;
use std::sync::Arc;

use crate::handler::blocking::{Blocking, Threaded};
use crate::handler::connect::{ConnectFunction, IntoConnect, erase_connect};
use crate::handler::context::kind::Connect;
use crate::handler::extract::FromContext;
use crate::handler::function::{Async, Function, Kind, Plain, erase};
use crate::handler::reply::IntoAck;

/// A method of the class `C` that is a handler of kind `K`: `&self` and up to five extractors, sync or async. `M` is inferred.
///
/// Not to be implemented: methods do.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a method of `{C}` that handles events",
    label = "not a handler",
    note = "it takes `&self`, as there is one instance for all clients, and then up to five extractors (`Socket`, `Data<T>`, `Namespace`, …): a plain value of the client is `Data<T>`",
    note = "it returns `()`, a `Serialize` value, a tuple, or `Result<_, HandlerError>`, and nothing that borrows from `self`: any `std::error::Error` becomes a `HandlerError` with `?`",
    note = "an async method must not keep anything across an `.await` that is not `Send`"
)]
pub trait Method<C, K, M> {
    #[doc(hidden)]
    fn bind(self, class: Arc<C>, place: Place) -> Function;
}

/// A method of the class `C` that decides about connecting clients: `&self` and up to five extractors, sync or async. `M` is inferred.
///
/// Not to be implemented: methods do.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a method of `{C}` that decides about connecting clients",
    label = "not an on_connect handler",
    note = "it takes `&self` and up to five extractors (`Socket`, `Auth<T>`, `State<T>`, …) and returns `()`, `bool` or `Result<(), ConnectError>`"
)]
pub trait ConnectMethod<C, M> {
    #[doc(hidden)]
    fn bind(self, class: Arc<C>, place: Place) -> ConnectFunction;
}

/// Where methods run that are not async.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Where the event arrived.
    Here,
    /// On the threads for handlers that block.
    Pool,
}

/// What an async method is for each lifetime of its instance: the future borrows it.
#[doc(hidden)]
pub trait AsyncMethod<'a, C: 'a, A> {
    type Output;
    type Future: Future<Output = Self::Output> + Send + 'a;

    fn start(&self, class: &'a C, args: A) -> Self::Future;
}

macro_rules! methods {
    ($($arg:ident),*) => {
        impl<C, K, F, R, M, $($arg,)*> Method<C, K, (Plain, M, R, $($arg,)*)> for F
        where
            C: Send + Sync + 'static,
            K: Kind,
            F: Fn(&C, $($arg),*) -> R + Send + Sync + 'static,
            R: IntoAck<M>,
            $($arg: FromContext<K> + Send + 'static,)*
        {
            #[allow(non_snake_case, reason = "the type's name is the variable's")]
            fn bind(self, class: Arc<C>, place: Place) -> Function {
                let function = move |$($arg: $arg),*| self(&class, $($arg),*);
                match place {
                    Place::Here => erase::<K, (Plain, M, $($arg,)*)>(function),
                    Place::Pool => erase::<K, (Threaded, (M, $($arg,)*))>(Blocking::new(function)),
                }
            }
        }

        impl<C, K, F, R, M, $($arg,)*> Method<C, K, (Async, M, R, $($arg,)*)> for F
        where
            C: Send + Sync + 'static,
            K: Kind,
            F: for<'a> AsyncMethod<'a, C, ($($arg,)*), Output = R> + Clone + Send + Sync + 'static,
            R: IntoAck<M>,
            $($arg: FromContext<K> + Send + 'static,)*
        {
            #[allow(non_snake_case, reason = "the type's name is the variable's")]
            fn bind(self, class: Arc<C>, _: Place) -> Function {
                erase::<K, (Async, M, $($arg,)*)>(move |$($arg: $arg),*| {
                    let (class, method) = (class.clone(), self.clone());
                    async move { method.start(&class, ($($arg,)*)).await }
                })
            }
        }

        impl<C, F, R, $($arg,)*> ConnectMethod<C, (Plain, R, $($arg,)*)> for F
        where
            C: Send + Sync + 'static,
            F: Fn(&C, $($arg),*) -> R + Send + Sync + 'static,
            R: IntoConnect,
            $($arg: FromContext<Connect> + Send + 'static,)*
        {
            #[allow(non_snake_case, reason = "the type's name is the variable's")]
            fn bind(self, class: Arc<C>, place: Place) -> ConnectFunction {
                let function = move |$($arg: $arg),*| self(&class, $($arg),*);
                match place {
                    Place::Here => erase_connect::<(Plain, $($arg,)*)>(function),
                    Place::Pool => erase_connect::<(Threaded, (R, $($arg,)*))>(Blocking::new(function)),
                }
            }
        }

        impl<C, F, R, $($arg,)*> ConnectMethod<C, (Async, R, $($arg,)*)> for F
        where
            C: Send + Sync + 'static,
            F: for<'a> AsyncMethod<'a, C, ($($arg,)*), Output = R> + Clone + Send + Sync + 'static,
            R: IntoConnect,
            $($arg: FromContext<Connect> + Send + 'static,)*
        {
            #[allow(non_snake_case, reason = "the type's name is the variable's")]
            fn bind(self, class: Arc<C>, _: Place) -> ConnectFunction {
                erase_connect::<(Async, $($arg,)*)>(move |$($arg: $arg),*| {
                    let (class, method) = (class.clone(), self.clone());
                    async move { method.start(&class, ($($arg,)*)).await }
                })
            }
        }

        impl<'a, C: 'a, F, U, $($arg,)*> AsyncMethod<'a, C, ($($arg,)*)> for F
        where
            F: Fn(&'a C, $($arg),*) -> U,
            U: Future + Send + 'a,
        {
            type Output = U::Output;
            type Future = U;

            #[allow(non_snake_case, reason = "the type's name is the variable's")]
            fn start(&self, class: &'a C, ($($arg,)*): ($($arg,)*)) -> U {
                self(class, $($arg),*)
            }
        }
    };
}

methods!();
methods!(A);
methods!(A, B);
methods!(A, B, D);
methods!(A, B, D, E);
methods!(A, B, D, E, G);
