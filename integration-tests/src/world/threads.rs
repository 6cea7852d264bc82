//! The same server for programs of threads: the same handlers, on [`socketio_core::blocking`].

/// Waits on this thread, or has waited.
macro_rules! wait {
    ($waited:expr) => {
        $waited
    };
}

/// What a handler does that waits for something.
macro_rules! later {
    ($($body:tt)*) => {
        { $($body)* }
    };
}

/// A function that waits for something.
macro_rules! waits {
    ($(#[$about:meta])* fn $($function:tt)*) => {
        $(#[$about])*
        fn $($function)*
    };
}

/// Goes on after the handler.
macro_rules! in_background {
    ($($body:tt)*) => {
        std::thread::spawn(move || { $($body)* })
    };
}

#[path = "acks.rs"]
mod acks;
#[path = "connecting.rs"]
mod connecting;
#[path = "handlers.rs"]
mod handlers;
#[path = "leaving.rs"]
mod leaving;
#[path = "middlewares.rs"]
mod middlewares;
#[path = "numbered.rs"]
mod numbered;
#[path = "rooms.rs"]
mod rooms;
#[path = "routing.rs"]
pub mod routing;
#[path = "values.rs"]
mod values;
#[path = "words.rs"]
mod words;

use std::sync::atomic::AtomicUsize;

use socketio_core::blocking::{Server, ServerBuilder};

use crate::running::Running;

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
    Running::start_blocking(io)
}

/// What the blocking server has of its own.
mod flavour {
    use std::time::Duration;

    use socketio_core::blocking::Broadcast;
    use socketio_core::server::{AckError, Answer, EmitError};
    use socketio_core::{IntoArgs, Sid};

    use crate::running::Running;
    pub(super) use socketio_core::blocking::{Namespace, Next, Server, ServerBuilder, Socket};
    pub(super) use std::thread::sleep;

    pub(super) async fn running(io: Server) -> Running {
        Running::start_blocking(io)
    }

    pub(super) fn call_back<T: Answer + Send + 'static>(
        socket: &Socket,
        event: &str,
        args: impl IntoArgs,
        timeout: Duration,
        answered: impl FnOnce(Result<T, AckError>) + Send + 'static,
    ) -> Result<(), AckError> {
        socket.emit_with_callback(event, args, timeout, answered)
    }

    pub(super) fn call_all_back<T: Answer + Send + 'static>(
        all: Broadcast,
        event: &str,
        args: impl IntoArgs,
        timeout: Duration,
        answered: impl Fn(Sid, Result<T, AckError>) + Send + Sync + 'static,
    ) -> Result<(), EmitError> {
        all.emit_with_callback(event, args, timeout, move |(sid, answer)| answered(sid, answer))
    }
}
