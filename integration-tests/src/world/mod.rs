//! The server that the foreign clients talk to: a handler for everything that a client can see of the server API.
//!
//! The scripts in `foreign/js` and `foreign/python` hold what is expected; the handlers here are what it is expected of.
//!
//! It is written once and compiled twice: here for the async server, in [`threads`] for the blocking one. Where the two differ, the
//! handlers say `wait!(…)`, `later! { … }`, `waits! { fn … }` and `in_background! { … }`, and take what is in `flavour`.

/// Waits for a future.
macro_rules! wait {
    ($future:expr) => {
        $future.await
    };
}

/// What a handler does that waits for something.
macro_rules! later {
    ($($body:tt)*) => {
        async move { $($body)* }
    };
}

/// A function that waits for something.
macro_rules! waits {
    ($(#[$about:meta])* fn $($function:tt)*) => {
        $(#[$about])*
        async fn $($function)*
    };
}

/// Goes on after the handler.
macro_rules! in_background {
    ($($body:tt)*) => {
        tokio::spawn(async move { $($body)* })
    };
}

/// Gives a server all handlers.
macro_rules! add_all {
    ($io:expr) => {
        handlers::add($io);
        values::add($io);
        acks::add($io);
        rooms::add($io);
        leaving::add($io);
        connecting::add($io);
        middlewares::add($io);
        words::add($io);
        numbered::add($io);
    };
}

mod acks;
mod connecting;
mod handlers;
mod leaving;
mod middlewares;
mod numbered;
mod rooms;
pub mod routing;
pub mod threads; // the same on the blocking server
mod values;
mod words;

use std::sync::atomic::AtomicUsize;

use socketio_core::server::{Built, ServerBuilder};
use socketio_core::{Server, blocking};

use crate::running::Running;

/// The two servers that there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// [`Server`].
    Tasks,
    /// [`blocking::Server`].
    Threads,
}

/// Options for a server of either kind.
pub trait Set {
    fn set<S: Built>(&self, builder: ServerBuilder<S>) -> ServerBuilder<S>;
}

/// The defaults of the product.
impl Set for () {
    fn set<S: Built>(&self, builder: ServerBuilder<S>) -> ServerBuilder<S> {
        builder
    }
}

impl Kind {
    /// Starts this world on a server of the kind.
    pub async fn start(self, options: impl Set) -> Running {
        match self {
            Kind::Tasks => start_with(options.set(Server::builder())).await,
            Kind::Threads => threads::start_with(options.set(blocking::Server::builder())).await,
        }
    }

    /// Starts the world of [`routing`] on one.
    pub async fn start_routing(self) -> Running {
        match self {
            Kind::Tasks => routing::start().await,
            Kind::Threads => threads::routing::start().await,
        }
    }
}

/// A test for each fact on each server, in a module by its kind: `threads::acks_go_both_ways`.
///
/// A fact is `async fn fact(kind: Kind)` in a module `facts` of the test.
#[macro_export]
macro_rules! on_both_servers {
    ($($fact:ident),+ $(,)?) => {
        $crate::on_one_server! { tasks, Tasks, $($fact),+ }
        $crate::on_one_server! { threads, Threads, $($fact),+ }
    };
}

/// The tests of one of them.
#[macro_export]
macro_rules! on_one_server {
    ($name:ident, $kind:ident, $($fact:ident),+) => {
        mod $name {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $fact() {
                super::facts::$fact($crate::world::Kind::$kind).await;
            })+
        }
    };
}

/// The shared state, an extractor `State<World>`.
#[derive(Debug, Default)]
pub struct World {
    visitors: AtomicUsize,
    /// How often the handler of `typed` has run.
    typed_runs: AtomicUsize,
    numbers: numbered::Numbers,
}

/// Starts it on a port of its own, with the defaults of the product.
pub async fn start() -> Running {
    start_with(Server::builder()).await
}

/// Starts it with other settings.
pub async fn start_with(builder: ServerBuilder) -> Running {
    let builder = builder.state(World::default()).namespace("/quiet");
    let io = builder.build().expect("the settings are valid");
    add_all!(&io);
    Running::start(io).await
}

/// What the async server has of its own.
mod flavour {
    use std::time::Duration;

    use socketio_core::server::{AckError, Answer, EmitError};
    use socketio_core::{Broadcast, IntoArgs, Sid};

    use crate::running::Running;
    pub(super) use socketio_core::handler::Next;
    pub(super) use socketio_core::server::ServerBuilder;
    pub(super) use socketio_core::{Namespace, Server, Socket};
    pub(super) use tokio::time::sleep;

    pub(super) async fn running(io: Server) -> Running {
        Running::start(io).await
    }

    pub(super) fn call_back<T: Answer + Send + 'static>(
        socket: &Socket,
        event: &str,
        args: impl IntoArgs,
        timeout: Duration,
        answered: impl FnOnce(Result<T, AckError>) + Send + 'static,
    ) -> Result<(), AckError> {
        socket.timeout(timeout).emit_with_callback(event, args, answered)
    }

    pub(super) fn call_all_back<T: Answer + Send + 'static>(
        all: Broadcast,
        event: &str,
        args: impl IntoArgs,
        timeout: Duration,
        answered: impl Fn(Sid, Result<T, AckError>) + Send + Sync + 'static,
    ) -> Result<(), EmitError> {
        all.timeout(timeout).emit_with_callback(event, args, answered)
    }
}
