//! The contract of bench/README.md on socketioxide in axum. `RT=multi`: tokio's multi-thread runtime instead of one thread.

use std::env;
use std::error::Error;
use std::time::Duration;

use axum::Router;
use axum::serve::ListenerExt as _;
use rmpv::Value;
use socketioxide::adapter::Adapter;
use socketioxide::extract::{AckSender, Data, SocketRef};
use socketioxide::{SocketIo, SocketIoBuilder};
use socketioxide_redis::drivers::redis::redis_client as redis;
use socketioxide_redis::{RedisAdapter, RedisAdapterCtr};
use tokio::net::TcpSocket;
use tokio::runtime;

fn main() -> Result<(), Box<dyn Error>> {
    let mut runtime = match env::var("RT").as_deref() {
        Ok("multi") => runtime::Builder::new_multi_thread(),
        _ => runtime::Builder::new_current_thread(),
    };
    runtime.enable_all().build()?.block_on(serve())
}

async fn serve() -> Result<(), Box<dyn Error>> {
    let app = match env::var("REDIS_URL") {
        Ok(url) => {
            let separator = if url.contains('?') { '&' } else { '?' };
            let client = redis::Client::open(format!("{url}{separator}protocol=resp3"))?;
            let adapter = RedisAdapterCtr::new_with_redis(&client).await?;
            let (layer, io) = settings(SocketIo::builder()).with_adapter::<RedisAdapter<_>>(adapter).build_layer();
            io.ns("/", on_connect).await?;
            Router::new().layer(layer)
        }
        Err(_) => {
            let (layer, io) = settings(SocketIo::builder()).build_layer();
            io.ns("/", on_connect);
            Router::new().layer(layer)
        }
    };
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(([127, 0, 0, 1], env::var("PORT")?.parse()?).into())?;
    let listener = socket.listen(4096)?.tap_io(|stream| _ = stream.set_nodelay(true));
    Ok(axum::serve(listener, app).await?)
}

fn settings<A: Adapter>(builder: SocketIoBuilder<A>) -> SocketIoBuilder<A> {
    builder.ping_interval(Duration::from_secs(25)).ping_timeout(Duration::from_secs(20))
}

async fn on_connect<A: Adapter>(socket: SocketRef<A>) {
    socket.on("echo", async |socket: SocketRef<A>, Data::<Value>(data)| {
        socket.emit("echo", &data).ok();
    });
    socket.on("echo_ack", async |Data::<Value>(data), ack: AckSender<A>| {
        ack.send(&data).ok();
    });
    socket.on("join", async |socket: SocketRef<A>, ack: AckSender<A>| {
        socket.join("all");
        ack.send(&()).ok();
    });
    socket.on("fan", async |socket: SocketRef<A>, Data::<Value>(data)| {
        socket.within("all").emit("fan", &data).await.ok();
    });
}
