//! What the log says, and what it never says.
//!
//! One subscriber serves the whole program: each test looks for lines of its own.

mod cluster; // what other nodes cannot do, or send
mod fatal; // errors that end the server
mod handlers; // that fail, panic, block
mod limits; // that are reached
mod requests; // that are refused
mod secrets; // what is not written down
mod targets; // of every line in the sources

use std::sync::LazyLock;
use std::time::Duration;

use integration_tests::client::SEPARATOR;
use integration_tests::log::Log;
use integration_tests::running::Running;
use socketio_core::{RawArgs, Server};
use tracing::Level;

async fn serve() -> Running {
    start_log();
    let io = Server::builder().ping_interval(Duration::from_secs(60)).build().unwrap();
    io.on("echo", |args: RawArgs| args);
    Running::start(io).await
}

/// Everything that the server's targets have written so far, at every level.
fn log() -> String {
    start_log().text().replace(SEPARATOR, "␞")
}

fn lines_of(path: &str) -> Vec<String> {
    start_log().lines_with(path)
}

fn start_log() -> &'static Log {
    static STARTED: LazyLock<Log> = LazyLock::new(|| Log::of_process(Level::TRACE));
    &STARTED
}
