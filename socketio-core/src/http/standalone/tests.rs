//! Over loopback sockets, with deadlines of tenths of a second.

use http_body_util::BodyExt as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::fixture::{LARGE, PATIENCE, Running, TICK, closes, read_answer, until};
use super::*;
use crate::http::Body;

#[tokio::test]
async fn requests_are_answered_one_after_the_other_and_know_their_peer() {
    let server = Running::start().await;
    let mut client = server.connect().await;
    let address = client.local_addr().unwrap();
    for _ in 0..3 {
        client.write_all(b"GET /peer HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        assert!(read_answer(&mut client).await.ends_with(&format!("\r\n\r\n{address}")));
    }
    assert_eq!(server.connections.open(), 1);
    drop(client);
    server.empties().await;
}

#[tokio::test]
async fn whoever_does_not_send_a_whole_head_is_cut() {
    let server = Running::start_hasty().await;
    for start in [
        "",
        "G",
        "GET / HTTP/1.1\r\nHost:",
        "PRI * HTTP/2.0\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0",
    ] {
        let mut client = server.connect().await;
        client.write_all(start.as_bytes()).await.unwrap();
        closes(&mut client).await;
    }
    server.empties().await;
}

#[tokio::test]
async fn a_head_that_trickles_is_cut_all_the_same_the_first_and_a_later_one() {
    let server = Running::start_hasty().await;
    for later in [false, true] {
        let mut client = server.connect().await;
        if later {
            client.write_all(b"GET /peer HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
            read_answer(&mut client).await;
        }
        client.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
        let (mut from, mut to) = client.split();
        let trickle = async {
            while to.write_all(b"A: b\r\n").await.is_ok() {
                tokio::time::sleep(TICK / 4).await
            }
        };
        let mut bytes = Vec::new();
        let end = async {
            let _ = from.read_to_end(&mut bytes).await;
        };
        let (mut trickle, mut end) = (pin!(trickle), pin!(end));
        let cut = futures_util::future::select(trickle.as_mut(), end.as_mut());
        tokio::time::timeout(PATIENCE, cut).await.expect("the connection is cut");
    }
    server.empties().await;
}

#[tokio::test]
async fn an_idle_connection_is_closed_after_its_last_answer() {
    let server = Running::start_with(Limits { idle: TICK, ..Limits::default() }).await;
    let mut client = server.connect().await;
    client.write_all(b"GET /peer HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    read_answer(&mut client).await;
    closes(&mut client).await;
    server.empties().await;
}

#[tokio::test]
async fn a_head_that_is_too_large_is_answered_431() {
    let server = Running::start().await;
    let many = "A: b\r\n".repeat(101);
    let large = format!("A: {}\r\n", "b".repeat(MAX_HEAD));
    let upgrade = format!("Connection: Upgrade\r\nUpgrade: websocket\r\n{many}");
    for headers in [many, large, upgrade] {
        let mut client = server.connect().await;
        let _ = client.write_all(format!("GET / HTTP/1.1\r\nHost: x\r\n{headers}\r\n").as_bytes()).await;
        assert!(read_answer(&mut client).await.starts_with("HTTP/1.1 431 "));
        closes(&mut client).await;
    }
    server.empties().await;
}

#[tokio::test]
async fn a_slow_handler_is_waited_for() {
    let server = Running::start_hasty().await;
    let mut client = server.connect().await;
    client.write_all(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    assert!(read_answer(&mut client).await.ends_with("slow"));
}

#[tokio::test]
async fn a_client_that_leaves_frees_its_handler() {
    let server = Running::start().await;
    let mut client = server.connect().await;
    client.write_all(b"GET /never HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    until(|| server.at_work() == 1).await;
    drop(client);
    server.empties().await;
    assert_eq!(server.at_work(), 0);
}

#[tokio::test]
async fn a_client_that_does_not_read_is_cut_and_one_that_reads_slowly_is_not() {
    let server = Running::start_hasty().await;
    let mut deaf = server.connect().await;
    deaf.write_all(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    server.empties().await;

    let mut slow = server.connect().await;
    slow.write_all(b"GET /large HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.unwrap();
    let (mut read, mut bytes) = (0, vec![0; LARGE / 20]);
    let start = Instant::now();
    loop {
        let more = slow.read(&mut bytes).await.unwrap();
        if more == 0 {
            break;
        }
        if read / (LARGE / 8) != (read + more) / (LARGE / 8) {
            tokio::time::sleep(TICK).await;
        }
        read += more;
    }
    assert!(
        read > LARGE && start.elapsed() > server.limits.idle + server.limits.close,
        "{read} {:?}",
        start.elapsed()
    );
}

#[tokio::test]
async fn a_body_that_nobody_reads_does_not_keep_the_answer_from_its_client() {
    let server = Running::start().await;
    for head in ["Content-Length: 3000000\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n2dc6c0\r\n"] {
        let mut client = server.connect().await;
        client.write_all(format!("POST /refuse HTTP/1.1\r\nHost: x\r\n{head}").as_bytes()).await.unwrap();
        let (mut from, mut to) = client.split();
        // All of it, as a client that does not look at answers before: with a reset it would see an error.
        to.write_all(&vec![b'x'; 3_000_000]).await.unwrap();
        let mut answer = Vec::new();
        to.write_all(b"\r\n0\r\n\r\n").await.unwrap();
        tokio::time::timeout(PATIENCE, from.read_to_end(&mut answer)).await.expect("it is closed").unwrap();
        assert!(answer.starts_with(b"HTTP/1.1 400 "));
    }
    server.empties().await;
}

#[tokio::test]
async fn an_upgraded_connection_is_a_tcp_stream_and_not_counted() {
    let server = Running::start().await;
    let mut client = server.connect().await;
    client
        .write_all(
            b"GET /upgrade HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\nearly",
        )
        .await
        .unwrap();
    let mut answer = Vec::new();
    client.read_to_end(&mut answer).await.unwrap();
    let answer = String::from_utf8(answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 101 ") && answer.ends_with("\r\n\r\nearly"), "{answer}");
    server.empties().await;
}

#[tokio::test]
async fn http_2_is_served_without_extended_connect() {
    let server = Running::start().await;
    let stream = TokioIo::new(server.connect().await);
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), stream).await.unwrap();
    let connection = tokio::spawn(connection);
    let request = Request::get("http://us.example/peer").body(Body::empty()).unwrap();
    let response = sender.send_request(request).await.unwrap();
    assert_eq!(response.version(), http::Version::HTTP_2);
    assert!(response.into_body().collect().await.unwrap().to_bytes().starts_with(b"127.0.0.1:"));

    let mut connect = Request::new(Body::empty());
    *connect.method_mut() = http::Method::CONNECT;
    *connect.uri_mut() = "http://us.example/peer".parse().unwrap();
    connect.extensions_mut().insert(hyper::ext::Protocol::from_static("websocket"));
    assert!(sender.send_request(connect).await.is_err());

    drop(sender);
    let _ = connection.await;
    server.empties().await;
}

#[tokio::test]
async fn an_http_2_connection_without_requests_is_closed() {
    let server = Running::start_hasty().await;
    let stream = TokioIo::new(server.connect().await);
    let (sender, connection) =
        hyper::client::conn::http2::handshake::<_, _, Body>(TokioExecutor::new(), stream).await.unwrap();
    let connection = tokio::spawn(connection);
    tokio::time::timeout(PATIENCE, connection)
        .await
        .expect("it answers pings, and is closed all the same")
        .unwrap()
        .ok();
    drop(sender);
    server.empties().await;
}

#[tokio::test]
async fn shutdown_frees_the_port_and_lets_requests_end() {
    let mut server = Running::start().await;
    let mut busy = server.connect().await;
    busy.write_all(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let mut idle = server.connect().await;
    idle.write_all(b"GET /peer HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    read_answer(&mut idle).await;
    let mut silent = server.connect().await;
    until(|| server.connections.open() == 3 && server.at_work() == 1).await;

    server.stop().await;
    assert!(TcpStream::connect(server.address).await.is_err());
    idle.write_all(b"GET /peer HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    assert!(read_answer(&mut idle).await.starts_with("HTTP/1.1 200 "), "open connections live on");

    assert_eq!(server.connections.finish(PATIENCE / 4).await, 0);
    assert!(read_answer(&mut busy).await.ends_with("slow"));
    closes(&mut busy).await;
    closes(&mut idle).await;
    closes(&mut silent).await;
    assert_eq!(server.connections.open(), 0);
}

#[tokio::test]
async fn shutdown_cuts_what_does_not_end_in_time() {
    let mut server = Running::start().await;
    let mut client = server.connect().await;
    client.write_all(b"GET /never HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    until(|| server.at_work() == 1).await;
    server.stop().await;
    assert_eq!(server.connections.finish(TICK / 2).await, 1);
    assert_eq!((server.connections.open(), server.at_work()), (0, 0));
    closes(&mut client).await;
}

#[tokio::test]
async fn a_handler_that_panics_costs_its_own_connection() {
    let server = Running::start().await;
    let mut client = server.connect().await;
    client.write_all(b"GET /panic HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    closes(&mut client).await;
    server.empties().await;
    let mut client = server.connect().await;
    client.write_all(b"GET /peer HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    assert!(read_answer(&mut client).await.starts_with("HTTP/1.1 200 "));
}
