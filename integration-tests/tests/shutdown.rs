//! The end of a server: it lets nobody new in, tells its clients, drains, and says what was not delivered.

#[path = "../../examples/background.rs"]
#[expect(dead_code, reason = "its `main` is the example's")]
mod background;

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use integration_tests::{
    client::{Client, PATH},
    foreign,
    frames::Message,
    http::{self, Http},
    running::Running,
    wait::{if_in_time, within},
};
use socketio_core::{DisconnectReason, Server};
use tokio::net::{TcpListener, TcpStream};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_are_told_in_a_way_that_lets_them_come_back() {
    let (server, reasons) = serve(Duration::from_secs(10)).await;
    let mut websocket = Client::websocket(server.port).await;
    websocket.connect("/").await;
    let polling = joined_and_polling(&server).await;
    let mut waiting = Http::connect(server.port).await;
    waiting.send_request("GET", &polling.polling_target(), &[], b"").await;
    http::get(server.port, "/").await;

    let stopping = tokio::spawn(server.stop());
    // A DISCONNECT packet would keep the official client from connecting again.
    match websocket.socket().closed().await {
        Message::Close(Some((code, _))) => assert_eq!(code, 1001),
        other => panic!("expected a close frame, got {other:?}"),
    }
    websocket.socket().ended().await;
    assert_eq!(waiting.response().await.brief(), (200, "1"));

    let drained = stopping.await.unwrap();
    assert_eq!(drained.undelivered, 0);
    assert_eq!(*reasons.lock().unwrap(), ["server shutting down", "server shutting down"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_emitted_before_arrives_before_the_end() {
    let (server, _) = serve(Duration::from_secs(10)).await;
    let mut websocket = Client::websocket(server.port).await;
    websocket.connect("/").await;
    for number in 0..1_000 {
        server.io.emit("news", number).unwrap();
    }
    let stopping = tokio::spawn(server.stop());
    let news = websocket.ended().await;
    assert_eq!(news.len(), 1_000);
    assert_eq!(news.last().map(String::as_str), Some("42[\"news\",999]"));
    assert_eq!(stopping.await.unwrap().undelivered, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_that_poll_fetch_what_is_left_by_new_connections_while_nobody_new_is_let_in() {
    let (server, _) = serve(Duration::from_secs(10)).await;
    let client = joined_and_polling(&server).await;
    let (port, io) = (server.port, server.io.clone());
    io.emit("news", 1).unwrap();
    let (closing, told) = (io.closing(), Instant::now());
    let stopping = tokio::spawn(server.stop());
    within("the shutdown to begin", closing).await;

    // Who polls has a second.
    let fetched = if_in_time(told, Duration::from_millis(900), async move {
        let refused = http::get(port, &format!("{PATH}&transport=polling")).await;
        assert_eq!(refused.brief(), (503, r#"{"code":3,"message":"Server shutting down"}"#));
        // The close by itself: socket.io-client acts on it before it has handled what comes with it.
        for payload in ["42[\"news\",1]", "1"] {
            assert_eq!(http::get(port, &client.polling_target()).await.brief(), (200, payload));
        }
    });
    let fetched = fetched.await;
    let drained = stopping.await.unwrap();
    assert!(fetched.is_none() || drained.undelivered == 0, "{drained:?}");
    assert!(TcpStream::connect(("127.0.0.1", port)).await.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_closed_by_its_handle_stops_serving() {
    let io = Server::builder().namespace("/").build().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let handle = io.clone();
    let serving = tokio::spawn(async move { handle.serve(listener, std::future::pending()).await });
    let mut client = Client::websocket(port).await;
    client.connect("/").await;
    io.close().await;
    within("serve to return", serving).await.unwrap().unwrap();
    client.socket().ended().await;
    assert!(TcpStream::connect(("127.0.0.1", port)).await.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_nobody_fetches_is_reported_and_does_not_hold_up_the_end() {
    let (server, _) = serve(Duration::from_millis(500)).await;
    let _polling = joined_and_polling(&server).await;
    let mut deaf = Client::websocket(server.port).await;
    deaf.connect("/").await;
    // More than the kernel takes for a client that does not read, less than the limit of its queue.
    for _ in 0..60 {
        server.io.emit("news", "x".repeat(60_000)).unwrap();
        tokio::task::yield_now().await;
    }
    let start = Instant::now();
    let drained = server.stop().await;
    assert!(start.elapsed() < Duration::from_secs(5), "it took {:?}", start.elapsed());
    assert!(drained.undelivered >= 60, "{drained:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shutdown_may_be_given_all_the_time_there_is() {
    let (server, _) = serve(Duration::MAX).await;
    let mut client = Client::websocket(server.port).await;
    client.connect("/").await;
    let stopping = tokio::spawn(server.stop());
    client.socket().ended().await;
    drop(client);
    assert_eq!(within("the end", stopping).await.unwrap().undelivered, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn afterwards_nobody_listens_and_nothing_is_left() {
    let (server, _) = serve(Duration::from_millis(500)).await;
    let (port, io) = (server.port, server.io.clone());
    let mut clients = Vec::new();
    for transport in ["websocket", "polling", "upgrade", "websocket", "polling"] {
        let mut client = Client::by(transport, port).await;
        client.connect("/").await;
        clients.push(client);
    }
    let mut silent = Http::connect(port).await;
    server.stop().await;
    assert!(TcpStream::connect(("127.0.0.1", port)).await.is_err());
    silent.closed().await;
    let counters = io.counters();
    assert_eq!((counters.sessions, counters.sockets, counters.rooms), (0, 0, 0));
    assert_eq!((counters.pending_acks, counters.handlers_running, counters.connections), (0, 0, 0));
    assert_eq!(io.emit("anybody", ()).map(|receipt| receipt.local).unwrap_or_default(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_port_is_free_for_the_next_server_and_clients_are_served_by_it() {
    let (server, _) = serve(Duration::from_millis(500)).await;
    let port = server.port;
    let mut client = Client::websocket(port).await;
    client.connect("/").await;
    server.stop().await;
    client.socket().ended().await;

    let io = Server::builder().build().unwrap();
    let serving = tokio::spawn({
        let io = io.clone();
        async move { io.serve(("127.0.0.1", port), std::future::pending()).await }
    });
    integration_tests::wait::until("the next server to listen", || {
        std::net::TcpStream::connect(("127.0.0.1", port)).map(drop)
    })
    .await;
    let mut client = Client::websocket(port).await;
    client.connect("/").await;
    serving.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_in_the_background_tells_every_client_each_second_and_stops_with_the_server() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let heard = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let stop = heard.local_addr().unwrap().port().to_string();
    let serving = tokio::spawn(background::serve(listener, async move {
        heard.accept().await.unwrap();
    }));

    foreign::node("background", port, &[&stop]).await.assert_holds();
    // `serve` comes back when the task has ended, with the number of ticks.
    let ticks = within("the task to stop", serving).await.unwrap().unwrap();
    assert!(ticks >= 3, "{ticks} ticks");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_task_says_when_the_server_begins_to_close_reaches_those_who_have_not_been_told() {
    let io = Server::builder()
        .shutdown_batch(1)
        .shutdown_pause(Duration::from_secs(2))
        .shutdown_within(Duration::from_secs(20))
        .build()
        .unwrap();
    io.on("unused", || ());
    let server = Running::start(io.clone()).await;
    let mut clients = Vec::new();
    for _ in 0..3 {
        let mut client = Client::websocket(server.port).await;
        client.connect("/").await;
        clients.push(client);
    }
    let task = tokio::spawn(async move {
        io.closing().await;
        io.emit("bye", ()).unwrap().local
    });
    server.stop().await;
    let reached = within("the task to stop", task).await.unwrap();
    let mut heard = 0;
    for client in &mut clients {
        heard += client.ended().await.len();
    }
    assert_eq!(heard, reached);
    assert!(reached >= 2, "the first one may have been told before");
}

async fn serve(within: Duration) -> (Running, Arc<Mutex<Vec<String>>>) {
    let reasons = Arc::<Mutex<Vec<String>>>::default();
    let note = reasons.clone();
    let io = Server::builder().shutdown_within(within).build().unwrap();
    io.on_disconnect(move |reason: DisconnectReason| note.lock().unwrap().push(reason.to_string()));
    (Running::start(io).await, reasons)
}

async fn joined_and_polling(server: &Running) -> Client {
    let mut client = Client::polling(server.port).await;
    client.connect("/").await;
    client
}
