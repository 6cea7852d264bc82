//! Clients that ask for more than they read.

use std::time::Duration;

use integration_tests::{http::Http, wait::until};
use socketio_core::Server;
use tokio::time::timeout;

use crate::{assert_unharmed, joined, serve};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_hundred_thousand_echoes_a_hundred_thousand_arrive_for_a_client_that_asks_faster_than_it_reads()
{
    const ECHOES: usize = 100_000;
    // No ping comes among the answers.
    let server = serve(Server::builder().ping_interval(Duration::from_secs(3600)), |_| {}).await;
    let mut client = joined("websocket", server.port).await;
    let text = "x".repeat(150);
    let (mut reading, mut writing) = client.socket().split();
    let mut writing = Box::pin(async {
        for first in (0..ECHOES).step_by(500) {
            let asked: Vec<_> =
                (first..first + 500).map(|number| format!("42{number}[\"echo\",\"{text}\"]")).collect();
            writing.send_texts(&asked).await;
        }
    });
    // Nobody reads until nothing more can be asked: the server has stopped reading too.
    let stuck = timeout(Duration::from_secs(2), &mut writing).await;
    assert!(stuck.is_err(), "the server took in everything");
    assert!(server.io.counters().buffered <= 5 << 20, "{:?}", server.io.counters());
    let reading = async {
        for number in 0..ECHOES {
            let answer = reading.next_text().await;
            assert!(answer.starts_with(&format!("43{number}[")), "{number}: {answer:.40}");
        }
    };
    tokio::join!(writing, reading);
    assert_eq!(server.io.counters().outgoing_full, 0);
    client.close().await;
    assert_unharmed(&server).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parts_of_messages_count_and_the_fullest_connection_is_cut_first() {
    let total = 4_000_000;
    let builder = Server::builder().max_payload(1_000_000).max_outgoing(1 << 20).max_buffered_total(total);
    let server = serve(builder, |_| {}).await;
    // Six of 400 kB, in buffers of half a megabyte, are within the bound.
    let mut small = Vec::new();
    for _ in 0..6 {
        small.push(begun(server.port, 400_000).await);
    }
    // A seventh of 900 kB is not, and is the fullest.
    let mut large = begun(server.port, 900_000).await;
    let integration_tests::frames::Message::Close(Some((1013, reason))) = large.socket().closed().await
    else {
        panic!("1013")
    };
    assert!(reason.contains("max_buffered_total"), "{reason}");
    assert_eq!(server.io.counters().buffered_full, 1);
    assert!(server.io.counters().buffered <= total);
    // The others end their messages as if nothing had been.
    for client in &mut small {
        end(client, 400_000).await;
    }
    for client in small {
        client.close().await;
    }
    assert_unharmed(&server).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_of_posts_count_too() {
    let builder =
        Server::builder().max_payload(1_000_000).max_outgoing(1 << 20).max_buffered_total(1_100_000);
    let server = serve(builder, |_| {}).await;
    let mut posts = Vec::new();
    for size in [300_000, 900_000] {
        let client = joined("polling", server.port).await;
        let mut http = Http::connect(server.port).await;
        let target = client.polling_target();
        let head = format!("POST {target} HTTP/1.1\r\nhost: a\r\ncontent-length: {}\r\n\r\n", size + 10);
        http.send(head.as_bytes()).await;
        http.send(&vec![b'4'; size]).await;
        posts.push((client, http));
    }
    let answer = posts[1].1.try_response().await;
    assert!(answer.is_none_or(|answer| answer.status == 400));
    assert_eq!(server.io.counters().buffered_full, 1);
    assert_eq!(server.io.counters().sockets, 1);
    drop(posts);
    assert_unharmed(&server).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_is_not_read_goes_with_its_session_and_nobody_is_cut_for_it() {
    let builder = Server::builder()
        .max_outgoing(16 << 20)
        .max_buffered_total(17 << 20)
        .ping_interval(Duration::from_millis(200))
        .ping_timeout(Duration::from_secs(4));
    let server = serve(builder, |_| {}).await;
    let deaf = joined("polling", server.port).await;
    server.io.emit("given", "x".repeat(16_000_000)).unwrap();
    // More than the kernel takes.
    let mut getting = Http::connect_narrow(server.port).await;
    getting.send_request("GET", &deaf.polling_target(), &[], b"").await;
    until("its session to end, and its memory to be free", || match server.io.counters() {
        counters if (counters.sessions, counters.buffered) == (0, 0) => Ok(()),
        counters => Err(Box::new(counters)),
    })
    .await;
    // The connection is still there, and what it does not read.
    let mut other = joined("polling", server.port).await;
    server.io.emit("given", "x".repeat(8_000_000)).unwrap();
    while !other.next().await.starts_with("42[\"given\"") {}
    assert_eq!(server.io.counters().buffered_full, 0);
    assert!(getting.try_response().await.is_none(), "it ends short of its length");
    other.close().await;
    assert_unharmed(&server).await;
}

/// A client that has sent all of an echo but its last ten bytes.
async fn begun(port: u16, size: usize) -> integration_tests::client::Client {
    let mut client = joined("websocket", port).await;
    let frame = echo(size);
    client.socket().send_raw(&frame[..frame.len() - 10]).await;
    client
}

async fn end(client: &mut integration_tests::client::Client, size: usize) {
    let frame = echo(size);
    client.socket().send_raw(&frame[frame.len() - 10..]).await;
    assert!(client.next().await.starts_with("431[\"xxx"));
}

fn echo(size: usize) -> Vec<u8> {
    use integration_tests::frames::{Frame, TEXT};
    let mut frame = Vec::new();
    Frame::of(TEXT).write(&mut frame, format!("421[\"echo\",\"{}\"]", "x".repeat(size)).as_bytes());
    frame
}
