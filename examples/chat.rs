//! A chat: rooms, nicknames, who is here, typing signs, and images sent as bytes. Its page is in `chat/`.
//!
//! ```text
//! make demo
//! cargo run -p socketio-examples --features chat --example chat -- FOLDER --host 0.0.0.0 --port 8000
//! ```
//!
//! FOLDER holds the official browser client, `socket.io.min.js`; `make demo` takes it from npm. With `--manager URL` several of them
//! act as one chat, which `make cluster` starts.
//!
//! The server keeps nothing but each client's seat, and that in the client's session: after a restart the clients
//! come back by themselves and say in `auth` who and where they are.

mod broker; // which one a URL names
#[cfg(feature = "worker")]
#[path = "worker/jobs.rs"]
mod jobs; // what workers are asked for
#[path = "chat/page.rs"]
mod page; // the files that browsers load
#[cfg(test)]
#[path = "chat/test.rs"]
mod test; // two people who talk

use std::collections::BTreeMap;
use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use clap::Parser;
use hyper::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use serde::{Deserialize, Serialize};
use socketio_core::http::Peer;
use socketio_core::server::{BuildError, ServerBuilder};
use socketio_core::{
    Args, Auth, ConnectError, Data, HandlerError, Namespace, Server, Session, Sid, Socket, State,
};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tower_layer::Layer;
use tower_service::Service;

use crate::page::Page;

/// A chat. Several with one manager act as one.
#[derive(Parser)]
#[command(name = "chat")]
struct Options {
    /// The folder that holds socket.io.min.js, the official browser client
    client: PathBuf,

    /// The address to listen on
    #[arg(long, default_value = "127.0.0.1")]
    host: String,

    /// The port
    #[arg(long, default_value_t = 3000)]
    port: u16,

    /// The broker that the nodes of the chat share: redis://…, amqp://… or kafka://…
    #[arg(long, value_name = "URL")]
    manager: Option<String>,

    /// What the nodes call their chat at the broker
    #[arg(long, default_value = "socketio")]
    channel: String,

    /// A load balancer whose word on clients is taken: an address, or a network such as 10.0.0.0/8. May be repeated
    #[arg(long, value_name = "ADDRESS")]
    trust: Vec<String>,

    /// The Redis that keeps jobs for workers; opens the page /worker/
    #[cfg(feature = "worker")]
    #[arg(long, value_name = "URL")]
    jobs: Option<String>,
}

/// What a client may send at once; the page makes larger photos smaller before it sends them.
const LARGEST_MESSAGE: usize = 5_000_000;

/// Who a client is and where it sits: first its `auth`, then its session and what the other nodes know of it.
#[derive(Clone, Deserialize, Serialize)]
struct Seat {
    name: String,
    room: String,
}

/// Who sits where: `{"lobby": [["lv8V…", "Ada"]]}`.
type Rooms = BTreeMap<String, Vec<(Sid, String)>>;

/// Somebody came, went or moved.
type Changed = Arc<Notify>;

/// Runs before the client hears that it is connected. An error refuses it, and the page shows these words.
fn connect(socket: Socket, Auth(seat): Auth<Seat>) -> Result<(), ConnectError> {
    if !is_name(&seat.name) || !is_name(&seat.room) {
        return Err(ConnectError::new("The names of people and rooms have 1 to 24 characters."));
    }
    socket.join(&seat.room)?;
    take(&socket, seat)?;
    Ok(())
}

fn connected(
    socket: Socket,
    Session(seat): Session<Seat>,
    State(changed): State<Changed>,
) -> Result<(), HandlerError> {
    socket.to(&seat.room).emit("joined", &seat.name)?;
    seats_changed(&socket, &changed)
}

fn move_to(
    socket: Socket,
    Session(seat): Session<Seat>,
    State(changed): State<Changed>,
    Data(room): Data<String>,
) -> Result<(), HandlerError> {
    if !is_name(&room) {
        return Err(HandlerError::new("the name of the room is empty or too long"));
    }
    socket.leave(&seat.room);
    socket.to(&seat.room).emit("left", &seat.name)?;
    socket.join(&room)?;
    socket.to(&room).emit("joined", &seat.name)?;
    take(&socket, Seat { name: seat.name.clone(), room })?;
    seats_changed(&socket, &changed)
}

/// `socket.to` leaves the sender out. What a handler returns is the client's ack: here, how many others are in the room, on all nodes.
async fn say(
    socket: Socket,
    Session(seat): Session<Seat>,
    Data(text): Data<String>,
) -> Result<u64, HandlerError> {
    let others = socket.to(&seat.room);
    others.emit("say", (&seat.name, text))?;
    Ok(others.count().await?.items.iter().sum())
}

/// The bytes arrive as an attachment and leave as one, copied once for the whole room.
async fn image(
    socket: Socket,
    Session(seat): Session<Seat>,
    Args((kind, bytes)): Args<(String, Bytes)>,
) -> Result<u64, HandlerError> {
    let others = socket.to(&seat.room);
    others.emit("image", (&seat.name, kind, bytes))?;
    Ok(others.count().await?.items.iter().sum())
}

fn typing(socket: Socket, Session(seat): Session<Seat>, Data(on): Data<bool>) -> Result<(), HandlerError> {
    socket.to(&seat.room).emit("typing", (&seat.name, on))?;
    Ok(())
}

fn disconnected(
    socket: Socket,
    Session(seat): Session<Seat>,
    State(changed): State<Changed>,
) -> Result<(), HandlerError> {
    socket.to(&seat.room).emit("left", &seat.name)?;
    seats_changed(&socket, &changed)
}

fn is_name(name: &str) -> bool {
    !name.trim().is_empty() && name.chars().count() <= 24
}

/// The session is this node's, the data what `fetch_sockets` tells the others.
fn take(socket: &Socket, seat: Seat) -> Result<(), HandlerError> {
    socket.set_data(&seat)?;
    socket.save_session(seat);
    Ok(())
}

fn seats_changed(socket: &Socket, changed: &Changed) -> Result<(), HandlerError> {
    changed.notify_one();
    socket.namespace().server_side_emit("seats changed", ())?;
    Ok(())
}

/// Tells the clients of this node who sits where, on all nodes, after each change.
///
/// Every node asks for itself, one question after the other: so the last answer has the last change in it.
async fn tell_who_is_where(chat: Namespace, changed: Changed) {
    let mut told = Rooms::new();
    loop {
        // A node that dies tells nobody.
        _ = tokio::time::timeout(Duration::from_secs(5), changed.notified()).await;
        let Ok(sockets) = chat.fetch_sockets().await else { continue };
        let mut rooms = Rooms::new();
        for socket in sockets.items {
            if let Some(seat) = socket.data::<Seat>() {
                rooms.entry(seat.room).or_default().push((socket.id().clone(), seat.name));
            }
        }
        rooms.values_mut().for_each(|people| people.sort_unstable());
        if rooms != told && chat.local().emit("rooms", &rooms).is_ok() {
            told = rooms;
        }
    }
}

/// The chat itself, wherever it is served: here, and in its test.
fn chat(io: ServerBuilder) -> Result<Server, BuildError> {
    let changed = Changed::default();
    let io = io.max_payload(LARGEST_MESSAGE).max_outgoing(4 * LARGEST_MESSAGE);
    let io = io.state(Changed::clone(&changed)).build()?;
    io.on_connect(connect).on_connected(connected).on_disconnect(disconnected);
    io.on("move", move_to).on("say", say).on("image", image).on("typing", typing);

    let elsewhere = Changed::clone(&changed);
    io.of("/").on_server_event("seats changed", move |()| {
        elsewhere.notify_one();
        async {}
    });
    tokio::spawn(tell_who_is_where(io.of("/"), changed));
    Ok(io)
}

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt().with_ansi(false).with_writer(std::io::stderr).init();
    match serve(Options::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("chat: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(options: Options) -> Result<(), Box<dyn Error>> {
    let mut io = Server::builder().trusted_proxies(&options.trust);
    if let Some(url) = &options.manager {
        io = with_manager(io, url, &options.channel)?;
    }
    let io = chat(io)?;

    let page = Page::new(&options.client)?;
    #[cfg(feature = "worker")]
    let page = match &options.jobs {
        Some(url) => {
            jobs::take_orders(&io, url)?;
            page.with_worker()
        }
        None => page,
    };

    // What is not Socket.IO's goes on to the page.
    let service = io.layer().layer(page);
    let address = (options.host.as_str(), options.port);
    let bound = TcpListener::bind(address).await;
    let listener = bound.map_err(|error| format!("{}:{}: {error}", address.0, address.1))?;
    println!(
        "\n    The chat is on  http://{}\n\n    Open it in two tabs. Ctrl-C ends it.\n",
        listener.local_addr()?
    );

    let mut ctrl_c = std::pin::pin!(tokio::signal::ctrl_c());
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = &mut ctrl_c => break,
        };
        let Ok((stream, address)) = accepted else {
            tokio::time::sleep(Duration::from_millis(50)).await; // out of file descriptors, most likely
            continue;
        };
        stream.set_nodelay(true).ok();
        let service = service.clone();
        tokio::spawn(async move {
            let service = service_fn(move |mut request: Request<Incoming>| {
                request.extensions_mut().insert(Peer::from(address)); // which may be a proxy that is trusted
                service.clone().call(request)
            });
            let http = auto::Builder::new(TokioExecutor::new());
            http.serve_connection_with_upgrades(TokioIo::new(stream), service).await.ok();
        });
    }
    io.close().await;
    Ok(())
}

/// The manager is known only now, and its type belongs to the broker: each has an arm of its own.
#[cfg_attr(
    not(any(feature = "redis", feature = "amqp", feature = "kafka")),
    allow(unused_variables, reason = "without a broker there is nothing to set")
)]
fn with_manager(io: ServerBuilder, url: &str, channel: &str) -> Result<ServerBuilder, Box<dyn Error>> {
    match broker::feature(url)? {
        #[cfg(feature = "redis")]
        "redis" => Ok(io.manager(socketio_redis::RedisManager::new(url)?.channel(channel))),
        #[cfg(feature = "amqp")]
        "amqp" => Ok(io.manager(socketio_amqp::AmqpManager::new(url)?.channel(channel))),
        #[cfg(feature = "kafka")]
        "kafka" => Ok(io.manager(socketio_kafka::KafkaManager::new(url)?.channel(channel))),
        feature => Err(broker::not_built_in(feature).into()),
    }
}
