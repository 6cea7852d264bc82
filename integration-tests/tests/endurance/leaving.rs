//! Clients that leave while their handlers are all busy.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    time::Duration,
};

use integration_tests::{client::Client, gate::Gate, http::Http, running::Running, wait::within};
use socketio_core::{Data, Server, Socket};
use tokio::sync::mpsc::unbounded_channel;

use crate::{begin_post, joined, others_are_served, quick, serve};

/// As many as may wait at a time.
const HANDLERS: usize = 64;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_leaves_nothing_though_its_handlers_all_wait_for_that() {
    let (server, client) = subscribed().await;
    drop(client);
    server.is_empty().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_leaves_nothing_though_more_waits_behind_its_handlers_than_is_read() {
    let (server, mut client) = subscribed().await;
    // Over 64 KiB: the server reads no further, and does not see the end of the stream.
    client.send_all(&vec![SUBSCRIBE.to_owned(); 6_000]).await;
    others_are_served(server.port).await;
    drop(client);
    server.is_empty().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_that_came_before_the_end_are_handled() {
    let (gate, seen) = (Gate::default(), Arc::<Mutex<Vec<usize>>>::default());
    let server = serve(Server::builder(), |io| {
        let (gate, seen) = (gate.clone(), seen.clone());
        io.on("save", move |Data(number): Data<usize>| {
            seen.lock().unwrap().push(number);
            let gate = gate.clone();
            async move { gate.pass().await }
        });
    })
    .await;
    let mut client = joined("websocket", server.port).await;
    client.send_all(&(0..200).map(|number| format!("42[\"save\",{number}]")).collect::<Vec<_>>()).await;
    gate.arrived(HANDLERS).await;
    drop(client);
    others_are_served(server.port).await;
    gate.open(200);
    gate.arrived(200).await;
    assert_eq!(*seen.lock().unwrap(), (0..200).collect::<Vec<_>>());
    server.is_empty().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_counts_until_its_disconnect_handler_has_begun() {
    let (counts, mut counted) = unbounded_channel();
    let server = serve(quick(), |io| {
        let counting = io.clone();
        io.on_disconnect(move || counts.send(counting.counters().sessions).unwrap());
    })
    .await;
    for transport in ["websocket", "polling", "upgrade"] {
        joined(transport, server.port).await.cut();
        assert_eq!(within("the handler", counted.recv()).await, Some(1), "{transport}");
        server.is_empty().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_shutdown_waits_for_the_disconnect_handler_of_a_client_whose_post_is_at_work() {
    let (working, mut at_work) = unbounded_channel();
    let disconnected = Arc::new(AtomicBool::new(false));
    let server = serve(quick(), |io| {
        let disconnected = disconnected.clone();
        io.on("work", move || {
            working.send(()).unwrap();
            std::thread::sleep(Duration::from_millis(300));
        })
        .on_disconnect(move || {
            let disconnected = disconnected.clone();
            async move {
                tokio::time::sleep(Duration::from_millis(300)).await;
                disconnected.store(true, SeqCst);
            }
        });
    })
    .await;
    let client = joined("polling", server.port).await;
    let mut getting = Http::connect(server.port).await;
    getting.send_request("GET", &client.polling_target(), &[], b"").await;
    others_are_served(server.port).await;
    let _posting = begin_post(&client, "42[\"work\"]").await;
    within("the handler", at_work.recv()).await;
    within("the shutdown", server.io.close()).await;
    assert!(disconnected.load(SeqCst));
}

const SUBSCRIBE: &str = "42[\"subscribe\"]";

/// A client whose handlers wait for its end, as many as may.
async fn subscribed() -> (Running, Client) {
    let subscribing = Gate::default();
    subscribing.open(10_000);
    let server = serve(quick(), |io| {
        let subscribing = subscribing.clone();
        io.on("subscribe", move |socket: Socket| {
            let subscribing = subscribing.clone();
            async move {
                subscribing.pass().await;
                socket.closed().await;
            }
        });
    })
    .await;
    let mut client = joined("websocket", server.port).await;
    client.send_all(&vec![SUBSCRIBE.to_owned(); HANDLERS]).await;
    subscribing.arrived(HANDLERS).await;
    (server, client)
}
