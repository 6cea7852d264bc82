//! `examples/layers.rs`: a tower layer sees whatever comes, upgrades included.

#[path = "../../../examples/layers.rs"]
#[expect(dead_code, reason = "its `main` is the example's")]
mod example;

use integration_tests::{client::Open, frames::WebSocket, http};
use tokio::net::TcpListener;

use crate::websocket_target;

const POLLING: &str = "/socket.io/?EIO=4&transport=polling";
const WEBSOCKET: &str = "/socket.io/?EIO=4&transport=websocket";

#[tokio::test]
async fn a_layer_sees_handshakes_polls_and_upgrades_and_speaks_to_handlers() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let serving = tokio::spawn(example::serve(listener));

    let refused = http::get(port, POLLING).await;
    assert_eq!(refused.brief(), (401, "who are you?"));
    assert_eq!(WebSocket::open(port, WEBSOCKET).await.unwrap_err().brief(), (401, "who are you?"));

    let opened = http::get(port, &format!("{POLLING}&user=ada")).await;
    assert_eq!((opened.status, opened.header("x-served-by")), (200, Some("layers")));
    let mut upgrade = http::Http::connect(port).await;
    let headers = [
        ("connection", "Upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];
    let switching = upgrade.request("GET", &format!("{WEBSOCKET}&user=ada"), &headers, b"").await;
    assert_eq!((switching.status, switching.header("x-served-by")), (101, Some("layers")));

    // What the layer knows reaches the handlers, and a session that polls may become a WebSocket through it.
    let mut socket = WebSocket::open(port, &format!("{WEBSOCKET}&user=grace")).await.unwrap();
    assert!(socket.next_text().await.starts_with("0{"));
    socket.send_text("40").await;
    assert!(socket.next_text().await.starts_with("40{"));
    assert_eq!(socket.next_text().await, "42[\"hello\",\"grace\"]");
    let open = Open::parse(opened.text());
    assert!(WebSocket::open(port, &websocket_target(&open.sid)).await.is_ok());
    serving.abort();
}
