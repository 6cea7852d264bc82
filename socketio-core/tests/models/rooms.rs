//! Joining a room against leaving the namespace.

use std::sync::{Arc, Mutex};

use ::http::StatusCode;
use shuttle::future::block_on;
use shuttle::thread;

use crate::client::Client;
use crate::server::JoinError;
use crate::sync::settle;
use crate::{ConnectError, DisconnectReason, Server, Socket};

pub(crate) fn who_is_gone_is_in_no_room_and_joins_none() {
    let server = Server::builder().build().unwrap();
    let ends: Arc<Mutex<Vec<usize>>> = Arc::default();
    let seen = ends.clone();
    server.on_disconnect(move |socket: Socket| {
        seen.lock().unwrap().push(socket.rooms().len());
        assert_eq!(socket.join("late"), Err(JoinError::Disconnected));
    });
    let client = block_on(Client::connect(&server));
    let socket = server.of("/").sockets().pop().unwrap();

    let threads = [
        thread::spawn({
            let socket = socket.clone();
            move || {
                let joined = socket.join(["a", "b"]);
                if joined.is_err() {
                    assert_eq!(socket.join("a"), Err(JoinError::Disconnected), "gone once is gone for ever");
                }
            }
        }),
        thread::spawn({
            let (socket, server) = (socket.clone(), server.clone());
            move || {
                let _ = socket.join("c");
                // A snapshot of the room is made, and kept until somebody comes or goes.
                let _ = server.to("c").emit("event", ());
                socket.leave("c");
            }
        }),
        thread::spawn({
            let socket = socket.clone();
            move || socket.disconnect()
        }),
        // The client leaves by itself.
        thread::spawn(move || drop(block_on(client.post("41")))),
    ];
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    block_on(settle());

    assert_eq!(*ends.lock().unwrap(), [0], "the handler of the end runs once, out of all rooms");
    assert_left_nothing(&server, &socket);
}

pub(crate) fn a_client_that_ends_while_it_is_asked_about_is_not_let_in_and_leaves_nothing() {
    let server = Server::builder().build().unwrap();
    let told: Arc<Mutex<Vec<&'static str>>> = Arc::default();
    let (connected, ended) = (told.clone(), told.clone());
    let asked: Arc<Mutex<Option<Socket>>> = Arc::default();
    let asking = asked.clone();
    server.on_connect(move |socket: Socket| {
        *asking.lock().unwrap() = Some(socket.clone());
        async move {
            let _ = socket.join("a");
            shuttle::future::yield_now().await;
            let _ = socket.join("b");
            Ok::<_, ConnectError>(())
        }
    });
    server.on_connected(move || connected.lock().unwrap().push("connected"));
    server.on_disconnect(move |_: DisconnectReason| ended.lock().unwrap().push("disconnected"));
    let client = block_on(Client::connect(&server));
    let socket = asked.lock().unwrap().take().unwrap();

    let closing = thread::spawn(move || drop(block_on(client.post("1"))));
    let ending = thread::spawn({
        let socket = socket.clone();
        move || socket.disconnect()
    });
    closing.join().unwrap();
    ending.join().unwrap();
    block_on(settle());

    let told = told.lock().unwrap().clone();
    assert!(told.is_empty() || told.len() == 2 && told.contains(&"connected"), "{told:?}");
    assert_left_nothing(&server, &socket);
    assert_eq!(server.counters().sessions, 0);
}

pub(crate) fn a_namespace_entered_while_another_closes_the_connection_keeps_nobody() {
    let server = Server::builder().build().unwrap();
    let other = server.of("/other");
    other.on_connect(|socket: Socket| {
        let _ = socket.join("a");
        Ok::<_, ConnectError>(())
    });
    let client = block_on(Client::connect(&server));
    let socket = server.of("/").sockets().pop().unwrap();

    let entering = thread::spawn({
        let client = client.clone();
        move || drop(block_on(client.post("40/other,")))
    });
    let closing = thread::spawn({
        let socket = socket.clone();
        move || socket.close()
    });
    entering.join().unwrap();
    closing.join().unwrap();
    // The client hears of it, and with that the session ends.
    while block_on(client.get()).0 == StatusCode::OK {}
    block_on(settle());

    assert_left_nothing(&server, &socket);
    assert_eq!((other.count(), server.counters().sessions), (0, 0));
    assert!(other.inner.rooms.all().is_empty() && other.inner.rooms.sizes().is_empty());
}

fn assert_left_nothing(server: &Server, socket: &Socket) {
    let rooms = &socket.namespace_inner().rooms;
    assert_eq!(rooms.sizes(), [], "rooms that somebody is in");
    assert!(rooms.all().is_empty(), "sockets of the namespace");
    assert!(socket.rooms().is_empty());
    let counters = server.counters();
    assert_eq!((counters.sockets, counters.rooms, counters.handlers_running), (0, 0, 0));
    assert_eq!(counters.handler_panics, 0);
    assert_eq!(socket.join("late"), Err(JoinError::Disconnected));
}
