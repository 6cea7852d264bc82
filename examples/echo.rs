//! A bare WebSocket echo server on the server's own codec and connection, without Engine.IO: what `make autobahn` tests.
//!
//! ```text
//! PORT=9001 cargo run --release -p socketio-examples --features autobahn --example echo
//! ```

use tokio::net::TcpListener;

/// The suite's largest message is 16 MiB.
const LARGEST_MESSAGE: usize = 64 << 20;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let port = std::env::var("PORT").unwrap_or_else(|_| "9001".into());
    let listener = TcpListener::bind(format!("127.0.0.1:{port}")).await?;
    println!("listening on {}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        tokio::spawn(socketio_core::websocket_echo(stream, LARGEST_MESSAGE));
    }
}
