//! Unix sockets, and sockets that systemd has opened.

use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::path::Path;

use integration_tests::balancer::free_port;
use integration_tests::client::Client;
use integration_tests::http;
use integration_tests::program::{Program, behind};
use integration_tests::wait::{until, within};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;
use tokio::process::Command;

use crate::folder::Folder;
use crate::standalone;

const HANDSHAKE: &str =
    "GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
const UPGRADE: &str = "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nhost: a\r\nconnection: Upgrade\r\n\
    upgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

#[tokio::test]
async fn a_unix_socket_has_its_mode_replaces_a_stale_one_and_is_gone_at_the_end() {
    let folder = Folder::new();
    let path = folder.path("app.sock");
    let unix = ["--unix", path.to_str().unwrap(), "--mode", "600"];

    let mut killed = standalone::start(&unix).await;
    killed.signal("KILL").await;
    killed.ends().await;
    assert!(std::fs::metadata(&path).unwrap().file_type().is_socket(), "it was left behind");

    let mut program = standalone::start(&unix).await;
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(ask(&path, HANDSHAKE).await.contains("\r\n\r\n0{"));
    assert!(
        ask(&path, "GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await.contains("<title>Latency")
    );
    opens_a_websocket(&path).await;

    let mut second = Program::begin(&mut standalone::command(&unix));
    assert_eq!(second.ends().await.code(), Some(1));
    second.says("somebody listens there").await;
    assert!(ask(&path, HANDSHAKE).await.contains("\r\n\r\n0{"), "the first one is served as before");

    program.signal("TERM").await;
    assert_eq!(program.ends().await.code(), Some(0), "{}", program.said());
    assert!(!path.exists());
}

#[tokio::test]
async fn a_tcp_socket_of_systemd_is_taken() {
    let port = free_port();
    let program = Program::begin(&mut activated(&format!("127.0.0.1:{port}")));
    // systemd listens, and starts the program for the first client.
    program.says("Listening on").await;
    for transport in ["polling", "websocket"] {
        let mut client = Client::by(transport, port).await;
        client.send("40").await;
        assert!(client.next().await.starts_with("40{"));
    }
    program.says("listening on a socket of systemd").await;
    assert_eq!(http::get(port, "/").await.status, 200);
}

#[tokio::test]
async fn a_unix_socket_of_systemd_is_taken_and_left_where_it_is() {
    let folder = Folder::new();
    let path = folder.path("app.sock");
    let mut program = Program::begin(&mut activated(path.to_str().unwrap()));
    program.says("Listening on").await;
    assert!(ask(&path, HANDSHAKE).await.contains("\r\n\r\n0{"));
    opens_a_websocket(&path).await;
    program.says("listening on a Unix socket of systemd").await;
    program.signal("TERM").await;
    assert_eq!(program.ends().await.code(), Some(0), "{}", program.said());
    assert!(path.exists(), "it is systemd's");
}

fn activated(address: &str) -> Command {
    behind(&["systemd-socket-activate", "-l", address], &standalone::command(&[]))
}

/// The whole answer to a request on a connection that ends with it.
async fn ask(path: &Path, request: &str) -> String {
    let mut stream = connect(path).await;
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    within("an answer", stream.read_to_string(&mut answer)).await.unwrap();
    answer
}

async fn opens_a_websocket(path: &Path) {
    let mut stream = connect(path).await;
    stream.write_all(UPGRADE.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    within("the first frame", async {
        while !answer.windows(2).any(|pair| pair == b"0{") {
            assert!(stream.read_buf(&mut answer).await.unwrap() > 0, "{}", String::from_utf8_lossy(&answer));
        }
    })
    .await;
    assert!(answer.starts_with(b"HTTP/1.1 101 "));
}

async fn connect(path: &Path) -> UnixStream {
    until("the socket", || if path.exists() { Ok(()) } else { Err("missing") }).await;
    within("a connection", UnixStream::connect(path)).await.unwrap()
}
