//! One of several replicas behind a sticky ingress: what `deploy/kubernetes.yaml` runs.
//!
//! ```text
//! REDIS_URL=redis://localhost cargo run -p socketio-examples --features redis --example kubernetes
//! curl -i http://127.0.0.1:3000/health/ready
//! ```
//!
//! More variables: `LISTEN` (127.0.0.1:3000), `TRUSTED_PROXIES`, `CHANNEL` (socketio), `UNREADY_AFTER` (30 seconds).
//!
//! Clients place orders. An order is acknowledged once it is on its way to the kitchens, on whichever node they are.

use std::error::Error;
use std::time::Duration;

use socketio_core::http::shutdown_signal;
use socketio_core::{Data, HandlerError, Server, Socket};
use socketio_redis::RedisManager;

/// What has been emitted when the server closes still reaches the broker: it leaves the cluster last.
fn order(socket: Socket, Data(number): Data<String>) -> Result<&'static str, HandlerError> {
    socket.to("kitchen").emit("ordered", number)?;
    Ok("accepted")
}

fn cook(socket: Socket) -> Result<(), HandlerError> {
    socket.join("kitchen")?;
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let variable = |name: &str, default: &str| std::env::var(name).unwrap_or_else(|_| default.to_owned());
    let redis = RedisManager::new(&variable("REDIS_URL", "redis://localhost"))?;
    let proxies = variable("TRUSTED_PROXIES", "");
    let unready_after = Duration::from_secs(variable("UNREADY_AFTER", "30").parse()?);
    let io = Server::builder()
        .manager(redis.channel(variable("CHANNEL", "socketio")))
        .trusted_proxies(proxies.split(',').filter(|proxy| !proxy.is_empty()))
        .health_path("/health")
        .unready_after(unready_after) // Redis may restart meanwhile
        .shutdown_within(Duration::from_secs(20)) // less than terminationGracePeriodSeconds
        .build()?;
    io.on("order", order).on("cook", cook);

    let listener = tokio::net::TcpListener::bind(variable("LISTEN", "127.0.0.1:3000")).await?;
    println!("listening on http://{}", listener.local_addr()?);
    let drained = io.serve(listener, shutdown_signal()).await?;
    println!("closed, undelivered: {}", drained.undelivered);
    Ok(())
}
