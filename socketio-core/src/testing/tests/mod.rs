mod places; // where the methods of a class run

use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};
use tokio::sync::mpsc::unbounded_channel;

use super::{Client, Ended, TestError};
use crate::handler::{Args, Auth, ConnectError, Data, Extension};
use crate::server::{Server, Socket};
use crate::{DisconnectReason, Handshake, RawArgs};

fn server() -> Server {
    let io = Server::builder().build().unwrap();
    io.on("echo", |args: RawArgs| args);
    io
}

#[tokio::test]
async fn a_client_brings_its_namespace_auth_headers_query_address_and_extensions() {
    let io = Server::builder().path("/other").build().unwrap();
    let (told, mut telling) = unbounded_channel();
    io.of("/chat").on_connect(
        move |socket: Socket, Auth(auth): Auth<Value>, shake: Handshake, Extension(user): Extension<u16>| {
            let cookie = shake.header("cookie").map(str::to_owned);
            told.send((socket.id().clone(), auth, cookie, shake.query_value("a b"), shake.address(), user))
                .ok();
        },
    );
    let address = "192.0.2.7:4000".parse().unwrap();
    let client = Client::builder(&io)
        .namespace("chat")
        .auth(json!({"token": "secret"}))
        .header("cookie", "a=b")
        .query("a b", "ü&")
        .address(address)
        .extension(7_u16)
        .connect()
        .await
        .unwrap();
    let (id, auth, cookie, query, from, user) = telling.recv().await.unwrap();
    assert_eq!(id, *client.id());
    assert_eq!(auth, json!({"token": "secret"}));
    assert_eq!((cookie.as_deref(), query.as_deref()), (Some("a=b"), Some("ü&")));
    assert_eq!((from, user), (Some(address.ip()), 7));
    assert!(io.of("/chat").socket(client.id()).is_some());
}

#[tokio::test]
async fn a_refusal_is_an_error_that_says_who_refused_and_why() {
    let io = server();
    io.of("/closed").on_connect(|| Err::<(), _>(ConnectError::new("not you").with_data([1, 2])));
    let refused = Client::builder(&io).namespace("/closed").connect().await.unwrap_err();
    let TestError::Refused { message, data } = refused else { panic!("{refused}") };
    assert_eq!((message.as_str(), data.as_deref()), ("not you", Some("[1,2]")));

    let unknown = Client::builder(&io).namespace("/nowhere").connect().await.unwrap_err();
    assert_eq!(unknown.to_string(), "the namespace refused the client: Invalid namespace");

    let foreign = Client::builder(&io).header("origin", "https://evil.example").connect().await.unwrap_err();
    let TestError::Request { status: 400, body } = foreign else { panic!("{foreign}") };
    assert_eq!(body, "Bad request");

    let text = Client::builder(&io).auth("no object").connect().await.unwrap_err();
    assert!(matches!(text, TestError::Ended(Ended::Closed)), "{text}");
}

#[tokio::test]
async fn events_and_acks_go_both_ways_with_values_and_bytes() {
    let io = server();
    io.on("ask", |socket: Socket, Data(question): Data<String>| async move {
        socket
            .emit_with_ack::<(u8, Bytes)>("question", question)
            .await
            .map_err(|error| error.to_string())
            .unwrap()
    });
    let mut client = Client::connect(&io).await.unwrap();
    let bytes = Bytes::from(vec![7; 100_000]);
    for size in [0, 125, 126, 65_535, 65_536] {
        let text = "x".repeat(size);
        assert_eq!(client.emit_with_ack::<String>("echo", &text).await.unwrap(), text);
    }
    let echoed: (u8, Bytes, Bytes) = client.emit_with_ack("echo", (1, &bytes, Bytes::new())).await.unwrap();
    assert_eq!(echoed, (1, bytes.clone(), Bytes::new()));
    client.emit_with_ack::<()>("echo", ()).await.unwrap();

    let asking = client.emit_with_ack::<(u8, Bytes)>("echo", (9, &bytes));
    assert_eq!(asking.await.unwrap(), (9, bytes.clone()));

    client.emit("ask", "how many?").await.unwrap();
    let question = client.event("question").await.unwrap();
    assert!(question.wants_ack());
    assert_eq!(question.args::<String>().unwrap(), "how many?");
    question.ack((3, &bytes)).await.unwrap();
    io.socket(client.id()).unwrap().emit("bytes", (1, &bytes)).unwrap();
    assert_eq!(client.receive::<(u8, Bytes)>("bytes").await.unwrap(), (1, bytes));
}

#[tokio::test]
async fn events_wait_in_order_until_they_are_taken() {
    let io = server();
    let mut client = Client::connect(&io).await.unwrap();
    let socket = io.socket(client.id()).unwrap();
    for (name, number) in [("a", 1), ("b", 2), ("a", 3)] {
        socket.emit(name, number).unwrap();
    }
    client.emit_with_ack::<()>("echo", ()).await.unwrap();
    assert_eq!(client.waiting(), ["a", "b", "a"]);
    assert_eq!(client.receive::<u8>("b").await.unwrap(), 2);
    assert_eq!(client.receive::<u8>("a").await.unwrap(), 1);
    let last = client.next().await.unwrap();
    assert_eq!((last.name(), last.args::<u8>().unwrap(), last.wants_ack()), ("a", 3, false));
    assert!(client.waiting().is_empty());
    socket.emit("a", "no number").unwrap();
    let wrong = client.receive::<u8>("a").await.unwrap_err();
    assert!(wrong.to_string().starts_with("the event \"a\": "), "{wrong}");
}

#[tokio::test]
async fn each_side_is_told_how_it_ended() {
    let io = server();
    let (told, mut reasons) = unbounded_channel();
    io.on_disconnect(move |reason: DisconnectReason| {
        told.send(reason.to_string()).ok();
    });
    let client = Client::connect(&io).await.unwrap();
    assert!(client.is_connected());
    io.socket(client.id()).unwrap().disconnect();
    assert_eq!(client.disconnected().await.unwrap(), Ended::ByServer);
    assert_eq!(
        client.emit("echo", ()).await.unwrap_err().to_string(),
        "the client is gone: io server disconnect"
    );
    assert_eq!(reasons.recv().await.unwrap(), "server namespace disconnect");

    Client::connect(&io).await.unwrap().disconnect().await.unwrap();
    assert_eq!(reasons.try_recv().unwrap(), "client namespace disconnect", "it has been told by then");

    drop(Client::connect(&io).await.unwrap());
    let reason = reasons.recv().await.unwrap();
    assert!(reason == "transport close" || reason == "transport error", "{reason}");

    let client = Client::connect(&io).await.unwrap();
    let closing = tokio::spawn({
        let io = io.clone();
        async move { io.close().await }
    });
    client.disconnected().await.unwrap();
    assert!(client.emit_with_ack::<()>("echo", ()).await.is_err());
    drop(client);
    assert_eq!(closing.await.unwrap().undelivered, 0);
}

#[tokio::test(start_paused = true)]
async fn with_a_paused_clock_nobody_waits_and_a_deadline_says_what_came_instead() {
    let io = server();
    io.on("nap", || tokio::time::sleep(Duration::from_secs(600)));
    let client = Client::builder(&io).deadline(Duration::from_secs(1200)).connect().await.unwrap();
    client.emit_with_ack::<()>("nap", ()).await.unwrap();

    let mut client = Client::connect(&io).await.unwrap();
    io.emit("other", ()).unwrap();
    let late = client.receive::<()>("news").await.unwrap_err();
    assert_eq!(
        late.to_string(),
        "waited 5s for the event \"news\"; what came instead and was not taken: [\"other\"]"
    );
    let silent = client.emit_with_ack::<()>("nobody's", ()).await.unwrap_err();
    assert!(silent.to_string().starts_with("waited 5s for the answer to \"nobody's\""), "{silent}");

    // Heartbeats go on meanwhile.
    tokio::time::sleep(Duration::from_secs(600)).await;
    assert!(client.is_connected());
    client.emit_with_ack::<()>("echo", ()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_emit_to_a_server_that_does_not_read_ends_at_the_deadline_or_when_it_is_given_up() {
    let io = Server::builder().max_handlers_in_flight(1).build().unwrap();
    io.on("wait", |_: RawArgs| std::future::pending::<()>());
    let large = "x".repeat(100_000);
    for given_up_after in [None, Some(Duration::from_secs(1))] {
        let client = Client::connect(&io).await.unwrap();
        loop {
            let emit = client.emit("wait", &large);
            match tokio::time::timeout(given_up_after.unwrap_or(Duration::MAX), emit).await {
                Ok(Ok(())) => {}
                Ok(Err(stuck)) => {
                    assert!(stuck.to_string().starts_with("waited 5s for the server to read"), "{stuck}");
                    break;
                }
                Err(_) => break,
            }
        }
        // Half an event is under way: nothing can follow it.
        let gone = client.emit("wait", ()).await.unwrap_err();
        assert_eq!(gone.to_string(), "the client is gone: transport close");
    }
}

#[tokio::test]
async fn two_namespaces_do_not_hear_each_other() {
    let io = server();
    io.of("/chat").on("pair", |Args((a, b)): Args<(u8, u8)>| (b, a));
    let mut main = Client::connect(&io).await.unwrap();
    let mut chat = Client::builder(&io).namespace("/chat").connect().await.unwrap();
    io.of("/chat").emit("news", 1).unwrap();
    assert_eq!(chat.receive::<u8>("news").await.unwrap(), 1);
    assert_eq!(chat.emit_with_ack::<(u8, u8)>("pair", (1, 2)).await.unwrap(), (2, 1));
    main.emit_with_ack::<()>("echo", ()).await.unwrap();
    assert!(main.waiting().is_empty());
}
