//! The server end to end, whatever its peers write: HTTP or WebSocket, on several connections, in any order, with pauses.
//!
//! Nothing panics, every answer is HTTP, no file but those that are served is shown, and when all have gone nothing is left of them.
//! With the id `s` for every session, what a fuzzer finds can go on from one request to the next.
//!
//! Input: pieces, each behind a byte `FF`. The first byte of a piece says what it is: `0` to `3` writes the rest on that connection,
//! opening it first if need be; `c` and a digit cuts one; `w` waits.

use std::path::Path;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use serde_json::Value;
use socketio_core::http::App;
use socketio_core::{Cookie, Cors, Data, Handshake, Server, Socket};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};
use tokio::task::JoinHandle;

pub fn run(data: &[u8]) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
    runtime.expect("a runtime").block_on(async {
        let io = server();
        let mut peers: [Option<Peer>; 4] = Default::default();
        for piece in data.split(|&byte| byte == 0xFF).filter(|piece| !piece.is_empty()) {
            match *piece {
                [digit @ b'0'..=b'3', ref bytes @ ..] => {
                    let peer = peers[usize::from(digit - b'0')].get_or_insert_with(|| Peer::open(&io));
                    peer.write(bytes).await;
                }
                [b'c', digit @ b'0'..=b'3', ..] => {
                    if let Some(peer) = peers[usize::from(digit - b'0')].take() {
                        peer.cut().await;
                    }
                }
                [b'w', ..] => tokio::time::sleep(PAUSE).await,
                _ => return,
            }
        }
        for peer in peers.into_iter().flatten() {
            peer.cut().await;
        }
        tokio::time::sleep(20 * PAUSE).await;
        let left = io.counters();
        assert_eq!((left.sessions, left.sockets, left.rooms, left.websockets), (0, 0, 0, 0), "{left:?}");
        assert_eq!((left.pending_acks, left.handlers_running, left.buffered), (0, 0, 0), "{left:?}");
        assert_eq!((left.handler_panics, left.handler_errors), (0, 0), "{left:?}");
    });
}

/// With all that a request may concern.
fn server() -> Server {
    let io = Server::builder()
        .ping_interval(2 * PAUSE)
        .ping_timeout(PAUSE)
        .upgrade_timeout(PAUSE)
        .connect_timeout(4 * PAUSE)
        .trusted_proxies(["unix", "127.0.0.0/8"])
        .cors(Cors::origin("http://h").credentials(true))
        .cookie(Cookie::new("io"))
        .compression_threshold(64)
        .generate_id(|_: Handshake| "s".to_owned())
        .build()
        .expect("settings that go together");
    io.on("echo", |socket: Socket, Data(value): Data<Value>| drop(socket.emit("echo", value)));
    io.on("ask", |Data(value): Data<Value>| value);
    io.of("/chat").on("join", |socket: Socket| drop(socket.join("room")));
    io
}

/// The far side of a connection.
struct Peer {
    stream: DuplexStream,
    serving: JoinHandle<()>,
    said: Vec<u8>,
}

impl Peer {
    fn open(io: &Server) -> Peer {
        let (near, far) = duplex(1 << 16);
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/fuzz_targets");
        let app = App::new(io).static_files([("/files", folder)]);
        let serving = tokio::spawn(async move {
            let connection = http1::Builder::new()
                .serve_connection(TokioIo::new(far), TowerToHyperService::new(app))
                .with_upgrades();
            let _ = connection.await;
        });
        Peer { stream: near, serving, said: Vec::new() }
    }

    async fn write(&mut self, bytes: &[u8]) {
        // It may have been closed.
        let _ = self.stream.write_all(bytes).await;
        self.read().await;
    }

    /// What there is, and until no task has anything to do.
    async fn read(&mut self) {
        let mut buffer = [0; 4096];
        let soon = Duration::from_millis(1);
        while let Ok(Ok(length @ 1..)) = tokio::time::timeout(soon, self.stream.read(&mut buffer)).await {
            self.said.extend_from_slice(&buffer[..length]);
        }
    }

    async fn cut(mut self) {
        self.read().await;
        drop(self.stream);
        self.serving.await.expect("the task of a connection panics");
        assert!(self.said.is_empty() || self.said.starts_with(b"HTTP/1."), "an answer that is no HTTP");
        let secret = b"[package]";
        assert!(!self.said.windows(secret.len()).any(|part| part == secret), "a file that is not served");
    }
}

/// Short, for the server looks at its clock 30 times a second.
const PAUSE: Duration = Duration::from_millis(50);
