//! Classes: types whose methods are the handlers of a namespace.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use integration_tests::{client::Client, running::Running};
use serde::Deserialize;
use socketio_core::handler::{Class, Events, HandlerError, Next, Rejection};
use socketio_core::{
    Ack, Args, Auth, ConnectError, Data, DisconnectReason, EventName, Handshake, Namespace, RawArgs, Server,
    Session, Socket, State, events,
};
use tokio::sync::mpsc::{UnboundedSender as Sender, unbounded_channel};

#[derive(Deserialize)]
struct Login {
    name: String,
}

#[derive(Default)]
struct Chat {
    said: AtomicUsize,
    motto: String,
}

impl Chat {
    async fn on_connect(&self, socket: Socket, Auth(login): Auth<Login>) -> Result<(), ConnectError> {
        tokio::task::yield_now().await;
        if login.name.is_empty() {
            return Err(ConnectError::new("who are you?"));
        }
        socket.save_session(login.name);
        socket.join("lobby")?;
        Ok(())
    }

    fn on_connected(&self, socket: Socket) {
        socket.emit("motto", &self.motto).ok();
    }

    async fn on_say(
        &self,
        chat: Namespace,
        Session(name): Session<String>,
        Data(text): Data<String>,
    ) -> Result<usize, HandlerError> {
        tokio::task::yield_now().await;
        chat.to("lobby").emit("say", (&*name, text))?;
        Ok(self.said.fetch_add(1, Ordering::Relaxed) + 1)
    }

    fn on_count(&self) -> usize {
        self.said.load(Ordering::Relaxed)
    }

    fn on_two(&self, Args((a, b)): Args<(u32, u32)>) -> (u32, u32) {
        (b, a)
    }

    async fn on_fails(&self) -> Result<(), HandlerError> {
        Err(HandlerError::ack("not today"))
    }

    async fn on_by_hand(&self, ack: Ack) {
        ack.send(("by", "hand")).ok();
    }

    fn on_everything(
        &self,
        socket: Socket,
        event: EventName,
        handshake: Handshake,
        State(limit): State<u16>,
        text: Result<Data<String>, Rejection>,
    ) -> String {
        format!(
            "{} {event} {} {limit} {}",
            !socket.id().is_empty(),
            handshake.query_value("EIO").unwrap_or_default(),
            text.is_err()
        )
    }

    fn custom(&self) -> &'static str {
        "under another name"
    }

    fn on_disconnecting(&self, socket: Socket, State(ends): State<Sender<String>>) {
        ends.send(format!("{} rooms", socket.rooms().len())).ok();
    }

    async fn on_disconnect(
        &self,
        reason: DisconnectReason,
        Session(name): Session<String>,
        State(ends): State<Sender<String>>,
    ) {
        tokio::task::yield_now().await;
        ends.send(format!("{name}: {reason}")).ok();
    }
}

impl Class for Chat {
    fn events(on: &mut Events<'_, Self>) {
        events!(on, Chat: on_connect, on_connected, on_disconnecting, on_disconnect);
        events!(on, Self: on_say, on_count, on_two, on_fails, on_by_hand, on_everything);
        on.on("my custom event", Chat::custom);
    }
}

#[tokio::test]
async fn the_methods_of_a_class_are_handlers_like_functions() {
    let (ends, mut ended) = unbounded_channel::<String>();
    let io = Server::builder().state(7_u16).state(ends).build().unwrap();
    io.of("/chat").class(Chat { motto: "be kind".to_owned(), ..Chat::default() });
    let server = Running::start(io).await;

    let mut client = Client::websocket(server.port).await;
    client.send("40/chat,{\"name\":\"\"}").await;
    assert_eq!(client.next().await, "44/chat,{\"message\":\"who are you?\"}");
    client.connect_with("/chat", "{\"name\":\"Ada\"}").await;
    assert_eq!(client.next().await, "42/chat,[\"motto\",\"be kind\"]");
    for (asked, answers) in [
        ("[\"say\",\"hello\"]", &["42/chat,[\"say\",\"Ada\",\"hello\"]", "43/chat,1[1]"] as &[_]),
        ("[\"count\"]", &["43/chat,1[1]"]),
        ("[\"two\",1,2]", &["43/chat,1[2,1]"]),
        ("[\"fails\"]", &["43/chat,1[\"not today\"]"]),
        ("[\"by_hand\"]", &["43/chat,1[\"by\",\"hand\"]"]),
        ("[\"everything\",5]", &["43/chat,1[\"true everything 4 7 true\"]"]),
        ("[\"my custom event\"]", &["43/chat,1[\"under another name\"]"]),
    ] {
        client.send(&format!("42/chat,1{asked}")).await;
        for answer in answers {
            assert_eq!(client.next().await, *answer);
        }
    }
    client.send("41/chat,").await;
    assert_eq!(ended.recv().await.unwrap(), "2 rooms");
    assert_eq!(ended.recv().await.unwrap(), "Ada: client namespace disconnect");
}

#[tokio::test]
async fn one_instance_serves_all_clients_and_the_program_may_keep_a_hold_of_it() {
    let io = Server::builder().state(unbounded_channel::<String>().0).build().unwrap();
    let chat = Arc::new(Chat::default());
    io.of("/chat").class(chat.clone());
    let server = Running::start(io).await;
    for number in 1..=3 {
        let mut client = Client::websocket(server.port).await;
        client.connect_with("/chat", "{\"name\":\"Ada\"}").await;
        assert_eq!(client.next().await, "42/chat,[\"motto\",\"\"]");
        client.send("42/chat,1[\"say\",\"hello\"]").await;
        while client.next().await != format!("43/chat,1[{number}]") {}
        assert_eq!(chat.said.load(Ordering::Relaxed), number);
    }
}

/// Answers with its name.
struct Named(&'static str);

impl Named {
    fn on_hello(&self) -> &'static str {
        self.0
    }

    fn on_where(&self, namespace: Namespace) -> String {
        format!("{} in {}", self.0, namespace.name())
    }
}

impl Class for Named {
    fn events(on: &mut Events<'_, Self>) {
        events!(on, Named: on_hello, on_where);
    }
}

#[tokio::test]
async fn an_event_without_a_method_is_ignored_and_a_function_for_the_same_event_wins() {
    let io = Server::builder().build().unwrap();
    io.class(Named("class")).on("hello", || "function");
    let server = Running::start(io).await;
    let mut client = Client::websocket(server.port).await;
    client.connect("/").await;
    client.send("421[\"nobody's\"]").await;
    client.send("422[\"on_hello\"]").await;
    assert_eq!(ask(&mut client, "hello").await, "function");
    server.io.off("hello");
    assert_eq!(ask(&mut client, "hello").await, "class");
    server.io.on_any(|| "catch-all");
    assert_eq!(ask(&mut client, "hello").await, "catch-all", "as python has it");
    server.io.off_any();
    // The last one given counts.
    server.io.class(Named("another"));
    assert_eq!(ask(&mut client, "hello").await, "another");
}

#[tokio::test]
async fn a_function_that_lets_clients_in_wins_over_the_method_that_does_not() {
    struct Closed;
    impl Closed {
        fn on_connect(&self) -> bool {
            false
        }
    }
    impl Class for Closed {
        fn events(on: &mut Events<'_, Self>) {
            events!(on, Closed: on_connect);
        }
    }
    let io = Server::builder().build().unwrap();
    io.of("/a").class(Closed);
    io.of("/b").class(Closed).on_connect(|| true);
    let server = Running::start(io).await;
    let mut client = Client::websocket(server.port).await;
    client.send("40/a,").await;
    assert!(client.next().await.starts_with("44/a,"));
    client.connect("/b").await;
}

#[tokio::test]
async fn a_class_can_serve_every_namespace_and_the_narrowest_class_alone_is_asked() {
    let io = Server::builder().namespace("*").build().unwrap();
    io.every_namespace().class(Named("every"));
    io.of_pattern("/room-{id}").class(Named("parent"));
    struct Silent;
    impl Class for Silent {
        fn events(_: &mut Events<'_, Self>) {}
    }
    io.of("/silent").class(Silent);
    io.of("/function").on("hello", || "function");
    let server = Running::start(io).await;
    let mut client = Client::websocket(server.port).await;
    for (namespace, hello, place) in [
        ("/anything", Some("every"), Some("every in /anything")),
        ("/room-5", Some("parent"), Some("parent in /room-5")),
        ("/function", Some("function"), Some("every in /function")),
        ("/silent", None, None),
    ] {
        client.connect(namespace).await;
        for (event, answer) in [("hello", hello), ("where", place)] {
            client.send(&format!("42{namespace},1[\"{event}\"]")).await;
            if let Some(answer) = answer {
                assert_eq!(client.next().await, format!("43{namespace},1[\"{answer}\"]"));
            }
        }
        client.send(&format!("41{namespace},")).await;
    }
    client.connect("/last").await;
}

/// It finds its methods itself.
struct Dispatching;

impl Dispatching {
    fn on_known(&self, Data(word): Data<String>) -> String {
        word
    }

    fn on_by_hand(&self, ack: Ack) {
        ack.send("by hand").ok();
    }

    async fn dispatch(&self, socket: Socket, event: EventName, next: Next) -> Result<RawArgs, HandlerError> {
        socket.emit("dispatched", &*event).ok();
        match &*event {
            "other-name" => next.with_event("known").run().await,
            "forbidden" => Err(HandlerError::ack("forbidden")),
            _ if !next.is_handled() => Err(HandlerError::ack("no such method")),
            _ => next.run().await,
        }
    }
}

impl Class for Dispatching {
    fn events(on: &mut Events<'_, Self>) {
        events!(on, Dispatching: on_known, on_by_hand);
        on.dispatch(Dispatching::dispatch);
    }
}

#[tokio::test]
async fn a_class_can_override_its_dispatch_also_behind_middlewares() {
    for with_middleware in [false, true] {
        let io = Server::builder().build().unwrap();
        io.class(Dispatching).on("function", || "function");
        if with_middleware {
            io.use_event(|next: Next| next.run());
        }
        let server = Running::start(io).await;
        let mut client = Client::websocket(server.port).await;
        client.connect("/").await;
        for (event, answer) in [
            ("known", "word"),
            ("other-name", "word"),
            ("forbidden", "forbidden"),
            ("by_hand", "by hand"),
            ("unknown", "no such method"),
        ] {
            client.send(&format!("421[\"{event}\",\"word\"]")).await;
            assert_eq!(client.next().await, format!("42[\"dispatched\",\"{event}\"]"));
            assert_eq!(client.next().await, format!("431[\"{answer}\"]"));
        }
        assert_eq!(ask(&mut client, "function").await, "function", "functions come first");
    }
}

/// The words of the server, for the namespace that the class is in.
struct Words;

impl Words {
    async fn on_all(
        &self,
        me: Socket,
        here: Namespace,
        Data(other): Data<String>,
    ) -> Result<(), HandlerError> {
        let timeout = Duration::from_secs(20);
        here.emit("emit", 1)?;
        here.send("send")?;
        here.to(&other).emit("to", ())?;
        here.except(me.id()).emit("except", ())?;
        here.to(&other).join("room")?;
        here.to("room").emit("room", ())?;
        let rooms = here.rooms().await?;
        assert!(rooms.items.iter().any(|(room, sockets)| room == "room" && *sockets == 1));
        let answer: u8 = here.call(&*other, "call", (), timeout).await?;
        assert_eq!(answer, 7);
        here.to(&other).leave("room")?;
        here.to("room").emit("nobody", ())?;
        here.to(&other).join("room")?;
        here.close_room("room")?;
        here.to("room").emit("nobody", ())?;
        let there = here.socket(&other).ok_or("it is on this node").map_err(HandlerError::new)?;
        there.save_session(String::from("Ada"));
        assert_eq!(*there.session::<String>().unwrap(), "Ada");
        assert_eq!(here.count(), 2);
        here.to(&other).disconnect()?;
        Ok(())
    }
}

impl Class for Words {
    fn events(on: &mut Events<'_, Self>) {
        events!(on, Words: on_all);
    }
}

#[tokio::test]
async fn the_words_of_the_server_are_for_the_namespace_of_the_class() {
    let io = Server::builder().build().unwrap();
    io.of("/words").class(Words);
    let server = Running::start(io).await;
    let mut me = Client::websocket(server.port).await;
    me.connect("/words").await;
    let mut other = Client::websocket(server.port).await;
    let sid = other.connect("/words").await;
    other.connect("/").await;
    me.send(&format!("42/words,1[\"all\",\"{sid}\"]")).await;
    for packet in ["[\"emit\",1]", "[\"message\",\"send\"]", "[\"to\"]", "[\"except\"]", "[\"room\"]"] {
        assert_eq!(other.next().await, format!("42/words,{packet}"));
    }
    let call = other.next().await;
    let id = call.strip_prefix("42/words,").and_then(|rest| rest.strip_suffix("[\"call\"]")).unwrap();
    other.send(&format!("43/words,{id}[7]")).await;
    assert_eq!(other.next().await, "41/words,");
    for packet in ["42/words,[\"emit\",1]", "42/words,[\"message\",\"send\"]", "43/words,1[]"] {
        assert_eq!(me.next().await, packet);
    }
}

async fn ask(client: &mut Client, event: &str) -> String {
    client.send(&format!("427[\"{event}\"]")).await;
    let answer = client.next().await;
    let answer = answer.strip_prefix("437[\"").and_then(|rest| rest.strip_suffix("\"]"));
    answer.expect("an answer of one text").to_owned()
}
