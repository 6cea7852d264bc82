#![doc = include_str!("../README.md")]

mod contract; // what every measured server answers
mod curves; // what the curves ask of ours beside

use std::env;
use std::error::Error;

use socketio_amqp::AmqpManager;
use socketio_core::Server;
use socketio_core::server::ServerBuilder;
use socketio_kafka::KafkaManager;
use socketio_redis::RedisManager;
use tokio::net::{TcpListener, TcpSocket};
use tokio::runtime;
use tokio::signal::unix::{SignalKind, signal};

#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> Result<(), Box<dyn Error>> {
    let mut runtime = match env::var("RT").as_deref() {
        Ok("multi") => runtime::Builder::new_multi_thread(),
        _ => runtime::Builder::new_current_thread(),
    };
    runtime.enable_all().build()?.block_on(serve())
}

async fn serve() -> Result<(), Box<dyn Error>> {
    let io = managed(Server::builder().http_compression(false).max_namespaces(2_000).max_rooms(20_000))?
        .build()?;
    contract::fulfil(&io);
    curves::serve(&io);
    let _others = other_nodes()?;

    let mut terminate = signal(SignalKind::terminate())?;
    let listener = listen(env::var("PORT")?.parse()?)?;
    io.serve(listener, async move { _ = terminate.recv().await }).await?;
    Ok(())
}

/// `NODES` less one: members of the same cluster, which serve nobody.
fn other_nodes() -> Result<Vec<Server>, Box<dyn Error>> {
    let nodes: usize = env::var("NODES").map_or(Ok(1), |nodes| nodes.parse())?;
    (1..nodes).map(|_| Ok(managed(Server::builder())?.build()?)).collect()
}

/// With the manager of the URL in the environment, if there is one.
fn managed(builder: ServerBuilder) -> Result<ServerBuilder, Box<dyn Error>> {
    let Ok(url) = env::var("MANAGER_URL").or_else(|_| env::var("REDIS_URL")) else {
        return Ok(builder);
    };
    Ok(match url.split_once(':') {
        Some(("amqp" | "amqps", _)) => builder.manager(AmqpManager::new(&url)?),
        Some(("kafka" | "kafka+ssl", _)) => builder.manager(KafkaManager::new(&url)?),
        _ => builder.manager(RedisManager::new(&url)?),
    })
}

/// A backlog as long as the peers' have it: ten thousand clients come at once.
fn listen(port: u16) -> std::io::Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(([127, 0, 0, 1], port).into())?;
    socket.listen(4096)
}
