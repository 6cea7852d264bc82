//! What can be sent: every kind of value, both ways.

use bytes::Bytes;
use serde::Serialize;
use socketio_core::{Data, HandlerError, RawArgs};

use super::flavour::{Server, Socket};

/// Names that are nobody's but the application's.
const NAMES: [&str; 7] =
    ["with spaces and ünïcödé", "*", "a/b,c", "\"quoted\"\\", "42", "constructor", "__proto__"];

#[derive(Serialize)]
pub(super) struct Person {
    name: &'static str,
    tags: [&'static str; 1],
    at: Option<u64>,
}

pub(super) const ALICE: Person = Person { name: "alice", tags: ["a"], at: None };

#[derive(Serialize)]
struct Nested {
    file: File,
    more: Vec<Bytes>,
}

#[derive(Serialize)]
struct File {
    name: &'static str,
    data: Bytes,
}

#[derive(Serialize)]
struct Three {
    three: u8,
}

pub(super) fn add(io: &Server) {
    io.on("give", |socket: Socket, Data(kind): Data<String>| -> Result<(), HandlerError> {
        Ok(socket.emit("given", &value(&kind)?)?)
    })
    .on("give back", |Data(kind): Data<String>| value(&kind))
    .on("echo", |socket: Socket, args: RawArgs| -> Result<RawArgs, HandlerError> {
        socket.emit("echoed", &args)?;
        Ok(args)
    })
    .on("message", |socket: Socket, args: RawArgs| -> Result<(), HandlerError> { Ok(socket.send(&args)?) });

    for name in NAMES {
        io.on(name, move || name);
    }
    io.on("emit strange names", |socket: Socket| -> Result<(), HandlerError> {
        for name in ["with spaces and ünïcödé", "a/b,c", "\"quoted\"\\"] {
            socket.emit(name, ())?;
        }
        Ok(())
    });
    let nowhere = io.of("/nowhere");
    io.on("emit to nowhere", move || -> Result<(), HandlerError> {
        nowhere.emit("hello", "nobody")?;
        Ok(())
    });
}

/// A value by its name, as the arguments that `emit` makes of it.
fn value(kind: &str) -> Result<RawArgs, HandlerError> {
    let bytes = |bytes: &'static [u8]| Bytes::from_static(bytes);
    let encoded = match kind {
        "string" => RawArgs::encode(&"text: ä € 😀 \u{2028} \"quoted\""),
        "number" => RawArgs::encode(&-12.5),
        "big number" => RawArgs::encode(&9_007_199_254_740_991_u64),
        "boolean" => RawArgs::encode(&true),
        "list" => RawArgs::encode(&serde_json::json!([1, "two", null, [3]])),
        "list of bytes as numbers" => RawArgs::encode(&vec![1_u8, 2, 255]),
        "struct" => RawArgs::encode(&ALICE),
        "none" => RawArgs::encode(&()),
        "null" => RawArgs::encode(&None::<u8>),
        "empty string" => RawArgs::encode(&""),
        "tuple" => RawArgs::encode(&(1, "two", Three { three: 3 })),
        "bytes" => RawArgs::encode(&bytes(&[0, 1, 254, 255])),
        "no bytes" => RawArgs::encode(&bytes(&[])),
        "nested bytes" => RawArgs::encode(&Nested {
            file: File { name: "a.png", data: bytes(&[1, 2, 3]) },
            more: vec![bytes(&[4]), bytes(&[])],
        }),
        "tuple with bytes" => {
            #[derive(Serialize)]
            struct B {
                b: Bytes,
            }
            RawArgs::encode(&("a", bytes(&[1]), B { b: bytes(&[2]) }))
        }
        other => return Err(HandlerError::new(format!("no value is named {other}"))),
    };
    Ok(encoded?)
}
