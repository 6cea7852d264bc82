//! `always_connect`: the client is told that it is in before that is decided.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::SeqCst},
};

use integration_tests::{client::Client, gate::Gate};
use socketio_core::{Auth, Server, Socket, handler::ConnectError};

use crate::{answers, serve};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_answer_comes_first_and_a_refusal_is_a_disconnect() {
    let (gate, disconnects) = (Gate::default(), Arc::new(AtomicUsize::new(0)));
    let server = serve(Server::builder().always_connect(true), |io| {
        let (gate, disconnects) = (gate.clone(), disconnects.clone());
        io.on_connect(move |socket: Socket, Auth(auth): Auth<serde_json::Value>| {
            let gate = gate.clone();
            async move {
                socket.emit("hello", ()).ok();
                gate.pass().await;
                if auth["admit"] == true { Ok(()) } else { Err(ConnectError::new("no")) }
            }
        })
        .on_disconnect(move || {
            disconnects.fetch_add(1, SeqCst);
        });
    })
    .await;
    for (round, transport) in ["websocket", "polling", "upgrade"].into_iter().enumerate() {
        let mut admitted = Client::by(transport, server.port).await;
        admitted.connect_with("/", "{\"admit\":true}").await;
        assert_eq!(admitted.next().await, "42[\"hello\"]", "{transport}");
        // What it says waits for the decision.
        admitted.send("421[\"echo\",1]").await;
        gate.arrived(2 * round + 1).await;
        assert_eq!(server.io.counters().sockets, 0, "{transport}");
        gate.open(1);
        assert_eq!(admitted.next().await, "431[1]", "{transport}");
        answers(&mut admitted).await;

        let mut refused = Client::by(transport, server.port).await;
        refused.connect_with("/", "{\"admit\":false}").await;
        assert_eq!(refused.next().await, "42[\"hello\"]", "{transport}");
        gate.arrived(2 * round + 2).await;
        gate.open(1);
        assert_eq!(refused.next().await, "41", "{transport}");
        assert_eq!(server.io.counters().connects_refused, round as u64 + 1);
        assert_eq!(disconnects.load(SeqCst), round, "only who was let in has a disconnect handler");
        refused.close().await;
        admitted.close().await;
        server.is_empty().await;
        assert_eq!(disconnects.load(SeqCst), round + 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_can_be_asked_before_it_is_decided() {
    let server = serve(Server::builder().always_connect(true), |io| {
        io.on_connect(|socket: Socket| async move {
            match socket.emit_with_ack::<String>("password", ()).await {
                Ok(word) if word == "open sesame" => Ok(()),
                _ => Err(ConnectError::new("no")),
            }
        });
    })
    .await;
    let mut client = Client::websocket(server.port).await;
    client.connect("/").await;
    assert_eq!(client.next().await, "420[\"password\"]");
    client.send("430[\"open sesame\"]").await;
    answers(&mut client).await;
}
