//! Handlers: how many may wait, how deep they may nest, and where they may be called from.

use std::{
    future::Future as _,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    task::{Context, Wake, Waker},
    thread,
};

use integration_tests::{
    client::{Client, Open, PATH},
    gate::Gate,
    http::Http,
    wait::until,
};
use socketio_core::{Server, Socket};
use tokio::task::JoinSet;

use crate::{joined, serve};

/// Enough for a stack to overflow where each disconnect runs inside another.
const OTHERS: usize = 3_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handler_may_disconnect_three_thousand_others() {
    let disconnects = Arc::new(AtomicUsize::new(0));
    let server = serve(Server::builder(), |io| {
        let counter = disconnects.clone();
        io.on("end", |socket: Socket| socket.broadcast().disconnect().unwrap().local).on_disconnect(
            move || {
                counter.fetch_add(1, SeqCst);
            },
        );
    })
    .await;
    join(OTHERS, server.port).await;
    let mut host = joined("websocket", server.port).await;
    host.send("421[\"end\"]").await;
    assert_eq!(host.next().await, format!("431[{OTHERS}]"));
    assert_eq!((server.io.sockets().len(), disconnects.load(SeqCst)), (1, OTHERS));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disconnect_handler_may_disconnect_three_thousand_others_whose_handlers_do_the_same() {
    let disconnects = Arc::new(AtomicUsize::new(0));
    let server = serve(Server::builder(), |io| {
        let counter = disconnects.clone();
        io.on_disconnect(move |socket: Socket| {
            counter.fetch_add(1, SeqCst);
            socket.broadcast().disconnect().unwrap();
        });
    })
    .await;
    join(OTHERS, server.port).await;
    let host = joined("websocket", server.port).await;
    host.close().await;
    until("everybody to be told", || match (server.io.sockets().len(), disconnects.load(SeqCst)) {
        (0, disconnects) if disconnects == OTHERS + 1 => Ok(()),
        other => Err(other),
    })
    .await;
    assert_eq!(server.io.counters().sockets, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_joins_and_leaves_has_no_more_connect_handlers_waiting_than_is_allowed() {
    let (gate, running, most) =
        (Gate::default(), Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let server = serve(Server::builder(), |io| {
        let (gate, running, most) = (gate.clone(), running.clone(), most.clone());
        io.on_connect(move || {
            let (gate, running, most) = (gate.clone(), running.clone(), most.clone());
            async move {
                most.fetch_max(running.fetch_add(1, SeqCst) + 1, SeqCst);
                gate.pass().await;
                running.fetch_sub(1, SeqCst);
            }
        });
    })
    .await;
    let mut client = Client::websocket(server.port).await;
    let round_and_round: Vec<_> = ["40", "41"].repeat(500).into_iter().map(str::to_owned).collect();
    client.send_all(&round_and_round).await;
    gate.arrived(64).await;
    gate.open(500);
    gate.arrived(500).await;
    assert_eq!(most.load(SeqCst), 64);
    client.close().await;
    server.is_empty().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disconnect_handler_may_use_the_runtime_whatever_thread_disconnects() {
    let spawned = Gate::default();
    let server = serve(Server::builder(), |io| {
        let spawned = spawned.clone();
        io.on_disconnect(move || {
            let spawned = spawned.clone();
            tokio::spawn(async move { spawned.pass().await });
        });
    })
    .await;
    let mut client = joined("websocket", server.port).await;
    let socket = server.io.sockets().pop().unwrap();
    thread::spawn(move || socket.disconnect()).join().unwrap();
    assert_eq!(client.next().await, "41");
    spawned.arrived(1).await;
    assert_eq!(server.io.counters().handler_panics, 0);
    spawned.open(1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wait_for_the_end_that_is_given_up_leaves_nothing_behind() {
    let server = serve(Server::builder(), |_| {}).await;
    let client = joined("websocket", server.port).await;
    let socket = server.io.sockets().pop().unwrap();
    let task = Arc::new(Task);
    let waker = Waker::from(task.clone());
    for _ in 0..1_000 {
        let mut closed = pin!(socket.closed());
        assert!(closed.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    }
    assert_eq!(Arc::strong_count(&task), 2, "the waker's and ours");
    client.close().await;
    socket.closed().await;
}

/// What a waker of a handler keeps alive.
struct Task;

impl Wake for Task {
    fn wake(self: Arc<Self>) {}
}

/// Lets so many clients in, by polling over a few connections.
async fn join(clients: usize, port: u16) {
    const CONNECTIONS: usize = 4;
    let mut joining = JoinSet::new();
    for _ in 0..CONNECTIONS {
        joining.spawn(async move {
            let mut http = Http::connect(port).await;
            for _ in 0..clients / CONNECTIONS {
                let target = format!("{PATH}&transport=polling");
                let open = Open::parse(http.request("GET", &target, &[], b"").await.text());
                let target = format!("{target}&sid={}", open.sid);
                assert_eq!(http.request("POST", &target, &[], b"40").await.brief(), (200, "ok"));
            }
        });
    }
    while let Some(joined) = joining.join_next().await {
        joined.unwrap();
    }
}
