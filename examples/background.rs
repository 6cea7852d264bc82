//! A clock: a task in the background emits every second, and stops with the server. In the browser: `socket.on("tick", (number) => …)`

use std::error::Error;
use std::time::Duration;

use socketio_core::{Server, server::EmitError};
use tokio::{net::TcpListener, time};

/// Emits every second until the server begins to close. Gives the number of ticks.
async fn clock(io: Server) -> Result<u64, EmitError> {
    let mut seconds = time::interval(Duration::from_secs(1));
    seconds.set_missed_tick_behavior(time::MissedTickBehavior::Skip);
    let mut ticks = 0;
    loop {
        tokio::select! {
            _ = seconds.tick() => {}
            () = io.closing() => return Ok(ticks),
        }
        ticks += 1;
        io.emit("tick", ticks)?;
    }
}

/// Serves until `shutdown`, and returns when the task has stopped too.
pub(crate) async fn serve(
    listener: TcpListener,
    shutdown: impl Future<Output = ()> + Send,
) -> Result<u64, Box<dyn Error + Send + Sync>> {
    let io = Server::builder().namespace("/").build()?;
    let clock = tokio::spawn(clock(io.clone()));
    io.serve(listener, shutdown).await?;
    Ok(clock.await??)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let listener = TcpListener::bind("127.0.0.1:3000").await?;
    let ticks = serve(listener, async { _ = tokio::signal::ctrl_c().await }).await?;
    println!("the clock has stopped after {ticks} ticks");
    Ok(())
}
