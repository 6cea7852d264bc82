//! "Handshake", "Query parameters".

use integration_tests::{
    client::{Client, Open, PATH},
    frames::{UPGRADE, WebSocket},
    http::{self, Http},
    running::Running,
};
use socketio_core::{Server, Transport};

use crate::{assert_refused, assert_unknown_session, joined, serve, websocket_target};

#[tokio::test]
async fn a_get_opens_a_session() {
    let server = serve().await;
    let response = http::get(server.port, &format!("{PATH}&transport=polling")).await;
    assert_eq!(response.status, 200);
    assert_eq!(response.header("content-type"), Some("text/plain; charset=UTF-8"));
    let open = Open::parse(response.text());
    assert!(!open.sid.is_empty());
    assert_eq!(open.upgrades, ["websocket"]);
    assert_eq!((open.ping_interval, open.ping_timeout, open.max_payload), (25_000, 20_000, 1_000_000));
    // Byte for byte as the reference writes it.
    let expected = format!(
        r#"0{{"sid":"{}","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}}"#,
        open.sid
    );
    assert_eq!(response.text(), expected);
}

#[tokio::test]
async fn a_websocket_opens_a_session_that_has_no_upgrades() {
    let server = serve().await;
    let client = Client::websocket(server.port).await;
    assert!(client.open.upgrades.is_empty());
    assert_eq!((client.open.ping_interval, client.open.ping_timeout), (25_000, 20_000));
    assert_eq!(client.open.max_payload, 1_000_000);
}

#[tokio::test]
async fn each_session_has_an_id_of_its_own() {
    let server = serve().await;
    let (one, two) = (Client::polling(server.port).await, Client::websocket(server.port).await);
    assert_ne!(one.open.sid, two.open.sid);
}

#[tokio::test]
async fn a_path_without_its_last_slash_is_the_same() {
    let server = serve().await;
    let response = http::get(server.port, "/socket.io?EIO=4&transport=polling").await;
    assert_eq!(response.status, 200, "{}", response.text());
}

#[tokio::test]
async fn the_order_of_query_parameters_and_others_among_them_do_not_matter() {
    let server = serve().await;
    let response = http::get(server.port, "/socket.io/?t=abc&b64&transport=polling&x=%26&EIO=4").await;
    assert_eq!(response.status, 200, "{}", response.text());
}

#[tokio::test]
async fn a_missing_or_other_version_is_refused() {
    let server = serve().await;
    for version in ["", "EIO=", "EIO=3", "EIO=5", "EIO=abc", "EIO=44"] {
        let response = http::get(server.port, &format!("/socket.io/?transport=polling&{version}")).await;
        assert_refused(&response, 5, "Unsupported protocol version");

        let target = format!("/socket.io/?transport=websocket&{version}");
        let response = WebSocket::open(server.port, &target).await.unwrap_err();
        assert_eq!(response.brief(), (400, "Unsupported protocol version"), "{version}");
    }
    server.is_empty().await;
}

#[tokio::test]
async fn a_missing_or_unknown_transport_is_refused() {
    let server = serve().await;
    for transport in ["", "&transport=", "&transport=abc", "&transport=Polling", "&transport=constructor"] {
        let response = http::get(server.port, &format!("{PATH}{transport}")).await;
        assert_refused(&response, 0, "Transport unknown");

        let response = WebSocket::open(server.port, &format!("{PATH}{transport}")).await.unwrap_err();
        assert_eq!(response.brief(), (400, "Transport unknown"), "{transport}");
    }
    server.is_empty().await;
}

#[tokio::test]
async fn a_session_is_opened_by_get_only() {
    let server = serve().await;
    for method in ["POST", "PUT", "DELETE", "PATCH"] {
        let target = format!("{PATH}&transport=polling");
        let response = http::request(server.port, method, &target, &[("content-length", "0")], b"").await;
        assert_refused(&response, 2, "Bad handshake method");
    }
    let mut http = http::Http::connect(server.port).await;
    http.send(
        format!("HEAD {PATH}&transport=polling HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").as_bytes(),
    )
    .await;
    let answer = String::from_utf8(http.closed().await).unwrap();
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    server.is_empty().await;
}

#[tokio::test]
async fn an_unknown_session_is_refused() {
    let server = serve().await;
    for sid in ["abc", "", "%00", "a%20b", &"x".repeat(4_000)] {
        let target = format!("{PATH}&transport=polling&sid={sid}");
        // An empty sid is no sid, for the reference.
        if sid.is_empty() {
            continue;
        }
        assert_unknown_session(&http::get(server.port, &target).await);
        assert_unknown_session(&http::post(server.port, &target, "40").await);
        let response = WebSocket::open(server.port, &websocket_target(sid)).await.unwrap_err();
        assert_eq!(response.brief(), (400, "Session ID unknown"));
    }
    server.is_empty().await;
}

#[tokio::test]
async fn a_refused_upgrade_ends_its_connection() {
    let server = serve().await;
    let response = WebSocket::open(server.port, &websocket_target("abc")).await.unwrap_err();
    assert_eq!(response.header("content-type"), Some("text/html"));
    assert_eq!(response.header("connection").map(str::to_ascii_lowercase).as_deref(), Some("close"));
}

#[tokio::test]
async fn the_transport_websocket_needs_an_upgrade_request() {
    let server = serve().await;
    let response = http::get(server.port, &format!("{PATH}&transport=websocket")).await;
    assert_refused(&response, 3, "Bad request");
    server.is_empty().await;
}

#[tokio::test]
async fn an_upgrade_request_needs_the_transport_websocket() {
    let server = serve().await;
    let response = WebSocket::open(server.port, &format!("{PATH}&transport=polling")).await.unwrap_err();
    assert_eq!(response.status, 400);
    server.is_empty().await;
}

#[tokio::test]
async fn a_transport_that_is_not_the_sessions_is_refused_and_the_session_lives_on() {
    let server = serve().await;
    let mut client = joined("websocket", server.port).await;
    let target = client.polling_target();
    assert_refused(&http::get(server.port, &target).await, 3, "Bad request");
    assert_refused(&http::post(server.port, &target, "42[\"echo\"]").await, 3, "Bad request");
    client.send("42[\"echo\",1]").await;
    assert_eq!(client.next().await, "42[\"echo\",1]");
}

#[tokio::test]
async fn of_the_subprotocols_asked_for_the_first_is_chosen() {
    let server = serve().await;
    let polling = Client::polling(server.port).await;
    for (target, asked, chosen) in [
        (format!("{PATH}&transport=websocket"), "v1", Some("v1")),
        (format!("{PATH}&transport=websocket"), "__proto__ , v1,v2", Some("__proto__")),
        (format!("{PATH}&transport=websocket"), "a b", None),
        (format!("{PATH}&transport=websocket"), ", v1", None),
        (polling.websocket_target(), "v1.example", Some("v1.example")),
    ] {
        let mut http = Http::connect(server.port).await;
        let headers = [&UPGRADE[..], &[("sec-websocket-protocol", asked)]].concat();
        let response = http.request("GET", &target, &headers, b"").await;
        assert_eq!(response.status, 101, "{asked}");
        assert_eq!(response.header("sec-websocket-protocol"), chosen, "{asked}");
    }
}

#[tokio::test]
async fn a_server_without_upgrades_announces_none_and_refuses_them() {
    let io = Server::builder().allow_upgrades(false).build().unwrap();
    let server = Running::start(io).await;
    let mut client = Client::polling(server.port).await;
    assert!(client.open.upgrades.is_empty());
    let refused = WebSocket::open(server.port, &client.websocket_target()).await;
    assert_eq!(refused.unwrap_err().status, 400);
    client.connect("/").await;
    // Its own sessions may be WebSockets all the same.
    Client::websocket(server.port).await.connect("/").await;
}

#[tokio::test]
async fn a_transport_that_is_switched_off_is_unknown() {
    let polling = Running::start(Server::builder().transports([Transport::Polling]).build().unwrap()).await;
    assert!(Client::polling(polling.port).await.open.upgrades.is_empty());
    let refused = WebSocket::open(polling.port, &format!("{PATH}&transport=websocket")).await;
    assert_eq!(refused.unwrap_err().brief(), (400, "Transport unknown"));

    let websocket =
        Running::start(Server::builder().transports([Transport::Websocket]).build().unwrap()).await;
    let response = http::get(websocket.port, &format!("{PATH}&transport=polling")).await;
    assert_refused(&response, 0, "Transport unknown");
    Client::websocket(websocket.port).await.connect("/").await;
}

#[tokio::test]
async fn the_handshake_says_what_the_server_is_set_to() {
    let io = Server::builder()
        .ping_interval(std::time::Duration::from_millis(1_500))
        .ping_timeout(std::time::Duration::from_secs(1))
        .max_payload(5_000)
        .build()
        .unwrap();
    let server = Running::start(io).await;
    for open in [Client::polling(server.port).await.open, Client::websocket(server.port).await.open] {
        assert_eq!((open.ping_interval, open.ping_timeout, open.max_payload), (1_500, 1_000, 5_000));
    }
}

#[tokio::test]
async fn another_path_is_not_ours() {
    let server = serve().await;
    for path in ["/", "/socket.io-admin/?EIO=4&transport=polling", "/engine.io/?EIO=4&transport=polling"] {
        assert_eq!(http::get(server.port, path).await.status, 404, "{path}");
    }
}
