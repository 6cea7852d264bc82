//! What one client can make the server keep, or wait for.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use integration_tests::{
    client::Client,
    frames::{Frame, Message, TEXT, WebSocket},
    gate::Gate,
    wait::until,
};
use socketio_core::{
    Data, Namespace, Server, Socket,
    server::{AckError, Counters},
};

use crate::{answers, assert_unharmed, joined, serve};

#[tokio::test]
async fn a_message_over_max_payload_is_not_read() {
    let server = serve(Server::builder().max_payload(1_000), |_| {}).await;
    let mut client = joined("websocket", server.port).await;
    client.socket().send_frame(Frame::of(TEXT), &[b'x'; 1_001]).await;
    assert!(matches!(client.socket().closed().await, Message::Close(Some((1009, _)))));
    let mut client = joined("polling", server.port).await;
    assert_eq!(client.post(&"x".repeat(1_001)).await.status, 413);
    assert_eq!(server.io.counters().payloads_too_large, 2);
    assert_unharmed(&server).await;
}

#[tokio::test]
async fn attachments_are_part_of_the_payload() {
    let server = serve(Server::builder().max_payload(1_000), |_| {}).await;
    let mut client = joined("websocket", server.port).await;
    client.send("452-[\"echo\",{\"_placeholder\":true,\"num\":0},{\"_placeholder\":true,\"num\":1}]").await;
    client.socket().send_binary(&[7; 600]).await;
    client.socket().send_binary(&[7; 600]).await;
    assert!(matches!(client.socket().closed().await, Message::Close(Some((1009, _)))));
    assert_eq!(server.io.counters().payloads_too_large, 1);
    assert_unharmed(&server).await;
}

#[tokio::test]
async fn more_attachments_than_max_attachments_are_refused_before_they_come() {
    let server = serve(Server::builder().max_attachments(2), |_| {}).await;
    let mut client = joined("websocket", server.port).await;
    client.send("453-[\"echo\"]").await;
    assert!(matches!(client.socket().closed().await, Message::Close(Some((1009, _)))));
    assert_eq!(server.io.counters().attachments_too_many, 1);
    assert_unharmed(&server).await;
}

#[tokio::test]
async fn namespaces_beyond_max_namespaces_are_refused_and_the_others_stay() {
    let server = serve(Server::builder().max_namespaces(2), |io| {
        for name in ["/a", "/b"] {
            io.of(name).on_connect(|| ());
        }
    })
    .await;
    let mut client = joined("websocket", server.port).await;
    client.connect("/a").await;
    client.send("40/b,").await;
    assert_eq!(client.next().await, "44/b,{\"message\":\"Too many namespaces\"}");
    assert_eq!(server.io.counters().namespaces_too_many, 1);
    answers(&mut client).await;
    client.close().await;
    assert_unharmed(&server).await;
}

#[tokio::test]
async fn a_client_in_a_hundred_namespaces_is_heard_in_each_and_comes_back_to_those_it_left() {
    let server = serve(Server::builder().max_namespaces(101), |io| {
        io.of_pattern("/n-{number}")
            .on("where", |namespace: Namespace| namespace.name().to_owned())
            .on("siblings", |socket: Socket| socket.connection().sockets().len());
    })
    .await;
    let mut client = joined("websocket", server.port).await;
    for number in 0..100 {
        client.connect(&format!("/n-{number}")).await;
    }
    for number in [3, 8, 50, 99] {
        client.send(&format!("41/n-{number},")).await;
        client.send(&format!("42/n-{number},7[\"where\"]")).await;
        client.connect(&format!("/n-{number}")).await;
    }
    assert_eq!(server.io.counters().packets_dropped, 4, "what it says to namespaces that it has left");
    for number in 0..100 {
        client.send(&format!("42/n-{number},7[\"where\"]")).await;
        assert_eq!(client.next().await, format!("43/n-{number},7[\"/n-{number}\"]"));
    }
    client.send("42/n-0,8[\"siblings\"]").await;
    assert_eq!(client.next().await, "43/n-0,8[101]");
    assert_eq!(server.io.counters().namespaces_too_many, 0);
    client.close().await;
    assert_unharmed(&server).await;
}

#[tokio::test]
async fn rooms_beyond_max_rooms_are_not_joined() {
    let server = serve(Server::builder().max_rooms(3), |io| {
        io.on("join", |socket: Socket, Data(rooms): Data<Vec<String>>| socket.join(rooms).is_ok());
    })
    .await;
    let mut client = joined("websocket", server.port).await;
    client.send("421[\"join\",[\"a\",\"b\",\"c\"]]").await;
    assert_eq!(client.next().await, "431[true]");
    client.send("421[\"join\",[\"d\"]]").await;
    assert_eq!(client.next().await, "431[false]");
    assert_eq!((server.io.counters().rooms_too_many, server.io.counters().rooms), (1, 3));
    client.close().await;
    assert_unharmed(&server).await;
}

#[tokio::test]
async fn questions_beyond_max_pending_acks_fail_at_once() {
    let server = serve(Server::builder().max_pending_acks(2), |_| {}).await;
    let mut client = joined("websocket", server.port).await;
    let socket = server.io.sockets().pop().unwrap();
    let asked: Vec<_> = (0..2).map(|_| socket.emit_with_ack::<u8>("ask", ())).collect();
    let third = socket.emit_with_ack::<u8>("ask", ()).await;
    assert!(matches!(third, Err(AckError::TooMany { limit: 2 })), "{third:?}");
    assert_eq!(server.io.counters().acks_too_many, 1);
    for number in 0..2 {
        assert_eq!(client.next().await, format!("42{number}[\"ask\"]"));
        client.send(&format!("43{number}[{number}]")).await;
    }
    for (number, asked) in asked.into_iter().enumerate() {
        assert_eq!(usize::from(asked.await.unwrap()), number);
    }
    let late = socket.timeout(Duration::from_millis(50)).emit_with_ack::<u8>("ask", ()).await;
    assert!(matches!(late, Err(AckError::Timeout(_))), "{late:?}");
    let everybody = server.io.to([socket.id().as_str()]).timeout(Duration::from_millis(50));
    assert_eq!(everybody.emit_with_ack::<u8>("ask", ()).await.unwrap().silent.len(), 1);
    assert_eq!((server.io.counters().acks_timed_out, server.io.counters().pending_acks), (2, 0));
    client.close().await;
    assert_unharmed(&server).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_hundred_events_before_the_connect_answer_reach_their_handlers_in_order() {
    let (gate, heard) = (Gate::default(), Arc::new(Mutex::new(Vec::new())));
    let server = serve(Server::builder(), |io| {
        let (gate, heard) = (gate.clone(), heard.clone());
        io.on_connect(move || {
            let gate = gate.clone();
            async move { gate.pass().await }
        })
        .on("early", move |Data(number): Data<u32>| heard.lock().unwrap().push(number));
    })
    .await;
    for (round, transport) in ["websocket", "polling", "upgrade"].into_iter().enumerate() {
        let mut client = Client::by(transport, server.port).await;
        client.send("40").await;
        gate.arrived(round + 1).await;
        let early: Vec<_> = (0..300).map(|number| format!("42[\"early\",{number}]")).collect();
        client.send_all(&early).await;
        gate.open(1);
        assert!(client.next().await.starts_with("40{"));
        answers(&mut client).await;
        assert_eq!(std::mem::take(&mut *heard.lock().unwrap()), (0..300).collect::<Vec<_>>(), "{transport}");
        client.close().await;
    }
    assert_eq!(server.io.counters().early_full, 0);
    server.is_empty().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_early_events_than_max_early_packets_or_bytes_end_the_connection_with_a_reason() {
    let builder = Server::builder().max_early_packets(100).max_early_bytes(50_000);
    let gate = Gate::default();
    let server = serve(builder, |io| {
        let gate = gate.clone();
        io.on_connect(move |socket: Socket| {
            let gate = gate.clone();
            async move { gate.pass_or_end(&socket).await }
        });
    })
    .await;
    let many: Vec<_> = (0..101).map(|number| format!("42[\"echo\",{number}]")).collect();
    let large: Vec<_> = (0..6).map(|_| format!("42[\"echo\",\"{}\"]", "x".repeat(10_000))).collect();
    for early in [many, large] {
        let mut client = Client::websocket(server.port).await;
        client.send("40").await;
        client.send_all(&early).await;
        let Message::Close(Some((1009, reason))) = client.socket().closed().await else { panic!("1009") };
        assert!(reason.contains("before the namespace was joined"), "{reason}");
    }
    assert_eq!(server.io.counters().early_full, 2);
    gate.open(10);
    assert_unharmed(&server).await;
}

#[tokio::test]
async fn who_joins_nothing_or_ends_no_upgrade_or_answers_no_ping_is_counted() {
    let short = Duration::from_millis(300);
    let builder = Server::builder().connect_timeout(Duration::from_secs(3)).upgrade_timeout(short);
    let server = serve(builder.ping_interval(short).ping_timeout(Duration::from_secs(5)), |_| {}).await;
    let unjoined = Client::websocket(server.port).await;
    let mut silent = joined("websocket", server.port).await;
    let mut upgrading = joined("polling", server.port).await;
    let _probing = WebSocket::open(server.port, &upgrading.websocket_target()).await.unwrap();
    let reached =
        |counters: Counters| (counters.unjoined, counters.upgrades_timed_out, counters.pings_timed_out);
    let mut last = (0, 0, 0);
    while last.1 == 0 {
        assert_eq!(upgrading.next_or_end().await.as_deref().unwrap_or("6").len(), 1);
        upgrading.post("3").await;
        last = reached(server.io.counters());
    }
    until("each to be counted once", || match reached(server.io.counters()) {
        (1, 1, pings) if pings >= 1 => Ok(()),
        other => Err(other),
    })
    .await;
    silent.ended().await;
    drop(unjoined);
    upgrading.close().await;
    server.is_empty().await;
}
