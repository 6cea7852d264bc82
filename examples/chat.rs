//! A chat: rooms, nicknames, who is here, typing signs, and images sent as bytes. Its page is in `chat/`.
//!
//! ```text
//! make demo
//! HOST=0.0.0.0 PORT=8000 cargo run -p socketio-examples --features hyper --example chat -- FOLDER
//! ```
//!
//! FOLDER holds the official browser client, `socket.io.min.js`; `make demo` takes it from npm.
//!
//! The server keeps nothing but each client's seat, and that in the client's session: after a restart the clients
//! come back by themselves and say in `auth` who and where they are.

use std::collections::{BTreeMap, HashMap};
use std::convert::Infallible;
use std::future::{Ready, ready};
use std::path::PathBuf;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use serde::Deserialize;
use socketio_core::http::Peer;
use socketio_core::{Args, Auth, ConnectError, Data, HandlerError, Namespace, Server, Session, Sid, Socket};
use tokio::net::TcpListener;
use tower_layer::Layer;
use tower_service::Service;

/// What a client may send at once; the page makes larger photos smaller before it sends them.
const LARGEST_MESSAGE: usize = 5_000_000;

/// Who a client is and where it sits: first its `auth`, then its session.
#[derive(Clone, Deserialize)]
struct Seat {
    name: String,
    room: String,
}

/// Runs before the client hears that it is connected. An error refuses it, and the page shows these words.
fn connect(socket: Socket, Auth(seat): Auth<Seat>) -> Result<(), ConnectError> {
    if !is_name(&seat.name) || !is_name(&seat.room) {
        return Err(ConnectError::new("The names of people and rooms have 1 to 24 characters."));
    }
    socket.join(&seat.room)?;
    socket.save_session(seat);
    Ok(())
}

fn connected(socket: Socket, Session(seat): Session<Seat>) -> Result<(), HandlerError> {
    socket.to(&seat.room).emit("joined", &seat.name)?;
    tell_who_is_where(&socket.namespace())
}

fn move_to(
    socket: Socket,
    Session(seat): Session<Seat>,
    Data(room): Data<String>,
) -> Result<(), HandlerError> {
    if !is_name(&room) {
        return Err(HandlerError::new("the name of the room is empty or too long"));
    }
    socket.leave(&seat.room);
    socket.to(&seat.room).emit("left", &seat.name)?;
    socket.join(&room)?;
    socket.to(&room).emit("joined", &seat.name)?;
    socket.save_session(Seat { name: seat.name.clone(), room });
    tell_who_is_where(&socket.namespace())
}

/// `socket.to` leaves the sender out. What a handler returns is the client's ack: here, how many got it.
fn say(
    socket: Socket,
    Session(seat): Session<Seat>,
    Data(text): Data<String>,
) -> Result<usize, HandlerError> {
    Ok(socket.to(&seat.room).emit("say", (&seat.name, text))?.local)
}

/// The bytes arrive as an attachment and leave as one, copied once for the whole room.
fn image(
    socket: Socket,
    Session(seat): Session<Seat>,
    Args((kind, bytes)): Args<(String, Bytes)>,
) -> Result<usize, HandlerError> {
    Ok(socket.to(&seat.room).emit("image", (&seat.name, kind, bytes))?.local)
}

fn typing(socket: Socket, Session(seat): Session<Seat>, Data(on): Data<bool>) -> Result<(), HandlerError> {
    socket.to(&seat.room).emit("typing", (&seat.name, on))?;
    Ok(())
}

fn disconnected(socket: Socket, Session(seat): Session<Seat>) -> Result<(), HandlerError> {
    socket.to(&seat.room).emit("left", &seat.name)?;
    tell_who_is_where(&socket.namespace())
}

/// Tells everybody who sits where: `{"lobby": [["lv8V…", "Ada"]]}`.
fn tell_who_is_where(chat: &Namespace) -> Result<(), HandlerError> {
    let mut rooms = BTreeMap::<String, Vec<(Sid, String)>>::new();
    for socket in chat.sockets() {
        if let Some(seat) = socket.session::<Seat>() {
            rooms.entry(seat.room.clone()).or_default().push((socket.id().clone(), seat.name.clone()));
        }
    }
    chat.emit("rooms", rooms)?;
    Ok(())
}

fn is_name(name: &str) -> bool {
    !name.trim().is_empty() && name.chars().count() <= 24
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder =
        std::env::args_os().nth(1).ok_or("which folder holds socket.io.min.js? `make demo` knows")?;
    let page = Page::new(folder.into())?;

    let io = Server::builder().max_payload(LARGEST_MESSAGE).max_outgoing(4 * LARGEST_MESSAGE).build()?;
    io.on_connect(connect).on_connected(connected).on_disconnect(disconnected);
    io.on("move", move_to).on("say", say).on("image", image).on("typing", typing);

    // What is not Socket.IO's goes on to the page.
    let service = io.layer().layer(page);
    let host = std::env::var("HOST").unwrap_or_else(|_| "127.0.0.1".into());
    let port = std::env::var("PORT").unwrap_or_else(|_| "3000".into());
    let address = format!("{host}:{port}");
    let listener = TcpListener::bind(&address).await.map_err(|error| format!("{address}: {error}"))?;
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
                request.extensions_mut().insert(Peer::from(address)); // for the log
                service.clone().call(request)
            });
            let http = auto::Builder::new(TokioExecutor::new());
            http.serve_connection_with_upgrades(TokioIo::new(stream), service).await.ok();
        });
    }
    io.close().await;
    Ok(())
}

/// The files of the page, by path.
#[derive(Clone)]
struct Page(Arc<HashMap<&'static str, (&'static str, Bytes)>>);

impl Page {
    fn new(folder: PathBuf) -> Result<Self, String> {
        let client = folder.join("socket.io.min.js");
        let client = std::fs::read(&client).map_err(|error| format!("{}: {error}", client.display()))?;
        Ok(Self(Arc::new(HashMap::from([
            ("/", ("text/html; charset=utf-8", Bytes::from_static(include_bytes!("chat/index.html")))),
            ("/chat.css", ("text/css; charset=utf-8", Bytes::from_static(include_bytes!("chat/chat.css")))),
            (
                "/chat.js",
                ("text/javascript; charset=utf-8", Bytes::from_static(include_bytes!("chat/chat.js"))),
            ),
            ("/socket.io.min.js", ("text/javascript; charset=utf-8", client.into())),
        ]))))
    }
}

impl<B> Service<Request<B>> for Page {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let mut response = Response::default();
        match self.0.get(request.uri().path()) {
            Some((kind, bytes)) => {
                response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
                *response.body_mut() = Full::new(bytes.clone());
            }
            None => *response.status_mut() = StatusCode::NOT_FOUND,
        }
        ready(Ok(response))
    }
}
