//! A healthy client beside others that do what they can: its echoes come, in order, and none is lost.
//!
//! The server has its limits at their defaults and is a process of its own, so that its memory can be told. What the healthy client, on a
//! thread of its own, waited for at worst is printed beside how late a bare timer was, and not judged: the same machine is the attackers'.

mod connections; // handshakes, half-open connections
mod oversized; // too much of everything at once
mod packets; // packets and frames

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use integration_tests::client::Client;
use integration_tests::frames::{Frame, TEXT};
use integration_tests::process::{self, Figures, Process};
use integration_tests::wait::lateness;
use socketio_core::{Data, RawArgs, Server, Socket};
use tokio::process::Command;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::sleep;

const MIB: usize = 1 << 20;

/// What there was to see during a flood, and behind it.
#[derive(Debug)]
struct Seen {
    /// The largest that each figure was.
    most: Figures,
    /// Each behind the flood, when its clients have gone.
    after: Figures,
    /// Bytes of memory that the server took for it.
    grown: usize,
}

impl Seen {
    /// What was kept for clients, and what the process took, both in bytes.
    fn stays_within(&self, buffered: usize, grown: usize) {
        assert!(self.most.of("buffered") <= buffered as u64, "{}", self.most.told());
        assert!(self.grown <= grown, "{} bytes", self.grown);
    }
}

/// Runs the flood of four attackers beside the healthy client; each is told its number, and the port.
async fn by_four<F>(what: &str, attack: impl Fn(usize, u16) -> F) -> Seen
where
    F: Future<Output = ()> + Send + 'static,
{
    let flood = async |port| four(|number| attack(number, port)).await;
    beside_in(what, process::command(SERVER, ""), flood).await
}

/// Runs a flood beside the healthy client.
async fn beside_in(what: &str, server: Command, flood: impl AsyncFnOnce(u16)) -> Seen {
    let mut server = Process::start_by(server).await;
    let port = server.port;
    let healthy = Healthy::start(port).await;
    let before = server.resident();

    let mut most = server.figures().await;
    let watching = async {
        loop {
            sleep(Duration::from_millis(50)).await;
            most.keep_most(&server.figures().await);
        }
    };
    tokio::select! {
        () = flood(port) => {}
        () = watching => {}
    }
    most.keep_most(&server.figures().await);
    let grown = server.peak().saturating_sub(before);
    // Behind the flood it is served as before, and alone.
    server
        .shows("the others to be gone", |figures| {
            match figures.each(["sessions", "sockets", "connections"]) {
                [1, 1, 0] => Ok(()),
                _ => Err(figures.told()),
            }
        })
        .await;
    let Echoes { count, worst, late } = healthy.end().await;
    server
        .shows("nothing to be left", |figures| match figures.each(NOTHING) {
            [0, 0, 0, 0, 0] => Ok(()),
            _ => Err(figures.told()),
        })
        .await;
    let after = server.figures().await;
    process::publish(&format!(
        "{what}: of {count} echoes beside it the slowest took {} ms, a bare timer was late by {} ms; memory grew by {:.1} MiB; at most {}",
        worst.as_millis(),
        late.as_millis(),
        grown as f64 / MIB as f64,
        most.told()
    ));
    Seen { most, after, grown }
}

/// The client that does as it should: one echo after the other.
struct Healthy {
    end: watch::Sender<bool>,
    thread: std::thread::JoinHandle<Echoes>,
}

/// How many there were, how long one took at worst, and by how much a timer was late meanwhile.
#[derive(Default)]
struct Echoes {
    count: u64,
    worst: Duration,
    late: Duration,
}

impl Healthy {
    /// Once it has had the first.
    async fn start(port: u16) -> Self {
        let (end, ended) = watch::channel(false);
        let (begin, begun) = oneshot::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(async {
                let mut client = joined(port).await;
                echo(&mut client, 0).await;
                begin.send(()).unwrap();
                echoes(client, ended).await
            })
        });
        begun.await.expect("the healthy client is served");
        Healthy { end, thread }
    }

    async fn end(self) -> Echoes {
        self.end.send(true).expect("the healthy client is served");
        let ended = tokio::task::spawn_blocking(|| self.thread.join());
        ended.await.unwrap().expect("the healthy client is served")
    }
}

async fn echoes(mut client: Client, ended: watch::Receiver<bool>) -> Echoes {
    let late = tokio::spawn(lateness(Instant::now(), ended.clone()));
    let mut echoes = Echoes::default();
    while !*ended.borrow() {
        echoes.count += 1;
        let asked = Instant::now();
        echo(&mut client, echoes.count).await;
        echoes.worst = echoes.worst.max(asked.elapsed());
        sleep(Duration::from_millis(5)).await;
    }
    client.close().await;
    echoes.late = late.await.unwrap().into_iter().map(|(_, by)| by).max().unwrap_or_default();
    echoes
}

async fn echo(client: &mut Client, number: u64) {
    client.send(&format!("42{number}[\"echo\",{number}]")).await;
    assert_eq!(client.next().await, format!("43{number}[{number}]"));
}

/// Four of them at once.
async fn four<F: Future<Output = ()> + Send + 'static>(attack: impl Fn(usize) -> F) {
    let mut attackers = JoinSet::new();
    for number in 0..4 {
        attackers.spawn(attack(number));
    }
    while let Some(attacker) = attackers.join_next().await {
        attacker.unwrap();
    }
}

async fn joined(port: u16) -> Client {
    crate::joined("websocket", port).await
}

/// Text frames that leave in one write.
fn texts(texts: impl IntoIterator<Item = String>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for text in texts {
        Frame::of(TEXT).write(&mut bytes, text.as_bytes());
    }
    bytes
}

/// The server: not a test, but what the tests here start.
#[test]
#[ignore = "started by the other tests of this module"]
fn the_server_in_a_process_of_its_own() {
    process::serve(|_| async {
        let io = Server::builder().build().unwrap();
        let (open, gate) = watch::channel(false);
        // Handlers that began while the gate was closed: so many wait at a time.
        let waited = Arc::new(AtomicU64::new(0));
        let (counting, figure) = (waited.clone(), waited.clone());
        io.on("echo", |args: RawArgs| args)
            .on("nothing", || ())
            .on("wait", move || {
                let mut gate = gate.clone();
                if !*gate.borrow() {
                    counting.fetch_add(1, Relaxed);
                }
                async move { drop(gate.wait_for(|open| *open).await) }
            })
            .on("waited", move || waited.load(Relaxed))
            .on("open the gate", move || open.send(true).is_ok())
            .on("join", |socket: Socket, Data(room): Data<String>| socket.join(room).is_ok());
        io.of_pattern("/room-{number}").on_connect(|| ());
        (io, move || vec![("waited", figure.load(Relaxed))])
    });
}

const NOTHING: [&str; 5] = ["sessions", "rooms", "pending_acks", "handlers_running", "buffered"];
const SERVER: &str = "beside::the_server_in_a_process_of_its_own";
