//! Ids that are secrets, and what clients say.

use integration_tests::client::Client;
use integration_tests::frames::WebSocket;
use integration_tests::http;
use socketio_core::{Auth, Data};

use crate::{log, serve};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_secret_id_of_a_session_never_appears_whole() {
    let server = serve().await;
    let mut secrets = Vec::new();
    for transport in ["polling", "websocket", "upgrade"] {
        let mut client = Client::by(transport, server.port).await;
        secrets.push(client.open.sid.clone());
        client.connect("/").await;
        client.send("421[\"echo\",\"hello\"]").await;
        assert_eq!(client.next().await, "431[\"hello\"]");
        // Refused requests name the path, and the id is part of the query.
        let target = client.polling_target();
        http::request(server.port, "PUT", &target, &[("content-length", "0")], b"").await;
        http::post(server.port, &target, "nonsense").await;
        http::get(server.port, &target).await;
        drop(WebSocket::open(server.port, &client.websocket_target()).await);
        client.close().await;
    }
    server.is_empty().await;
    let log = log();
    assert!(log.contains("session opened") && log.contains("session closed"), "the log is not written");
    for secret in secrets {
        assert!(log.contains(&secret[..4]), "the lines of a session name it by the head of its id");
        let line = log.lines().find(|line| line.contains(&secret));
        assert_eq!(line, None);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_clients_say_is_not_written_down() {
    #[derive(serde::Deserialize)]
    struct Login {
        #[expect(dead_code, reason = "it never fits")]
        number: u8,
    }
    let server = serve().await;
    server.io.on("number", |Data(_): Data<u8>| ());
    server.io.of("/numbers").on_connect(|Auth(_): Auth<Login>| true);
    for transport in ["polling", "websocket"] {
        let mut client = Client::by(transport, server.port).await;
        client.connect_with("/", "{\"password\":\"confidential\"}").await;
        client.send("421[\"echo\",\"confidential\"]").await;
        client.next().await;
        client.send("42[\"nobody listens\",\"confidential\"]").await;
        client.send("42[\"number\",\"confidential\"]").await;
        client.send("40/numbers,{\"number\":\"confidential\"}").await;
        assert_eq!(
            client.next().await,
            "44/numbers,{\"message\":\"auth.number does not fit: invalid type: string, expected u8 at line 1 column 24\"}"
        );
        server.io.emit("news", "confidential").unwrap();
        client.next().await;
        client.close().await;
    }
    server.is_empty().await;
    let log = log();
    assert_eq!(log.lines().find(|line| line.contains("confidential")), None);
    for told in
        ["an argument does not fit, the handler does not run", "auth does not fit, the client is refused"]
    {
        let tells = |line: &str| line.contains(told) && line.contains("invalid type: string, expected u8");
        assert!(log.lines().any(tells), "{told}");
    }
}
