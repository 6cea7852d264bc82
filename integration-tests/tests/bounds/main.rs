//! No client, slow or hostile, grows a process: every bound, reached by a real client, seen in the counters, and the server serves on.

mod abandoned; // handshakes that are begun and never ended
mod admission; // who may open a session
mod beside; // a healthy client, while others do what they can
mod byte_at_a_time; // clients that are slow for minutes
mod flags; // volatile, compress, local, timeout
mod flood; // clients that are sent more, or ask for more, than they read
mod in_memory; // connections within the process
mod limits; // what one client can make the server keep
mod memory; // resident memory, of a server in a process of its own
mod nesting; // a million levels
mod rates; // how fast a client may be
mod turns; // handlers: one after the other, on threads, never ending
mod undecided; // always_connect

use integration_tests::client::{Client, joined};
use integration_tests::running::Running;
use socketio_core::{RawArgs, Server, server::ServerBuilder};

async fn serve(builder: ServerBuilder, handlers: impl FnOnce(&Server)) -> Running {
    let io = builder.build().unwrap();
    io.on("echo", |args: RawArgs| args);
    handlers(&io);
    Running::start(io).await
}

/// The server serves on, and nothing is left of anybody.
async fn assert_unharmed(server: &Running) {
    for transport in ["websocket", "polling"] {
        let mut client = joined(transport, server.port).await;
        answers(&mut client).await;
        client.close().await;
    }
    server.is_empty().await;
    integration_tests::wait::until("all memory to be given back", || match server.io.counters() {
        counters if counters.buffered == 0 => Ok(()),
        counters => Err(Box::new(counters)),
    })
    .await;
}

/// The client lives, and is heard.
async fn answers(client: &mut Client) {
    client.send("4299[\"echo\",7]").await;
    while client.next().await != "4399[7]" {}
}
