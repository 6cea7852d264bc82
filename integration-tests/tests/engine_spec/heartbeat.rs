//! "Heartbeat": the server pings, and gives up on who does not answer.

use std::{
    sync::{Arc, Mutex},
    time::Instant,
};

use integration_tests::{client::Client, http, running::Running};
use socketio_core::{DisconnectReason, Server};

use crate::{PATIENT_TIMEOUT, PING_INTERVAL, PING_TIMEOUT, assert_unknown_session, joined, serve_quick};

#[tokio::test]
async fn a_polling_client_is_pinged_at_every_interval() {
    let server = serve_quick().await;
    let mut client = Client::polling(server.port).await;
    client.connect("/").await;
    let start = Instant::now();
    for _ in 0..3 {
        assert_eq!(client.next_or_end().await.as_deref(), Some("2"));
        client.send("3").await;
    }
    assert!(start.elapsed() > PING_INTERVAL * 2, "three pings in {:?}", start.elapsed());
}

#[tokio::test]
async fn a_websocket_client_is_pinged_at_every_interval() {
    let server = serve_quick().await;
    let mut client = Client::websocket(server.port).await;
    client.connect("/").await;
    let start = Instant::now();
    for _ in 0..3 {
        assert_eq!(client.next_or_end().await.as_deref(), Some("2"));
        client.send("3").await;
    }
    assert!(start.elapsed() > PING_INTERVAL * 2, "three pings in {:?}", start.elapsed());
}

#[tokio::test]
async fn a_websocket_client_that_does_not_answer_is_closed_after_interval_and_timeout() {
    let (server, reasons) = serve_and_note().await;
    let mut client = joined("websocket", server.port).await;
    let start = Instant::now();
    assert_eq!(client.ended().await, ["2"]);
    assert!(start.elapsed() > PING_TIMEOUT, "closed after {:?}", start.elapsed());
    client.socket().ended().await;
    server.is_empty().await;
    assert_eq!(*reasons.lock().unwrap(), ["ping timeout"]);
}

#[tokio::test]
async fn a_polling_client_that_does_not_answer_is_gone_after_interval_and_timeout() {
    let (server, reasons) = serve_and_note().await;
    let client = joined("polling", server.port).await;
    server.is_empty().await;
    assert_unknown_session(&http::get(server.port, &client.polling_target()).await);
    assert_eq!(*reasons.lock().unwrap(), ["ping timeout"]);
}

#[tokio::test]
async fn a_get_that_waits_is_answered_when_its_client_does_not_answer_pings() {
    let (server, _) = serve_and_note().await;
    let mut client = joined("polling", server.port).await;
    // The ping answers the first GET; the second waits until the session ends.
    assert_eq!(client.next_or_end().await.as_deref(), Some("2"));
    assert_eq!(client.next_or_end().await, None);
    server.is_empty().await;
}

#[tokio::test]
async fn an_upgraded_client_is_pinged_on_the_websocket() {
    let server = serve_quick().await;
    let mut client = Client::polling(server.port).await.upgrade().await;
    for _ in 0..3 {
        assert_eq!(client.next_or_end().await.as_deref(), Some("2"));
        client.send("3").await;
    }
}

#[tokio::test]
async fn a_client_that_answers_lives_on_past_the_timeout() {
    let server = serve_quick().await;
    let lives_on = async |transport: &str| {
        let mut client = joined(transport, server.port).await;
        let start = Instant::now();
        while start.elapsed() < PING_INTERVAL * 2 + PATIENT_TIMEOUT {
            assert_eq!(client.next_or_end().await.as_deref(), Some("2"), "{transport}");
            client.send("3").await;
        }
        client.send("421[\"acked\",1]").await;
        assert_eq!(client.next().await, "431[1]", "{transport}");
    };
    tokio::join!(lives_on("websocket"), lives_on("polling"), lives_on("upgrade"));
}

async fn serve_and_note() -> (Running, Arc<Mutex<Vec<String>>>) {
    let reasons = Arc::<Mutex<Vec<String>>>::default();
    let note = reasons.clone();
    let io = Server::builder().ping_interval(PING_INTERVAL).ping_timeout(PING_TIMEOUT).build().unwrap();
    io.on_disconnect(move |reason: DisconnectReason| note.lock().unwrap().push(reason.to_string()));
    (Running::start(io).await, reasons)
}
