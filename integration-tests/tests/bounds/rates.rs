//! Packets and bytes a second: who is faster waits, or has to go.

use std::time::{Duration, Instant};

use integration_tests::{
    client::Client,
    frames::{Frame, Message, PING},
    wait::within,
};
use socketio_core::{
    Data, Server,
    server::{Rate, ServerBuilder},
};
use tokio::sync::mpsc::unbounded_channel;

use crate::{answers, assert_unharmed, joined, serve};

fn events(count: usize, text: &str) -> Vec<String> {
    (0..count).map(|number| format!("42{number}[\"echo\",\"{text}\"]")).collect()
}

async fn slowed(builder: ServerBuilder, transport: &str, text: &str) -> socketio_core::server::Counters {
    let server = serve(builder, |_| {}).await;
    let mut client = joined(transport, server.port).await;
    let start = Instant::now();
    let (asked, heard) = (events(60, text), 60);
    if transport == "polling" {
        // The answer to the POST waits, and other polls are served meanwhile.
        let payload = asked.join("\u{1e}");
        assert_eq!(client.post(&payload).await.brief(), (200, "ok"));
    } else {
        client.send_all(&asked).await;
    }
    for number in 0..heard {
        assert!(client.next().await.starts_with(&format!("43{number}[")), "{transport}");
    }
    assert!(start.elapsed() >= Duration::from_millis(700), "{transport}: {:?}", start.elapsed());
    let counters = server.io.counters();
    client.close().await;
    server.is_empty().await;
    counters
}

#[tokio::test]
async fn a_client_that_sends_packets_too_fast_is_read_later_and_loses_nothing() {
    for transport in ["websocket", "polling", "upgrade"] {
        let rate = Rate::per_second(50).burst(10);
        let counters = slowed(Server::builder().max_packet_rate(rate), transport, "x").await;
        assert!(counters.packets_too_fast > 0 && counters.bytes_too_fast == 0, "{counters:?}");
    }
}

#[tokio::test]
async fn a_client_that_sends_bytes_too_fast_is_read_later_and_loses_nothing() {
    for transport in ["websocket", "polling"] {
        let rate = Rate::per_second(50_000).burst(10_000);
        let counters = slowed(Server::builder().max_byte_rate(rate), transport, &"x".repeat(1_000)).await;
        assert!(counters.bytes_too_fast > 0 && counters.packets_too_fast == 0, "{counters:?}");
    }
}

#[tokio::test]
async fn a_client_that_waits_for_its_turn_is_not_taken_for_dead() {
    let builder = Server::builder()
        .max_packet_rate(Rate::per_second(20).burst(5))
        .ping_interval(Duration::from_millis(200))
        .ping_timeout(Duration::from_millis(1_500));
    let server = serve(builder, |_| {}).await;
    let mut client = joined("websocket", server.port).await;
    client.send_all(&events(50, "x")).await;
    for number in 0..50 {
        assert!(client.next().await.starts_with(&format!("43{number}[")));
    }
    assert_eq!(server.io.counters().pings_timed_out, 0);
    answers(&mut client).await;
}

#[tokio::test]
async fn a_client_that_waits_for_its_turn_and_for_a_handler_goes_on_when_both_are_over() {
    let (told, mut heard) = unbounded_channel();
    // No ping wakes the connection meanwhile.
    let builder = Server::builder()
        .max_packet_rate(Rate::per_second(10).burst(1))
        .max_handlers_in_flight(1)
        .ping_interval(Duration::from_secs(3600));
    let server = serve(builder, |io| {
        io.on("work", move |Data(number): Data<u32>| {
            let told = told.clone();
            async move {
                told.send(number).unwrap();
                tokio::time::sleep(Duration::from_millis(250)).await;
            }
        });
    })
    .await;
    let mut client = joined("websocket", server.port).await;
    client.send_all(&(0..5).map(|number| format!("42[\"work\",{number}]")).collect::<Vec<_>>()).await;
    for number in 0..5 {
        assert_eq!(within("the event", heard.recv()).await, Some(number));
    }
}

#[tokio::test]
async fn where_the_rate_cuts_the_connection_ends_with_a_reason() {
    let rates: [(ServerBuilder, &str); 2] = [
        (Server::builder().max_packet_rate(Rate::per_second(10).cut()), "max_packet_rate"),
        (Server::builder().max_byte_rate(Rate::per_second(300).cut()), "max_byte_rate"),
    ];
    for (builder, option) in rates {
        let server = serve(builder, |_| {}).await;
        let mut client = Client::websocket(server.port).await;
        client.connect("/").await;
        client.send_all(&events(100, "x")).await;
        let Message::Close(Some((1009, reason))) = client.socket().closed().await else { panic!("1009") };
        assert!(reason.contains(option), "{reason}");
        let mut client = joined("polling", server.port).await;
        assert_eq!(client.post(&events(100, "x").join("\u{1e}")).await.status, 400);
        let counters = server.io.counters();
        assert_eq!(counters.packets_too_fast + counters.bytes_too_fast, 2, "{counters:?}");
        assert_unharmed(&server).await;
    }
}

#[tokio::test]
async fn pings_of_the_websocket_count_as_packets() {
    let server = serve(Server::builder().max_packet_rate(Rate::per_second(10).cut()), |_| {}).await;
    let mut client = joined("websocket", server.port).await;
    let mut flood = Vec::new();
    for _ in 0..100 {
        Frame::of(PING).write(&mut flood, b"");
    }
    client.socket().send_raw(&flood).await;
    assert!(matches!(client.socket().closed().await, Message::Close(Some((1009, _)))));
    assert_unharmed(&server).await;
}
