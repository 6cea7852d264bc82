//! `events!`: functions register under their own names; and names that are nobody's.

use std::panic::{AssertUnwindSafe, catch_unwind};

use integration_tests::{client::Client, running::Running};
use socketio_core::server::{AckError, EmitError};
use socketio_core::{Args, Auth, Data, DisconnectReason, HandlerError, Server, Socket, State, events};
use tokio::sync::mpsc::{UnboundedSender as Sender, unbounded_channel};

fn connect(Auth(auth): Auth<serde_json::Value>) -> bool {
    auth["token"] == "secret"
}

async fn connected(socket: Socket) {
    socket.emit("welcome", ()).ok();
}

fn join(socket: Socket, Data(room): Data<String>) -> Result<(), HandlerError> {
    Ok(socket.join(room)?)
}

async fn say(socket: Socket, Args((room, text)): Args<(String, String)>) -> Result<usize, HandlerError> {
    tokio::task::yield_now().await;
    Ok(socket.to(&room).emit("say", text)?.local)
}

fn r#type() -> &'static str {
    "a keyword"
}

fn disconnecting(socket: Socket, State(ends): State<Sender<String>>) {
    ends.send(format!("disconnecting with {} rooms", socket.rooms().len())).ok();
}

async fn disconnect(reason: DisconnectReason, State(ends): State<Sender<String>>) {
    ends.send(format!("disconnect: {reason}")).ok();
}

#[tokio::test]
async fn functions_sync_and_async_register_under_their_own_names_in_one_line() {
    let (ends, mut ended) = unbounded_channel::<String>();
    let io = Server::builder().state(ends).build().unwrap();
    events!(io, connect, connected, disconnecting, disconnect, join, say, r#type);
    let server = Running::start(io).await;

    let mut client = Client::websocket(server.port).await;
    client.send("40{\"token\":\"wrong\"}").await;
    assert_eq!(client.next().await, "44{\"message\":\"Connection rejected by server\"}");
    client.connect_with("/", "{\"token\":\"secret\"}").await;
    assert_eq!(client.next().await, "42[\"welcome\"]");
    client.send("421[\"join\",\"lobby\"]").await;
    assert_eq!(client.next().await, "431[]");
    client.send("422[\"say\",\"lobby\",\"hello\"]").await;
    assert_eq!(client.next().await, "432[0]", "the sender is left out");
    client.send("423[\"type\"]").await;
    assert_eq!(client.next().await, "433[\"a keyword\"]");
    client.send("41").await;
    assert_eq!(ended.recv().await.unwrap(), "disconnecting with 2 rooms");
    assert_eq!(ended.recv().await.unwrap(), "disconnect: client namespace disconnect");
}

#[tokio::test]
async fn whatever_takes_handlers_takes_them_by_their_names() {
    let io = Server::builder().build().unwrap();
    events!(io.of("/chat"), join, say);
    events!(io.of_pattern("/room-{id}"), r#type);
    events!(io.every_namespace(), join);
    let greeting = String::from("hello");
    let greet = move |socket: Socket| {
        let only_for_this_one = || "yes";
        events!(socket, only_for_this_one);
        greeting.clone()
    };
    events!(&io, greet,);
    let server = Running::start(io).await;

    let mut client = Client::websocket(server.port).await;
    for (namespace, events) in [
        ("/chat,", &[("[\"join\",\"a\"]", "[]")] as &[_]),
        ("/room-7,", &[("[\"type\"]", "[\"a keyword\"]"), ("[\"join\",\"a\"]", "[]")]),
        ("", &[("[\"greet\"]", "[\"hello\"]"), ("[\"only_for_this_one\"]", "[\"yes\"]")]),
    ] {
        client.send(&format!("40{namespace}")).await;
        assert!(client.next().await.starts_with(&format!("40{namespace}")));
        for (event, answer) in events {
            client.send(&format!("42{namespace}1{event}")).await;
            assert_eq!(client.next().await, format!("43{namespace}1{answer}"));
        }
    }
}

#[tokio::test]
async fn reserved_names_are_neither_emitted_nor_handled() {
    let io = Server::builder().build().unwrap();
    let panics = |register: &dyn Fn()| catch_unwind(AssertUnwindSafe(register)).is_err();
    for name in ["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"] {
        let emitted = io.emit(name, ());
        assert!(
            matches!(emitted, Err(EmitError::ReservedEvent(ref refused)) if refused == name),
            "{emitted:?}"
        );
        let asked = io.to("room").emit_with_ack::<()>(name, ()).await;
        assert!(matches!(asked, Err(AckError::Emit(EmitError::ReservedEvent(_)))), "{asked:?}");
        assert!(panics(&|| _ = io.on(name, || ())), "on({name:?})");
        assert!(panics(&|| _ = io.once(name, || ())), "once({name:?})");
        assert!(panics(&|| _ = io.on_blocking(name, || ())), "on_blocking({name:?})");
    }
    assert!(io.emit("Connect", ()).is_ok());
    assert!(!panics(&|| _ = io.on("Connect", || ())));
}
