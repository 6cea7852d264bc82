//! What happens around `on_connect`: what is held, what is dropped, and that nothing stays of a client that was refused.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use integration_tests::{client::Client, gate::Gate, running::Running, wait::until};
use socketio_core::{Auth, ConnectError, Data, HandlerError, Server, Socket, server::AckError};

const TRANSPORTS: [&str; 3] = ["websocket", "polling", "upgrade"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_on_connect_emits_follows_the_connect_answer_in_order() {
    let server = serve(|io| {
        let namespace = io.of("/");
        io.on_connect(move |socket: Socket| -> Result<(), ConnectError> {
            socket.emit("direct", 1)?;
            socket.join("room")?;
            namespace.to("room").emit("room", 2)?;
            namespace.emit("everybody", 3)?;
            socket.to(socket.id()).emit("not to itself", ())?;
            socket.emit("direct", 4)?;
            Ok(())
        })
        .on_connected(|socket: Socket| -> Result<(), HandlerError> { Ok(socket.emit("connected", 5)?) });
    })
    .await;

    for transport in TRANSPORTS {
        let mut client = Client::by(transport, server.port).await;
        client.connect("/").await;
        assert_eq!(client.next().await, r#"42["direct",1]"#);
        assert_eq!(client.next().await, r#"42["room",2]"#);
        assert_eq!(client.next().await, r#"42["everybody",3]"#);
        assert_eq!(client.next().await, r#"42["direct",4]"#);
        assert_eq!(client.next().await, r#"42["connected",5]"#);
        client.close().await;
        server.is_empty().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_others_send_to_a_client_that_is_connecting_is_held() {
    let gate = Gate::default();
    let server = serve(|io| {
        let gate = gate.clone();
        io.on_connect(move |socket: Socket| {
            let gate = gate.clone();
            async move {
                socket.join("room")?;
                gate.pass().await;
                Ok::<_, ConnectError>(())
            }
        });
    })
    .await;

    let mut client = Client::websocket(server.port).await;
    client.send("40").await;
    gate.arrived(1).await;
    assert_eq!(server.io.to("room").emit("held", 1).unwrap().local, 1);
    server.io.emit("held", 2).unwrap();
    gate.open(1);
    assert!(client.next().await.starts_with(r#"40{"sid":""#));
    assert_eq!(client.next().await, r#"42["held",1]"#);
    assert_eq!(client.next().await, r#"42["held",2]"#);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_of_a_refused_client_stays() {
    let disconnects = Arc::new(AtomicUsize::new(0));
    let kept: Arc<Mutex<Vec<Socket>>> = Arc::default();
    let server = serve(|io| {
        let (counter, keep, namespace) = (disconnects.clone(), kept.clone(), io.of("/"));
        io.on_connect(move |socket: Socket, auth: Option<Auth<How>>| {
            let (keep, namespace) = (keep.clone(), namespace.clone());
            async move {
                socket.join(["room", "another"])?;
                socket.save_session(String::from("secret"));
                socket.emit("dropped", 1)?;
                namespace.to("room").emit("dropped", 2)?;
                keep.lock().unwrap().push(socket.clone());
                tokio::task::yield_now().await;
                match auth.as_ref().map(|Auth(auth)| auth.how.as_str()) {
                    Some("panic") => panic!("asked for by a test"),
                    Some("data") => Err(ConnectError::new("no").with_data(42)),
                    _ => Err(ConnectError::new("no")),
                }
            }
        })
        .on_disconnect(move || {
            counter.fetch_add(1, SeqCst);
        });
    })
    .await;

    for transport in TRANSPORTS {
        let mut client = Client::by(transport, server.port).await;
        for (auth, answer) in
            [("", r#"44{"message":"no"}"#), ("{\"how\":\"data\"}", r#"44{"message":"no","data":42}"#)]
        {
            client.send(&format!("40{auth}")).await;
            assert_eq!(client.next().await, answer, "{transport}");
        }
        client.send("40{\"how\":\"panic\"}").await;
        assert!(client.next().await.starts_with("44{\"message\":"), "{transport}");

        let refused = std::mem::take(&mut *kept.lock().unwrap());
        for socket in refused {
            assert!(!socket.is_connected());
            assert_eq!(socket.rooms().len(), 0);
            // The refusal is on its way before that.
            until("its session to be forgotten", || match socket.session::<String>() {
                None => Ok(()),
                Some(session) => Err(session),
            })
            .await;
            assert!(socket.join("late").is_err());
            assert!(server.io.of("/").socket(socket.id()).is_none());
        }
        for room in ["room", "another", "late"] {
            assert_eq!(server.io.to(room).emit("anybody", ()).unwrap().local, 0);
        }
        let counters = server.io.counters();
        assert_eq!((counters.sockets, counters.rooms), (0, 0), "{transport}");
        client.close().await;
    }
    server.is_empty().await;
    assert_eq!(disconnects.load(SeqCst), 0, "on_disconnect ran for a client that never was");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_ack_that_is_asked_for_in_on_connect_fails_at_once() {
    let outcome: Arc<Mutex<Option<bool>>> = Arc::default();
    let server = serve(|io| {
        let outcome = outcome.clone();
        io.on_connect(move |socket: Socket| {
            let outcome = outcome.clone();
            async move {
                let asked: Result<u8, AckError> = socket.emit_with_ack("who", ()).await;
                *outcome.lock().unwrap() = Some(matches!(asked, Err(AckError::NotConnected)));
            }
        });
    })
    .await;

    let mut client = Client::websocket(server.port).await;
    client.connect("/").await;
    assert_eq!(*outcome.lock().unwrap(), Some(true));
    assert_eq!(server.io.counters().pending_acks, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_connect_never_runs_the_handler_twice() {
    let gate = Gate::default();
    let server = serve(|io| {
        let gate = gate.clone();
        io.on_connect(move || {
            let gate = gate.clone();
            async move { gate.pass().await }
        });
    })
    .await;

    // While the first is still running, and when it has succeeded.
    let mut client = Client::websocket(server.port).await;
    client.send_all(&["40".into(), "40".into()]).await;
    gate.open(1);
    client.send("40").await;
    until("the connection to settle", || match server.io.counters() {
        counters if counters.sockets <= 1 && gate.count() == 1 => Ok(()),
        other => Err(Box::new(other)),
    })
    .await;
    client.close().await;
    server.is_empty().await;
    assert_eq!(gate.count(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_of_a_client_wait_for_on_connect_and_then_run_in_order() {
    let (gate, seen) = (Gate::default(), Arc::<Mutex<Vec<u32>>>::default());
    let server = serve(|io| {
        let (gate, seen) = (gate.clone(), seen.clone());
        io.on_connect(move || {
            let gate = gate.clone();
            async move { gate.pass().await }
        })
        .on("event", move |Data(number): Data<u32>| {
            seen.lock().unwrap().push(number);
            number
        });
    })
    .await;

    let mut client = Client::websocket(server.port).await;
    client.send("40").await;
    client
        .send_all(&(0..50).map(|number| format!("42{number}[\"event\",{number}]")).collect::<Vec<_>>())
        .await;
    gate.arrived(1).await;
    assert!(seen.lock().unwrap().is_empty());
    gate.open(1);
    assert!(client.next().await.starts_with("40{"));
    for number in 0..50 {
        assert_eq!(client.next().await, format!("43{number}[{number}]"));
    }
    assert_eq!(*seen.lock().unwrap(), (0..50).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_of_a_client_that_is_refused_never_run() {
    let (gate, ran) = (Gate::default(), Arc::new(AtomicUsize::new(0)));
    let server = serve(|io| {
        let (gate, ran) = (gate.clone(), ran.clone());
        io.on_connect(move || {
            let gate = gate.clone();
            async move {
                gate.pass().await;
                Err::<(), _>(ConnectError::new("no"))
            }
        })
        .on("event", move || {
            ran.fetch_add(1, SeqCst);
        });
    })
    .await;

    let mut client = Client::websocket(server.port).await;
    client.send_all(&["40".into(), "421[\"event\"]".into(), "422[\"event\"]".into()]).await;
    gate.open(1);
    assert_eq!(client.next().await, r#"44{"message":"no"}"#);
    client.close().await;
    server.is_empty().await;
    assert_eq!(ran.load(SeqCst), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_goes_while_it_is_connecting_leaves_nothing() {
    let (gate, handled) = (Gate::default(), Arc::new(AtomicUsize::new(0)));
    let server = serve(|io| {
        let (gate, handled) = (gate.clone(), handled.clone());
        io.on_connect(move |socket: Socket| {
            let (gate, handled) = (gate.clone(), handled.clone());
            async move {
                socket.join("room")?;
                socket.save_session(1_u8);
                gate.pass().await;
                // It may be gone: that is an error like any other.
                let _ = socket.join("late");
                let _ = socket.emit("late", ());
                handled.fetch_add(1, SeqCst);
                Ok::<_, ConnectError>(())
            }
        });
    })
    .await;

    for (round, transport) in ["websocket", "polling", "upgrade"].into_iter().enumerate() {
        let mut client = Client::by(transport, server.port).await;
        client.send("40").await;
        gate.arrived(round + 1).await;
        client.close().await;
        until("the session to end", || match server.io.counters().sessions {
            0 => Ok(()),
            other => Err(other),
        })
        .await;
        gate.open(1);
        // A disconnect cancels no handler.
        until("the handler to end", || match handled.load(SeqCst) {
            handled if handled == round + 1 => Ok(()),
            other => Err(other),
        })
        .await;
        server.is_empty().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_may_be_sent_away_from_within_on_connect() {
    let server = serve(|io| {
        io.on_connect(|socket: Socket| {
            socket.disconnect();
        });
    })
    .await;

    let mut client = Client::websocket(server.port).await;
    client.send("40").await;
    let answer = client.next().await;
    // Either the answer and its end, or a refusal: in the end the client is not there.
    if answer.starts_with("40{") {
        assert_eq!(client.next().await, "41");
    } else {
        assert!(answer.starts_with("44{") || answer == "41", "{answer}");
    }
    let counters = server.io.counters();
    assert_eq!((counters.sockets, counters.rooms), (0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_disconnect_runs_once_for_each_client_that_was_connected() {
    let disconnects: Arc<Mutex<Vec<String>>> = Arc::default();
    let server = serve(|io| {
        let disconnects = disconnects.clone();
        io.on_disconnect(move |reason: socketio_core::DisconnectReason| {
            disconnects.lock().unwrap().push(reason.to_string());
        })
        .on("disconnect me", |socket: Socket| {
            socket.disconnect();
            socket.disconnect();
            socket.close();
        });
    })
    .await;

    let mut left = Client::websocket(server.port).await;
    left.connect("/").await;
    left.send_all(&["41".into(), "1".into()]).await;
    left.ended().await;
    let mut closed = Client::websocket(server.port).await;
    closed.connect("/").await;
    closed.close().await;
    let mut sent_away = Client::websocket(server.port).await;
    sent_away.connect("/").await;
    sent_away.send("42[\"disconnect me\"]").await;
    sent_away.ended().await;

    server.is_empty().await;
    let mut reasons = disconnects.lock().unwrap().clone();
    reasons.sort();
    assert_eq!(reasons, ["client namespace disconnect", "server namespace disconnect", "transport close"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_has_gone_can_neither_join_nor_be_sent_to() {
    let sockets: Arc<Mutex<Vec<Socket>>> = Arc::default();
    let server = serve(|io| {
        let sockets = sockets.clone();
        io.on_connect(move |socket: Socket| {
            socket.save_session(1_u8);
            sockets.lock().unwrap().push(socket);
        });
    })
    .await;

    for transport in TRANSPORTS {
        let mut client = Client::by(transport, server.port).await;
        client.connect("/").await;
        client.close().await;
        server.is_empty().await;
        let socket = sockets.lock().unwrap().pop().unwrap();
        assert!(!socket.is_connected());
        tokio::time::timeout(Duration::from_secs(20), socket.closed()).await.unwrap();
        assert!(socket.join("room").is_err());
        assert!(socket.emit("event", ()).is_err());
        let asked: Result<u8, AckError> = socket.emit_with_ack("event", ()).await;
        assert!(matches!(asked, Err(AckError::Disconnected | AckError::NotConnected)));
        assert!(socket.session::<u8>().is_none());
        assert_eq!(server.io.counters().rooms, 0);
    }
}

/// How a client asks to be refused.
#[derive(serde::Deserialize)]
struct How {
    how: String,
}

async fn serve(handlers: impl FnOnce(&Server)) -> Running {
    let io = Server::builder().build().unwrap();
    handlers(&io);
    Running::start(io).await
}
