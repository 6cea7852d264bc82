//! What the client has received and the server knows, beside what the model says.

use socketio_core::DisconnectReason;

use crate::clock::settle;
use crate::namespaces::Name;
use crate::pipe::{Frame, Pipe};
use crate::protocol::{State, Upgrade};
use crate::session::{ROOM, World};
use crate::words::Message;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

impl World {
    pub(crate) async fn compare(&mut self) {
        self.receive();
        let now = self.now();
        self.model.tick(now);
        if self.model.lives() && self.has_ended() {
            let reason = self.ends.lock().unwrap().get(self.model.namespaces.ends.len()).map(|end| end.1);
            self.model.seen_to_end(reason, now);
            settle().await;
            self.receive();
        }
        self.meet();
        self.ends_are_as_expected();
        let model = &self.model;
        let expected = &model.namespaces;
        assert_eq!(*self.heard.lock().unwrap(), expected.heard, "{model:?}");
        let counters = self.io.counters();
        assert_eq!(counters.packets_dropped, expected.dropped, "{model:?}");
        // One that was under way when the session ended by itself may have been late before that.
        let late = counters.upgrades_timed_out;
        assert!(late <= model.late_upgrades && (late == model.late_upgrades || !model.lives()), "{model:?}");
        // A prefix of what was said, and all of it where the client is reached.
        let told = &self.ear.told;
        assert!(expected.told.starts_with(told), "the client was told {told:?}: {model:?}");
        let all = told.len() == expected.told.len();
        let reached = self.get.is_some() || (model.state == State::Websocket && model.stalled.is_none());
        match model.state {
            State::Ended(ref reasons) => {
                assert!(self.get.is_none(), "a GET waits for nothing: {model:?}");
                let told_why =
                    [DisconnectReason::ServerNamespaceDisconnect, DisconnectReason::ServerShuttingDown];
                let last_words = self.reached && told_why.iter().any(|reason| reasons == &[*reason]);
                assert!(all || !last_words, "the last words did not come: {model:?}");
            }
            _ => {
                assert!(!model.is_overdue(now), "silent for too long: {now} {model:?}");
                assert!(!(reached && model.must_be_asked(now)), "no ping: {now} {model:?}");
                assert!(all || !reached, "only {} of {} came: {model:?}", told.len(), expected.told.len());
            }
        }
        if all {
            self.the_client_knows_its_ids();
        }
        assert!(
            !(model.is_probed() && self.get.is_some()),
            "a GET in flight holds the upgrade up: {model:?}"
        );
        if let (Some(websocket), State::Polling, Upgrade::None, None) =
            (&self.websocket, &model.state, &model.upgrade, model.stalled)
        {
            assert!(websocket.has_ended(), "an upgrade that came to nothing keeps its connection: {model:?}");
        }
        self.reached = reached;
    }

    /// Whether the session has, although the model does not know.
    pub(crate) fn has_ended(&self) -> bool {
        if self.model.namespaces.is_in_any() {
            self.ends.lock().unwrap().len() > self.model.namespaces.ends.len()
        } else {
            self.io.counters().sessions == 0
        }
    }

    pub(crate) fn ends_are_as_expected(&self) {
        let (ends, model) = (self.ends.lock().unwrap(), &self.model);
        for name in Name::ALL {
            let seen: Vec<_> = ends.iter().filter(|end| end.0 == name).map(|end| end.1).collect();
            let expected: Vec<_> = model.namespaces.ends.iter().filter(|end| end.0 == name).collect();
            let fits = seen.len() == expected.len()
                && seen.iter().zip(&expected).all(|(reason, (_, allowed))| allowed.contains(reason));
            assert!(fits, "{} was left for {seen:?}: {model:?}", name.path());
        }
    }

    /// The server knows the client where the model does; who is new has nothing of those before.
    pub(crate) fn meet(&mut self) {
        for name in Name::ALL {
            let here = self.io.of(name.path()).sockets();
            assert_eq!(here.len(), usize::from(self.model.namespaces.is_in(name)), "{:?}", self.model);
            for socket in here {
                if self.sockets.iter().all(|(_, known)| known.id() != socket.id()) {
                    assert_eq!(socket.rooms().len(), 1, "somebody new in {name:?} has rooms");
                    socket.join(ROOM).unwrap();
                    self.sockets.push((name, socket));
                }
            }
        }
    }

    /// What came on the connections that wait.
    fn receive(&mut self) {
        if let Some((status, body)) = self.get.as_mut().and_then(Pipe::answer) {
            self.get = None;
            self.model.get = false;
            let over = !self.model.lives() || self.has_ended();
            assert!(status == 200 || over, "a GET in flight was answered {status} {body}");
            if status == 200 {
                self.receive_payload(&body);
            }
        }
        for frame in self.websocket.as_mut().map(Pipe::frames).unwrap_or_default() {
            match frame {
                Frame::Text(packet) => self.receive_packet(&packet),
                Frame::Binary(bytes) => self.ear.hear(&Message::Binary(bytes)),
                Frame::Pong | Frame::Close => {}
            }
        }
    }

    pub(crate) fn receive_payload(&mut self, body: &str) {
        body.split('\u{1e}').for_each(|packet| self.receive_packet(packet));
    }

    fn receive_packet(&mut self, packet: &str) {
        match packet.split_at(1) {
            ("4", text) => self.ear.hear(&Message::Text(text.to_owned())),
            ("b", base64) => {
                let bytes = BASE64_STANDARD.decode(base64).expect("base64");
                self.ear.hear(&Message::Binary(bytes));
            }
            ("2", "") => self.model.asked_for_pong = true,
            ("3", "probe") => {}
            ("6", "") => {
                let polls = self.model.state == State::Polling;
                assert!(self.model.is_probed() || !polls, "a GET came back with nothing: {:?}", self.model);
            }
            ("1", "") => assert!(!self.model.lives() || self.has_ended()),
            _ => panic!("the server said {packet}"),
        }
    }

    fn the_client_knows_its_ids(&self) {
        for (name, id) in &self.ear.ids {
            let last = self.ear.ids.iter().rfind(|(other, _)| other == name);
            let current = self.sockets.iter().rfind(|(other, _)| other == name);
            if self.model.namespaces.is_in(*name) && last.is_some_and(|(_, last)| last == id) {
                assert_eq!(current.map(|(_, socket)| socket.id().as_str()), Some(id.as_str()));
            }
        }
    }
}
