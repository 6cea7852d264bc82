//! Who answers: Socket.IO, a static file, the other application, or nobody.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::{Request, Response};
use integration_tests::client::Client;
use integration_tests::http;
use integration_tests::running::Running;
use socketio_core::http::App;
use socketio_core::{Server, StaticFiles};
use tower_service::Service;

use crate::folder::Folder;

#[tokio::test]
async fn socket_io_comes_first_then_files_then_the_other_application() {
    let folder = Folder::new();
    folder.file("index.html", "page");
    folder.file("socket.io/x.txt", "never");
    folder.file("both.txt", "file");
    let io = Server::builder().build().unwrap();
    let files = StaticFiles::new().rule("/", folder.path("."));
    let server = Running::start_app(App::new(&io).static_files(files).fallback(Echo), io).await;

    let asked = async |method: &str, path: &str| {
        let answer = http::request(server.port, method, path, &[], b"").await;
        (answer.status, String::from_utf8(answer.body).unwrap())
    };
    assert_eq!(asked("GET", "/").await, (200, "page".into()));
    assert_eq!(asked("GET", "/both.txt").await, (200, "file".into()));
    assert_eq!(asked("GET", "/socket.io/x.txt").await.0, 400, "it is the server's, and says that");
    assert_eq!(asked("GET", "/not/there").await, (200, "GET /not/there".into()));
    assert_eq!(
        asked("POST", "/both.txt").await,
        (200, "POST /both.txt".into()),
        "files are for GET and HEAD"
    );
    assert_eq!(asked("DELETE", "/").await, (200, "DELETE /".into()));
    let open = http::get(server.port, "/socket.io/?EIO=4&transport=polling").await;
    assert!(open.text().starts_with("0{"), "{open:?}");
}

#[tokio::test]
async fn without_another_application_the_rest_is_404_and_a_file_is_read_only() {
    let folder = Folder::new();
    folder.file("a.txt", "a");
    let io = Server::builder().build().unwrap();
    let files = StaticFiles::new().rule("/files", folder.path("."));
    let server = Running::start_app(App::new(&io).static_files(files), io).await;

    let missing = http::get(server.port, "/files/b.txt").await;
    assert_eq!((missing.brief(), missing.header("content-type")), ((404, "Not Found"), Some("text/plain")));
    assert_eq!(http::post(server.port, "/elsewhere", "x").await.status, 404);
    let posted = http::post(server.port, "/files/a.txt", vec![b'x'; 1_000_000]).await;
    assert_eq!((posted.status, posted.header("allow")), (405, Some("GET, HEAD")));
}

#[tokio::test]
async fn a_path_that_is_every_path_leaves_nothing_to_files() {
    let folder = Folder::new();
    folder.file("a.txt", "a");
    let io = Server::builder().every_path().build().unwrap();
    let files = StaticFiles::new().rule("/", folder.path("."));
    let server = Running::start_app(App::new(&io).static_files(files).fallback(Echo), io).await;
    assert_eq!(http::get(server.port, "/a.txt").await.status, 400);
}

#[tokio::test]
async fn polling_and_websockets_pass_through_an_app() {
    let io = Server::builder().build().unwrap();
    let server = Running::start_app(App::new(&io).static_files([("/", "missing")]).fallback(Echo), io).await;
    for transport in ["polling", "websocket"] {
        let mut client = Client::by(transport, server.port).await;
        client.send("40").await;
        assert!(client.next().await.starts_with("40{"));
    }
}

#[tokio::test]
async fn a_fallback_that_fails_costs_its_own_connection() {
    let io = Server::builder().build().unwrap();
    let server = Running::start_app(App::new(&io).fallback(Fails), io).await;
    let mut client = http::Http::connect(server.port).await;
    client.send_request("GET", "/", &[], b"").await;
    assert_eq!(client.try_response().await, None);
    assert_eq!(http::get(server.port, "/socket.io/?EIO=4&transport=polling").await.status, 200);
}

/// Says what it was asked.
#[derive(Clone, Debug)]
struct Echo;

impl Service<Request<Incoming>> for Echo {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Incoming>) -> Self::Future {
        ready(Ok(Response::new(format!("{} {}", request.method(), request.uri()).into())))
    }
}

#[derive(Clone, Debug)]
struct Fails;

impl Service<Request<Incoming>> for Fails {
    type Response = Response<Full<Bytes>>;
    type Error = std::io::Error;
    type Future = Ready<Result<Self::Response, std::io::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), std::io::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<Incoming>) -> Self::Future {
        ready(Err(std::io::Error::other("as asked")))
    }
}
