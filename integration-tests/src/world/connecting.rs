//! Namespaces other than `/`: who is let in, and when.

use std::time::Duration;

use serde::Deserialize;
use serde_json::json;
use socketio_core::{Auth, ConnectError, Data, HandlerError};

use super::flavour::{Server, Socket, sleep};

#[derive(Clone, Deserialize)]
struct Login {
    token: String,
}

#[derive(Deserialize)]
struct Early {
    refuse: bool,
}

/// Who a client of `/login` or `/guest` is.
struct Name(&'static str);

pub(super) fn add(io: &Server) {
    io.of("/login").on_connect(login).on("who", who);
    io.of("/guest").on_connect(guest).on("who", |socket: Socket| {
        socket.session::<String>().map_or_else(|| "guest".to_owned(), |name| name.to_string())
    });
    add_early(io);
    io.of("/asking").on_connected(asking);
    io.of("/slow")
        .on_connect(|| later! { wait!(sleep(Duration::from_millis(100))) })
        .on("count", |Data(number): Data<u64>| number)
        .on("fence", || ());
    add_world(io);
}

fn login(socket: Socket, Auth(login): Auth<Login>) -> Result<(), ConnectError> {
    match login.token.as_str() {
        "secret" => {
            socket.save_session(Name("alice"));
            Ok(())
        }
        "wrong" => Err(ConnectError::new("not authorized")),
        "later" => Err(ConnectError::new("try later").with_data(json!({ "seconds": 5 }))),
        "list" => Err(ConnectError::new("no").with_data((1, "two", json!({ "three": 3 })))),
        "silent" => Err(ConnectError::default()),
        _ => panic!("asked for by a test"),
    }
}

fn who(socket: Socket) -> &'static str {
    socket.session::<Name>().map_or("nobody", |name| name.0)
}

fn guest(socket: Socket, login: Option<Auth<Login>>) {
    if let Some(Auth(login)) = login {
        socket.save_session(login.token);
    }
}

/// Emits from `on_connect`, directly and by its room, before and after it has waited; then from `on_connected`.
fn add_early(io: &Server) {
    io.of("/early")
        .on_connect(|socket: Socket, auth: Option<Auth<Early>>| {
            later! {
                socket.emit("early", 1)?;
                socket.join(["early", "early too"])?;
                socket.namespace().to("early").emit("early", 2)?;
                wait!(sleep(Duration::from_millis(10)));
                socket.emit("early", 3)?;
                if auth.is_some_and(|Auth(early)| early.refuse) {
                    return Err(ConnectError::new("no"));
                }
                Ok::<_, ConnectError>(())
            }
        })
        .on_connected(|socket: Socket| -> Result<(), HandlerError> { Ok(socket.emit("early", 4)?) })
        .on("fence", || ());
}

waits! {
    fn asking(socket: Socket) -> Result<(), HandlerError> {
        let answer: String = wait!(socket.timeout(Duration::from_secs(20)).emit_with_ack("who are you", ()))?;
        Ok(socket.emit("so you are", answer)?)
    }
}

/// A namespace with the same words as `/`, and nothing in common with it.
fn add_world(io: &Server) {
    let world = io.of("/world");
    let hall = world.clone();
    world
        .on("fence", || ())
        .on("who", || "world")
        .on("rooms", super::rooms::room_names)
        .on("session", |socket: Socket| socket.session::<Name>().map(|name| name.0))
        .on("join hall", |socket: Socket| -> Result<(), HandlerError> { Ok(socket.join("hall")?) })
        .on("say in hall", |socket: Socket, Data(text): Data<String>| -> Result<usize, HandlerError> {
            Ok(socket.to("hall").emit("heard", text)?.local)
        })
        .on("say to hall as server", move |Data(text): Data<String>| -> Result<usize, HandlerError> {
            Ok(hall.to("hall").emit("heard", text)?.local)
        });
}
