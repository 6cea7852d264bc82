//! Several tables of handlers, and what of them stays.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use integration_tests::{client::Client, running::Running, wait::until};
use socketio_core::handler::{HandlerError, Next};
use socketio_core::{Auth, ConnectError, Namespace, RawArgs, Server, Socket};
use tokio::sync::Notify;

type Log = Arc<Mutex<Vec<&'static str>>>;

#[tokio::test]
async fn middlewares_run_from_the_widest_to_the_narrowest_in_the_order_added() {
    let log = Log::default();
    let io = Server::builder().build().unwrap();
    let (door, events) = (door(&log), events(&log));
    let rooms = io.of_pattern("/room-{id}");
    let room = io.of("/room-1");
    room.use_connect(door("namespace")).use_event(events("namespace"));
    rooms.use_connect(door("parent")).use_connect(door("parent, second")).use_event(events("parent"));
    io.every_namespace().use_connect(door("every")).use_event(events("every"));
    rooms.on_connect(move |socket: Socket| {
        socket.use_event(events("socket")).use_event(events("socket, second"));
    });
    rooms.on("event", || "handled");
    let server = Running::start(io).await;

    let mut client = Client::websocket(server.port).await;
    client.connect("/room-1").await;
    assert_eq!(taken(&log), ["every", "parent", "parent, second", "namespace"]);
    client.send("42/room-1,5[\"event\"]").await;
    assert_eq!(client.next().await, "43/room-1,5[\"handled\"]");
    assert_eq!(taken(&log), ["every", "parent", "namespace", "socket", "socket, second"]);
    client.close().await;
}

#[tokio::test]
async fn a_connect_handler_that_says_false_refuses_in_pythons_words() {
    let io = Server::builder().build().unwrap();
    io.on_connect(|Auth(auth): Auth<serde_json::Value>| auth["letIn"] == true);
    let server = Running::start(io).await;
    let mut client = Client::websocket(server.port).await;
    client.send("40{\"letIn\":false}").await;
    assert_eq!(client.next().await, "44{\"message\":\"Connection rejected by server\"}");
    client.send("40{\"letIn\":true}").await;
    assert!(client.next().await.starts_with("40{"));
    client.close().await;
}

#[tokio::test]
async fn a_client_that_has_left_while_a_middleware_waited_is_not_asked_about_again() {
    let log = Log::default();
    let io = Server::builder().build().unwrap();
    let (waits, goes_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (waiting, gate) = (waits.clone(), goes_on.clone());
    io.use_connect(move || {
        let (waiting, gate) = (waiting.clone(), gate.clone());
        async move {
            waiting.notify_one();
            gate.notified().await;
        }
    })
    .use_connect(door(&log)("second"));
    let server = Running::start(io).await;

    let mut client = Client::websocket(server.port).await;
    client.send("40").await;
    waits.notified().await;
    client.send("41").await;
    client.send("40").await;
    // Who came again waits as well; the first one is gone by now.
    waits.notified().await;
    goes_on.notify_waiters();
    goes_on.notify_one();
    assert!(client.next().await.starts_with("40{"));
    assert_eq!(taken(&log), ["second"]);
    client.close().await;
    server.is_empty().await;
}

#[tokio::test]
async fn nothing_stays_of_a_socket_whose_own_handlers_hold_it() {
    let marker = Arc::new(());
    let io = Server::builder().build().unwrap();
    let held = marker.clone();
    io.on("equip", move |socket: Socket| {
        let (me, held) = (socket.clone(), held.clone());
        socket.on("own", move || {
            let _ = (&me, &held);
        });
        socket.expires_in(Duration::from_secs(3600));
    });
    let late: Arc<Mutex<Option<Socket>>> = Arc::default();
    let keep = late.clone();
    io.on_disconnect(move |socket: Socket| *keep.lock().unwrap() = Some(socket));
    let server = Running::start(io).await;

    let before = Arc::strong_count(&marker);
    let mut client = Client::websocket(server.port).await;
    client.connect("/").await;
    client.send("421[\"equip\"]").await;
    assert_eq!(client.next().await, "431[]");
    assert_eq!(Arc::strong_count(&marker), before + 1);
    client.close().await;
    until("the handlers to be dropped", || match Arc::strong_count(&marker) {
        count if count == before => Ok(()),
        count => Err(count),
    })
    .await;
    // Nor does what comes too late.
    let socket = late.lock().unwrap().take().unwrap();
    let held = marker.clone();
    socket.on("own", move || drop(held.clone()));
    assert_eq!(Arc::strong_count(&marker), before);
}

#[tokio::test]
async fn a_handle_of_a_child_that_was_forgotten_and_made_anew_is_the_new_one() {
    let io = Server::builder().build().unwrap();
    io.of_pattern("/room-{id}").on("event", || "parent");
    let room: Namespace = io.of("/room-1");
    assert_eq!(io.counters().namespaces, 1, "naming a child makes nothing");
    let server = Running::start(io).await;
    let mut client = Client::websocket(server.port).await;
    let sid = client.connect("/room-1").await;
    assert_eq!((room.count(), room.socket(&sid).is_some()), (1, true));
    room.on("event", || "child");
    client.send("42/room-1,1[\"event\"]").await;
    assert_eq!(client.next().await, "43/room-1,1[\"child\"]");
    client.close().await;
    server.is_empty().await;
    // It has handlers of its own, so it stays.
    assert_eq!(server.io.counters().namespaces, 2);
}

#[tokio::test]
async fn empty_children_with_handlers_of_their_own_are_cleaned_up_on_request() {
    let io = Server::builder().cleanup_empty_child_namespaces(true).build().unwrap();
    io.of_pattern("/room-{id}");
    io.of("/room-1").on("event", || "child");
    io.of("/kept").on("event", || "kept");
    let server = Running::start(io).await;
    assert_eq!(server.io.counters().namespaces, 3);
    let mut client = Client::websocket(server.port).await;
    client.connect("/room-1").await;
    client.connect("/kept").await;
    client.close().await;
    server.is_empty().await;
    assert_eq!(server.io.counters().namespaces, 2);
}

#[tokio::test]
async fn a_question_over_the_bound_is_refused_counted_and_told_of() {
    let io = Server::builder().max_pending_acks(1).build().unwrap();
    let server = Running::start(io).await;
    let mut client = Client::websocket(server.port).await;
    let sid = client.connect("/").await;
    let socket = server.io.socket(&sid).unwrap();
    let first = socket.emit_with_ack::<u8>("question", ());
    let second = socket.emit_with_ack::<u8>("question", ()).await.unwrap_err();
    assert_eq!(second.to_string(), "1 answers are awaited from this client already");
    let refused = socket.emit_with_callback("question", (), |_: Result<u8, _>| unreachable!());
    assert!(refused.is_err());
    let all = server.io.timeout(Duration::from_secs(20)).emit_with_ack::<u8>("question", ()).await.unwrap();
    assert_eq!(all.silent, [socket.id().clone()]);
    assert_eq!((server.io.counters().acks_too_many, server.io.counters().pending_acks), (3, 1));
    assert_eq!(client.next().await, "420[\"question\"]");
    client.send("430[7]").await;
    assert_eq!(first.await.unwrap(), 7);
    assert_eq!(server.io.counters().pending_acks, 0);
    client.close().await;
}

#[tokio::test]
async fn sockets_that_expired_are_counted_and_one_that_was_put_off_is_not_among_them() {
    let server = Running::start(Server::builder().build().unwrap()).await;
    let mut client = Client::websocket(server.port).await;
    let sid = client.connect("/").await;
    let socket = server.io.socket(&sid).unwrap();
    socket.expires_in(Duration::from_secs(3600));
    socket.expires_at(std::time::SystemTime::now() + Duration::from_secs(7200));
    socket.expires_at(None);
    assert_eq!(server.io.counters().expired, 0);
    socket.expires_at(std::time::SystemTime::UNIX_EPOCH);
    assert_eq!(client.next().await, "41");
    assert_eq!(server.io.counters().expired, 1);
    client.close().await;
}

fn door(
    log: &Log,
) -> impl Fn(&'static str) -> Box<dyn Fn() -> Result<(), ConnectError> + Send + Sync> + use<> {
    let log = log.clone();
    move |name| {
        let log = log.clone();
        Box::new(move || {
            log.lock().unwrap().push(name);
            Ok(())
        })
    }
}

type Passing = std::pin::Pin<Box<dyn Future<Output = Result<RawArgs, HandlerError>> + Send>>;

fn events(log: &Log) -> impl Fn(&'static str) -> Box<dyn Fn(Next) -> Passing + Send + Sync> + use<> {
    let log = log.clone();
    move |name| {
        let log = log.clone();
        Box::new(move |next: Next| {
            log.lock().unwrap().push(name);
            Box::pin(next.run())
        })
    }
}

fn taken(log: &Log) -> Vec<&'static str> {
    std::mem::take(&mut log.lock().unwrap())
}
