//! A log by `tracing-subscriber`, in which Socket.IO's and Engine.IO's lines are switched apart.
//!
//! ```text
//! LOG=socketio=debug,engineio=off cargo run -p socketio-examples --features logging --example logging
//! ```

use std::error::Error;

use socketio_core::{Data, Server};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt;
use tracing_subscriber::prelude::*;

/// From which level on each target is written; without `LOG` what an operator should know.
fn levels() -> Result<Targets, Box<dyn Error>> {
    let levels = std::env::var("LOG").unwrap_or_else(|_| "socketio=info,engineio=warn".to_owned());
    Ok(levels.parse()?)
}

fn server() -> Result<Server, Box<dyn Error>> {
    let io = Server::builder().build()?;
    io.on("echo", |Data(text): Data<String>| text);
    Ok(io)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::registry().with(levels()?).with(fmt::layer().with_writer(std::io::stderr)).init();
    server()?.serve("127.0.0.1:3000", async { _ = tokio::signal::ctrl_c().await }).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use socketio_core::testing::Client;

    use super::*;

    /// The targets of the lines that one client's visit writes.
    async fn targets(levels: &str) -> Vec<&'static str> {
        let (mut read, write) = std::io::pipe().unwrap();
        let writer = move || write.try_clone().unwrap();
        let lines = fmt::layer().with_ansi(false).without_time().with_writer(writer);
        let log =
            tracing_subscriber::registry().with(levels.parse::<Targets>().unwrap()).with(lines).set_default();
        let io = server().unwrap();
        let client = Client::connect(&io).await.unwrap();
        assert_eq!(client.emit_with_ack::<String>("echo", "hello").await.unwrap(), "hello");
        client.disconnect().await.unwrap();
        io.close().await;
        drop((log, io));
        let mut text = String::new();
        read.read_to_string(&mut text).unwrap();
        let of = |target: &&str| text.lines().any(|line| line.contains(&format!(" {target}: ")));
        ["socketio", "engineio"].into_iter().filter(of).collect()
    }

    #[tokio::test]
    async fn socketio_and_engineio_are_switched_apart() {
        assert_eq!(targets("socketio=debug,engineio=debug").await, ["socketio", "engineio"]);
        assert_eq!(targets("socketio=debug,engineio=off").await, ["socketio"]);
        assert_eq!(targets("socketio=off,engineio=debug").await, ["engineio"]);
        assert!(targets("socketio=off,engineio=off").await.is_empty());
    }
}
