//! A client at the door: what is sent to it, and what it sends, while `on_connect` decides and right after.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering::SeqCst},
};

use integration_tests::{client::Client, frames::Message, gate::Gate};
use socketio_core::{ConnectError, Data, Server, Socket};
use tokio::{runtime::Handle, task::block_in_place};

use crate::{begin_post, joined, others_are_served, serve};

const BURST: u32 = 3_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_burst_right_behind_the_answer_to_connect_is_no_flood_while_early_events_are_handled() {
    let gate = Gate::default();
    let (work, seen) = (Gate::default(), Arc::<Mutex<Vec<u32>>>::default());
    let server = serve(Server::builder(), |io| {
        let (gate, work, seen) = (gate.clone(), work.clone(), seen.clone());
        io.on_connect(move || {
            let gate = gate.clone();
            async move { gate.pass().await }
        })
        .on("event", move |Data(number): Data<u32>| {
            if number == 0 {
                compute(&work);
            }
            seen.lock().unwrap().push(number);
            number
        });
    })
    .await;

    let mut client = Client::websocket(server.port).await;
    client.send_all(&["40".into(), "42[\"event\",0]".into()]).await;
    gate.arrived(1).await;
    gate.open(1);
    assert!(client.next().await.starts_with("40{"));
    work.arrived(1).await;
    burst(&mut client).await;
    others_are_served(server.port).await;
    work.open(1);
    assert_eq!(client.next().await, format!("431[{BURST}]"));
    assert_eq!(*seen.lock().unwrap(), (0..=BURST).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_burst_right_behind_the_answer_to_connect_is_no_flood_while_on_connected_is_at_work() {
    let gate = Gate::default();
    let (work, seen) = (Gate::default(), Arc::<Mutex<Vec<u32>>>::default());
    let server = serve(Server::builder(), |io| {
        let (gate, work, seen) = (gate.clone(), work.clone(), seen.clone());
        io.on_connect(move || {
            let gate = gate.clone();
            async move { gate.pass().await }
        })
        .on_connected(move || compute(&work))
        .on("event", move |Data(number): Data<u32>| {
            seen.lock().unwrap().push(number);
            number
        });
    })
    .await;

    let mut client = Client::websocket(server.port).await;
    client.send("40").await;
    gate.arrived(1).await;
    gate.open(1);
    assert!(client.next().await.starts_with("40{"));
    work.arrived(1).await;
    burst(&mut client).await;
    others_are_served(server.port).await;
    work.open(1);
    assert_eq!(client.next().await, format!("431[{BURST}]"));
    assert_eq!(*seen.lock().unwrap(), (1..=BURST).collect::<Vec<_>>());
}

/// Holds its thread until it is let go, as a handler does that computes.
fn compute(work: &Gate) {
    block_in_place(|| Handle::current().block_on(work.pass()));
}

/// Events `1` to [`BURST`], the last with an ack.
async fn burst(client: &mut Client) {
    let mut events: Vec<_> = (1..BURST).map(|number| format!("42[\"event\",{number}]")).collect();
    events.push(format!("421[\"event\",{BURST}]"));
    client.send_all(&events).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_packet_over_the_outgoing_limit_may_be_emitted_in_on_connect() {
    let server = serve(Server::builder().max_outgoing(10_000), |io| {
        io.on_connect(|socket: Socket| -> Result<(), ConnectError> {
            Ok(socket.emit("snapshot", "x".repeat(20_000))?)
        })
        .on("echo", |Data(number): Data<u32>| number);
    })
    .await;

    let mut client = Client::websocket(server.port).await;
    client.connect("/").await;
    assert!(client.next().await.starts_with("42[\"snapshot\",\"xxx"));

    // By polling the POST is held back until the GET has fetched it.
    let mut client = Client::polling(server.port).await;
    let mut posting = begin_post(&client, "40").await;
    assert!(client.next().await.starts_with("40{"));
    assert!(client.next().await.starts_with("42[\"snapshot\",\"xxx"));
    assert_eq!(posting.response().await.brief(), (200, "ok"));
    client.send("421[\"echo\",1]").await;
    assert_eq!(client.next().await, "431[1]");
    assert_eq!(server.io.counters().outgoing_full, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn broadcasts_over_the_outgoing_limit_during_on_connect_close_the_session() {
    let gate = Gate::default();
    let server = serve(Server::builder().max_outgoing(10_000), |io| {
        let gate = gate.clone();
        io.on_connect(move || {
            let gate = gate.clone();
            async move { gate.pass().await }
        });
    })
    .await;

    for (round, transport) in ["websocket", "polling"].into_iter().enumerate() {
        let mut client = Client::by(transport, server.port).await;
        client.send("40").await;
        gate.arrived(round + 1).await;
        // It would be let in with a hole in what it was sent.
        assert_eq!(server.io.emit("news", "x".repeat(6_000)).unwrap().local, 1);
        assert_eq!(server.io.emit("news", "x".repeat(6_000)).unwrap().local, 0);
        match transport {
            "websocket" => match client.socket().closed().await {
                Message::Close(Some((1009, reason))) => assert!(reason.contains("max_outgoing"), "{reason}"),
                other => panic!("expected a close for a limit, got {other:?}"),
            },
            _ => assert_eq!(client.ended().await, [""; 0]),
        }
        gate.open(1);
        server.is_empty().await;
        assert_eq!(server.io.counters().outgoing_full, round as u64 + 1, "{transport}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_connect_before_the_first_is_answered_runs_nothing_and_harms_nobody() {
    let (gate, disconnects) = (Gate::default(), Arc::new(AtomicUsize::new(0)));
    let server = serve(Server::builder(), |io| {
        let (gate, counter) = (gate.clone(), disconnects.clone());
        io.on("echo", |Data(number): Data<u32>| number);
        io.of("/slow")
            .on_connect(move || {
                let gate = gate.clone();
                async move { gate.pass().await }
            })
            .on("echo", |Data(number): Data<u32>| number)
            .on_disconnect(move || {
                counter.fetch_add(1, SeqCst);
            });
    })
    .await;

    for (round, transport) in ["websocket", "polling", "upgrade"].into_iter().enumerate() {
        let mut client = joined(transport, server.port).await;
        client.send("40/slow,").await;
        gate.arrived(round + 1).await;
        client.send("40/slow,").await;
        client.send("421[\"echo\",1]").await;
        assert_eq!(client.next().await, "431[1]", "{transport}");
        gate.open(1);
        // One answer is for both.
        assert!(client.next().await.starts_with("40/slow,{"), "{transport}");
        client.send("42/slow,2[\"echo\",2]").await;
        assert_eq!(client.next().await, "43/slow,2[2]", "{transport}");
        assert_eq!((gate.count(), disconnects.load(SeqCst)), (round + 1, round), "{transport}");
        client.close().await;
        server.is_empty().await;
        assert_eq!(disconnects.load(SeqCst), round + 1, "{transport}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_not_been_let_in_is_not_among_the_sockets() {
    let gate = Gate::default();
    let server = serve(Server::builder(), |io| {
        let gate = gate.clone();
        io.on_connect(move || {
            let gate = gate.clone();
            async move { gate.pass().await }
        });
    })
    .await;
    let namespace = server.io.of("/");

    for (round, transport) in ["websocket", "polling", "upgrade"].into_iter().enumerate() {
        let mut client = Client::by(transport, server.port).await;
        client.send("40").await;
        gate.arrived(round + 1).await;
        assert_eq!((namespace.sockets().len(), namespace.count()), (0, 0), "{transport}");
        assert_eq!((server.io.sockets().len(), server.io.counters().sockets), (0, 0), "{transport}");
        gate.open(1);
        assert!(client.next().await.starts_with("40{"), "{transport}");
        assert_eq!((namespace.sockets().len(), namespace.count()), (1, 1), "{transport}");
        assert_eq!((server.io.sockets().len(), server.io.counters().sockets), (1, 1), "{transport}");
        client.close().await;
        server.is_empty().await;
    }
}
