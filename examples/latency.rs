//! The latency check of python-socketio's guide: the page asks, the server answers, the page draws how long that took.
//!
//! ```text
//! make client                              puts the official browser client into target/client
//! cargo run -p socketio-examples --features latency --example latency -- target/client
//! ```
//!
//! It listens on 127.0.0.1:5000, or on the address that follows the folder. The page and the client are static files: rules say which URL is which file.

use std::error::Error;
use std::path::{Path, PathBuf};

use socketio_core::http::{App, shutdown_signal};
use socketio_core::{HandlerError, Server, Socket, StaticFiles};
use tokio::net::TcpListener;

/// The client measures the time from its question to this.
fn ping_from_client(socket: Socket) -> Result<(), HandlerError> {
    socket.emit("pong_from_server", ())?;
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    let mut arguments = std::env::args().skip(1);
    let client = PathBuf::from(arguments.next().ok_or("usage: latency FOLDER-OF-THE-CLIENT [ADDRESS]")?);
    let listener = TcpListener::bind(arguments.next().unwrap_or_else(|| "127.0.0.1:5000".to_owned())).await?;

    let io = Server::builder().build()?;
    io.on("ping_from_client", ping_from_client);

    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/latency");
    let files = StaticFiles::new()
        .rule("/", page.join("latency.html"))
        .rule("/static", page)
        .rule("/static/socket.io.js", client.join("socket.io.min.js"));
    println!("the page is on http://{}", listener.local_addr()?);
    App::new(&io).static_files(files).serve(listener, shutdown_signal()).await?;
    Ok(())
}
