//! One port: Socket.IO, files, another application; and the end of it.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use ::http::{Request, Response};
use bytes::Bytes;
use integration_tests::balancer::free_port;
use integration_tests::client::Client;
use integration_tests::http;
use integration_tests::wait::{until, within};
use socketio_core::blocking::{Server, Socket};
use socketio_core::http::{Peer, Tls};
use socketio_core::{Data, StaticFiles};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::{joined, serve};

/// `/peer`, `/slow`, `/panic`, `POST /notify`, and whatever else is echoed.
fn elsewhere(io: &Server, request: Request<Bytes>) -> Response<String> {
    let peer = request.extensions().get::<Peer>().and_then(|peer| peer.address);
    let text = match (request.method().as_str(), request.uri().path()) {
        (_, "/peer") => peer.is_some_and(|peer| peer.ip().is_loopback()).to_string(),
        (_, "/secure") => request.extensions().get::<Peer>().is_some_and(|peer| peer.secure).to_string(),
        (_, "/slow") => {
            thread::sleep(Duration::from_millis(200));
            "slow".to_owned()
        }
        (_, "/panic") => panic!("asked for by a test"),
        ("POST", "/notify") => {
            let text = String::from_utf8_lossy(request.body()).into_owned();
            io.emit("notice", text).expect("it is text").local.to_string()
        }
        (method, path) => format!("{method} {path} {} bytes", request.body().len()),
    };
    let mut response = Response::new(text);
    response.headers_mut().insert("x-from", "elsewhere".parse().expect("a header"));
    response
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plain_function_answers_what_is_neither_socket_ios_nor_a_file() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/chat/index.html");
    let builder = Server::builder().max_payload(1000).static_files(StaticFiles::new().rule("/", page));
    let server = serve(builder, |io| {
        let emitting = io.clone();
        io.fallback(move |request| elsewhere(&emitting, request));
    });
    let port = server.port;
    let mut client = joined(port).await;

    let file = http::get(port, "/").await;
    assert_eq!((file.status, file.header("x-from")), (200, None));
    assert!(file.text().contains("<html"));
    let other = http::request(port, "PUT", "/other?x=1", &[], b"").await;
    assert_eq!((other.brief(), other.header("x-from")), ((200, "PUT /other 0 bytes"), Some("elsewhere")));
    assert_eq!(http::get(port, "/peer").await.text(), "true");
    assert_eq!(http::post(port, "/notify", "hello").await.brief(), (200, "1"));
    assert_eq!(client.next().await, r#"42["notice","hello"]"#);
    assert_eq!(http::post(port, "/x", "x".repeat(1000)).await.text(), "POST /x 1000 bytes");
    assert_eq!(http::post(port, "/x", "x".repeat(1001)).await.status, 413);
    assert_eq!(http::get(port, "/panic").await.status, 500);
    assert_eq!(server.io.counters().handler_panics, 1);
    assert_eq!(http::get(port, "/socket.io/?EIO=4&transport=nothing").await.status, 400);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn polling_websockets_and_the_upgrade_pass_it_by_and_another_origin_is_refused() {
    let server = serve(Server::builder(), |io| {
        let emitting = io.clone();
        io.fallback(move |request| elsewhere(&emitting, request));
        io.on("double", |Data(number): Data<u64>| number * 2);
    });
    let port = server.port;
    for way in ["polling", "websocket"] {
        let mut client = Client::by(way, port).await;
        client.connect("/").await;
        client.send(r#"421["double",21]"#).await;
        assert_eq!(client.next().await, "431[42]");
    }
    let mut client = Client::polling(port).await;
    client.connect("/").await;
    let mut client = client.upgrade().await;
    client.send(r#"421["double",4]"#).await;
    assert_eq!(client.next().await, "431[8]");

    let foreign = [("origin", "http://elsewhere.example")];
    let target = "/socket.io/?EIO=4&transport=polling";
    assert_eq!(http::request(port, "GET", target, &foreign, b"").await.status, 400);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_tells_clients_lets_requests_and_handlers_end_and_gives_the_port_back() {
    let io = Server::builder().build().unwrap();
    let emitting = io.clone();
    let (asked, at_work) = std::sync::mpsc::channel();
    io.fallback(move |request| {
        asked.send(()).expect("the test goes on");
        elsewhere(&emitting, request)
    });
    io.on("slow", |socket: Socket| {
        thread::sleep(Duration::from_millis(200));
        socket.emit("still here", ()).is_ok()
    });
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let serving = io.clone();
    let serving = tokio::task::spawn_blocking(move || serving.serve(listener));
    let mut websocket = joined(port).await;
    let mut polling = Client::polling(port).await;
    polling.connect("/").await;
    let mut slow = http::Http::connect(port).await;
    slow.send_request("GET", "/slow", &[], b"").await;
    until("the slow request to be at work", || at_work.try_recv()).await;

    let closing = io.clone();
    let closing = tokio::task::spawn_blocking(move || closing.close());
    assert_eq!(websocket.ended().await, [""; 0]);
    assert_eq!(polling.ended().await, [""; 0]);
    assert_eq!(slow.response().await.brief(), (200, "slow"));
    let drained = within("the close", closing).await.unwrap();
    assert_eq!((drained.undelivered, drained.cut), (0, 0));
    within("serve to return", serving).await.unwrap().unwrap();
    assert_eq!(io.counters().sessions, 0);
    TcpListener::bind(("127.0.0.1", port)).expect("the port is free");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn https_and_wss_end_at_the_server_of_threads() {
    let certificate = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("blocking-tls");
    std::fs::create_dir_all(&folder).unwrap();
    let (pem, key) = (folder.join("cert.pem"), folder.join("key.pem"));
    std::fs::write(&pem, certificate.cert.pem()).unwrap();
    std::fs::write(&key, certificate.signing_key.serialize_pem()).unwrap();

    let io = Server::builder().build().unwrap();
    let emitting = io.clone();
    io.fallback(move |request| elsewhere(&emitting, request));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let serving = io.clone();
    let listener = Tls::from_pem_files(&pem, &key).unwrap().on(listener);
    let serving = tokio::task::spawn_blocking(move || serving.serve(listener));

    let mut roots = RootCertStore::empty();
    roots.add(certificate.cert.der().clone()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connector = TlsConnector::from(Arc::new(config));
    let asked = async |path: &str, headers: &str, until: &str| {
        let stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        let mut stream = connector.connect("localhost".try_into().unwrap(), stream).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n{headers}\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        within("an answer over TLS", async {
            while !String::from_utf8_lossy(&answer).contains(until) {
                assert!(stream.read_buf(&mut answer).await.unwrap() > 0, "no {until:?}: {answer:?}");
            }
        })
        .await;
    };
    asked("/secure", "", "true").await;
    asked("/socket.io/?EIO=4&transport=polling", "origin: https://localhost\r\n", "0{\"sid\"").await;
    let upgrade = "connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
        sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\norigin: https://localhost\r\n";
    asked("/socket.io/?EIO=4&transport=websocket", upgrade, "0{\"sid\"").await;
    let closing = tokio::task::spawn_blocking(move || io.close());
    within("the close", closing).await.unwrap();
    within("serve to return", serving).await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_framework_of_threads_is_reached_over_the_same_port_and_emits() {
    let port = free_port();
    let program = env!("CARGO_BIN_EXE_tiny_http");
    let mut example = Ends(
        Command::new(program)
            .arg(format!("127.0.0.1:{port}"))
            .stdout(Stdio::null())
            .spawn()
            .expect("it was built"),
    );
    until("the example to listen", || std::net::TcpStream::connect(("127.0.0.1", port)).map(drop)).await;
    assert_eq!(http::get(port, "/").await.brief(), (200, "hello from tiny_http"));
    assert_eq!(http::get(port, "/nowhere").await.brief(), (404, "tiny_http has no such page"));
    let mut clients = [joined(port).await, joined(port).await];
    let answer = http::request(port, "POST", "/notify", &[("content-type", "text/plain")], b"lunch").await;
    assert_eq!(answer.brief(), (200, "2"));
    for client in &mut clients {
        assert_eq!(client.next().await, r#"42["notice","lunch"]"#);
    }
    clients[0].send(r#"42["say","hi"]"#).await;
    assert_eq!(clients[1].next().await, r#"42["said","hi"]"#);

    Command::new("kill").args(["-INT", &example.0.id().to_string()]).status().expect("kill");
    for client in &mut clients {
        assert_eq!(client.ended().await, [""; 0]);
    }
    let mut ended = None;
    until("the example to end", || {
        ended = example.0.try_wait().expect("it is ours");
        ended.map(drop).ok_or(())
    })
    .await;
    assert_eq!(ended.and_then(|ended| ended.code()), Some(0));
}

struct Ends(Child);

impl Drop for Ends {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
