//! Where handlers run, in which order, and for whom they wait.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Barrier, Mutex};
use std::thread;
use std::time::Duration;

use integration_tests::client::Client;
use integration_tests::wait::{DEADLINE, until, within};
use socketio_core::blocking::{Next, Server, Socket};
use socketio_core::handler::{Class, Events};
use socketio_core::{
    Auth, ConnectError, Data, DisconnectReason, EventName, HandlerError, Handshake, RawArgs, events,
};

use crate::{joined, serve};

const HUNDRED: usize = 100;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_clients_whose_handlers_wait_for_each_other_all_get_their_answers() {
    let all_here = Arc::new(Barrier::new(HUNDRED));
    let server = serve(Server::builder(), |io| {
        io.on("meet", move || {
            all_here.wait();
            "met"
        });
    });
    let mut clients = Vec::new();
    for _ in 0..HUNDRED {
        let mut client = joined(server.port).await;
        client.send(r#"421["meet"]"#).await;
        clients.push(client);
    }
    for client in &mut clients {
        assert_eq!(client.next().await, r#"431["met"]"#);
    }
    assert_eq!(server.io.counters().blocking_full, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_reach_a_hundred_handlers_that_wait_at_once_on_a_hundred_threads() {
    let asked = Arc::new(Barrier::new(HUNDRED));
    let server = serve(Server::builder().threads(HUNDRED), |io| {
        io.on("ask me", move |socket: Socket| -> Result<u64, HandlerError> {
            // No thread is free from here on.
            asked.wait();
            Ok(socket.call::<u64>("number", (), DEADLINE)? + 1)
        });
    });
    let mut clients = Vec::new();
    for _ in 0..HUNDRED {
        let mut client = joined(server.port).await;
        client.send(r#"421["ask me"]"#).await;
        clients.push(client);
    }
    for client in &mut clients {
        assert_eq!(client.next().await, r#"420["number"]"#);
    }
    for (number, client) in clients.iter_mut().enumerate() {
        client.send(&format!("430[{number}]")).await;
        assert_eq!(client.next().await, format!("431[{}]", number + 1));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_every_thread_is_blocked_pings_go_on_and_what_waits_is_answered_in_its_turn() {
    let (open, gate) = gate();
    let builder = Server::builder().threads(2).async_handlers(true).ping_interval(Duration::from_millis(100));
    let server = serve(builder, |io| {
        io.on("block", gate);
        io.on("quick", |Data(number): Data<u64>| number);
    });
    let mut blocking = Vec::new();
    for _ in 0..2 {
        let mut client = joined(server.port).await;
        client.send(r#"421["block"]"#).await;
        blocking.push(client);
    }
    let mut waiting = joined(server.port).await;
    until("two handlers to block", || match server.io.counters().handlers_running {
        2 => Ok(()),
        other => Err(other),
    })
    .await;
    for number in 0..5 {
        waiting.send(&format!(r#"42{number}["quick",{number}]"#)).await;
    }
    // It is pinged, and comes in elsewhere, though no handler can run.
    for _ in 0..3 {
        assert_eq!(waiting.next_or_end().await.as_deref(), Some("2"));
        waiting.send("3").await;
    }
    until("five to wait for a thread", || match server.io.counters().blocking_full {
        5 => Ok(()),
        other => Err(other),
    })
    .await;
    open();
    let mut answers = Vec::new();
    for _ in 0..5 {
        answers.push(waiting.next().await);
    }
    answers.sort();
    assert_eq!(answers, (0..5).map(|number| format!("43{number}[{number}]")).collect::<Vec<_>>());
    for client in &mut blocking {
        assert_eq!(client.next().await, "431[]");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn async_handlers_of_one_client_are_taken_in_the_order_of_its_events() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let note = seen.clone();
    let server = serve(Server::builder().threads(1).async_handlers(true), |io| {
        io.on("number", move |Data(number): Data<usize>| note.lock().unwrap().push(number));
    });
    let mut client = joined(server.port).await;
    for number in 0..500 {
        client.send(&format!(r#"42["number",{number}]"#)).await;
    }
    until("all to be handled", || match seen.lock().unwrap().len() {
        500 => Ok(()),
        other => Err(other),
    })
    .await;
    assert_eq!(*seen.lock().unwrap(), (0..500).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn handlers_of_one_client_begin_when_the_one_before_has_ended() {
    let (at_work, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (note, high) = (at_work.clone(), most.clone());
    let server = serve(Server::builder(), |io| {
        io.on("number", move |Data(number): Data<usize>| {
            high.fetch_max(note.fetch_add(1, SeqCst) + 1, SeqCst);
            thread::yield_now();
            note.fetch_sub(1, SeqCst);
            number
        });
    });
    let mut client = joined(server.port).await;
    for number in 0..200 {
        client.send(&format!(r#"42{number}["number",{number}]"#)).await;
    }
    for number in 0..200 {
        assert_eq!(client.next().await, format!("43{number}[{number}]"));
    }
    assert_eq!(most.load(SeqCst), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_with_too_many_handlers_waiting_is_not_read_and_loses_nothing() {
    let (open, gate) = gate();
    let server = serve(Server::builder().threads(1).async_handlers(true).max_handlers_in_flight(3), |io| {
        io.on("wait", move |Data(number): Data<usize>| {
            gate();
            number
        });
    });
    let mut client = joined(server.port).await;
    for number in 0..50 {
        client.send(&format!(r#"42{number}["wait",{number}]"#)).await;
    }
    until("its places to be taken", || match server.io.counters().handlers_running {
        3 => Ok(()),
        other => Err(other),
    })
    .await;
    open();
    for number in 0..50 {
        assert_eq!(client.next().await, format!("43{number}[{number}]"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn middlewares_and_what_is_behind_them_share_one_thread() {
    let server = serve(Server::builder().threads(1), |io| {
        io.use_event(|event: EventName, next: Next| -> Result<RawArgs, HandlerError> {
            let answer: String = next.run()?.as_ref()?.answer()?;
            Ok(RawArgs::encode(&format!("first({event}: {answer})"))?)
        })
        .use_event(|next: Next| -> Result<RawArgs, HandlerError> {
            let here = format!("{:?}", thread::current().id());
            let answer: String = next.with_args(here)?.run()?.as_ref()?.answer()?;
            Ok(RawArgs::encode(&format!("second({answer})"))?)
        })
        .on("event", |Data(thread): Data<String>| {
            let same = thread == format!("{:?}", thread::current().id());
            if same { "same thread" } else { "another thread" }
        });
    });
    let mut client = joined(server.port).await;
    client.send(r#"421["event"]"#).await;
    assert_eq!(client.next().await, r#"431["first(event: second(same thread))"]"#);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_connect_and_allow_request_may_block() {
    fn slowly() {
        thread::sleep(Duration::from_millis(50));
    }
    let builder = Server::builder().worker_threads(1).allow_request(|request: Handshake| {
        slowly();
        request.query_value("EIO").is_some()
    });
    let server = serve(builder, |io| {
        io.of("/login").on_connect(|socket: Socket, Auth(login): Auth<HashMap<String, String>>| {
            slowly();
            if login["name"] == "mallory" {
                return Err(ConnectError::new("not you"));
            }
            socket.save_session(login["name"].clone());
            Ok(())
        });
        io.of("/login").on("who", |socket: Socket| socket.session::<String>().map(|name| name.to_string()));
    });
    let mut client = Client::websocket(server.port).await;
    client.send(r#"40/login,{"name":"mallory"}"#).await;
    assert_eq!(client.next().await, r#"44/login,{"message":"not you"}"#);
    client.connect_with("/login", r#"{"name":"ada"}"#).await;
    client.send(r#"42/login,1["who"]"#).await;
    assert_eq!(client.next().await, r#"43/login,1["ada"]"#);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rooms_are_there_until_on_disconnecting_has_returned_whoever_ends_it() {
    let (sender, mut told) = tokio::sync::mpsc::unbounded_channel();
    let tell = sender.clone();
    let server = serve(Server::builder(), |io| {
        io.on_disconnecting(move |socket: Socket| {
            let before = socket.rooms().len();
            thread::sleep(Duration::from_millis(30));
            tell.send(format!("{before} rooms, {} at the end", socket.rooms().len())).unwrap();
        })
        .on_disconnect(move |socket: Socket, reason: DisconnectReason| {
            sender.send(format!("{reason}, {} rooms", socket.rooms().len())).unwrap();
        })
        .on("join", |socket: Socket| socket.join(["a", "b"]).is_ok())
        .on("leave me", |socket: Socket| {
            socket.disconnect();
            // The handlers have run, inside this one.
            socket.is_connected()
        });
    });
    let mut next = async || within("a handler of the end", told.recv()).await.unwrap();
    let mut client = joined(server.port).await;
    client.send(r#"421["join"]"#).await;
    assert_eq!(client.next().await, "431[true]");
    client.send("41").await;
    assert_eq!(next().await, "3 rooms, 3 at the end");
    assert_eq!(next().await, "client namespace disconnect, 0 rooms");

    client.connect("/").await;
    client.send(r#"42["leave me"]"#).await;
    assert_eq!(next().await, "1 rooms, 1 at the end");
    assert_eq!(next().await, "server namespace disconnect, 0 rooms");
    assert_eq!(client.next().await, "41");

    client.connect("/").await;
    drop(client);
    assert_eq!(next().await, "1 rooms, 1 at the end");
    assert_eq!(next().await, "transport close, 0 rooms");
    server.is_empty().await;
    server.stop().await;
}

struct Chat {
    motto: &'static str,
}

impl Chat {
    fn on_connect(&self, Auth(login): Auth<HashMap<String, String>>) -> bool {
        login["name"] != "mallory"
    }

    fn on_say(&self, socket: Socket, Data(text): Data<String>) -> Result<String, HandlerError> {
        let name: String = socket.call("your name", (), DEADLINE)?;
        Ok(format!("{name}: {text}, {}", self.motto))
    }
}

impl Class for Chat {
    fn events(on: &mut Events<'_, Self>) {
        events!(on, Chat: on_connect, on_say);
    }
}

fn whisper(socket: Socket, Data(text): Data<String>) -> Result<String, HandlerError> {
    let name: String = socket.call("your name", (), DEADLINE)?;
    Ok(format!("{name} whispers {text}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn methods_of_a_class_and_functions_by_their_own_names_may_block() {
    let server = serve(Server::builder(), |io| {
        let chat = io.of("/chat");
        chat.class(Chat { motto: "be kind" });
        events!(chat, whisper);
    });
    let mut client = Client::websocket(server.port).await;
    client.send(r#"40/chat,{"name":"mallory"}"#).await;
    assert!(client.next().await.starts_with("44/chat,"));
    client.connect_with("/chat", r#"{"name":"ada"}"#).await;
    for (event, id, answer) in [("say", 0, "ada: hello, be kind"), ("whisper", 1, "ada whispers hello")] {
        client.send(&format!(r#"42/chat,7["{event}","hello"]"#)).await;
        assert_eq!(client.next().await, format!(r#"42/chat,{id}["your name"]"#));
        client.send(&format!(r#"43/chat,{id}["ada"]"#)).await;
        assert_eq!(client.next().await, format!(r#"43/chat,7["{answer}"]"#));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handler_that_panics_costs_its_answer_and_no_thread() {
    let server = serve(Server::builder().threads(1), |io| {
        io.on("panic", || -> () { panic!("asked for by a test") }).on("after", || "after");
    });
    let mut client = joined(server.port).await;
    client.send(r#"421["panic"]"#).await;
    client.send(r#"422["after"]"#).await;
    assert_eq!(client.next().await, r#"432["after"]"#);
    assert_eq!(server.io.counters().handler_panics, 1);
}

/// What opens a gate, and what waits there.
fn gate() -> (impl FnOnce(), impl Fn() + Send + Sync + 'static) {
    let gate = Arc::new((Mutex::new(false), std::sync::Condvar::new()));
    let opens = gate.clone();
    let open = move || {
        *opens.0.lock().unwrap() = true;
        opens.1.notify_all();
    };
    let wait = move || {
        let is_open = gate.0.lock().unwrap();
        let (is_open, _) = gate.1.wait_timeout_while(is_open, DEADLINE, |open| !*open).unwrap();
        assert!(*is_open, "nobody opened the gate");
    };
    (open, wait)
}
