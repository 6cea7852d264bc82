//! The server for programs of threads: what is its own, beside the suites that it passes as the async server does
//! (`js_client`, `python_client`, `cluster`).

mod handlers; // where they run, in which order, and for whom they wait
mod methods; // the same words as the async server
mod serving; // one port: Socket.IO, files, another application
mod words; // words that wait, and who may say them

use integration_tests::client::Client;
use integration_tests::running::Running;
use socketio_core::blocking::{Server, ServerBuilder};

/// A server with some handlers.
fn serve(builder: ServerBuilder, handlers: impl FnOnce(&Server)) -> Running {
    let io = builder.build().expect("the options are fine");
    handlers(&io);
    Running::start_blocking(io)
}

/// A client in `/`.
async fn joined(port: u16) -> Client {
    let mut client = Client::websocket(port).await;
    client.connect("/").await;
    client
}
