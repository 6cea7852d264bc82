//! Ten thousand handshakes begun and never ended, in each state that one can be left in: nothing stays after its deadline.
//!
//! The connections are in memory and the clock is the test's: it stands still until nobody has anything to do, and then goes to the next
//! deadline. So an hour takes a second, and no deadline comes early.

use std::time::Duration;

use integration_tests::{client::PATH, frames::UPGRADE};
use socketio_core::{Server, Socket};
use tokio::{
    io::{AsyncWriteExt, DuplexStream},
    sync::mpsc,
    time::{Instant, sleep},
};

use crate::in_memory::{Memory, open, read_frame, request, send, sid};

const HANDSHAKES: usize = 10_000;

/// What each of them does, and how long the server may keep it.
#[derive(Clone, Copy, Debug)]
enum State {
    /// A TCP connection that says nothing.
    Silent,
    /// Half a request's head.
    HalfHead,
    /// A session by polling that is never polled.
    Polling,
    /// One with a GET that waits, and no namespace joined.
    Waiting,
    /// One with a POST whose body never ends.
    HalfBody,
    /// One in `/`, and then silence.
    Joined,
    /// One whose `on_connect` never decides.
    Undecided,
    /// A WebSocket that says nothing.
    Websocket,
    /// One with half a frame.
    HalfFrame,
    /// One in `/`, and then silence.
    JoinedWebsocket,
    /// An upgrade that never says anything,
    Upgrading,
    /// or nothing after the probe.
    Probed,
}

macro_rules! leaves_nothing {
    ($($name:ident: $state:ident within $seconds:literal s;)*) => {
        $(#[tokio::test(start_paused = true)]
        async fn $name() {
            leaves_nothing(State::$state, Duration::from_secs($seconds)).await;
        })*
    };
}

leaves_nothing! {
    connections_that_say_nothing: Silent within 25 s;
    half_a_head: HalfHead within 25 s;
    polling_sessions_that_are_never_polled: Polling within 90 s;
    polls_that_wait_and_join_nothing: Waiting within 90 s;
    bodies_that_never_end: HalfBody within 140 s;
    sessions_that_join_and_fall_silent: Joined within 140 s;
    clients_whose_connect_is_never_decided: Undecided within 90 s;
    websockets_that_say_nothing: Websocket within 60 s;
    half_a_frame: HalfFrame within 60 s;
    websockets_that_join_and_fall_silent: JoinedWebsocket within 60 s;
    upgrades_that_say_nothing: Upgrading within 140 s;
    upgrades_that_stop_after_the_probe: Probed within 140 s;
}

async fn leaves_nothing(state: State, within: Duration) {
    let io = Server::builder().max_connections(2 * HANDSHAKES + 100).build().unwrap();
    io.of("/undecided").on_connect(|socket: Socket| async move { socket.closed().await });
    let (connect, connections) = mpsc::unbounded_channel();
    let server = io.clone();
    let serving =
        tokio::spawn(async move { server.serve(Memory(connections), std::future::pending()).await });

    let start = Instant::now();
    let mut held = Vec::with_capacity(2 * HANDSHAKES);
    for number in 0..HANDSHAKES {
        begin(state, &connect, &mut held).await;
        if number == 0 && !matches!(state, State::Silent | State::HalfHead) {
            assert_eq!(io.counters().sessions, 1, "{state:?}");
        }
    }
    assert!(start.elapsed() < Duration::from_secs(5), "no deadline may come while they are begun");
    let counters = io.counters();
    match state {
        State::Silent | State::HalfHead => assert_eq!(counters.connections, HANDSHAKES, "{state:?}"),
        _ => assert_eq!(counters.sessions, HANDSHAKES, "{state:?}"),
    }
    // The clients stay and do nothing; nobody hears the server.
    sleep(within).await;
    let counters = io.counters();
    let left = [
        counters.sessions,
        counters.sockets,
        counters.connections,
        counters.websockets,
        counters.buffered,
        counters.handlers_running,
        counters.pending_acks,
        counters.rooms,
    ];
    assert_eq!(left, [0; 8], "{state:?}: {counters:?}");
    // And places are free.
    let mut more = Vec::new();
    begin(State::Joined, &connect, &mut more).await;
    assert_eq!(io.counters().sockets, 1);
    drop(held);
    serving.abort();
}

/// Begins one handshake; what must stay open is put into `held`.
async fn begin(state: State, connect: &mpsc::UnboundedSender<DuplexStream>, held: &mut Vec<DuplexStream>) {
    let polling = format!("{PATH}&transport=polling");
    match state {
        State::Silent => held.push(open(connect).await),
        State::HalfHead => {
            let mut io = open(connect).await;
            io.write_all(b"GET /socket.io/?EIO=4&tra").await.unwrap();
            held.push(io);
        }
        State::Polling | State::Waiting | State::HalfBody | State::Joined | State::Undecided => {
            let mut io = open(connect).await;
            let sid = sid(&request(&mut io, "GET", &polling, &[], "").await);
            let target = format!("{polling}&sid={sid}");
            match state {
                State::Waiting => send(&mut io, "GET", &target, &[], "").await,
                State::HalfBody => {
                    let head = format!("POST {target} HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\n40");
                    io.write_all(head.as_bytes()).await.unwrap();
                }
                State::Joined => drop(request(&mut io, "POST", &target, &[], "40").await),
                State::Undecided => drop(request(&mut io, "POST", &target, &[], "40/undecided,").await),
                _ => {}
            }
            held.push(io);
        }
        State::Websocket | State::HalfFrame | State::JoinedWebsocket => {
            let mut io = open(connect).await;
            let target = format!("{PATH}&transport=websocket");
            request(&mut io, "GET", &target, &UPGRADE, "").await;
            // Its open packet, a frame of less than 126 bytes.
            read_frame(&mut io).await;
            if let State::HalfFrame = state {
                io.write_all(&[0x81, 0xFE, 0x10, 0x00, 1, 2, 3, 4, b'x', b'x']).await.unwrap();
            }
            if let State::JoinedWebsocket = state {
                io.write_all(&[0x81, 0x82, 0, 0, 0, 0, b'4', b'0']).await.unwrap();
                read_frame(&mut io).await;
            }
            held.push(io);
        }
        State::Upgrading | State::Probed => {
            let mut io = open(connect).await;
            let sid = sid(&request(&mut io, "GET", &polling, &[], "").await);
            let mut upgrade = open(connect).await;
            let target = format!("{PATH}&transport=websocket&sid={sid}");
            request(&mut upgrade, "GET", &target, &UPGRADE, "").await;
            if let State::Probed = state {
                let mut probe = vec![0x81, 0x86, 0, 0, 0, 0];
                probe.extend(b"2probe");
                upgrade.write_all(&probe).await.unwrap();
                assert_eq!(read_frame(&mut upgrade).await, b"3probe");
            }
            held.extend([io, upgrade]);
        }
    }
}
