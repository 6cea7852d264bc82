//! Registering, arguments, sessions, state, and handlers that fail.

use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use socketio_core::{Args, Data, EventName, Handshake, Session, State, handler::Rejection};

use super::World;
use super::flavour::{Namespace, Server, Socket, sleep};

/// What the application keeps of a client.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Visitor {
    pub(super) name: String,
    #[serde(default)]
    visits: u32,
}

/// A value that can neither be read nor written without a panic.
struct Exploding;

pub(super) fn add(io: &Server) {
    io.on("fence", || ())
        .on("who", || "main")
        .on("transport", |socket: Socket| socket.transport().to_string())
        .on("request", request);

    io.on("save session", |socket: Socket, Data(visitor): Data<Visitor>| {
        socket.save_session(visitor);
    })
    .on("session", |socket: Socket| socket.session::<Visitor>().map(|visitor| Visitor::clone(&visitor)))
    .on("session as argument", |Session(visitor): Session<Visitor>| visitor.name.clone())
    .on("edit session", |socket: Socket| {
        socket.edit_session(|visitor: &mut Visitor| visitor.visits += 1);
    })
    .on("visitor number", |State(world): State<World>| world.visitors.fetch_add(1, SeqCst));

    io.on(
        "all arguments",
        |EventName(name): EventName, Args((one, two, three)): Args<(u32, String, Vec<u32>)>| {
            (name.to_string(), one, two, three)
        },
    )
    .on("optional argument", |Data(text): Data<Option<String>>| text.unwrap_or_else(|| "none".into()))
    .on("typed", |State(world): State<World>, Data(number): Data<u32>| {
        world.typed_runs.fetch_add(1, SeqCst);
        number
    })
    .on("typed runs", |State(world): State<World>| world.typed_runs.load(SeqCst))
    .on("typed result", typed_result);

    io.on("panic", explode)
        .on("panic later", || {
            later! {
                wait!(sleep(Duration::from_millis(1)));
                explode();
            }
        })
        .on("panic in extractor", |_: Data<Exploding>| ())
        .on("panic in serialization", || Exploding);

    let namespace: Namespace = io.of("/");
    io.on("switch", move |Data(what): Data<String>| {
        match what.as_str() {
            "off" => namespace.off("switched"),
            "first" => namespace.on("switched", || "first"),
            _ => namespace.on("switched", || later! { "second" }),
        };
    });
}

fn explode() {
    panic!("asked for by a test");
}

fn request(socket: Socket) -> Value {
    let handshake: &Handshake = socket.handshake();
    serde_json::json!({
        "header": handshake.header("x-test"),
        "query": handshake.query_value("color"),
        "address": handshake.address().map(|address| address.to_string()),
    })
}

fn typed_result(number: Result<Data<u32>, Rejection>) -> Value {
    match number {
        Ok(Data(number)) => number.into(),
        Err(error) => error.to_string().into(),
    }
}

impl Serialize for Exploding {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        panic!("asked for by a test");
    }
}

impl<'de> Deserialize<'de> for Exploding {
    fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        panic!("asked for by a test");
    }
}
