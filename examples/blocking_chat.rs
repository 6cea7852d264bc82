//! The chat of `chat.rs` without async: handlers are plain functions on threads, which may block. Its page is the same, in `chat/`.
//!
//! ```text
//! cargo run -p socketio-examples --features threads --example blocking_chat -- FOLDER --port 8000
//! ```
//!
//! FOLDER holds the official browser client, `socket.io.min.js`; `make client` takes it from npm. With `--manager redis://…` several
//! processes act as one chat: `docs/deployment/processes.md`.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use clap::Parser;
use http::{Request, Response, StatusCode};
use serde::{Deserialize, Serialize};
use socketio_core::blocking::{Namespace, Server, Socket};
use socketio_core::{Args, Auth, ConnectError, Data, HandlerError, Session, Sid, State, StaticFiles};
use socketio_redis::RedisManager;

/// A chat. Several with one manager act as one.
#[derive(Parser)]
#[command(name = "blocking_chat")]
struct Options {
    /// The folder that holds socket.io.min.js, the official browser client
    client: PathBuf,

    /// The address to listen on
    #[arg(long, default_value = "127.0.0.1")]
    host: String,

    /// The port
    #[arg(long, default_value_t = 3000)]
    port: u16,

    /// The Redis that the processes of the chat share
    #[arg(long, value_name = "URL")]
    manager: Option<String>,

    /// What they call their chat there
    #[arg(long, default_value = "socketio")]
    channel: String,

    /// A load balancer whose word on clients is taken: an address, or a network such as 10.0.0.0/8. May be repeated
    #[arg(long, value_name = "ADDRESS")]
    trust: Vec<String>,
}

/// What a client may send at once; the page makes larger photos smaller before it sends them.
const LARGEST_MESSAGE: usize = 5_000_000;

/// Who a client is and where it sits: first its `auth`, then its session and what the other processes know of it.
#[derive(Clone, Deserialize, Serialize)]
struct Seat {
    name: String,
    room: String,
}

/// Who sits where: `{"lobby": [["lv8V…", "Ada"]]}`.
type Rooms = BTreeMap<String, Vec<(Sid, String)>>;

/// Somebody came, went or moved. Once is as good as twice.
struct Changed(SyncSender<()>);

impl Changed {
    fn note(&self) {
        self.0.try_send(()).ok();
    }
}

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

/// `count` asks the other processes, and stops this handler until they have answered: nobody else.
fn say(socket: Socket, Session(seat): Session<Seat>, Data(text): Data<String>) -> Result<u64, HandlerError> {
    let others = socket.to(&seat.room);
    others.emit("say", (&seat.name, text))?;
    Ok(others.count()?.items.iter().sum())
}

fn image(
    socket: Socket,
    Session(seat): Session<Seat>,
    Args((kind, bytes)): Args<(String, Bytes)>,
) -> Result<u64, HandlerError> {
    let others = socket.to(&seat.room);
    others.emit("image", (&seat.name, kind, bytes))?;
    Ok(others.count()?.items.iter().sum())
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

/// The session is this process's, the data what `fetch_sockets` tells the others.
fn take(socket: &Socket, seat: Seat) -> Result<(), HandlerError> {
    socket.set_data(&seat)?;
    socket.save_session(seat);
    Ok(())
}

fn seats_changed(socket: &Socket, changed: &Changed) -> Result<(), HandlerError> {
    changed.note();
    socket.namespace().server_side_emit("seats changed", ())?;
    Ok(())
}

/// Tells the clients of this process who sits where, in all of them, after each change: a thread of its own.
fn tell_who_is_where(chat: Namespace, changes: Receiver<()>) {
    let mut told = Rooms::new();
    loop {
        // A process that dies tells nobody.
        _ = changes.recv_timeout(Duration::from_secs(5));
        let Ok(sockets) = chat.fetch_sockets() else { continue };
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

/// Whatever is neither Socket.IO's nor a file: here `/people`, which says how many there are in all processes.
fn elsewhere(chat: &Namespace, request: &Request<Bytes>) -> Response<String> {
    let mut response = Response::default();
    match request.uri().path() {
        "/people" => match chat.timeout(Duration::from_secs(5)).count() {
            Ok(counted) => *response.body_mut() = counted.items.iter().sum::<u64>().to_string(),
            Err(_) => *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE,
        },
        _ => *response.status_mut() = StatusCode::NOT_FOUND,
    }
    response
}

fn main() -> ExitCode {
    tracing_subscriber::fmt().with_ansi(false).with_writer(std::io::stderr).init();
    match serve(Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("blocking_chat: {error}");
            ExitCode::FAILURE
        }
    }
}

fn serve(options: Options) -> Result<(), Box<dyn Error>> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/chat");
    let files = StaticFiles::new()
        .rule("/", page.join("index.html"))
        .rule("/chat.css", page.join("chat.css"))
        .rule("/chat.js", page.join("chat.js"))
        .rule("/socket.io.min.js", options.client.join("socket.io.min.js"));
    let (changed, changes) = sync_channel(1);
    let mut io = Server::builder()
        .max_payload(LARGEST_MESSAGE)
        .max_outgoing(4 * LARGEST_MESSAGE)
        .trusted_proxies(&options.trust)
        .state(Changed(changed.clone()))
        .static_files(files);
    if let Some(url) = &options.manager {
        io = io.manager(RedisManager::new(url)?.channel(&*options.channel));
    }
    let io = io.build()?;
    io.on_connect(connect).on_connected(connected).on_disconnect(disconnected);
    io.on("move", move_to).on("say", say).on("image", image).on("typing", typing);

    let chat = io.of("/");
    chat.on_server_event("seats changed", move |()| Changed(changed.clone()).note());
    thread::spawn(move || tell_who_is_where(chat, changes));
    let chat = io.of("/");
    io.fallback(move |request| elsewhere(&chat, &request));

    io.close_at_signals();
    let listener = std::net::TcpListener::bind((&*options.host, options.port))
        .map_err(|error| format!("{}:{}: {error}", options.host, options.port))?;
    println!(
        "\n    The chat is on  http://{}\n\n    Open it in two tabs. Ctrl-C ends it.\n",
        listener.local_addr()?
    );
    io.serve(listener)?;
    Ok(())
}
