//! What the server takes from the allocator: per echo, per member of a broadcast, per connection that is idle. Unlike times, these figures
//! are the same on every machine.
//!
//! The server has a thread to itself, and only this thread's allocations are counted.

use std::{sync::mpsc, thread, time::Duration};

use allocation_counter::{AllocationInfo, measure};
use integration_tests::{client::Client, wait::within};
use socketio_core::{HandlerError, Namespace, RawArgs, Server, Socket};
use tokio::{net::TcpListener, runtime, sync::mpsc as commands};

#[tokio::test]
async fn an_echo_allocates_at_most_twice() {
    let mut server = Counted::start();
    let mut client = server.client().await;
    for in_flight in [1, 16] {
        let echo = vec![r#"42["echo",{"id":123456,"text":"hello world"}]"#.to_owned(); in_flight];
        rounds(&mut client, &echo, 20).await;
        server.forget().await;
        rounds(&mut client, &echo, 1_600 / in_flight).await;
        let each = per(server.counted().await.count_total, 1_600);
        println!("{each} allocations for each echo, {in_flight} in flight");
        assert!(each <= 2.0, "{each} allocations for each echo, {in_flight} in flight");
    }
}

#[tokio::test]
async fn an_ack_allocates_at_most_twice() {
    let mut server = Counted::start();
    let mut client = server.client().await;
    let asked: Vec<String> =
        (0..16).map(|id| format!(r#"42{id}["echo_ack",{{"text":"hello world"}}]"#)).collect();
    rounds(&mut client, &asked, 20).await;
    server.forget().await;
    rounds(&mut client, &asked, 100).await;
    let each = per(server.counted().await.count_total, 1_600);
    println!("{each} allocations for each event with an ack");
    assert!(each <= 2.0, "{each} allocations for each event with an ack");
}

/// As what a broadcast takes is the same for 10 members and for 60.
#[tokio::test]
async fn a_broadcast_allocates_nothing_for_each_of_its_members() {
    let mut server = Counted::start();
    let (few, many) = (10, 60);
    let mut members = Vec::new();
    let mut totals = Vec::new();
    for count in [few, many] {
        while members.len() < count {
            let mut member = server.client().await;
            member.send(r#"420["join"]"#).await;
            assert_eq!(member.next().await, "430[]");
            members.push(member);
        }
        broadcasts(&mut members, 20).await;
        server.forget().await;
        broadcasts(&mut members, 100).await;
        totals.push(per(server.counted().await.count_total, 100));
    }
    let each = (totals[1] - totals[0]) / (many - few) as f64;
    println!("{} allocations for each broadcast to {few}, {each} for each member more", totals[0]);
    assert!(each < 0.01, "{each} allocations for each member of a broadcast");
}

#[tokio::test]
async fn an_idle_connection_keeps_at_most_two_and_a_half_kilobytes() {
    let mut server = Counted::start();
    let _first = server.client().await;
    server.forget().await;
    let mut clients = Vec::new();
    for _ in 0..200 {
        clients.push(server.client().await);
    }
    let kept = server.counted().await;
    let (bytes, blocks) = (per(kept.bytes_current, 200), per(kept.count_current, 200));
    println!("{bytes} bytes in {blocks} blocks for each connection");
    assert!(bytes <= 2_560.0, "{bytes} bytes in {blocks} blocks for each connection");
}

async fn rounds(client: &mut Client, packets: &[String], count: usize) {
    for _ in 0..count {
        client.send_all(packets).await;
        for _ in packets {
            client.next().await;
        }
    }
}

/// Each is heard by all before the next is said.
async fn broadcasts(members: &mut [Client], count: usize) {
    for _ in 0..count {
        members[0].send(r#"42["fan",{"text":"hello world"}]"#).await;
        for member in &mut *members {
            assert_eq!(member.next().await, r#"42["fan",{"text":"hello world"}]"#);
        }
    }
}

fn per(total: impl TryInto<u32, Error: std::fmt::Debug>, units: u32) -> f64 {
    f64::from(total.try_into().expect("a moderate number")) / f64::from(units)
}

/// A server on a thread of its own, which counts its allocations.
struct Counted {
    port: u16,
    ask: commands::Sender<()>,
    answers: mpsc::Receiver<AllocationInfo>,
}

impl Counted {
    fn start() -> Self {
        let (ask, mut asked) = commands::channel(1);
        let (answer, answers) = mpsc::channel();
        let (tell_port, port) = mpsc::channel();
        thread::spawn(move || {
            let runtime = runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a port is free");
            tell_port
                .send(listener.local_addr().expect("it is bound").port())
                .expect("the test waits for it");
            runtime.spawn(async move { server().serve(listener, std::future::pending()).await });
            loop {
                // From one question to the next.
                let mut over = false;
                let counted = measure(|| over = runtime.block_on(asked.recv()).is_none());
                if over || answer.send(counted).is_err() {
                    return;
                }
            }
        });
        let port = port.recv_timeout(Duration::from_secs(30)).expect("the server starts");
        Self { port, ask, answers }
    }

    async fn client(&self) -> Client {
        let mut client = Client::websocket(self.port).await;
        client.send("40").await;
        assert!(client.next().await.starts_with("40{"));
        client
    }

    /// What was allocated so far does not count.
    async fn forget(&mut self) {
        self.counted().await;
    }

    /// What was allocated since it was last asked, and is kept.
    async fn counted(&mut self) -> AllocationInfo {
        within("the server's thread", self.ask.send(())).await.expect("it runs");
        // The thread answers at once; nothing else is to be done meanwhile.
        self.answers.recv_timeout(Duration::from_secs(30)).expect("it answers")
    }
}

fn server() -> Server {
    let io = Server::builder().build().expect("settings that fit");
    io.on("echo", echo).on("echo_ack", |args: RawArgs| args).on("join", join).on("fan", fan);
    io
}

fn echo(socket: Socket, args: RawArgs) -> Result<(), HandlerError> {
    socket.emit("echo", args)?;
    Ok(())
}

fn join(socket: Socket) -> Result<(), HandlerError> {
    Ok(socket.join("all")?)
}

fn fan(namespace: Namespace, args: RawArgs) -> Result<(), HandlerError> {
    namespace.to("all").emit("fan", args)?;
    Ok(())
}
