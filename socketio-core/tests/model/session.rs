//! One session, driven by any sequence of steps, beside the model of it.
//!
//! After every step: the handlers have had what the model has heard, in order; what was emitted has come once, in order, and all of it
//! where the client can be reached; requests have the answers that the model allows; and an end has one reason, and one of those that
//! it may have. When everybody has left, nothing is left.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use proptest::prelude::*;
use socketio_core::{Args, Data, DisconnectReason, Server, Socket};
use tokio::time::Instant;

use crate::clock::{config, run, settle, wait};
use crate::pipe::{Frame, Pipe, frame};
use crate::protocol::{Answer, Heard, Model, PING_INTERVAL, PING_TIMEOUT, State, Upgrade};
use crate::steps::{Said, Step, steps};

proptest! {
    #![proptest_config(config(100))]

    #[test]
    fn a_session_is_what_the_model_says_whatever_its_client_does(websocket in prop::bool::weighted(0.2), steps in steps()) {
        run(async {
            let mut world = World::new(websocket).await;
            for step in &steps {
                world.take(step).await;
                settle().await;
                world.compare().await;
            }
            world.end().await;
        });
    }
}

const ATTACHMENT: &[u8] = &[1, 2, 3];

struct World {
    io: Server,
    socket: Socket,
    start: Instant,
    sid: String,
    model: Model,
    /// What the handlers were given.
    heard: Arc<Mutex<Vec<u8>>>,
    ends: Arc<Mutex<Vec<DisconnectReason>>>,
    get: Option<Pipe>,
    /// A POST in flight, and the rest of its body.
    post: Option<(Pipe, String)>,
    websocket: Option<Pipe>,
    /// The numbers of `down` that have come.
    received: Vec<u32>,
    /// One whose attachment is still to come.
    half: Option<u32>,
    pongs: usize,
}

impl World {
    async fn new(websocket: bool) -> World {
        let io = Server::builder()
            .ping_interval(Duration::from_millis(PING_INTERVAL))
            .ping_timeout(Duration::from_millis(PING_TIMEOUT))
            .upgrade_timeout(Duration::from_secs(3600))
            .build()
            .unwrap();
        let (heard, ends) = (Arc::<Mutex<Vec<u8>>>::default(), Arc::<Mutex<Vec<_>>>::default());
        let (up, end) = (heard.clone(), ends.clone());
        io.on("up", move |Data(number): Data<u8>| up.lock().unwrap().push(number));
        let up_with = heard.clone();
        io.on("up with", move |Args((number, bytes)): Args<(u8, Bytes)>| {
            assert_eq!(bytes, ATTACHMENT);
            up_with.lock().unwrap().push(number);
        });
        io.on_disconnect(move |reason: DisconnectReason| end.lock().unwrap().push(reason));

        let start = Instant::now();
        let (sid, pipe) = if websocket { open_websocket(&io).await } else { open_polling(&io).await };
        let socket = io.sockets().pop().expect("it was let in");
        let state = if websocket { State::Websocket } else { State::Polling };
        World {
            model: Model::new(state, 0),
            io,
            socket,
            start,
            sid,
            heard,
            ends,
            get: None,
            post: None,
            websocket: pipe,
            received: Vec::new(),
            half: None,
            pongs: 0,
        }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_millis()).unwrap()
    }

    async fn take(&mut self, step: &Step) {
        let now = self.now();
        match step {
            Step::Get if self.model.get => {}
            Step::Post(_) | Step::BeginPost(_) if self.model.post.is_some() => {}
            Step::Get | Step::AnotherGet => {
                let expected = self.model.get();
                let pipe = self.request("GET", "polling", "").await;
                match expected {
                    Answer::Later => self.get = Some(pipe),
                    expected => self.answered(pipe, &expected, step).await,
                }
            }
            Step::CutGet => {
                self.get = None;
                self.model.cut_get();
            }
            Step::Post(said) | Step::AnotherPost(said) => {
                let expected = self.model.post(said, now);
                let pipe = self.request("POST", "polling", &body(said)).await;
                self.answered(pipe, &expected, step).await;
            }
            Step::BeginPost(said) => {
                let expected = self.model.begin_post(said, now);
                let body = body(said);
                let (begun, rest) = body.split_at(body.len() / 2);
                let head = self.head("POST", "polling", body.len());
                let pipe = Pipe::open(&self.io, head + begun).await;
                match expected {
                    Answer::Later => self.post = Some((pipe, rest.to_owned())),
                    expected => self.answered(pipe, &expected, step).await,
                }
            }
            Step::FinishPost => {
                let Some((mut pipe, rest)) = self.post.take() else { return };
                let expected = self.model.finish_post(now);
                pipe.write(rest.as_bytes()).await;
                self.answered(pipe, &expected, step).await;
            }
            Step::CutPost => {
                self.post = None;
                self.model.cut_post();
            }
            Step::Open => {
                let expected = self.model.open();
                let mut pipe = self.request("GET", "websocket", "").await;
                settle().await;
                let status = pipe.answer().map(|(status, _)| status);
                match expected {
                    Answer::Status(expected) => assert_eq!(status, Some(expected), "{step:?}"),
                    _ => assert!(status.is_some(), "{step:?}"),
                }
                if status == Some(101) {
                    self.websocket = Some(pipe);
                }
            }
            Step::Say(said) => self.say(std::slice::from_ref(said)).await,
            Step::SayTogether(said) => self.say(said).await,
            Step::Ping => self.websocket(&frame(0x9, b"!"), [Heard::Ping]).await,
            Step::CloseFrame => self.websocket(&frame(0x8, &[]), [Heard::Close]).await,
            Step::CutWebsocket => {
                if self.websocket.take().is_some() {
                    self.model.websocket(Heard::Cut, now);
                }
            }
            Step::Pong if !self.model.asked_for_pong => {}
            Step::Pong if self.model.state == State::Websocket => {
                self.say(&[Said::Pong]).await;
            }
            Step::Pong => {
                let said = [Said::Pong];
                let expected = self.model.post(&said, now);
                let pipe = self.request("POST", "polling", &body(&said)).await;
                self.answered(pipe, &expected, step).await;
            }
            Step::Emit => {
                let number = self.model.downs;
                // Every other one with an attachment.
                let sent = match number % 2 {
                    0 => self.socket.emit("down", number),
                    _ => self.socket.emit("down", (number, Bytes::from_static(ATTACHMENT))),
                };
                assert_eq!(sent.is_ok(), self.model.lives(), "{sent:?}");
                self.model.downs += u32::from(self.model.lives());
            }
            Step::SendAway => {
                self.socket.close();
                self.model.send_away();
            }
            Step::Wait(millis) => wait(*millis).await,
        }
    }

    async fn say(&mut self, said: &[Said]) {
        let frames = said.iter().map(|said| match said {
            Said::Bytes => frame(0x2, ATTACHMENT),
            said => frame(0x1, said.text().as_bytes()),
        });
        self.websocket(&frames.collect::<Vec<_>>().concat(), said.iter().cloned().map(Heard::Said)).await;
    }

    /// Frames on the WebSocket, if there is one.
    async fn websocket(&mut self, frames: &[u8], heard: impl IntoIterator<Item = Heard>) {
        let now = self.now();
        let Some(pipe) = &mut self.websocket else { return };
        pipe.write(frames).await;
        heard.into_iter().for_each(|heard| self.model.websocket(heard, now));
    }

    async fn request(&self, method: &str, transport: &str, body: &str) -> Pipe {
        Pipe::open(&self.io, self.head(method, transport, body.len()) + body).await
    }

    fn head(&self, method: &str, transport: &str, length: usize) -> String {
        head(method, transport, &format!("&sid={}", self.sid), length)
    }

    async fn answered(&mut self, mut pipe: Pipe, expected: &Answer, step: &Step) {
        settle().await;
        let Some((status, body)) = pipe.answer() else { panic!("{step:?} has no answer: {:?}", self.model) };
        if let Answer::Status(expected) = expected {
            assert_eq!(status, *expected, "{step:?}, {body}: {:?}", self.model);
        }
        // The last words of a session.
        if status == 200 && body != "ok" {
            self.receive_payload(&body);
        }
    }

    async fn compare(&mut self) {
        self.receive();
        let now = self.now();
        let ends = self.ends.lock().unwrap().clone();
        if let ([reason], true) = (&ends[..], self.model.lives()) {
            self.model.seen_to_end(*reason, now);
            settle().await;
            self.receive();
        }
        let (model, seen) = (&self.model, &self.received);
        match &model.state {
            State::Ended(reasons) => {
                assert!(ends.len() == 1 && reasons.contains(&ends[0]), "it ended for {ends:?}: {model:?}");
                assert!(self.get.is_none(), "a GET waits for nothing: {model:?}");
            }
            _ => {
                assert_eq!(ends, [], "{model:?}");
                assert!(!model.is_overdue(now), "silent for too long: {now} {model:?}");
            }
        }
        assert_eq!(*self.heard.lock().unwrap(), model.ups, "{model:?}");
        assert_eq!(self.io.counters().sockets, usize::from(model.lives()), "{model:?}");
        // A prefix of what was emitted, and all of it where the client is reached.
        assert_eq!(
            *seen,
            (0..seen.len()).map(|n| u32::try_from(n).unwrap()).collect::<Vec<_>>(),
            "{model:?}"
        );
        let reached = self.get.is_some() || model.state == State::Websocket;
        let all = seen.len() == model.downs as usize;
        assert!(!(reached && model.lives() && model.must_be_asked(now)), "no ping: {now} {model:?}");
        assert!(all || !reached, "only {} of {} came: {model:?}", seen.len(), model.downs);
        assert!(seen.len() <= model.downs as usize);
        let probed = matches!(model.upgrade, Upgrade::Probed | Upgrade::Waiting(_));
        assert!(!(probed && self.get.is_some()), "a GET in flight holds the upgrade up: {model:?}");
        if let (Some(websocket), State::Polling, Upgrade::None) =
            (&self.websocket, &model.state, &model.upgrade)
        {
            assert!(websocket.has_ended(), "an upgrade that came to nothing keeps its connection: {model:?}");
        }
    }

    /// What came on the connections that wait.
    fn receive(&mut self) {
        if let Some((status, body)) = self.get.as_mut().and_then(Pipe::answer) {
            self.get = None;
            self.model.get = false;
            assert!(status == 200 || !self.model.lives(), "a GET in flight was answered {status} {body}");
            if status == 200 {
                self.receive_payload(&body);
            }
        }
        for frame in self.websocket.as_mut().map(Pipe::frames).unwrap_or_default() {
            match frame {
                Frame::Text(packet) => self.receive_packet(&packet),
                Frame::Binary(bytes) => {
                    assert_eq!(bytes, ATTACHMENT);
                    self.receive_packet("bAQID");
                }
                Frame::Pong => self.pongs += 1,
                Frame::Close => {}
            }
        }
    }

    fn receive_payload(&mut self, body: &str) {
        body.split('\u{1e}').for_each(|packet| self.receive_packet(packet));
    }

    fn receive_packet(&mut self, packet: &str) {
        let number = packet.strip_prefix("42[\"down\",").and_then(|rest| rest.strip_suffix(']'));
        let begun = packet
            .strip_prefix("451-[\"down\",")
            .and_then(|rest| rest.strip_suffix(",{\"_placeholder\":true,\"num\":0}]"));
        if let (Some(number), None) = (number.or(begun), self.half) {
            let number = number.parse().expect("a number");
            if begun.is_some() {
                self.half = Some(number);
            } else {
                self.received.push(number);
            }
            return;
        }
        match (packet, self.half) {
            ("bAQID", Some(number)) => {
                self.half = None;
                self.received.push(number);
            }
            ("2", _) => self.model.asked_for_pong = true,
            ("3probe", _) => {}
            ("6", _) => {
                let probed = matches!(self.model.upgrade, Upgrade::Probed | Upgrade::Waiting(_));
                let polls = self.model.state == State::Polling;
                assert!(probed || !polls, "a GET came back with nothing: {:?}", self.model);
            }
            ("1" | "41", _) => assert!(!self.model.lives() || !self.ends.lock().unwrap().is_empty()),
            _ => panic!("the server said {packet}"),
        }
    }

    /// Takes what is left, leaves, and finds that nothing stays.
    async fn end(mut self) {
        for _ in 0..3 {
            if self.model.state == State::Polling && self.get.is_none() {
                self.take(&Step::Get).await;
                settle().await;
                self.compare().await;
            }
        }
        if self.model.lives() {
            assert_eq!(self.received.len(), self.model.downs as usize, "{:?}", self.model);
        }
        (self.get, self.post, self.websocket) = (None, None, None);
        wait(4 * (PING_INTERVAL + PING_TIMEOUT)).await;
        assert_eq!(self.ends.lock().unwrap().len(), 1);
        assert_eq!(*self.heard.lock().unwrap(), self.model.ups);
        let left = self.io.counters();
        assert_eq!((left.sessions, left.sockets, left.rooms, left.websockets), (0, 0, 0, 0), "{left:?}");
        assert_eq!((left.pending_acks, left.handlers_running, left.buffered), (0, 0, 0), "{left:?}");
        assert_eq!((left.handler_panics, left.handler_errors, left.arguments_refused), (0, 0, 0), "{left:?}");
    }
}

async fn open_polling(io: &Server) -> (String, Option<Pipe>) {
    let ask = async |method: &str, sid: &str, body: &str| {
        let mut pipe = Pipe::open(io, head(method, "polling", sid, body.len()) + body).await;
        settle().await;
        pipe.answer().expect("an answer")
    };
    let (_, open) = ask("GET", "", "").await;
    let sid = sid(&open);
    let query = format!("&sid={sid}");
    assert_eq!(ask("POST", &query, "40").await, (200, "ok".to_owned()));
    assert!(ask("GET", &query, "").await.1.starts_with("40"));
    (sid, None)
}

async fn open_websocket(io: &Server) -> (String, Option<Pipe>) {
    let mut pipe = Pipe::open(io, head("GET", "websocket", "", 0)).await;
    settle().await;
    assert_eq!(pipe.answer().expect("an answer").0, 101);
    settle().await;
    let Some(Frame::Text(open)) = pipe.frames().pop() else { panic!("no open packet") };
    pipe.write(&frame(0x1, b"40")).await;
    settle().await;
    assert!(matches!(&pipe.frames()[..], [Frame::Text(packet)] if packet.starts_with("40")));
    (sid(&open), Some(pipe))
}

fn head(method: &str, transport: &str, query: &str, length: usize) -> String {
    let more = match transport {
        "websocket" => {
            "connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
             sec-websocket-key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n"
        }
        _ => "connection: close\r\n",
    };
    let target = format!("/socket.io/?EIO=4&transport={transport}{query}");
    format!("{method} {target} HTTP/1.1\r\nhost: h\r\ncontent-length: {length}\r\n{more}\r\n")
}

fn sid(open: &str) -> String {
    let sid = open.strip_prefix("0{\"sid\":\"").and_then(|rest| rest.split('"').next());
    sid.expect("an open packet").to_owned()
}

fn body(said: &[Said]) -> String {
    said.iter().map(Said::text).collect::<Vec<_>>().join("\u{1e}")
}
