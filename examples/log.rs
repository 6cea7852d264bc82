//! The same lines in a program whose log is the `log` crate's: here `env_logger`.
//!
//! ```text
//! RUST_LOG=socketio=debug,engineio=off cargo run -p socketio-examples --features log --example log
//! ```
//!
//! It takes one line in the program's `Cargo.toml`, whatever else depends on `tracing`:
//!
//! ```toml
//! tracing = { version = "0.1", features = ["log"] }
//! ```

use std::error::Error;

use socketio_core::{Data, Server};

fn server() -> Result<Server, Box<dyn Error>> {
    let io = Server::builder().build()?;
    io.on("echo", |Data(text): Data<String>| text);
    Ok(io)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    env_logger::init();
    server()?.serve("127.0.0.1:3000", async { _ = tokio::signal::ctrl_c().await }).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use socketio_core::testing::Client;

    use super::*;

    #[tokio::test]
    async fn the_log_crate_gets_the_lines_of_both_targets_and_switches_them_apart() {
        let (mut read, write) = std::io::pipe().unwrap();
        let target = env_logger::Target::Pipe(Box::new(write.try_clone().unwrap()));
        let mut log = env_logger::Builder::new();
        log.parse_filters("socketio=debug,engineio=off").target(target).init();

        let io = server().unwrap();
        let client = Client::connect(&io).await.unwrap();
        assert_eq!(client.emit_with_ack::<String>("echo", "hello").await.unwrap(), "hello");
        client.disconnect().await.unwrap();
        io.close().await;

        // The logger keeps its end of the pipe open: read up to the last line.
        let mut text = Vec::new();
        let mut byte = [0];
        while !text.ends_with(b"the server is closed\n") && read.read(&mut byte).unwrap() == 1 {
            text.extend(byte);
        }
        let text = String::from_utf8(text).unwrap();
        assert!(text.lines().any(|line| line.contains("socketio") && line.contains("connected")), "{text}");
        assert!(!text.contains("engineio"), "{text}");
        drop(write);
    }
}
