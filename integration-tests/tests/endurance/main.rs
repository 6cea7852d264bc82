//! What only shows over time, under pressure or by chance: sessions that stall, deadlines that never come, memory that stays.
//!
//! Each test is a way in which a server has failed its clients that asked for nothing wrong, or was held by one that did.

mod backpressure;
mod connecting;
mod handlers;
mod leaving;
mod pings;
mod shutdown;
mod upgrade;

use std::time::Duration;

use integration_tests::{
    client::{Client, joined, joined_narrow},
    http::{self, Http},
    running::Running,
};
use socketio_core::{Server, server::ServerBuilder};

/// A server with a quick heartbeat, but room for a machine that stands still for a moment.
fn quick() -> ServerBuilder {
    Server::builder().ping_interval(Duration::from_millis(400)).ping_timeout(Duration::from_secs(4))
}

async fn serve(builder: ServerBuilder, handlers: impl FnOnce(&Server)) -> Running {
    let io = builder.build().unwrap();
    handlers(&io);
    Running::start(io).await
}

/// Sends a POST whose answer is not waited for yet, as it may be held back.
async fn begin_post(client: &Client, payload: &str) -> Http {
    let mut http = Http::connect(client.port).await;
    let headers = [("content-type", "text/plain;charset=UTF-8")];
    http.send_request("POST", &client.polling_target(), &headers, payload.as_bytes()).await;
    http
}

/// A few requests of somebody else, one after the other: in that time the server has looked at whatever else had come before.
async fn others_are_served(port: u16) {
    for _ in 0..20 {
        assert_eq!(http::get(port, "/").await.status, 404);
    }
}
