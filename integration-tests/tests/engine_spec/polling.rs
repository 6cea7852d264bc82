//! "HTTP long-polling": sending, receiving, payloads.

use integration_tests::{
    client::Client,
    http::{self, Http},
    running::Running,
};
use socketio_core::Server;

use crate::{assert_refused, assert_unknown_session, joined, serve};

const PLACEHOLDER: &str = r#"{"_placeholder":true,"num":0}"#;

#[tokio::test]
async fn a_post_is_answered_ok() {
    let server = serve().await;
    let mut client = Client::polling(server.port).await;
    assert_eq!(client.post("40").await.brief(), (200, "ok"));
}

#[tokio::test]
async fn a_get_answers_what_is_waiting_as_text() {
    let server = serve().await;
    let mut client = joined("polling", server.port).await;
    client.send("42[\"echo\",\"ä€😀\"]").await;
    let response = http::get(server.port, &client.polling_target()).await;
    assert_eq!(response.brief(), (200, "42[\"echo\",\"ä€😀\"]"));
    assert_eq!(response.header("content-type"), Some("text/plain; charset=UTF-8"));
}

#[tokio::test]
async fn a_get_waits_until_there_is_a_packet() {
    let server = serve().await;
    let client = joined("polling", server.port).await;
    let mut waiting = Http::connect(server.port).await;
    waiting.send_request("GET", &client.polling_target(), &[], b"").await;
    server.io.emit("news", 1).unwrap();
    assert_eq!(waiting.response().await.brief(), (200, "42[\"news\",1]"));
}

#[tokio::test]
async fn several_packets_of_a_payload_are_read_in_order() {
    let server = serve().await;
    let mut client = joined("polling", server.port).await;
    client.send("42[\"echo\",1]\x1e42[\"echo\",2]\x1e42[\"echo\",3]").await;
    for number in 1..=3 {
        assert_eq!(client.next().await, format!("42[\"echo\",{number}]"));
    }
}

#[tokio::test]
async fn several_packets_that_are_waiting_leave_as_one_payload() {
    let server = serve().await;
    let client = joined("polling", server.port).await;
    for number in 1..=3 {
        server.io.emit("news", number).unwrap();
    }
    let response = http::get(server.port, &client.polling_target()).await;
    assert_eq!(response.text(), "42[\"news\",1]\x1e42[\"news\",2]\x1e42[\"news\",3]");
}

#[tokio::test]
async fn binary_packets_travel_as_base64_behind_a_b() {
    let server = serve().await;
    let mut client = joined("polling", server.port).await;
    client.send(&format!("451-[\"echo\",{PLACEHOLDER}]\x1ebAQIDBA==\x1e42[\"echo\",2]")).await;
    assert_eq!(client.next().await, format!("451-[\"echo\",{PLACEHOLDER}]"));
    assert_eq!(client.next().await, "bAQIDBA==");
    assert_eq!(client.next().await, "42[\"echo\",2]");
}

#[tokio::test]
async fn a_header_and_its_attachment_may_come_in_two_posts() {
    let server = serve().await;
    let mut client = joined("polling", server.port).await;
    client.send(&format!("451-[\"echo\",{PLACEHOLDER}]")).await;
    client.send("bAQIDBA==").await;
    assert_eq!(client.next().await, format!("451-[\"echo\",{PLACEHOLDER}]"));
    assert_eq!(client.next().await, "bAQIDBA==");
}

#[tokio::test]
async fn a_second_get_at_a_time_is_refused_and_closes_the_session() {
    let server = serve().await;
    let client = joined("polling", server.port).await;
    let mut first = Http::connect(server.port).await;
    first.send_request("GET", &client.polling_target(), &[], b"").await;
    waiting(&server, 1).await;
    let second = http::get(server.port, &client.polling_target()).await;
    assert_eq!(second.status, 400);
    // The first is told, and not left hanging.
    assert_eq!(first.response().await.brief(), (200, "1"));
    assert_unknown_session(&http::get(server.port, &client.polling_target()).await);
    server.is_empty().await;
}

#[tokio::test]
async fn a_second_post_at_a_time_is_refused_and_closes_the_session() {
    let server = serve().await;
    let client = joined("polling", server.port).await;
    let target = client.polling_target();
    let mut first = Http::connect(server.port).await;
    first
        .send(format!("POST {target} HTTP/1.1\r\nhost: a\r\ncontent-length: 30\r\n\r\n42[\"ec").as_bytes())
        .await;
    // It is in flight once the server has read its head; a GET shows that the session is alive until then.
    let second = loop {
        let second = http::post(server.port, &target, "3").await;
        if second.status != 200 {
            break second;
        }
    };
    assert_eq!(second.status, 400);
    assert_unknown_session(&http::get(server.port, &target).await);
    server.is_empty().await;
    // It is not left hanging either, though its body never comes.
    let answer = first.try_response().await;
    assert!(answer.is_none_or(|answer| answer.status == 400));
}

#[tokio::test]
async fn a_body_that_is_no_payload_is_refused_and_closes_the_session() {
    let server = serve().await;
    let bodies: [&[u8]; 8] = [b"", b"abc", b"7", b"\x1e", b"42[\"echo\"]\x1e", b"b!", b"bA", b"\xff\xfe"];
    for body in bodies {
        let client = joined("polling", server.port).await;
        let response = http::post(server.port, &client.polling_target(), body).await;
        assert_refused(&response, 3, "Bad request");
        assert_unknown_session(&http::get(server.port, &client.polling_target()).await);
    }
    server.is_empty().await;
}

#[tokio::test]
async fn a_get_that_waits_ends_when_a_post_closes_the_session() {
    let server = serve().await;
    let client = joined("polling", server.port).await;
    let mut waiting_get = Http::connect(server.port).await;
    waiting_get.send_request("GET", &client.polling_target(), &[], b"").await;
    waiting(&server, 1).await;
    assert_eq!(http::post(server.port, &client.polling_target(), "abc").await.status, 400);
    let answer = waiting_get.response().await;
    assert!(answer.status == 400 || answer.brief() == (200, "1"), "{answer:?}");
    server.is_empty().await;
}

#[tokio::test]
async fn a_body_of_exactly_max_payload_is_read_and_one_byte_more_is_413() {
    let io = Server::builder().max_payload(1_000).build().unwrap();
    let server = Running::start(crate::echoing(io)).await;
    let fits = |length: usize| format!("42[\"acked\",\"{}\"]", "x".repeat(length - 14));

    let mut client = joined("polling", server.port).await;
    assert_eq!(client.post(&fits(1_000)).await.brief(), (200, "ok"));

    let response = client.post(&fits(1_001)).await;
    assert_eq!(response.status, 413);
}

#[tokio::test]
async fn other_methods_are_refused_for_a_session_too() {
    let server = serve().await;
    for method in ["PUT", "DELETE", "PATCH"] {
        let client = joined("polling", server.port).await;
        let target = client.polling_target();
        let response = http::request(server.port, method, &target, &[("content-length", "0")], b"").await;
        assert_eq!(response.status, 400, "{method}");
        assert!(response.text().starts_with("{\"code\":"), "{}", response.text());
        client.close().await;
    }
    server.is_empty().await;
}

#[tokio::test]
async fn requests_of_a_session_may_come_on_one_connection_or_many() {
    let server = serve().await;
    let mut client = joined("polling", server.port).await;
    for number in 0..5 {
        let body = format!("42[\"echo\",{number}]");
        assert_eq!(http::post(server.port, &client.polling_target(), &body).await.brief(), (200, "ok"));
        assert_eq!(client.next().await, body);
    }
}

/// The server holds that many sessions, and has had the time to read what was sent to it before.
async fn waiting(server: &Running, sessions: usize) {
    // A request of another kind passes through the same server: what came before it has been read.
    for _ in 0..3 {
        http::get(server.port, "/").await;
    }
    assert_eq!(server.io.counters().sessions, sessions);
}
