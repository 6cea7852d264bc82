//! One session, driven by any sequence of steps, beside the model of it.
//!
//! After every step: the handlers have had what the model has heard, in order; what the server said has come once, in order, and all of
//! it where the client can be reached; requests have the answers that the model allows; the server knows the client where the model does,
//! as somebody new each time; and an end has one reason in every namespace, and one of those that it may have. When everybody has left,
//! nothing is left.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use proptest::prelude::*;
use proptest::sample::select;
use socketio_core::{Args, Data, DisconnectReason, Drained, Server, Socket};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::clock::{config, run, settle, wait};
use crate::namespaces::Name;
use crate::opening::{framed, head, open_polling, open_websocket};
use crate::pipe::{Pipe, frame};
use crate::protocol::{Answer, Heard, Model, PING_INTERVAL, PING_TIMEOUT, State, UPGRADE_TIMEOUT};
use crate::steps::{Said, Step, steps};
use crate::words::{ATTACHMENT, Ear, Words};

proptest! {
    #![proptest_config(config(100))]

    #[test]
    fn a_session_is_what_the_model_says_whatever_its_client_does(
        words in select(&[Words::Json, Words::Json, Words::Msgpack][..]),
        websocket in prop::bool::weighted(0.2),
        steps in steps(),
    ) {
        run(async {
            let mut world = World::new(words, websocket).await;
            for step in &steps {
                world.take(step).await;
                settle().await;
                world.compare().await;
            }
            world.end().await;
        });
    }
}

pub(crate) struct World {
    pub(crate) io: Server,
    start: Instant,
    sid: String,
    words: Words,
    pub(crate) model: Model,
    /// Whom the server has known, in the order in which they came.
    pub(crate) sockets: Vec<(Name, Socket)>,
    /// What the handlers were given.
    pub(crate) heard: Arc<Mutex<Vec<(Name, u8)>>>,
    pub(crate) ends: Arc<Mutex<Vec<(Name, DisconnectReason)>>>,
    pub(crate) get: Option<Pipe>,
    /// A POST in flight, and the rest of its body.
    pub(crate) post: Option<(Pipe, String)>,
    pub(crate) websocket: Option<Pipe>,
    pub(crate) ear: Ear,
    /// Whether what is said reached the client when that was compared last.
    pub(crate) reached: bool,
    /// The number of the next `down`.
    downs: u32,
    pub(crate) shutdown: Option<JoinHandle<Drained>>,
}

impl World {
    async fn new(words: Words, websocket: bool) -> World {
        let io = Server::builder()
            .ping_interval(Duration::from_millis(PING_INTERVAL))
            .ping_timeout(Duration::from_millis(PING_TIMEOUT))
            .upgrade_timeout(Duration::from_millis(UPGRADE_TIMEOUT))
            .build()
            .unwrap();
        let (heard, ends) = <(Arc<Mutex<Vec<_>>>, Arc<Mutex<Vec<_>>>)>::default();
        for name in Name::ALL {
            let namespace = io.of(name.path());
            let up = heard.clone();
            namespace.on("up", move |Data(number): Data<u8>| up.lock().unwrap().push((name, number)));
            let up_with = heard.clone();
            namespace.on("up with", move |Args((number, bytes)): Args<(u8, Bytes)>| {
                assert_eq!(bytes, ATTACHMENT);
                up_with.lock().unwrap().push((name, number));
            });
            let ask = heard.clone();
            namespace.on("ask", move |Data(number): Data<u8>| {
                ask.lock().unwrap().push((name, number));
                number
            });
            let end = ends.clone();
            namespace.on_disconnect(move |reason: DisconnectReason| end.lock().unwrap().push((name, reason)));
        }

        let start = Instant::now();
        let (sid, pipe) =
            if websocket { open_websocket(&io, words).await } else { open_polling(&io, words).await };
        let state = if websocket { State::Websocket } else { State::Polling };
        let mut world = World {
            model: Model::new(state, words, 0),
            io,
            start,
            sid,
            words,
            sockets: Vec::new(),
            heard,
            ends,
            get: None,
            post: None,
            websocket: pipe,
            ear: Ear::new(words),
            reached: false,
            downs: 0,
            shutdown: None,
        };
        world.meet();
        world
    }

    pub(crate) fn now(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_millis()).unwrap()
    }

    pub(crate) async fn take(&mut self, step: &Step) {
        while self.model.is_at_an_edge(self.now()) {
            settle().await;
        }
        let now = self.now();
        self.model.tick(now);
        let before = self.model.clone();
        match step {
            Step::Get if self.model.get => {}
            Step::Post(_) | Step::BeginPost(_) if self.model.post.is_some() => {}
            Step::Get | Step::AnotherGet => {
                let expected = self.model.get();
                let pipe = self.request("GET", "polling", "");
                match expected {
                    Answer::Later => self.get = Some(pipe),
                    expected => self.answered(pipe, &expected, step, before).await,
                }
            }
            Step::CutGet => {
                self.get = None;
                self.model.cut_get();
            }
            Step::Post(said) | Step::AnotherPost(said) => self.post(said, step, before).await,
            Step::BeginPost(said) => {
                let expected = self.model.begin_post(said, now);
                let body = self.body(said);
                let (begun, rest) = body.split_at(body.len() / 2);
                let pipe = Pipe::open(&self.io, &(self.head("POST", "polling", body.len()) + begun));
                match expected {
                    Answer::Later => self.post = Some((pipe, rest.to_owned())),
                    expected => self.answered(pipe, &expected, step, before).await,
                }
            }
            Step::FinishPost => {
                let Some((pipe, rest)) = self.post.take() else { return };
                let expected = self.model.finish_post(now);
                pipe.write(rest.as_bytes());
                self.answered(pipe, &expected, step, before).await;
            }
            Step::CutPost => {
                self.post = None;
                self.model.cut_post();
            }
            Step::Open => {
                let expected = self.model.open(now);
                let mut pipe = self.request("GET", "websocket", "");
                settle().await;
                let status = pipe.answer().map(|(status, _)| status);
                match expected {
                    Answer::Status(101) if status == Some(400) => self.was_over(before),
                    Answer::Status(expected) => assert_eq!(status, Some(expected), "{step:?}"),
                    _ => assert!(status.is_some(), "{step:?}"),
                }
                if status == Some(101) {
                    self.websocket = Some(pipe);
                    self.model.stalled = None;
                }
            }
            Step::Say(said) => self.say(std::slice::from_ref(said)),
            Step::SayTogether(said) => self.say(said),
            Step::Ping => self.websocket(&frame(0x9, b"!"), [Heard::Ping]),
            Step::CloseFrame => self.websocket(&frame(0x8, &[]), [Heard::Close]),
            Step::CutWebsocket => {
                if self.websocket.take().is_some() {
                    self.model.stalled = None;
                    self.model.websocket(Heard::Cut, now);
                }
            }
            Step::Stall | Step::Flow => {
                if let Some(pipe) = &self.websocket {
                    let stall = matches!(step, Step::Stall);
                    pipe.flow(!stall);
                    self.model.stalled = stall.then(|| self.model.stalled.unwrap_or(now));
                }
            }
            Step::Pong if !self.model.asked_for_pong => {}
            Step::Pong if self.model.state == State::Websocket => self.say(&[Said::Pong]),
            Step::Pong => self.post(&[Said::Pong], step, before).await,
            Step::Emit(name) => self.emit(*name),
            Step::Flood(name) => (0..40).for_each(|_| self.emit(*name)),
            Step::SendOut(name) => {
                if let Some((_, socket)) = self.sockets.iter().rfind(|(other, _)| other == name) {
                    socket.disconnect();
                    self.model.namespaces.send_out(*name);
                }
            }
            Step::SendAway => {
                self.sockets[0].1.close();
                if self.model.lives() {
                    self.model.send_away();
                }
            }
            Step::Shutdown => {
                let io = self.io.clone();
                self.shutdown.get_or_insert_with(|| tokio::spawn(async move { io.close().await }));
                self.model.shut_down();
            }
            Step::Wait(millis) => wait(*millis).await,
        }
    }

    /// To the client, in each of the ways in which a server can.
    fn emit(&mut self, name: Name) {
        let number = self.downs;
        self.downs += 1;
        let mut known = self.sockets.iter().rev().filter(|(other, _)| *other == name);
        let is_in = self.model.namespaces.is_in(name);
        if let Some((_, socket)) = known.next() {
            match number % 4 {
                0 => assert_eq!(socket.emit("down", number).is_ok(), is_in, "{:?}", self.model),
                1 => {
                    let sent = socket.emit("down", (number, Bytes::from_static(ATTACHMENT)));
                    assert_eq!(sent.is_ok(), is_in, "{:?}", self.model);
                }
                2 => drop(self.io.of(name.path()).local().emit("down", number).unwrap()),
                _ => drop(self.io.of(name.path()).to(ROOM).emit("down", number).unwrap()),
            }
            self.model.emit(name, number);
        }
        assert!(known.all(|(_, gone)| gone.emit("down", number).is_err()), "somebody gone is told something");
    }

    async fn post(&mut self, said: &[Said], step: &Step, before: Model) {
        let expected = self.model.post(said, self.now());
        let pipe = self.request("POST", "polling", &self.body(said));
        self.answered(pipe, &expected, step, before).await;
    }

    fn say(&mut self, said: &[Said]) {
        let frames = said.iter().map(|said| match said {
            Said::Packet(packet) => framed(&self.words.write(packet)),
            said => frame(0x1, said.text().as_bytes()),
        });
        let frames = frames.collect::<Vec<_>>().concat();
        self.websocket(&frames, said.iter().cloned().map(Heard::Said));
    }

    /// Frames on the WebSocket, if there is one.
    fn websocket(&mut self, frames: &[u8], heard: impl IntoIterator<Item = Heard>) {
        let now = self.now();
        let Some(pipe) = &self.websocket else { return };
        pipe.write(frames);
        heard.into_iter().for_each(|heard| self.model.websocket(heard, now));
    }

    fn request(&self, method: &str, transport: &str, body: &str) -> Pipe {
        Pipe::open(&self.io, &(self.head(method, transport, body.len()) + body))
    }

    fn head(&self, method: &str, transport: &str, length: usize) -> String {
        head(method, transport, &format!("&sid={}", self.sid), length)
    }

    fn body(&self, said: &[Said]) -> String {
        let packets = said.iter().map(|said| match said {
            Said::Packet(packet) => self.words.write(packet).in_payload(),
            said => said.text().to_owned(),
        });
        packets.collect::<Vec<_>>().join("\u{1e}")
    }

    async fn answered(&mut self, mut pipe: Pipe, expected: &Answer, step: &Step, mut before: Model) {
        settle().await;
        let Some((status, body)) = pipe.answer() else { panic!("{step:?} has no answer: {:?}", self.model) };
        if (status, expected) == (400, &Answer::Status(200)) {
            before.post = None;
            self.was_over(before);
            return;
        }
        if let Answer::Status(expected) = expected {
            assert_eq!(status, *expected, "{step:?}, {body}: {:?}", self.model);
        }
        // The last words of a session.
        if status == 200 && body != "ok" {
            self.receive_payload(&body);
        }
    }

    /// A request has found out that the time of its session was over, and nothing of it was heard. Whether it was over is compared next.
    fn was_over(&mut self, before: Model) {
        assert!(self.has_ended(), "a request was refused: {before:?}");
        self.model = before;
    }

    /// Takes what is left, leaves, and finds that nothing stays.
    async fn end(mut self) {
        self.take(&Step::Flow).await;
        settle().await;
        self.compare().await;
        for _ in 0..self.model.namespaces.told.len() + 3 {
            if self.model.state == State::Polling && self.get.is_none() {
                self.take(&Step::Get).await;
                settle().await;
                self.compare().await;
            }
        }
        if self.model.lives() {
            assert_eq!(self.ear.told, self.model.namespaces.told, "{:?}", self.model);
        }
        (self.get, self.post, self.websocket) = (None, None, None);
        wait(4 * (PING_INTERVAL + PING_TIMEOUT)).await;
        self.model.namespaces.end(&ANY);
        self.ends_are_as_expected();
        assert_eq!(*self.heard.lock().unwrap(), self.model.namespaces.heard);
        self.nothing_stays();
        if let Some(shutdown) = self.shutdown {
            assert!(shutdown.is_finished(), "a shutdown without an end: {:?}", self.model);
            let mut late = Pipe::open(&self.io, &head("GET", "polling", "", 0));
            settle().await;
            assert_eq!(late.answer().expect("an answer").0, 503);
        }
    }

    fn nothing_stays(&self) {
        let left = self.io.counters();
        assert_eq!((left.sessions, left.sockets, left.rooms, left.websockets), (0, 0, 0, 0), "{left:?}");
        assert_eq!((left.pending_acks, left.handlers_running, left.buffered), (0, 0, 0), "{left:?}");
        assert_eq!((left.handler_panics, left.handler_errors, left.arguments_refused), (0, 0, 0), "{left:?}");
    }
}

/// What somebody may end for who is cut.
const ANY: [DisconnectReason; 3] =
    [DisconnectReason::TransportError, DisconnectReason::TransportClose, DisconnectReason::PingTimeout];

/// Everybody is in it.
pub(crate) const ROOM: &str = "room";
