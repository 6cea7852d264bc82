//! Handlers that are a trouble are named with their event.

use std::time::Duration;

use integration_tests::client::Client;
use integration_tests::running::Running;
use integration_tests::wait::until;
use socketio_core::{Args, HandlerError, Server};

use crate::{lines_of, log, start_log};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handler_that_fails_panics_or_does_not_fit_is_named_with_its_event() {
    start_log();
    let io = Server::builder().build().unwrap();
    io.on("failing event", || Err::<(), _>(HandlerError::new("the cause of it")))
        .on("exploding event", explode)
        .on("fitting event", |_: Args<(u8, Vec<bool>)>| ());
    let server = Running::start(io).await;
    let mut client = Client::websocket(server.port).await;
    let sid = client.connect("/").await;
    client.send("42[\"failing event\"]").await;
    client.send("42[\"exploding event\"]").await;
    client.send("42[\"fitting event\",1,[true,7]]").await;
    until("all three to be written", || {
        let log = log();
        let has = |words: &[&str]| {
            log.lines().any(|line| line.contains(&sid) && words.iter().all(|word| line.contains(word)))
        };
        match (
            has(&["failing event", "the cause of it"]),
            has(&["exploding event", "the panic's own words"]),
            has(&["fitting event", "[1][1]", "bool"]),
        ) {
            (true, true, true) => Ok(()),
            other => Err(other),
        }
    })
    .await;
    let counters = server.io.counters();
    assert_eq!((counters.handler_errors, counters.handler_panics, counters.arguments_refused), (1, 1, 1));
}

fn explode() {
    panic!("the panic's own words");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handler_that_blocks_its_thread_is_named_with_its_event() {
    start_log();
    let io = Server::builder().build().unwrap();
    io.on("stubborn event", || std::thread::sleep(Duration::from_millis(200)));
    let server = Running::start(io).await;
    let mut client = Client::websocket(server.port).await;
    let sid = client.connect("/").await;
    client.send("421[\"stubborn event\"]").await;
    assert_eq!(client.next().await, "431[]");
    let warning = || lines_of("stubborn event").into_iter().find(|line| line.contains("WARN"));
    until("a warning", || warning().map(drop).ok_or(())).await;
    let line = warning().expect("a warning");
    assert!(line.contains(&sid) && line.contains("blocked") && line.contains("on_blocking"), "{line}");
}
