//! What the log says, and what it never says.
//!
//! One subscriber serves the whole file: each test looks for lines of its own.

use std::{
    sync::{LazyLock, Mutex},
    time::Duration,
};

use integration_tests::{
    client::{Client, Open, PATH, SEPARATOR},
    cluster::{Member, Node},
    frames::{Frame, Message, TEXT, WebSocket},
    http,
    log::Log,
    running::Running,
    wait::until,
};
use serde_json::Value;
use socketio_core::adapter::broker::{self, Broker as _};
use socketio_core::adapter::memory::{Memory, MemoryHub, MemoryOptions};
use socketio_core::{RawArgs, Server, Sid, handler::Disconnection};
use socketio_emitter::Emitter;
use tracing::Level;

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
async fn a_session_of_another_node_is_told_from_one_that_has_ended() {
    start_log();
    let other = serve().await;
    let server = Running::start(Server::builder().path("/nodes").build().unwrap()).await;
    let of_other = Client::polling(other.port).await.open.sid;
    let polling = "/nodes/?EIO=4&transport=polling";
    let opened = http::get(server.port, polling).await;
    let ended = Open::parse(opened.text()).sid;
    http::post(server.port, &format!("{polling}&sid={ended}"), "1").await;
    server.is_empty().await;
    for sid in [&of_other, &ended] {
        let response = http::get(server.port, &format!("{polling}&sid={sid}")).await;
        assert_eq!(response.brief(), (400, r#"{"code":1,"message":"Session ID unknown"}"#));
    }
    let refused: Vec<_> =
        lines_of("/nodes").into_iter().filter(|line| line.contains("request refused")).collect();
    assert_eq!(refused.len(), 2, "{refused:?}");
    assert!(refused[0].contains("this session is another node's: is stickiness on?"), "{}", refused[0]);
    assert!(refused[1].contains("no session has this id: it has ended"), "{}", refused[1]);
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
async fn what_python_nodes_cannot_do_is_said_when_it_is_first_asked_of_them() {
    start_log();
    let (options, channel) = (hub(), unique("asked"));
    let node = Node::<Memory>::start(options.clone(), &channel).await;
    let (io, sid) = (node.io().of("/"), Sid::generate());
    io.emit("news", 1).unwrap();
    io.except(sid.as_str()).emit("news", ()).unwrap();
    io.to(sid.as_str()).join("a").unwrap();
    io.to(sid.as_str()).disconnect().unwrap();
    io.local().except("a").emit("news", 1).unwrap();
    io.close_room("a").unwrap();
    assert_eq!(lines_of(&channel).len(), 1, "that it has joined, and no more: {:?}", lines_of(&channel));

    for _ in 0..3 {
        io.except("a").emit("news", 1).unwrap();
        io.emit("news", ((),)).unwrap();
        io.to("a").join("b").unwrap();
        io.to("a").leave("b").unwrap();
        io.to(["a", "b"]).disconnect().unwrap();
        io.to(sid.as_str()).close().unwrap();
        io.timeout(SOON).count().await.unwrap();
        io.to("a").timeout(SOON).fetch_sockets().await.unwrap();
        io.timeout(SOON).emit_with_ack::<u8>("news", 1).await.unwrap();
        io.server_side_emit("news", 1).unwrap();
    }
    let lines = lines_of(&channel);
    let expected = [
        ("an emit with `except` of a room", "that room gets it"),
        ("an emit of a single null", "no argument"),
        ("join, leave or disconnect by rooms", "stay as they are"),
        ("close of whole connections", "their clients stay"),
        ("`fetch_sockets`, `count` or `rooms`", "not in the answer"),
        ("a broadcast with acks", "do not count"),
        ("an event for servers", "do not hear it"),
    ];
    assert_eq!(lines.len(), 1 + expected.len(), "{lines:?}");
    for ((asked, instead), line) in expected.iter().zip(&lines[1..]) {
        let words = ["INFO", "socketio::cluster", "python-socketio", asked, instead];
        assert!(words.iter().all(|word| line.contains(word)), "{line}");
    }

    // An emitter has the same nodes before it.
    let channel = unique("emitted");
    let emitter = Emitter::<Memory>::with_options(options).channel(&channel);
    for _ in 0..3 {
        emitter.except("a").emit("news", 1).unwrap();
    }
    // It may have connected meanwhile, which is a line too.
    let lines = lines_of(&channel);
    assert_eq!(lines.iter().filter(|line| line.contains("asked=")).count(), 1, "{lines:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pickles_and_kombus_envelopes_are_named_once_and_counted_and_the_link_stays() {
    start_log();
    let (options, channel) = (hub(), unique("formats"));
    let node = Node::<Memory>::start(options.clone(), &channel).await;
    let mut client = Member::connect(node.running.port).await;
    let stranger = Memory::connect(&options, "stranger").await.unwrap();
    let frames: Vec<_> = ["redis-5.13.0", "aiopika-5.13.0", "kombu-redis-5.18.1", "pickles"]
        .into_iter()
        .flat_map(captured)
        .map(|payload| broker::Frame { channel: channel.as_str().into(), payload: payload.into() })
        .collect();
    assert!(frames.len() > 150);
    stranger.publish(&frames).await.unwrap();
    let good = r#"{"method": "emit", "event": "news", "data": ["hello"]}"#;
    let good = broker::Frame { channel: channel.as_str().into(), payload: good.into() };
    stranger.publish(&[good]).await.unwrap();
    client.got(&[r#"42["news","hello"]"#]).await;

    let health = node.adapter.health();
    assert_eq!((health.frames_refused, health.subscribed), (frames.len() as u64, true));
    let lines = lines_of(&channel);
    assert_eq!(lines.len(), 3, "that it has joined, and one for each format: {lines:?}");
    let expected = [["Python pickle", "5.13", "5.14"], ["envelope of Kombu", "KombuManager", "RedisManager"]];
    for (expected, line) in expected.iter().zip(&lines[1..]) {
        assert!(line.contains("WARN") && expected.iter().all(|word| line.contains(word)), "{line}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_with_bytes_that_python_nodes_do_not_get_are_said_once_and_counted() {
    start_log();
    let (options, channel) = (hub(), unique("withheld"));
    let node = Node::<Memory>::start(options.clone(), &channel).await;
    let mut client = Member::connect(node.running.port).await;
    let (host, sid) = (unique("python"), client.sid.clone());
    let python = Memory::connect(&options, &host).await.unwrap();
    for id in 1..=3 {
        let ask = format!(
            r#"{{"method": "emit", "event": "who", "data": [], "room": "{sid}", "callback": ["{sid}", "/", {id}], "host_id": "{host}"}}"#
        );
        let ask = broker::Frame { channel: channel.as_str().into(), payload: ask.into() };
        python.publish(&[ask]).await.unwrap();
        let packet = client.client.next().await;
        let number = packet.strip_prefix("42").and_then(|rest| rest.strip_suffix(r#"["who"]"#)).unwrap();
        client.client.send(&format!(r#"461-{number}[{{"_placeholder":true,"num":0}}]"#)).await;
        client.client.send("bAAEC/w==").await;
    }
    until("all to be counted", || match node.adapter.health().answers_withheld {
        3 => Ok(()),
        withheld => Err(withheld),
    })
    .await;
    let lines = lines_of(&host);
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].contains("WARN") && lines[0].contains("bytes"), "{}", lines[0]);
}

#[tokio::test]
async fn an_error_that_ends_the_server_shows_without_a_subscriber_on_stderr_once() {
    const ALONE: &str = "AN_ERROR_WITHOUT_A_SUBSCRIBER";
    if std::env::var_os(ALONE).is_some() {
        // A process of its own, which sets up no log.
        let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = taken.local_addr().unwrap().to_string();
        let io = Server::builder().build().unwrap();
        let error = io.serve(address, std::future::pending()).await.unwrap_err();
        assert_eq!(error.to_string(), "cannot listen");
        return;
    }
    let test = "an_error_that_ends_the_server_shows_without_a_subscriber_on_stderr_once";
    let child = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(ALONE, "1")
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&child.stderr);
    assert!(child.status.success(), "{stderr}");
    let lines: Vec<_> = stderr.lines().filter(|line| line.contains("the server cannot listen")).collect();
    assert_eq!(lines.len(), 1, "{stderr}");
    assert!(lines[0].starts_with("socketio: ") && lines[0].contains("in use"), "{}", lines[0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_error_that_ends_the_server_is_in_the_log_where_there_is_one() {
    start_log();
    let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let io = Server::builder().build().unwrap();
    let address = taken.local_addr().unwrap().to_string();
    assert!(io.serve(address, std::future::pending()).await.is_err());
    let lines = lines_of("the server cannot listen");
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].contains("ERROR socketio:") && lines[0].contains("in use"), "{}", lines[0]);
}

/// What switches logs apart: each line of a file has the target of the layer that the file belongs to.
#[test]
fn every_line_of_the_sources_has_the_target_of_its_layer() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut seen = 0;
    for (folder, allowed) in [
        ("socketio-core/src/engine", &["engineio"] as &[_]),
        // Its own are requests; what it says of the server as a whole (signals, certificates, files) is that of the server.
        ("socketio-core/src/http", &["engineio", "socketio"]),
        ("socketio-core/src/blocking", &["socketio"]),
        ("socketio-core/src/server", &["socketio"]),
        ("socketio-core/src/handler", &["socketio"]),
        ("socketio-core/src/adapter", &["socketio::cluster"]),
        ("socketio-redis/src", &["socketio::cluster"]),
        ("socketio-amqp/src", &["socketio::cluster"]),
        ("socketio-kafka/src", &["socketio::cluster"]),
        ("socketio-emitter/src", &["socketio::cluster"]),
    ] {
        for file in rust_files(&root.join(folder)) {
            let source = std::fs::read_to_string(&file).expect("sources are text");
            for (macro_call, target) in targets(&source) {
                let target = target.unwrap_or_else(|| panic!("no target: {} {macro_call}", file.display()));
                assert!(allowed.contains(&target), "{target}: {} {macro_call}", file.display());
                seen += 1;
            }
        }
    }
    assert!(seen > 60, "{seen} lines found");
}

/// The calls of tracing's macros in a source, each with its target.
fn targets(source: &str) -> Vec<(&str, Option<&str>)> {
    let macros = ["error", "warn", "info", "debug", "trace", "debug_span", "info_span"];
    let calls = source.split("tracing::").skip(1).filter_map(|rest| {
        let (name, arguments) = rest.split_once("!(")?;
        macros.contains(&name).then_some(arguments)
    });
    calls
        .map(|arguments| {
            let line = arguments.trim_start();
            let target = line.strip_prefix("target: \"").and_then(|rest| rest.split('"').next());
            (line.lines().next().unwrap_or_default(), target)
        })
        .collect()
}

fn rust_files(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).expect("it is a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

/// Nobody is there who could answer.
const SOON: Duration = Duration::from_millis(20);

/// What a release of python-socketio has put on a broker.
fn captured(file: &str) -> Vec<Vec<u8>> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../socketio-core/tests/fixtures/python");
    let content = std::fs::read(format!("{folder}/{file}.json")).expect("a fixture");
    let content: Value = serde_json::from_slice(&content).expect("it is JSON");
    let messages = content["messages"].as_array().expect("a list").iter();
    let bytes = messages.filter_map(|message| {
        let text = message["text"].as_str().map(|text| text.as_bytes().to_vec());
        text.or_else(|| message["hex"].as_str().map(unhex))
    });
    bytes.collect()
}

fn unhex(hex: &str) -> Vec<u8> {
    let pairs = hex.as_bytes().chunks(2);
    pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

fn hub() -> MemoryOptions {
    MemoryHub::named(&Sid::generate()).options()
}

fn unique(what: &str) -> String {
    format!("{what}-{}", Sid::generate())
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

/// Everything that the server's targets have written so far, at every level.
fn log() -> String {
    start_log().text().replace(SEPARATOR, "␞")
}

fn lines_of(path: &str) -> Vec<String> {
    start_log().lines_with(path)
}

/// Numbers without what groups their digits.
fn digits(text: &str) -> String {
    text.replace([',', '_'], "")
}

fn start_log() -> &'static Log {
    static STARTED: LazyLock<Log> = LazyLock::new(|| Log::of_process(Level::TRACE));
    &STARTED
}
