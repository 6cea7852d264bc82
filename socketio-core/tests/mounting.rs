//! The server mounted into axum and plain hyper: as a service, as a layer, nested, under another path. Raw HTTP on the other side.
#![cfg(feature = "server")]

use std::convert::Infallible;
use std::future::Ready;
use std::net::SocketAddr;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Empty, Full};
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use socketio_core::Server;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tower_layer::Layer as _;
use tower_service::Service;

#[tokio::test]
async fn axum_takes_it_as_a_fallback() {
    let io = Server::builder().build().unwrap();
    let app = Router::new().route("/", get("home")).fallback_service(io.service());
    let address = axum_serves(app).await;

    opens_by_polling_and_by_websocket(address, "/socket.io/").await;
    opens_by_polling_and_by_websocket(address, "/socket.io").await;
    assert_eq!(ask(address, "/").await, (200, "home".into()));
    assert_eq!(ask(address, "/socket.io-admin").await.0, 404);
    assert_eq!(ask(address, "/socket.io-admin/?EIO=4&transport=polling").await.0, 404);
}

#[tokio::test]
async fn axum_takes_it_as_a_layer_that_passes_on_what_is_not_its_own() {
    let io = Server::builder().build().unwrap();
    let app = Router::new()
        .route("/", get("home"))
        .route("/socket.io-admin", get("admin"))
        .fallback(|| async { (http::StatusCode::IM_A_TEAPOT, "nothing here") })
        .layer(io.layer());
    let address = axum_serves(app).await;

    opens_by_polling_and_by_websocket(address, "/socket.io/").await;
    assert_eq!(ask(address, "/").await, (200, "home".into()));
    assert_eq!(ask(address, "/socket.io-admin").await, (200, "admin".into()));
    assert_eq!(ask(address, "/elsewhere").await, (418, "nothing here".into()));
}

#[tokio::test]
async fn axum_nests_it_under_a_prefix() {
    let io = Server::builder().build().unwrap();
    let api = Router::new().route("/users", get("users")).fallback_service(io.service());
    let address = axum_serves(Router::new().nest("/api", api)).await;

    opens_by_polling_and_by_websocket(address, "/api/socket.io/").await;
    assert_eq!(ask(address, "/api/users").await, (200, "users".into()));
    assert_eq!(ask(address, &handshake("/socket.io/")).await.0, 404);
}

#[tokio::test]
async fn axum_routes_to_it_with_and_without_taking_the_path_away() {
    let io = Server::builder().build().unwrap();
    let every = Server::builder().every_path().build().unwrap();
    let app = Router::new().route_service("/socket.io/", io.service()).nest_service("/live", every.service());
    let address = axum_serves(app).await;

    opens_by_polling_and_by_websocket(address, "/socket.io/").await;
    opens_by_polling_and_by_websocket(address, "/live/").await;
    opens_by_polling_and_by_websocket(address, "/live").await;
    opens_by_polling_and_by_websocket(address, "/live/any/thing").await;
}

#[tokio::test]
async fn the_path_is_an_option() {
    let io = Server::builder().path("/chat/").build().unwrap();
    let address = axum_serves(Router::new().fallback_service(io.service())).await;

    opens_by_polling_and_by_websocket(address, "/chat/").await;
    for path in ["/socket.io/", "/chats/", "/"] {
        assert_eq!(ask(address, &handshake(path)).await.0, 404, "{path}");
    }
}

#[tokio::test]
async fn plain_hyper_serves_it() {
    let io = Server::builder().build().unwrap();
    let address = hyper_serves(io.service()).await;
    opens_by_polling_and_by_websocket(address, "/socket.io/").await;
    assert_eq!(ask(address, "/").await.0, 404);
}

#[tokio::test]
async fn the_layer_goes_around_any_service() {
    let io = Server::builder().build().unwrap();
    let address = hyper_serves(io.layer().layer(Hello)).await;
    opens_by_polling_and_by_websocket(address, "/socket.io/").await;
    assert_eq!(ask(address, "/").await, (200, "hello".into()));
    assert_eq!(ask(address, "/socket.io-admin").await, (200, "hello".into()));
}

#[tokio::test]
async fn hyper_utils_server_serves_it_over_http_1_and_2() {
    let io = Server::builder().build().unwrap();
    let address = auto_serves(io.service()).await;
    opens_by_polling_and_by_websocket(address, "/socket.io/").await;

    let stream = TokioIo::new(TcpStream::connect(address).await.unwrap());
    let (mut client, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), stream).await.unwrap();
    tokio::spawn(connection);
    let mut ask = async |query: &str, origin: &str| {
        let uri = format!("http://us.example:8000/socket.io/?{query}");
        let request = Request::get(uri).header("origin", origin).body(Empty::<Bytes>::new()).unwrap();
        let response = client.send_request(request).await.unwrap();
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8(body.to_vec()).unwrap())
    };

    let (status, body) = ask("EIO=4&transport=polling", "http://us.example:8000").await;
    assert_eq!(status, 200, "`:authority` counts as Host: {body}");
    assert!(body.starts_with("0{\"sid\":"), "{body}");
    assert_eq!(ask("EIO=4&transport=polling", "http://us.example").await.0, 400);
    let (status, body) = ask("EIO=4&transport=websocket", "http://us.example:8000").await;
    assert_eq!((status, &*body), (400, r#"{"code":3,"message":"WebSocket needs HTTP/1.1"}"#));
}

#[tokio::test]
async fn the_service_keeps_its_server_alive() {
    let service = Server::builder().build().unwrap().service();
    let address = hyper_serves(service).await;
    opens_by_polling_and_by_websocket(address, "/socket.io/").await;
}

#[tokio::test]
async fn a_refused_body_is_answered_and_does_not_keep_the_connection() {
    let io = Server::builder().build().unwrap();
    let address = axum_serves(Router::new().fallback_service(io.service())).await;

    let mut client = TcpStream::connect(address).await.unwrap();
    let head = "POST /socket.io/?EIO=4&transport=polling&sid=gone HTTP/1.1\r\nHost: x\r\nContent-Length: 2000000\r\n\r\n";
    client.write_all(head.as_bytes()).await.unwrap();
    client.write_all(&vec![b'x'; 2_000_000]).await.unwrap();
    let mut answer = String::new();
    tokio::time::timeout(PATIENCE, client.read_to_string(&mut answer)).await.expect("it is closed").unwrap();
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    assert!(answer.to_lowercase().contains("\r\nconnection: close\r\n"), "{answer}");
    assert!(answer.ends_with(r#"{"code":1,"message":"Session ID unknown"}"#), "{answer}");
}

async fn opens_by_polling_and_by_websocket(address: SocketAddr, path: &str) {
    let (status, body) = ask(address, &handshake(path)).await;
    assert_eq!(status, 200, "{path}: {body}");
    assert!(body.starts_with("0{\"sid\":"), "{path}: {body}");

    let mut client = TcpStream::connect(address).await.unwrap();
    let request = format!(
        "GET {path}?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    client.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let has_opened = |answer: &[u8]| answer.windows(8).any(|window| window == b"0{\"sid\":");
    while !has_opened(&answer) {
        let read = tokio::time::timeout(PATIENCE, client.read_buf(&mut answer))
            .await
            .expect("an open packet")
            .unwrap();
        assert_ne!(read, 0, "{path}: {}", String::from_utf8_lossy(&answer));
    }
    let answer = String::from_utf8_lossy(&answer);
    assert!(answer.starts_with("HTTP/1.1 101 "), "{answer}");
    assert!(answer.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), "{answer}");
}

fn handshake(path: &str) -> String {
    format!("{path}?EIO=4&transport=polling")
}

/// A GET, and what came back.
async fn ask(address: SocketAddr, target: &str) -> (u16, String) {
    let mut client = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    client.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    tokio::time::timeout(PATIENCE, client.read_to_string(&mut answer)).await.expect("an answer").unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head["HTTP/1.1 ".len()..][..3].parse().unwrap(), body.to_owned())
}

async fn axum_serves(app: Router) -> SocketAddr {
    let (listener, address) = bound().await;
    tokio::spawn(async { axum::serve(listener, app).await.unwrap() });
    address
}

async fn hyper_serves<S, B>(service: S) -> SocketAddr
where
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
    B: http_body::Body<Data = Bytes, Error: Into<Box<dyn std::error::Error + Send + Sync>>> + Send + 'static,
{
    let (listener, address) = bound().await;
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let connection = hyper::server::conn::http1::Builder::new()
                .timer(TokioTimer::new())
                .serve_connection(TokioIo::new(stream), TowerToHyperService::new(service.clone()))
                .with_upgrades();
            tokio::spawn(connection);
        }
    });
    address
}

async fn auto_serves<S, B>(service: S) -> SocketAddr
where
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
    B: http_body::Body<Data = Bytes, Error: Into<Box<dyn std::error::Error + Send + Sync>>> + Send + 'static,
{
    let (listener, address) = bound().await;
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let service = TowerToHyperService::new(service.clone());
            tokio::spawn(async move {
                let builder = auto::Builder::new(TokioExecutor::new());
                let _ = builder.serve_connection_with_upgrades(TokioIo::new(stream), service).await;
            });
        }
    });
    address
}

async fn bound() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// Somebody else's service.
#[derive(Clone)]
struct Hello;

impl<B> Service<Request<B>> for Hello {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<B>) -> Self::Future {
        std::future::ready(Ok(Response::new(Full::from("hello"))))
    }
}

const PATIENCE: Duration = Duration::from_secs(20);

#[cfg(all(feature = "axum", feature = "tls"))]
#[tokio::test]
async fn axum_serves_it_over_tls_and_it_knows_that_the_client_is_secure() {
    use socketio_core::http::{IntoListener as _, Listener as _, Peer, Tls};
    use tokio_rustls::TlsConnector;
    use tokio_rustls::rustls::pki_types::pem::PemObject as _;
    use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
    use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto::ring};

    let folder = std::env::temp_dir().join(format!("socketio-mounting-tls-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let rcgen::CertifiedKey { cert, signing_key } =
        rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let (certificate, key) = (folder.join("cert.pem"), folder.join("key.pem"));
    std::fs::write(&certificate, cert.pem()).unwrap();
    std::fs::write(&key, signing_key.serialize_pem()).unwrap();

    let io = Server::builder().build().unwrap();
    let app = Router::new().route("/", get("home")).layer(io.layer());
    let listener = Tls::from_pem_files(&certificate, &key).unwrap().on("127.0.0.1:0");
    let listener = listener.into_listener().await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        axum::serve(listener, app.into_make_service_with_connect_info::<Peer>()).await.unwrap();
    });

    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(&certificate).unwrap()).unwrap();
    let client = ClientConfig::builder_with_provider(std::sync::Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let client = TlsConnector::from(std::sync::Arc::new(client));
    // A page of the server's own: its scheme is told by the connection.
    for (origin, status) in [("https://localhost", "200"), ("http://localhost", "400")] {
        let stream = TcpStream::connect(address).await.unwrap();
        let mut stream = client.connect(ServerName::try_from("localhost").unwrap(), stream).await.unwrap();
        let request = format!(
            "GET {} HTTP/1.1\r\nhost: localhost\r\norigin: {origin}\r\nconnection: close\r\n\r\n",
            handshake("/socket.io/")
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        let _ = stream.read_to_string(&mut answer).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{origin}: {answer}");
    }
    std::fs::remove_dir_all(folder).unwrap();
}
