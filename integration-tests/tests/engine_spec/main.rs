//! The Engine.IO protocol, revision 4: one test per rule of its specification, over raw HTTP and WebSocket.
//!
//! Where the specification leaves the answer open, it is the one of the reference implementation.

mod client_files;
mod closing;
mod given;
mod handshake;
mod heartbeat;
mod layers;
mod options;
mod polling;
mod upgrade;
mod websocket;

use std::time::Duration;

use integration_tests::{
    client::{PATH, joined},
    http::Response,
    running::Running,
};
use socketio_core::{HandlerError, RawArgs, Server, Socket};

/// As far apart as the specification's own test suite has them.
const PING_INTERVAL: Duration = Duration::from_millis(300);
const PING_TIMEOUT: Duration = Duration::from_millis(200);

/// For clients that answer: however busy the machine is, their pongs come sooner.
const PATIENT_TIMEOUT: Duration = Duration::from_millis(1_500);

/// A server that sends back what it is sent.
async fn serve() -> Running {
    Running::start(echoing(Server::builder().build().unwrap())).await
}

/// The same, which pings often.
async fn serve_quick() -> Running {
    let builder = Server::builder().ping_interval(PING_INTERVAL).ping_timeout(PATIENT_TIMEOUT);
    Running::start(echoing(builder.build().unwrap())).await
}

fn echoing(io: Server) -> Server {
    io.on("echo", |socket: Socket, args: RawArgs| -> Result<(), HandlerError> {
        Ok(socket.emit("echo", &args)?)
    })
    .on("acked", |args: RawArgs| args);
    io
}

fn websocket_target(sid: &str) -> String {
    format!("{PATH}&transport=websocket&sid={sid}")
}

/// Engine.IO's answer to a request that it refuses.
#[track_caller]
fn assert_refused(response: &Response, code: u8, message: &str) {
    let expected = format!("{{\"code\":{code},\"message\":\"{message}\"}}");
    assert_eq!(response.brief(), (400, expected.as_str()));
    assert_eq!(response.header("content-type"), Some("application/json"));
}

#[track_caller]
fn assert_unknown_session(response: &Response) {
    assert_refused(response, 1, "Session ID unknown");
}
