//! The server that the foreign clients talk to: a handler for everything that a client can see of the server API.
//!
//! The scripts in `foreign/js` and `foreign/python` hold what is expected; the handlers here are what it is expected of.

mod acks;
mod connecting;
mod handlers;
mod leaving;
mod middlewares;
mod numbered;
mod rooms;
pub mod routing;
mod values;
mod words;

use std::sync::atomic::AtomicUsize;

use socketio_core::{Server, server::ServerBuilder};

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
    handlers::add(&io);
    values::add(&io);
    acks::add(&io);
    rooms::add(&io);
    leaving::add(&io);
    connecting::add(&io);
    middlewares::add(&io);
    words::add(&io);
    numbered::add(&io);
    Running::start(io).await
}
