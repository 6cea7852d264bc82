//! Clients that read slowly, or not at all, and queues that fill and drain.

use std::{
    net::SocketAddr,
    thread,
    time::{Duration, Instant},
};

use integration_tests::frames::{Frame, Message, PING, WebSocket};
use socketio_core::{
    Data, Server, Socket,
    http::{Listener, Peer},
};
use tokio::{
    io::BufStream,
    net::{TcpListener, TcpStream},
    time::sleep_until,
};

use crate::{begin_post, joined, joined_narrow, quick, serve};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_is_heard_again_as_soon_as_its_full_queue_drains() {
    let server = serve(Server::builder().max_outgoing(64 * 1024), |io| {
        io.on("echo", |Data(number): Data<u32>| number);
    })
    .await;
    let mut client = joined("websocket", server.port).await;
    let big = "x".repeat(40_000);
    let start = Instant::now();
    // The queue is over half full for a moment, in which the question arrives: by chance, once in some hundred rounds.
    for number in 0..2_000_u32 {
        let (io, big) = (server.io.clone(), big.clone());
        let emitting = thread::spawn(move || {
            spin(Duration::from_micros(u64::from(number % 150)));
            io.emit("big", &big).unwrap();
        });
        client.send(&format!("42{number}[\"echo\",{number}]")).await;
        let mut packets = [client.next().await, client.next().await];
        packets.sort_by_key(String::len);
        assert_eq!(packets[0], format!("43{number}[{number}]"));
        assert!(packets[1].starts_with("42[\"big\""));
        emitting.join().unwrap();
        // Once it answers another question, it has noted that its queue is empty.
        client.send("421[\"echo\",0]").await;
        assert_eq!(client.next().await, "431[0]");
        if start.elapsed() > Duration::from_secs(4) {
            break;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pongs_do_not_pile_up_for_a_client_that_pings_and_does_not_read() {
    // Sending may take longer than until a ping, and than until a stuck write is given up.
    let hour = Duration::from_secs(3600);
    let server = serve(Server::builder().ping_interval(hour).ping_timeout(hour), |io| {
        io.on("echo", |Data(number): Data<u32>| number);
    })
    .await;
    let mut socket = joined_narrow("/", server.port).await;
    let mut flood = Vec::new();
    for _ in 0..1_000 {
        Frame::of(PING).write(&mut flood, &[7; 61]);
    }
    for _ in 0..FLOODS {
        socket.send_raw(&flood).await;
    }
    socket.send_text("421[\"echo\",1]").await;
    let mut pongs = 0;
    loop {
        match socket.next().await {
            Message::Pong(payload) => pongs += payload.len(),
            Message::Text(text) => {
                assert_eq!(text, "431[1]");
                break;
            }
            other => panic!("{other:?}"),
        }
    }
    // What the kernel took, and no more than a few kilobytes of ours.
    assert!(pongs < 1_000_000, "{pongs} bytes of pongs had been kept");
}

/// 40 MB of pings.
const FLOODS: usize = 600;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_on_a_slow_link_is_not_cut_while_a_large_message_crosses_it() {
    let builder =
        Server::builder().ping_interval(Duration::from_millis(400)).ping_timeout(Duration::from_secs(5));
    let server = serve(builder, |io| {
        io.on("big", |socket: Socket| socket.emit("data", "x".repeat(1_900_000)).is_ok())
            .on("echo", |Data(number): Data<u32>| number);
    })
    .await;
    let mut socket = joined_narrow("/", server.port).await;
    socket.send_text("42[\"big\"]").await;
    // Eight seconds for most of it; the ping of the meantime stands behind it. What the kernel holds then comes as fast as it can.
    const MOST: usize = 1_400_000;
    let (start, per_byte) = (tokio::time::Instant::now(), Duration::from_secs(8) / MOST as u32);
    let mut read = 0;
    while read < MOST {
        read = socket.read_some(10_000).await.expect("the connection is open");
        sleep_until(start + per_byte * read as u32).await;
    }
    assert!(socket.next_text().await.starts_with("42[\"data\",\"xxx"));
    answers(&mut socket).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ping_is_not_what_overfills_a_queue() {
    let builder = quick().ping_timeout(Duration::from_secs(20)).max_outgoing(10_000);
    let server = serve(builder, |io| {
        io.on("big", |socket: Socket| socket.emit("data", "x".repeat(20_000)).is_ok())
            .on("echo", |Data(number): Data<u32>| number);
    })
    .await;
    let mut client = joined("polling", server.port).await;
    let mut posting = begin_post(&client, "42[\"big\"]").await;
    // The heartbeat of who came later has beaten twice.
    let mut later = joined("websocket", server.port).await;
    for _ in 0..2 {
        assert_eq!(later.next_or_end().await.as_deref(), Some("2"));
        later.send("3").await;
    }
    // On a busy machine it may have been pinged before it asked.
    let mut packets = [client.next_or_end().await, client.next_or_end().await];
    packets.sort_by_key(|packet| packet.as_ref().map(String::len));
    let [ping, data] = packets;
    let counters = server.io.counters();
    assert!(data.is_some_and(|data| data.starts_with("42[\"data\",\"xxx")), "{counters:?}");
    assert_eq!(ping.as_deref(), Some("2"));
    assert_eq!(posting.response().await.brief(), (200, "ok"));
    assert_eq!(client.post("3").await.brief(), (200, "ok"));
    client.send("421[\"echo\",1]").await;
    assert_eq!(client.next().await, "431[1]");
    assert_eq!(server.io.counters().outgoing_full, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_stays_in_the_buffer_of_a_stream_that_must_be_flushed() {
    let io = Server::builder().build().unwrap();
    io.on("echo", |Data(number): Data<u32>| number);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let serving = tokio::spawn({
        let io = io.clone();
        async move { io.serve(Buffered(listener), std::future::pending()).await }
    });
    for transport in ["websocket", "polling", "upgrade"] {
        let mut client = joined(transport, port).await;
        client.send("421[\"echo\",1]").await;
        assert_eq!(client.next().await, "431[1]", "{transport}");
        io.emit("later", ()).unwrap();
        assert_eq!(client.next().await, "42[\"later\"]", "{transport}");
        client.close().await;
    }
    serving.abort();
}

/// Connections that keep what is written until they are flushed, as TLS may.
struct Buffered(TcpListener);

impl Listener for Buffered {
    type Io = BufStream<TcpStream>;

    async fn accept(&mut self) -> (Self::Io, Peer) {
        let (stream, address) = self.0.accept().await.unwrap();
        (BufStream::new(stream), Peer::from(address))
    }

    fn local_addr(&self) -> Option<SocketAddr> {
        self.0.local_addr().ok()
    }
}

/// The connection lives, and is read.
async fn answers(socket: &mut WebSocket) {
    socket.send_text("421[\"echo\",1]").await;
    loop {
        match &*socket.next_text().await {
            "2" => socket.send_text("3").await,
            answer => break assert_eq!(answer, "431[1]"),
        }
    }
}

/// Waits without giving up the processor.
fn spin(time: Duration) {
    let start = Instant::now();
    while start.elapsed() < time {
        std::hint::spin_loop();
    }
}
