//! `http::Upgrade`: a server that is not hyper, here one by hand, gives the connection of a WebSocket away.

use std::convert::Infallible;
use std::io;

use http_body_util::Empty;
use hyper::{Request, Response, StatusCode};
use integration_tests::client::Client;
use integration_tests::http::Http;
use integration_tests::wait::{until, within};
use socketio_core::Server;
use socketio_core::http::{Body, Upgrade};
use tokio::io::{AsyncReadExt, AsyncWriteExt, BufStream};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tower_service::Service;

/// What is handed over of a connection that is answered by 101.
#[derive(Clone, Copy)]
enum Give {
    Tcp,
    Buffered,
    Error,
}

#[tokio::test]
async fn a_tcp_connection_that_is_given_becomes_the_websocket() {
    chats(Give::Tcp).await;
}

#[tokio::test]
async fn any_other_stream_does_too() {
    chats(Give::Buffered).await;
}

#[tokio::test]
async fn one_that_does_not_come_leaves_nothing() {
    let io = Server::builder().build().unwrap();
    let port = serve(io.clone(), Give::Error).await;
    let mut connection = Http::connect(port).await;
    let headers = [
        ("connection", "Upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];
    let target = "/socket.io/?EIO=4&transport=websocket";
    assert_eq!(connection.request("GET", target, &headers, b"").await.status, 101);
    connection.closed().await;
    assert_eq!((io.counters().sessions, io.counters().websockets), (0, 0));
}

async fn chats(give: Give) {
    let io = Server::builder().build().unwrap();
    io.on("say", |text: socketio_core::Data<String>| text.0);
    let port = serve(io.clone(), give).await;
    let mut client = Client::websocket(port).await;
    client.connect("/").await;
    client.send(r#"421["say","hello"]"#).await;
    assert_eq!(client.next().await, r#"431["hello"]"#);
    assert_eq!(io.counters().websockets, 1);
    client.close().await;
    until("the client to be gone", || match io.counters().websockets {
        0 => Ok(()),
        left => Err(left),
    })
    .await;
}

/// A server that knows one request per connection.
async fn serve(io: Server, give: Give) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            answer(io.clone(), stream, give).await;
        }
    });
    port
}

async fn answer(io: Server, mut stream: TcpStream, give: Give) {
    let mut request = head(&mut stream).await;
    let (handing, handed) = oneshot::channel::<TcpStream>();
    let lost = || io::Error::other("the connection is lost");
    let connection = async move { handed.await.map_err(|_| lost()) };
    request.extensions_mut().insert(match give {
        Give::Tcp | Give::Error => Upgrade::new(connection),
        Give::Buffered => Upgrade::new(async { Ok(BufStream::new(connection.await?)) }),
    });
    let Ok(response): Result<Response<Body>, Infallible> = io.service().call(request).await;
    assert_eq!(response.status(), StatusCode::SWITCHING_PROTOCOLS);
    let mut text = "HTTP/1.1 101 Switching Protocols\r\n".to_owned();
    for (name, value) in response.headers() {
        text += &format!("{name}: {}\r\n", value.to_str().unwrap());
    }
    stream.write_all((text + "\r\n").as_bytes()).await.unwrap();
    if !matches!(give, Give::Error) {
        handing.send(stream).expect("the server waits for it");
    }
}

async fn head(stream: &mut TcpStream) -> Request<Empty<&'static [u8]>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(within("a request", stream.read_u8()).await.unwrap());
    }
    let head = String::from_utf8(head).unwrap();
    let mut lines = head.trim_end().split("\r\n");
    let target = lines.next().unwrap().split(' ').nth(1).unwrap();
    let mut request = Request::get(target);
    for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
        request = request.header(name, value);
    }
    request.body(Empty::new()).unwrap()
}
