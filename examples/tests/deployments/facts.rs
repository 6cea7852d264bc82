//! What holds wherever the server is mounted.

use std::time::{Duration, Instant};

use integration_tests::client::Client;
use integration_tests::foreign;
use integration_tests::frames::{Message, WebSocket};
use integration_tests::http::{self, Http};
use integration_tests::wait::if_in_time;

use crate::program::Program;

/// A client that polls has a second in which to fetch its end.
pub(crate) const GRACE: Duration = Duration::from_millis(900);

pub(crate) const POLLING: &str = "/socket.io/?EIO=4&transport=polling";
pub(crate) const WEBSOCKET: &str = "/socket.io/?EIO=4&transport=websocket";

pub(crate) async fn js_clients(name: &str) {
    let program = Program::start(name, &[]).await;
    foreign::node("deployment", program.port, &[name]).await.assert_holds();
}

pub(crate) async fn python_clients(name: &str) {
    let program = Program::start(name, &[]).await;
    foreign::python("deployment", program.port, &[]).await.assert_holds();
}

pub(crate) async fn another_route(name: &str) {
    let program = Program::start(name, &[]).await;
    let text = if name == "axum" { "0 visits so far\n" } else { "a page of our own\n" };
    assert_eq!(http::get(program.port, "/").await.brief(), (200, text));
    for nowhere in ["/nowhere", "/socket.io-admin"] {
        let nowhere = http::get(program.port, nowhere).await;
        assert_eq!(nowhere.status, 404);
        if ["actix", "axum", "tower", "warp"].contains(&name) {
            assert_eq!(nowhere.text(), "there is no such page\n");
        }
    }
    assert_eq!(http::get(program.port, "/socket.io/").await.status, 400, "which is Socket.IO's own");
}

pub(crate) async fn refused_origin(name: &str) {
    let program = Program::start(name, &[]).await;
    let elsewhere = ("origin", "http://elsewhere.example");
    let polled = http::request(program.port, "GET", POLLING, &[elsewhere], b"").await;
    assert_eq!(polled.status, 400, "{}", polled.text());
    let headers = [
        elsewhere,
        ("connection", "Upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];
    let upgraded = http::request(program.port, "GET", WEBSOCKET, &headers, b"").await;
    assert_eq!(upgraded.status, 400, "{}", upgraded.text());

    let own = format!("http://127.0.0.1:{}", program.port);
    let polled = http::request(program.port, "GET", POLLING, &[("origin", &own)], b"").await;
    assert_eq!((polled.status, polled.header("access-control-allow-origin")), (200, Some(&*own)));
    assert!(WebSocket::open(program.port, WEBSOCKET).await.is_ok());
}

pub(crate) async fn graceful_stop(name: &str) {
    let program = Program::start(name, &[]).await;
    let port = program.port;
    stops_gracefully(program, port).await;
}

/// Clients of every kind are connected, and one connection says nothing at all.
pub(crate) async fn stops_gracefully(mut program: Program, port: u16) {
    let mut polling = Client::polling(port).await;
    polling.connect("/").await;
    let mut websockets = Vec::new();
    for transport in ["websocket", "upgrade"] {
        let mut client = Client::by(transport, port).await;
        client.connect("/").await;
        websockets.push(client);
    }
    let _silent = Http::connect(port).await;
    let told = Instant::now();
    program.signal("TERM");
    for client in &mut websockets {
        match client.socket().closed().await {
            Message::Close(Some((code, _))) => assert_eq!(code, 1001),
            other => panic!("expected a close frame, got {other:?}"),
        }
        client.socket().ended().await;
    }
    // By a new connection: it is accepted until everybody is told.
    if_in_time(told, GRACE, async move {
        assert_eq!(http::get(port, &polling.polling_target()).await.brief(), (200, "1"));
    })
    .await;
    let (status, _) = program.ended().await;
    assert!(status.success(), "{status}");
}
