//! Resident memory of a server in a process of its own.

use std::time::Duration;

use integration_tests::{
    client::{Client, joined_narrow},
    frames::WebSocket,
    process::{self, Process},
};
use socketio_core::{
    Args, RawArgs, Server, Socket,
    server::{OutgoingPolicy, ServerBuilder},
};

const MIB: usize = 1 << 20;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_megabytes_for_a_reader_that_stopped_cut_it_and_grow_the_server_by_no_more_than_32_mib() {
    let mut server = start("cut").await;
    let mut healthy = Healthy::join(server.port).await;
    let _stuck = joined_narrow("/", server.port).await;
    healthy.warm_up().await;
    let before = server.resident();
    healthy.flood("flood", 2_000, 100_000).await;
    let grown = server.grown(before);
    let figures = server.figures().await;
    assert!(grown <= 32 * MIB, "grown by {grown} bytes");
    assert_eq!(figures.each(["outgoing_full", "volatile_dropped"]), [1, 0], "{}", figures.told());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_megabytes_of_volatile_events_are_dropped_for_a_reader_that_stopped_and_it_stays() {
    let mut server = start("volatile").await;
    let mut healthy = Healthy::join(server.port).await;
    let mut stuck = joined_narrow("/", server.port).await;
    healthy.warm_up().await;
    let before = server.resident();
    healthy.flood("volatile flood", 2_000, 100_000).await;
    let grown = server.grown(before);
    let figures = server.figures().await;
    assert!(grown <= 32 * MIB, "grown by {grown} bytes");
    assert_eq!(figures.of("outgoing_full"), 0);
    assert!(figures.of("volatile_dropped") > 1_000, "{}", figures.told());
    // It is still there, and reads what it was sent before it stopped.
    stuck.send_text("421[\"tick me\"]").await;
    while stuck.next_text().await != "431[]" {}
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_readers_that_stopped_cost_four_mib_each_at_most() {
    let mut server = start("cut").await;
    let mut healthy = Healthy::join(server.port).await;
    let _stuck = readers_that_stop(server.port, 100).await;
    healthy.warm_up().await;
    let before = server.resident();
    // To each its own, so that nothing is shared: 20 GB in all, if it were kept.
    healthy.flood("flood each", 1_000, 200_000).await;
    let grown = server.grown(before);
    let figures = server.figures().await;
    assert!(grown <= 100 * 4 * MIB, "grown by {grown} bytes");
    assert_eq!(figures.of("outgoing_full"), 100, "{}", figures.told());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_readers_that_stopped_never_go_past_max_buffered_total() {
    let mut server = start("total").await;
    let mut healthy = Healthy::join(server.port).await;
    let _stuck = readers_that_stop(server.port, 100).await;
    healthy.warm_up().await;
    let before = server.resident();
    healthy.flood("flood each", 35, 100_000).await;
    let grown = server.grown(before);
    let figures = server.figures().await;
    // Counted are bytes; what each connection needs to be written to and cut comes on top.
    assert!(grown <= TOTAL + TOTAL / 8, "grown by {grown} bytes");
    assert!(figures.of("buffered_full") > 50, "{}", figures.told());
    assert!(figures.of("buffered") <= TOTAL as u64, "{}", figures.told());
}

/// What the server of the last test may keep.
const TOTAL: usize = 64 * MIB;

/// The server: not a test, but what the tests here start.
#[test]
#[ignore = "started by the other tests of this module"]
fn the_server_in_a_process_of_its_own() {
    process::serve(|kind| async move {
        let builder: ServerBuilder = match &*kind {
            // Whoever does not read is not given up meanwhile.
            "volatile" => Server::builder()
                .outgoing_policy(OutgoingPolicy::DropVolatileFirst)
                .ping_timeout(Duration::from_secs(300)),
            "total" => Server::builder().max_buffered_total(TOTAL),
            _ => Server::builder(),
        };
        let io = builder.build().unwrap();
        io.on("join me", |socket: Socket| socket.join("healthy").is_ok())
            .on("tick me", |_: Socket| ())
            .on("flood", |server: Socket, Args((count, size)): Args<(u32, usize)>| {
                flood(server, "all", count, size)
            })
            .on("volatile flood", |server: Socket, Args((count, size)): Args<(u32, usize)>| {
                flood(server, "volatile", count, size)
            })
            .on("flood each", |server: Socket, Args((count, size)): Args<(u32, usize)>| {
                flood(server, "each", count, size)
            });
        (io, Vec::new)
    });
}

/// Sends everybody but the healthy client so many large events, and the healthy one a number with each.
async fn flood(healthy: Socket, kind: &'static str, count: u32, size: usize) {
    let namespace = healthy.namespace();
    let others = || namespace.except("healthy");
    // Encoded once: what takes time here is the test's, not the server's.
    let text = RawArgs::encode(&"x".repeat(size)).unwrap();
    for number in 0..count {
        match kind {
            "all" => drop(others().emit("news", &text)),
            "volatile" => drop(others().volatile().emit("news", &text)),
            _ => {
                for socket in namespace.sockets() {
                    if socket != healthy {
                        let _ = socket.emit("news", &text);
                    }
                }
            }
        }
        // It reads, and so is never behind by much.
        if healthy.emit_with_ack::<u32>("number", number).await.is_err() {
            return;
        }
    }
}

async fn start(kind: &str) -> Process {
    let mut command = process::command("memory::the_server_in_a_process_of_its_own", kind);
    // One heap for all threads: glibc gives each its own otherwise, and what is free in one is not found from another. Judged is what
    // the server keeps, not on which of its threads it happened to run.
    command.env("MALLOC_ARENA_MAX", "1");
    Process::start_by(command).await
}

/// A client that reads everything, and answers.
struct Healthy {
    client: Client,
}

impl Healthy {
    async fn join(port: u16) -> Self {
        let mut client = Client::websocket(port).await;
        client.connect("/").await;
        client.send("421[\"join me\"]").await;
        assert_eq!(client.next().await, "431[true]");
        Healthy { client }
    }

    /// Has the others flooded; meanwhile it is sent `count` numbers, in order.
    async fn flood(&mut self, event: &str, count: u32, size: usize) {
        self.client.send(&format!("427[\"{event}\",{count},{size}]")).await;
        for number in 0..count {
            let packet = self.client.next().await;
            let (id, rest) = packet[2..].split_once('[').unwrap();
            assert_eq!(rest, format!("\"number\",{number}]"));
            self.client.send(&format!("43{id}[{number}]")).await;
        }
        assert_eq!(self.client.next().await, "437[]");
    }

    /// Has the server load what it will run, which is no memory of clients.
    async fn warm_up(&mut self) {
        for kind in ["flood", "volatile flood", "flood each"] {
            self.flood(kind, 5, 100).await;
        }
    }
}

async fn readers_that_stop(port: u16, count: usize) -> Vec<WebSocket> {
    let mut readers = Vec::new();
    for _ in 0..count {
        readers.push(joined_narrow("/", port).await);
    }
    readers
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_those_who_do_not_read_are_gone_their_memory_is_given_back() {
    let mut server = start("cut").await;
    let mut healthy = Healthy::join(server.port).await;
    let mut peaks = Vec::new();
    // The allocator may keep what is free, in pieces, but those who come later have to find it: a leak would make it four times as much.
    for _ in 0..4 {
        let stuck = readers_that_stop(server.port, 20).await;
        healthy.flood("flood each", 30, 100_000).await;
        assert!(server.figures().await.of("buffered") > 10 << 20);
        drop(stuck);
        server
            .shows("what was kept to be given up", |figures| match figures.of("buffered") {
                0 => Ok(()),
                buffered => Err(buffered),
            })
            .await;
        peaks.push(server.peak());
    }
    assert!(peaks[3] < 2 * peaks[0], "{peaks:?}");
}
