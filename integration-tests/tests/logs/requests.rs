//! A request that is refused: a line with the cause, and what to do about it.

use integration_tests::client::{Client, Open};
use integration_tests::http;
use integration_tests::running::Running;
use socketio_core::Server;

use crate::{lines_of, serve, start_log};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_request_writes_one_line_with_path_address_cause_and_cure() {
    start_log();
    let server = Running::start(Server::builder().path("/refusals").build().unwrap()).await;
    for _ in 0..50 {
        let response = http::get(server.port, "/refusals/?EIO=3&transport=polling").await;
        assert_eq!(response.status, 400);
    }
    let lines = lines_of("/refusals");
    assert!((1..10).contains(&lines.len()), "50 refusals wrote {} lines", lines.len());
    assert!(lines[0].contains("WARN") && lines[0].contains("engineio"), "{}", lines[0]);
    assert!(lines[0].contains("127.0.0.1"), "no address: {}", lines[0]);
    for field in ["path", "cause", "cure"] {
        assert!(lines[0].contains(field), "no {field}: {}", lines[0]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_of_another_node_is_told_from_one_that_has_ended() {
    start_log();
    let other = serve().await;
    let server = Running::start(Server::builder().path("/nodes").build().unwrap()).await;
    let of_other = Client::polling(other.port).await.open.sid;
    let polling = "/nodes/?EIO=4&transport=polling";
    let opened = http::get(server.port, polling).await;
    let ended = Open::parse(opened.text()).sid;
    http::post(server.port, &format!("{polling}&sid={ended}"), "1").await;
    server.is_empty().await;
    for sid in [&of_other, &ended] {
        let response = http::get(server.port, &format!("{polling}&sid={sid}")).await;
        assert_eq!(response.brief(), (400, r#"{"code":1,"message":"Session ID unknown"}"#));
    }
    let refused: Vec<_> =
        lines_of("/nodes").into_iter().filter(|line| line.contains("request refused")).collect();
    assert_eq!(refused.len(), 2, "{refused:?}");
    assert!(refused[0].contains("this session is another node's: is stickiness on?"), "{}", refused[0]);
    assert!(refused[1].contains("no session has this id: it has ended"), "{}", refused[1]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_origin_names_the_one_that_was_expected() {
    start_log();
    let server = Running::start(Server::builder().path("/origins").build().unwrap()).await;
    let headers = [("origin", "https://evil.example")];
    let response =
        http::request(server.port, "GET", "/origins/?EIO=4&transport=polling", &headers, b"").await;
    assert_eq!(response.status, 400);
    let lines = lines_of("/origins");
    assert_eq!(lines.len(), 1);
    assert!(lines[0].contains("https://evil.example"), "{}", lines[0]);
    assert!(lines[0].contains(&format!("http://127.0.0.1:{}", server.port)), "{}", lines[0]);
}
