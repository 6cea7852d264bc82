//! Connections that are made within the process, for tests whose clock stands still while anybody has something to do.

use std::net::SocketAddr;

use socketio_core::http::{Listener, Peer};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::sync::mpsc;

pub(crate) async fn open(connect: &mpsc::UnboundedSender<DuplexStream>) -> DuplexStream {
    let (ours, theirs) = duplex(4_096);
    connect.send(theirs).unwrap();
    // It is accepted before the next one comes.
    tokio::task::yield_now().await;
    ours
}

pub(crate) async fn request(
    io: &mut DuplexStream,
    method: &str,
    target: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> String {
    send(io, method, target, headers, body).await;
    let mut answer = Vec::with_capacity(1024);
    // Behind the answer to an upgrade comes what must not be taken here.
    let upgrade = headers.iter().any(|(name, _)| *name == "upgrade");
    loop {
        match upgrade {
            true => answer.push(io.read_u8().await.unwrap()),
            false => drop(io.read_buf(&mut answer).await.unwrap()),
        }
        if upgrade && !answer.ends_with(b"\r\n\r\n") {
            continue;
        }
        let text = String::from_utf8_lossy(&answer);
        let Some((head, rest)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        if rest.len() >= length.map_or(0, |length| length.parse().unwrap()) {
            assert!(text.starts_with("HTTP/1.1 200") || text.starts_with("HTTP/1.1 101"), "{text}");
            return text.into_owned();
        }
    }
}

pub(crate) async fn send(
    io: &mut DuplexStream,
    method: &str,
    target: &str,
    headers: &[(&str, &str)],
    body: &str,
) {
    let mut request = format!("{method} {target} HTTP/1.1\r\nhost: a\r\n");
    for (name, value) in headers {
        request += &format!("{name}: {value}\r\n");
    }
    if method == "POST" {
        request += &format!("content-length: {}\r\n", body.len());
    }
    io.write_all((request + "\r\n" + body).as_bytes()).await.unwrap();
}

pub(crate) async fn read_frame(io: &mut DuplexStream) -> Vec<u8> {
    let _opcode = io.read_u8().await.unwrap();
    let length = match io.read_u8().await.unwrap() {
        126 => usize::from(io.read_u16().await.unwrap()),
        length => usize::from(length),
    };
    let mut payload = vec![0; length];
    io.read_exact(&mut payload).await.unwrap();
    payload
}

pub(crate) fn sid(answer: &str) -> String {
    let (_, rest) = answer.split_once("\"sid\":\"").unwrap();
    rest.split_once('"').unwrap().0.to_owned()
}

/// Connections that are made within the process.
pub(crate) struct Memory(pub(crate) mpsc::UnboundedReceiver<DuplexStream>);

impl Listener for Memory {
    type Io = DuplexStream;

    async fn accept(&mut self) -> (DuplexStream, Peer) {
        match self.0.recv().await {
            Some(io) => (io, Peer::from(SocketAddr::from(([127, 0, 0, 1], 1)))),
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> Option<SocketAddr> {
        None
    }
}
