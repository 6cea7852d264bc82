//! Deadlines that come, whatever a client sends, and that do not come for one that cannot answer.

use std::time::{Duration, Instant};

use integration_tests::{
    client::Client,
    frames::{Frame, TEXT},
    gate::Gate,
    wait::DEADLINE,
};
use socketio_core::Socket;

use crate::{begin_post, joined, quick, serve};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pongs_that_nobody_asked_for_put_off_no_deadline() {
    let builder = quick().connect_timeout(Duration::from_millis(800));
    let server = serve(builder, |_| {}).await;
    let mut joins_nothing = Client::websocket(server.port).await;
    let mut pongs = Vec::new();
    for _ in 0..200 {
        Frame::of(TEXT).write(&mut pongs, b"3");
    }
    // It sends them for as long as it may.
    let start = Instant::now();
    while server.io.counters().sessions > 0 {
        joins_nothing.socket().send_raw(&pongs).await;
        assert!(start.elapsed() < DEADLINE, "joined nothing, and is still here");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_silent_client_is_gone_though_its_post_is_held_back() {
    let subscribing = Gate::default();
    subscribing.open(1);
    let server = serve(quick().max_handlers_in_flight(1), |io| {
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
    let client = joined("polling", server.port).await;
    let mut posting = begin_post(&client, "42[\"subscribe\"]").await;
    subscribing.arrived(1).await;
    // Nobody polls.
    server.is_empty().await;
    assert!(matches!(posting.response().await.status, 200 | 400));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_whose_post_is_held_back_and_that_polls_lives_on() {
    let gate = Gate::default();
    let builder = quick().max_handlers_in_flight(1);
    let server = serve(builder, |io| {
        let gate = gate.clone();
        io.on("work", move || {
            let gate = gate.clone();
            async move { gate.pass().await }
        });
    })
    .await;
    let mut client = joined("polling", server.port).await;
    let mut posting = begin_post(&client, "421[\"work\"]").await;
    gate.arrived(1).await;
    // It cannot send a pong: that would be a second POST. The second ping comes when the first has timed out, and so on.
    for _ in 0..3 {
        assert_eq!(client.next_or_end().await.as_deref(), Some("2"));
    }
    gate.open(1);
    loop {
        match client.next_or_end().await.as_deref() {
            Some("2") => {}
            answer => break assert_eq!(answer, Some("431[]")),
        }
    }
    assert_eq!(posting.response().await.brief(), (200, "ok"));
}
