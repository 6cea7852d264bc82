//! What the log says, and what it never says.
//!
//! One subscriber serves the whole file: each test looks for lines of its own.

use std::{
    io,
    sync::{Mutex, Once, PoisonError},
    time::Duration,
};

use integration_tests::{
    client::{Client, PATH, SEPARATOR},
    frames::{Frame, Message, TEXT, WebSocket},
    http,
    running::Running,
    wait::until,
};
use socketio_core::{RawArgs, Server, handler::Disconnection};
use tracing_subscriber::{
    Layer as _, filter::Targets, layer::SubscriberExt as _, util::SubscriberInitExt as _,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_secret_id_of_a_session_never_appears_whole() {
    let server = serve().await;
    let mut secrets = Vec::new();
    for transport in ["polling", "websocket", "upgrade"] {
        let mut client = Client::by(transport, server.port).await;
        secrets.push(client.open.sid.clone());
        client.connect("/").await;
        client.send("421[\"echo\",\"hello\"]").await;
        assert_eq!(client.next().await, "431[\"hello\"]");
        // Refused requests name the path, and the id is part of the query.
        let target = client.polling_target();
        http::request(server.port, "PUT", &target, &[("content-length", "0")], b"").await;
        http::post(server.port, &target, "nonsense").await;
        http::get(server.port, &target).await;
        let websocket = format!("{PATH}&transport=websocket&sid={}", client.open.sid);
        drop(WebSocket::open(server.port, &websocket).await);
        client.close().await;
    }
    server.is_empty().await;
    let log = log();
    assert!(log.contains("session opened") && log.contains("session closed"), "the log is not written");
    for secret in secrets {
        assert!(log.contains(&secret[..4]), "the lines of a session name it by the head of its id");
        let line = log.lines().find(|line| line.contains(&secret));
        assert_eq!(line, None);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_clients_say_is_not_written_down() {
    let server = serve().await;
    for transport in ["polling", "websocket"] {
        let mut client = Client::by(transport, server.port).await;
        client.connect_with("/", "{\"password\":\"confidential\"}").await;
        client.send("421[\"echo\",\"confidential\"]").await;
        client.next().await;
        client.send("42[\"nobody listens\",\"confidential\"]").await;
        server.io.emit("news", "confidential").unwrap();
        client.next().await;
        client.close().await;
    }
    server.is_empty().await;
    let log = log();
    assert_eq!(log.lines().find(|line| line.contains("confidential")), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_request_writes_one_line_with_path_address_cause_and_cure() {
    start_log();
    let server = Running::start(Server::builder().path("/refusals").build().unwrap()).await;
    for _ in 0..50 {
        let response = http::get(server.port, "/refusals/?EIO=3&transport=polling").await;
        assert_eq!(response.status, 400);
    }
    let lines = lines_of("/refusals");
    assert!((1..10).contains(&lines.len()), "50 refusals wrote {} lines", lines.len());
    assert!(lines[0].contains("WARN") && lines[0].contains("engineio"), "{}", lines[0]);
    assert!(lines[0].contains("127.0.0.1"), "no address: {}", lines[0]);
    for field in ["path", "cause", "cure"] {
        assert!(lines[0].contains(field), "no {field}: {}", lines[0]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_origin_names_the_one_that_was_expected() {
    start_log();
    let server = Running::start(Server::builder().path("/origins").build().unwrap()).await;
    let headers = [("origin", "https://evil.example")];
    let response =
        http::request(server.port, "GET", "/origins/?EIO=4&transport=polling", &headers, b"").await;
    assert_eq!(response.status, 400);
    let lines = lines_of("/origins");
    assert_eq!(lines.len(), 1);
    assert!(lines[0].contains("https://evil.example"), "{}", lines[0]);
    assert!(lines[0].contains(&format!("http://127.0.0.1:{}", server.port)), "{}", lines[0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_close_for_a_limit_says_which_and_which_size_in_log_and_reason() {
    start_log();
    let ends: &'static Mutex<Vec<Disconnection>> = Box::leak(Box::default());
    let io = Server::builder().max_payload(12_345).max_outgoing(23_456).build().unwrap();
    io.on_disconnect(move |end: Disconnection| ends.lock().unwrap().push(end));
    let server = Running::start(io).await;

    let mut client = Client::websocket(server.port).await;
    client.connect("/").await;
    client.socket().send_frame(Frame::of(TEXT), &[b'x'; 12_399]).await;
    let Message::Close(Some((1009, reason))) = client.socket().closed().await else {
        panic!("expected 1009")
    };
    for number in ["12345", "12399"] {
        assert!(digits(&reason).contains(number), "{reason}");
    }

    let mut client = Client::polling(server.port).await;
    client.connect("/").await;
    assert_eq!(client.post(&"x".repeat(12_399)).await.status, 413);

    let mut client = Client::polling(server.port).await;
    client.connect("/").await;
    for _ in 0..40 {
        let _ = server.io.emit("news", "y".repeat(1_000));
    }
    server.is_empty().await;

    let ends = ends.lock().unwrap();
    let details: Vec<_> = ends.iter().map(|end| digits(end.detail.as_deref().unwrap_or_default())).collect();
    assert_eq!(details.len(), 3);
    assert!(details[0].contains("12345") && details[0].contains("12399"), "{details:?}");
    assert!(details[1].contains("12345"), "{details:?}");
    assert!(details[2].contains("23456"), "{details:?}");

    let log = digits(&log());
    for number in ["12345", "12399", "23456"] {
        let line = log.lines().find(|line| line.contains(number) && line.contains("WARN"));
        assert!(line.is_some(), "no warning names {number}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handler_that_fails_panics_or_does_not_fit_is_named_with_its_event() {
    start_log();
    let io = Server::builder().build().unwrap();
    io.on("failing event", || Err::<(), _>(socketio_core::HandlerError::new("the cause of it")))
        .on("exploding event", explode)
        .on("fitting event", |_: socketio_core::Args<(u8, Vec<bool>)>| ());
    let server = Running::start(io).await;
    let mut client = Client::websocket(server.port).await;
    let sid = client.connect("/").await;
    client.send("42[\"failing event\"]").await;
    client.send("42[\"exploding event\"]").await;
    client.send("42[\"fitting event\",1,[true,7]]").await;
    until("all three to be written", || {
        let log = log();
        let has = |words: &[&str]| {
            log.lines().any(|line| line.contains(&sid) && words.iter().all(|word| line.contains(word)))
        };
        match (
            has(&["failing event", "the cause of it"]),
            has(&["exploding event", "the panic's own words"]),
            has(&["fitting event", "[1][1]", "bool"]),
        ) {
            (true, true, true) => Ok(()),
            other => Err(other),
        }
    })
    .await;
    let counters = server.io.counters();
    assert_eq!((counters.handler_errors, counters.handler_panics, counters.arguments_refused), (1, 1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handler_that_blocks_its_thread_is_named_with_its_event() {
    start_log();
    let io = Server::builder().build().unwrap();
    io.on("stubborn event", || std::thread::sleep(Duration::from_millis(200)));
    let server = Running::start(io).await;
    let mut client = Client::websocket(server.port).await;
    let sid = client.connect("/").await;
    client.send("421[\"stubborn event\"]").await;
    assert_eq!(client.next().await, "431[]");
    let line = lines_of("stubborn event").into_iter().find(|line| line.contains("WARN")).expect("a warning");
    assert!(line.contains(&sid) && line.contains("blocked") && line.contains("on_blocking"), "{line}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_limit_has_a_line_when_it_is_first_reached_and_does_not_fill_the_log() {
    start_log();
    let io = Server::builder().max_rooms(1).max_namespaces(1).build().unwrap();
    io.on("join", |socket: socketio_core::Socket| socket.join(["a", "b"]).is_ok());
    io.of("/other").on_connect(|| ());
    let server = Running::start(io).await;
    let mut client = Client::websocket(server.port).await;
    let sid = client.connect("/").await;
    for _ in 0..50 {
        client.send("421[\"join\"]").await;
        assert_eq!(client.next().await, "431[false]");
        client.send("40/other,").await;
        assert_eq!(client.next().await, "44/other,{\"message\":\"Too many namespaces\"}");
    }
    for option in ["max_rooms", "max_namespaces"] {
        let lines: Vec<_> = lines_of(option).into_iter().filter(|line| line.contains("WARN")).collect();
        assert!((1..20).contains(&lines.len()), "50 times wrote {} lines", lines.len());
    }
    assert!(lines_of("max_rooms")[0].contains(&sid));
    let counters = server.io.counters();
    assert_eq!((counters.rooms_too_many, counters.namespaces_too_many), (50, 50));
}

fn explode() {
    panic!("the panic's own words");
}

async fn serve() -> Running {
    start_log();
    let io = Server::builder().ping_interval(Duration::from_secs(60)).build().unwrap();
    io.on("echo", |args: RawArgs| args);
    Running::start(io).await
}

static LOG: Mutex<Vec<u8>> = Mutex::new(Vec::new());

/// Everything that the server's targets have written so far, at every level.
fn log() -> String {
    start_log();
    let bytes = LOG.lock().unwrap_or_else(PoisonError::into_inner).clone();
    String::from_utf8(bytes).expect("a log is text").replace(SEPARATOR, "␞")
}

fn lines_of(path: &str) -> Vec<String> {
    log().lines().filter(|line| line.contains(path)).map(str::to_owned).collect()
}

/// Numbers without what groups their digits.
fn digits(text: &str) -> String {
    text.replace([',', '_'], "")
}

fn start_log() {
    static STARTED: Once = Once::new();
    STARTED.call_once(|| {
        let targets = Targets::new()
            .with_target("socketio", tracing::Level::TRACE)
            .with_target("engineio", tracing::Level::TRACE)
            .with_target("socketio_core", tracing::Level::TRACE);
        let lines =
            tracing_subscriber::fmt::layer().with_ansi(false).with_writer(|| Writer).with_filter(targets);
        tracing_subscriber::registry().with(lines).init();
    });
}

struct Writer;

impl io::Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LOG.lock().unwrap_or_else(PoisonError::into_inner).extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
