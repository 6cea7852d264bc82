#![doc = include_str!("../README.md")]

use std::env;
use std::error::Error;

use serde_json::Value;
use socketio_amqp::AmqpManager;
use socketio_core::server::ServerBuilder;
use socketio_core::{Data, HandlerError, Namespace, RawArgs, Server, Socket};
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
    let io = managed(Server::builder().http_compression(false))?.build()?;
    match env::var("JSON").as_deref() {
        Ok("value") => io.on("echo", echo_value).on("echo_ack", echo_ack_value),
        _ => io.on("echo", echo).on("echo_ack", echo_ack),
    };
    io.on("join", join).on("fan", fan);

    let mut terminate = signal(SignalKind::terminate())?;
    let listener = listen(env::var("PORT")?.parse()?)?;
    io.serve(listener, async move { _ = terminate.recv().await }).await?;
    Ok(())
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

fn echo(socket: Socket, args: RawArgs) -> Result<(), HandlerError> {
    socket.emit("echo", args)?;
    Ok(())
}

fn echo_ack(args: RawArgs) -> RawArgs {
    args
}

fn echo_value(socket: Socket, Data(value): Data<Value>) -> Result<(), HandlerError> {
    socket.emit("echo", value)?;
    Ok(())
}

fn echo_ack_value(Data(value): Data<Value>) -> Value {
    value
}

fn join(socket: Socket) -> Result<(), HandlerError> {
    Ok(socket.join("all")?)
}

fn fan(namespace: Namespace, args: RawArgs) -> Result<(), HandlerError> {
    namespace.to("all").emit("fan", args)?;
    Ok(())
}

/// A backlog as long as the peers' have it: ten thousand clients come at once.
fn listen(port: u16) -> std::io::Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(([127, 0, 0, 1], port).into())?;
    socket.listen(4096)
}
