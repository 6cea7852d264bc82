//! Clients that write, or read, a byte a second for minutes, and one beside them that does as it should.
//!
//! The connections are in memory and the clock is the test's, as for [`abandoned`](crate::abandoned): five minutes take a moment.

use std::time::Duration;

use integration_tests::client::PATH;
use integration_tests::frames::{Frame, TEXT, UPGRADE};
use socketio_core::server::Counters;
use socketio_core::{RawArgs, Server};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use crate::in_memory::{Memory, open, read_frame, request, sid};

const CLIENTS: usize = 100;
const MINUTES: Duration = Duration::from_secs(5 * 60);

#[tokio::test(start_paused = true)]
async fn heads_a_byte_at_a_time_end_with_the_deadline_of_a_head() {
    let world = World::start();
    let head = format!("GET {PATH}&transport=polling HTTP/1.1\r\nhost: a\r\n\r\n");
    for _ in 0..CLIENTS {
        let io = open(&world.connect).await;
        tokio::spawn(slowly(io, head.clone().into_bytes()));
    }
    sleep(Duration::from_secs(5)).await;
    assert_eq!(world.counters().connections, CLIENTS);
    sleep(Duration::from_secs(10)).await;
    assert_eq!((world.counters().connections, world.counters().sessions), (0, 1));
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn bodies_a_byte_at_a_time_are_taken_until_the_session_is_over() {
    let world = World::start();
    for _ in 0..CLIENTS {
        let mut io = open(&world.connect).await;
        let sid = sid(&request(&mut io, "GET", &format!("{PATH}&transport=polling"), &[], "").await);
        let target = format!("{PATH}&transport=polling&sid={sid}");
        request(&mut io, "POST", &target, &[], "40").await;
        let head = format!("POST {target} HTTP/1.1\r\nhost: a\r\ncontent-length: 900\r\n\r\n");
        io.write_all(head.as_bytes()).await.unwrap();
        tokio::spawn(slowly(io, vec![b'4'; 900]));
    }
    sleep(Duration::from_secs(40)).await;
    assert_eq!(world.counters().sessions, CLIENTS + 1);
    assert!(world.counters().buffered < 1 << 20, "{:?}", world.counters());
    sleep(MINUTES).await;
    assert_eq!((world.counters().connections, world.counters().sessions), (0, 1));
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn frames_a_byte_at_a_time_that_answer_no_ping_are_over_like_silence() {
    let world = World::start();
    let mut frame = Vec::new();
    Frame::of(TEXT).write(&mut frame, format!("42[\"echo\",\"{}\"]", "x".repeat(900)).as_bytes());
    for _ in 0..CLIENTS {
        tokio::spawn(slowly(joined(&world.connect).await, frame.clone()));
    }
    sleep(Duration::from_secs(40)).await;
    assert_eq!(world.counters().sessions, CLIENTS + 1);
    sleep(Duration::from_secs(20)).await;
    assert_eq!((world.counters().websockets, world.counters().sessions), (1, 1));
    assert_eq!(world.counters().pings_timed_out, CLIENTS as u64);
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn who_writes_whole_packets_a_byte_at_a_time_is_heard_for_minutes() {
    let world = World::start();
    let mut writers = Vec::new();
    for _ in 0..CLIENTS {
        let mut io = joined(&world.connect).await;
        writers.push(tokio::spawn(async move {
            let start = Instant::now();
            let mut answers = 0;
            while start.elapsed() < MINUTES {
                // A ping that came meanwhile is answered first.
                let mut bytes = Vec::new();
                Frame::of(TEXT).write(&mut bytes, b"421[\"echo\"]");
                write_slowly(&mut io, &bytes).await.unwrap();
                loop {
                    match &read_frame(&mut io).await[..] {
                        b"431[]" => break,
                        b"2" => {
                            let mut pong = Vec::new();
                            Frame::of(TEXT).write(&mut pong, b"3");
                            write_slowly(&mut io, &pong).await.unwrap();
                        }
                        other => panic!("{}", String::from_utf8_lossy(other)),
                    }
                }
                answers += 1;
            }
            answers
        }));
    }
    for writer in writers {
        assert!(writer.await.unwrap() >= 10);
    }
    assert_eq!(world.counters().pings_timed_out, 0);
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn who_reads_a_byte_at_a_time_stays_and_what_waits_for_it_is_bounded() {
    const LARGE: usize = 100_000;
    let world = World::start();
    let mut readers = Vec::new();
    for _ in 0..CLIENTS {
        let mut io = joined(&world.connect).await;
        readers.push(tokio::spawn(async move {
            while io.read_u8().await.is_ok() {
                sleep(Duration::from_secs(1)).await;
            }
        }));
    }
    world.io.except("healthy").emit("news", "x".repeat(LARGE)).unwrap();
    sleep(MINUTES).await;
    // They take bytes, and so they live; the message for each is kept once for all, and counted for each.
    assert_eq!(world.counters().sessions, CLIENTS + 1);
    assert!(world.counters().buffered < CLIENTS * 2 * LARGE, "{:?}", world.counters());
    for _ in 0..50 {
        world.io.except("healthy").emit("news", "x".repeat(LARGE)).unwrap();
    }
    sleep(Duration::from_secs(60)).await;
    assert_eq!((world.counters().outgoing_full, world.counters().sessions), (CLIENTS as u64, 1));
    assert!(world.counters().buffered < 1 << 20, "{:?}", world.counters());
    for reader in readers {
        reader.abort();
    }
    world.end().await;
}

/// A server, and the healthy client: an echo a second.
struct World {
    io: Server,
    connect: mpsc::UnboundedSender<DuplexStream>,
    healthy: JoinHandle<()>,
}

impl World {
    fn start() -> Self {
        let io = Server::builder().max_connections(1_000).build().unwrap();
        io.on("echo", |args: RawArgs| args);
        io.on("join", |socket: socketio_core::Socket| socket.join("healthy").is_ok());
        let (connect, connections) = mpsc::unbounded_channel();
        let server = io.clone();
        tokio::spawn(async move { server.serve(Memory(connections), std::future::pending()).await });
        let healthy = tokio::spawn(echoes(connect.clone()));
        World { io, connect, healthy }
    }

    fn counters(&self) -> Counters {
        self.io.counters()
    }

    /// The healthy client has been served all the time.
    async fn end(self) {
        assert!(!self.healthy.is_finished(), "the healthy client is served no more");
        self.healthy.abort();
    }
}

async fn echoes(connect: mpsc::UnboundedSender<DuplexStream>) {
    let mut io = joined(&connect).await;
    write(&mut io, "420[\"join\"]").await;
    assert_eq!(read_frame(&mut io).await, b"430[true]");
    for number in 1.. {
        let asked = Instant::now();
        write(&mut io, &format!("42{number}[\"echo\",{number}]")).await;
        loop {
            let packet = read_frame(&mut io).await;
            if packet == b"2" {
                write(&mut io, "3").await;
                continue;
            }
            assert_eq!(String::from_utf8_lossy(&packet), format!("43{number}[{number}]"));
            break;
        }
        // The clock moves when nobody has anything to do: an answer does not wait for anybody's deadline.
        assert!(asked.elapsed() < Duration::from_millis(10), "it took {:?}", asked.elapsed());
        sleep(Duration::from_secs(1)).await;
    }
}

/// A WebSocket in `/`.
async fn joined(connect: &mpsc::UnboundedSender<DuplexStream>) -> DuplexStream {
    let mut io = open(connect).await;
    request(&mut io, "GET", &format!("{PATH}&transport=websocket"), &UPGRADE, "").await;
    read_frame(&mut io).await;
    write(&mut io, "40").await;
    assert!(read_frame(&mut io).await.starts_with(b"40{"));
    io
}

async fn write(io: &mut DuplexStream, text: &str) {
    let mut frame = Vec::new();
    Frame::of(TEXT).write(&mut frame, text.as_bytes());
    io.write_all(&frame).await.unwrap();
}

/// A byte a second; what comes is read and thrown away.
async fn slowly(mut io: DuplexStream, bytes: Vec<u8>) {
    let mut sink = [0; 1024];
    for byte in bytes {
        tokio::select! {
            () = sleep(Duration::from_secs(1)) => {}
            read = async { loop { if io.read(&mut sink).await.unwrap_or(0) == 0 { break } } } => return read,
        }
        if io.write_all(&[byte]).await.is_err() {
            return;
        }
    }
    sleep(MINUTES).await;
}

/// A byte each half second: an event and a pong behind it take less than a ping may wait.
async fn write_slowly(io: &mut DuplexStream, bytes: &[u8]) -> std::io::Result<()> {
    for byte in bytes {
        sleep(Duration::from_millis(500)).await;
        io.write_all(&[*byte]).await?;
    }
    Ok(())
}
