//! Faults of the machine: a process that is suspended, a clock that jumps. The servers are processes of their own.

use std::time::{Duration, SystemTime};

use integration_tests::brokers;
use integration_tests::client::Client;
use integration_tests::heard::Listener;
use integration_tests::process::{self, Process};
use integration_tests::wait::{until, within};
use socketio_core::{RawArgs, Server, Sid, Socket};
use socketio_redis::RedisManager;
use tokio::process::Command;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_was_suspended_hears_who_waited_and_notices_who_left() {
    let mut server = Process::start_by(server("alone")).await;
    let mut clients = Vec::new();
    for transport in ["websocket", "polling"] {
        for _ in 0..3 {
            let mut client = Client::by(transport, server.port).await;
            client.connect("/").await;
            clients.push(client);
        }
    }
    server.suspend().await;
    let [mut waits, leaves, silent, mut polls, says_so, polls_no_more] =
        <[Client; 6]>::try_from(clients).unwrap();
    // One waits, and says something meanwhile; one leaves, and one says nothing more.
    waits.send("421[\"echo\",\"meanwhile\"]").await;
    leaves.cut();
    // The kernel takes connections for who is suspended.
    let late = tokio::spawn(Client::websocket(server.port));
    let closing = tokio::spawn(says_so.close());
    sleep(INTERVAL + 2 * TIMEOUT).await;
    assert!(!late.is_finished() && !closing.is_finished());
    server.signal("CONT").await;

    assert_eq!(waits.next().await, "431[\"meanwhile\"]");
    let mut late = late.await.unwrap();
    late.connect("/").await;
    closing.await.unwrap();
    // A client whose GET came too late to be in time is told that its session is over; socket.io's then connects again.
    polls.send_or_gone("421[\"echo\",1]").await;
    drop((silent, polls_no_more));
    // Who is still there answers pings, and who is not is noticed by want of them.
    let talking = [tokio::spawn(echoes(waits)), tokio::spawn(echoes(late))];
    drop(polls);
    server
        .shows("the others to be gone", |figures| match figures.each(["sessions", "sockets", "websockets"]) {
            [2, 2, 2] => Ok(()),
            _ => Err(figures.told()),
        })
        .await;
    assert_eq!(server.figures().await.of("handler_panics"), 0);
    for client in talking {
        client.abort();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_was_suspended_is_missed_and_belongs_again() {
    let channel = format!("test-{}", Sid::generate());
    let mut here = Process::start_by(node(&channel)).await;
    let mut there = Process::start_by(node(&channel)).await;
    for node in [&mut here, &mut there] {
        node.shows("the nodes to know each other", |figures| members(figures, 1)).await;
    }
    there.suspend().await;
    // Its lease runs out.
    here.shows("the other to be missed", |figures| members(figures, 0)).await;
    let client = Client::websocket(here.port).await;
    let listener = Listener::start_in("/", client, 2).await;
    // Nobody waits for who is not there.
    say(here.port, 0, 1..=10).await;
    heard(&listener, 0, 10).await;
    there.signal("CONT").await;

    for node in [&mut here, &mut there] {
        node.shows("the nodes to know each other again", |figures| members(figures, 1)).await;
    }
    say(there.port, 1, 1..=10).await;
    say(here.port, 0, 11..=20).await;
    heard(&listener, 1, 10).await;
    heard(&listener, 0, 20).await;
    assert!(listener.heard().wrong.is_empty(), "{:?}", listener.heard().wrong);
    let again = Listener::start_in("/", Client::websocket(there.port).await, 2).await;
    say(here.port, 0, 21..=30).await;
    heard(&again, 0, 30).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_jumps_moves_no_deadline_and_ends_no_session() {
    let clock = Clock::new();
    let mut server = Process::start_by(clock.governs(server("alone"))).await;
    let mut websocket = Client::websocket(server.port).await;
    let mut polling = Client::polling(server.port).await;
    for client in [&mut websocket, &mut polling] {
        client.connect("/").await;
        client.send("421[\"echo\"]").await;
        assert_eq!(client.next().await, "431[]");
    }
    let talking = [tokio::spawn(echoes(websocket)), tokio::spawn(echoes(polling))];
    // It may take its time to join.
    let mut undecided = Client::websocket(server.port).await;
    let (decide, decided) = oneshot::channel();
    let undecided = tokio::spawn(async move {
        tokio::select! {
            packet = undecided.next() => panic!("{packet}"),
            _ = decided => {}
        }
        undecided.connect("/").await;
        undecided.close().await;
    });
    for (jump, year) in [("+3650d", 2036), ("-3650d", 2016), ("+0", 2026)] {
        let mut expires = Client::websocket(server.port).await;
        expires.connect("/").await;
        let asked = Instant::now();
        expires.send("421[\"expires in four seconds\"]").await;
        assert_eq!(expires.next().await, "431[]");
        clock.jump(jump);
        until_year(server.port, year).await;
        // The moment was fixed by the call.
        assert_eq!(expires.next().await, "41");
        let took = asked.elapsed();
        assert!(took >= Duration::from_millis(3_900), "it expired after {took:?}");
        expires.close().await;
        // Who falls silent is noticed, no sooner and no later than ever.
        let joined = Instant::now();
        let mut silent = Client::websocket(server.port).await;
        silent.connect("/").await;
        within("the silent client to be noticed", silent.ended()).await;
        assert!(joined.elapsed() > TIMEOUT, "after {:?}", joined.elapsed());
        // Who comes now is let in, and its time is told.
        let mut comes = Client::by("upgrade", server.port).await;
        comes.connect("/").await;
        comes.send("421[\"year\"]").await;
        assert_eq!(comes.next().await, format!("431[{year}]"));
        comes.close().await;
        assert!(talking.iter().all(|client| !client.is_finished()), "a client is served no more");
    }
    decide.send(()).unwrap();
    undecided.await.expect("there was time to join");
    let figures = server.figures().await;
    let over = figures.each(["pings_timed_out", "upgrades_timed_out", "unjoined"]);
    assert_eq!(over, [3, 0, 0], "{}", figures.told());
    assert_eq!(figures.of("expired"), 3);
    for client in talking {
        client.abort();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_whose_clocks_are_years_apart_act_as_one() {
    let channel = format!("test-{}", Sid::generate());
    let clock = Clock::new();
    let mut here = Process::start_by(node(&channel)).await;
    let mut there = Process::start_by(clock.governs(node(&channel))).await;
    let listener = Listener::start_in("/", Client::websocket(here.port).await, 2).await;
    // Whatever its node does every two seconds, some jump comes before it.
    for year in 1..=8 {
        clock.jump(&format!("+{}d", 365 * year));
        sleep(Duration::from_millis(300)).await;
    }
    let mut said = 0;
    for (jump, year) in [("+3650d", 2036), ("-3650d", 2016)] {
        clock.jump(jump);
        until_year(there.port, year).await;
        // Heartbeats come every two seconds, and who is not heard of for six is no member.
        for node in [&mut here, &mut there] {
            let came = node.figures().await.of("frames");
            node.shows("heartbeats of the other", |figures| match figures.of("frames") {
                frames if frames >= came + 4 => Ok(()),
                frames => Err(frames),
            })
            .await;
            node.shows("the nodes to know each other", |figures| members(figures, 1)).await;
        }
        say(there.port, 1, said + 1..=said + 10).await;
        said += 10;
        heard(&listener, 1, said).await;
        // What is asked of it: the sockets of all, with the times at which they came.
        let mut asks = Client::websocket(here.port).await;
        asks.connect("/").await;
        let mut other = Client::websocket(there.port).await;
        other.connect("/").await;
        asks.send("421[\"sockets\"]").await;
        loop {
            let packet = asks.next().await;
            if packet.starts_with("43") {
                assert_eq!(packet, "431[3]");
                break;
            }
        }
        other.close().await;
        asks.close().await;
        there.shows("its client to be gone", |figures| nobody(figures, 0)).await;
        here.shows("its clients to be gone", |figures| nobody(figures, 1)).await;
    }
    assert!(listener.heard().wrong.is_empty(), "{:?}", listener.heard().wrong);
    for node in [&here, &there] {
        assert!(!node.said().contains("counts as gone"), "{}", node.said());
    }
}

const INTERVAL: Duration = Duration::from_millis(1_000);
/// A client that the machine holds up for a moment is not gone.
const TIMEOUT: Duration = Duration::from_secs(4);

fn server(kind: &str) -> Command {
    process::command("machine::the_server_in_a_process_of_its_own", kind)
}

fn node(channel: &str) -> Command {
    let mut command = server("node");
    command.env("CHANNEL", channel).env("NODES_REDIS", brokers::url("REDIS_URL"));
    command
}

/// The server: not a test, but what the tests here start.
#[test]
#[ignore = "started by the other tests of this module"]
fn the_server_in_a_process_of_its_own() {
    process::serve(|kind| async move {
        let manager = (kind == "node").then(|| {
            let setting = |name| std::env::var(name).unwrap();
            RedisManager::new(&setting("NODES_REDIS")).unwrap().channel(setting("CHANNEL"))
        });
        let mut builder = Server::builder();
        match &manager {
            // Who only listens has something to read now and then.
            Some(manager) => {
                builder = builder.manager(manager.clone()).ping_interval(Duration::from_secs(10))
            }
            None => {
                let undecided = Duration::from_secs(300);
                builder = builder.ping_interval(INTERVAL).ping_timeout(TIMEOUT).connect_timeout(undecided);
            }
        }
        let io = builder.build().unwrap();
        io.on("echo", |args: RawArgs| args)
            .on("year", || 1970 + since_1970() / (365 * 24 * 3600 + 6 * 3600))
            .on("expires in four seconds", |socket: Socket| {
                socket.expires_at(SystemTime::now() + Duration::from_secs(4));
            });
        let everybody = io.clone();
        io.on("sockets", move || {
            let everybody = everybody.clone();
            async move {
                everybody.of("/").timeout(Duration::from_secs(5)).fetch_sockets().await.unwrap().items.len()
            }
        });
        let says = io.clone();
        io.of("/talk").on(
            "say",
            move |socketio_core::Args((source, number)): socketio_core::Args<(u64, u64)>| {
                says.emit("n", (source, number)).is_ok()
            },
        );
        let more = move || match &manager {
            Some(manager) => {
                let health = manager.health();
                vec![("members", health.members as u64), ("frames", health.frames_received)]
            }
            None => Vec::new(),
        };
        (io, more)
    });
}

fn since_1970() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs()
}

/// An echo each 100 ms, for as long as they come; answers pings.
async fn echoes(mut client: Client) {
    for number in 1.. {
        client.send(&format!("42{number}[\"echo\",{number}]")).await;
        assert_eq!(client.next_but_noop().await, format!("43{number}[{number}]"));
        sleep(Duration::from_millis(100)).await;
    }
}

async fn say(port: u16, source: usize, numbers: std::ops::RangeInclusive<u64>) {
    let mut client = Client::websocket(port).await;
    client.connect("/talk").await;
    for number in numbers {
        client.send(&format!("42/talk,7[\"say\",{source},{number}]")).await;
        assert_eq!(client.next().await, "43/talk,7[true]");
    }
    client.close().await;
}

async fn heard(listener: &Listener, source: usize, number: u64) {
    until("the messages", || {
        let heard = listener.heard();
        if heard.last(source) >= number { Ok(()) } else { Err((heard.last(source), heard.wrong.clone())) }
    })
    .await;
    assert_eq!(listener.heard().missing(source, number - 10, number), [0_u64; 0]);
}

fn members(figures: &process::Figures, count: u64) -> Result<(), u64> {
    let members = figures.of("members");
    if members == count { Ok(()) } else { Err(members) }
}

fn nobody(figures: &process::Figures, clients: u64) -> Result<(), String> {
    if figures.of("sessions") == clients { Ok(()) } else { Err(figures.told()) }
}

/// The server's clock has jumped.
async fn until_year(port: u16, year: u64) {
    within("the clock to jump", async {
        let mut client = Client::websocket(port).await;
        client.connect("/").await;
        loop {
            client.send("421[\"year\"]").await;
            if client.next().await == format!("431[{year}]") {
                break;
            }
            sleep(Duration::from_millis(100)).await;
        }
        client.close().await;
    })
    .await;
}

/// The wall clock of a process; what it measures times with goes on as it should.
struct Clock(std::path::PathBuf);

impl Clock {
    fn new() -> Self {
        let clock = Clock(std::env::temp_dir().join(format!("clock-{}", Sid::generate())));
        clock.jump("+0");
        clock
    }

    fn jump(&self, to: &str) {
        std::fs::write(&self.0, to).unwrap();
    }

    fn governs(&self, mut command: Command) -> Command {
        command
            .env("LD_PRELOAD", library())
            .env("FAKETIME_TIMESTAMP_FILE", &self.0)
            .env("FAKETIME_NO_CACHE", "1");
        command.env("FAKETIME_DONT_FAKE_MONOTONIC", "1").env("DONT_FAKE_MONOTONIC", "1");
        command
    }
}

impl Drop for Clock {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// libfaketime, which the package `faketime` brings.
fn library() -> std::path::PathBuf {
    let places = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib"];
    let files = places.map(|place| std::path::Path::new(place).join("faketime/libfaketimeMT.so.1"));
    files.into_iter().find(|file| file.exists()).expect("libfaketime is missing: scripts/packages faketime")
}
