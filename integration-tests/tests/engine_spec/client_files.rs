//! The official client, served from npm's folder.

use integration_tests::{
    foreign::foreign,
    http::{self, Response},
    running::Running,
};
use socketio_core::{Cors, Server};

async fn serve() -> Running {
    let folder = foreign("node_modules/socket.io-client/dist");
    let cors = Cors::origin("https://app.example");
    Running::start(Server::builder().serve_client(folder).cors(cors).build().unwrap()).await
}

async fn get(server: &Running, path: &str, headers: &[(&str, &str)]) -> Response {
    http::request(server.port, "GET", path, headers, b"").await
}

#[tokio::test]
async fn every_bundle_and_its_map_are_served_as_node_does() {
    let server = serve().await;
    for bundle in ["socket.io.js", "socket.io.min.js", "socket.io.esm.min.js", "socket.io.msgpack.min.js"] {
        for (name, kind) in [(bundle.to_owned(), "javascript"), (format!("{bundle}.map"), "json")] {
            let response = get(&server, &format!("/socket.io/{name}?v=1"), &[]).await;
            assert_eq!(response.status, 200, "{name}");
            assert_eq!(response.header("content-type"), Some(&*format!("application/{kind}; charset=utf-8")));
            assert_eq!(response.header("cache-control"), Some("public, max-age=0"));
            assert_eq!(response.header("etag"), Some("\"4.8.4\""));
            let file = foreign("node_modules/socket.io-client/dist").join(&name);
            assert_eq!(response.body, std::fs::read(file).unwrap(), "{name}");

            let compressed =
                get(&server, &format!("/socket.io/{name}"), &[("accept-encoding", "gzip")]).await;
            assert_eq!(compressed.header("content-encoding"), Some("gzip"));
            assert!(compressed.body.len() < response.body.len() / 2, "{name}");
        }
    }
}

#[tokio::test]
async fn who_has_the_version_gets_304_and_head_gets_no_body() {
    let server = serve().await;
    let known = get(&server, "/socket.io/socket.io.js", &[("if-none-match", "W/\"4.8.4\"")]).await;
    assert_eq!((known.status, known.body.len()), (304, 0));
    assert_eq!(get(&server, "/socket.io/socket.io.js", &[("if-none-match", "\"4\"")]).await.status, 200);

    let mut head = http::Http::connect(server.port).await;
    head.send(b"HEAD /socket.io/socket.io.js HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await;
    let answer = String::from_utf8(head.closed().await).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("\r\n\r\n"), "{answer}");
}

#[tokio::test]
async fn hostile_paths_reach_no_file() {
    let server = serve().await;
    for path in [
        "/socket.io/../package.json",
        "/socket.io/..%2fpackage.json",
        "/socket.io/%2e%2e/package.json",
        "/socket.io/....//package.json",
        "/socket.io//etc/passwd",
        "/socket.io/socket.io.js/../../package.json",
        "/socket.io/..\\package.json",
        "/socket.io/socket.io.js%00.txt",
        "/socket.io/socket.io.jsx",
        "/socket.io/package.json",
    ] {
        let response = get(&server, path, &[]).await;
        assert!([400, 404].contains(&response.status), "{path}: {}", response.status);
        assert!(response.body.len() < 100, "{path}: {:?}", response.body);
    }
    assert_eq!(get(&server, "/socket.io.js", &[]).await.status, 404);
    let posted = http::post(server.port, "/socket.io/socket.io.js", "").await;
    assert_eq!(posted.status, 400);
}

#[tokio::test]
async fn pages_of_other_origins_get_the_files_by_the_rule_for_all() {
    let server = serve().await;
    let allowed = get(&server, "/socket.io/socket.io.js", &[("origin", "https://app.example")]).await;
    assert_eq!(allowed.header("access-control-allow-origin"), Some("https://app.example"));
    let refused = get(&server, "/socket.io/socket.io.js", &[("origin", "https://evil.example")]).await;
    assert_eq!(refused.status, 400);
}

#[tokio::test]
async fn without_the_option_there_are_no_files() {
    let server = Running::start(Server::builder().build().unwrap()).await;
    assert_eq!(get(&server, "/socket.io/socket.io.js", &[]).await.status, 400);
}
