//! A node of ours and one of python's on a channel of their own, with a client on each.

use std::ops::{Deref, DerefMut};

use integration_tests::brokers;
use integration_tests::cluster::{Member, Node};
use integration_tests::python_party::{PythonParty, Style};
use integration_tests::wait::within;
use serde_json::{Value, json};
use socketio_core::adapter::broker::Broker;
use socketio_core::{Server, Sid};
use tokio::time::{Duration, interval};

pub(crate) struct Both<B: Broker> {
    pub(crate) style: Style,
    pub(crate) url: String,
    pub(crate) channel: String,
    pub(crate) ours: Node<B>,
    pub(crate) python: PythonParty,
    pub(crate) python_port: u16,
    /// The client on our node.
    pub(crate) here: Guest,
    /// The client on python's.
    pub(crate) there: Guest,
}

impl<B: Broker> Both<B> {
    /// The environment variable `broker` says where the broker is.
    pub(crate) async fn start(style: Style, broker: &str) -> Self {
        let (url, channel) = (brokers::url(broker), format!("test-{}", Sid::generate()));
        let mut python = PythonParty::server(style, &url, &channel).await;
        let ours = Node::start(url.parse().expect("the URL is one of this broker's"), &channel).await;
        crate::clients::serve(ours.io());
        let python_port = python.answer().await.expect("it listens");
        let python_port = python_port.as_u64().and_then(|port| port.try_into().ok()).expect("a port");
        let here = Guest(Member::connect(ours.running.port).await);
        // Python's nodes begin to hear the channel at their first client.
        let there = Guest(Member::connect(python_port).await);
        let mut both = Both { style, url, channel, ours, python, python_port, here, there };
        both.python_hears().await;
        both
    }

    pub(crate) fn io(&self) -> &Server {
        self.ours.io()
    }

    /// Python's `emit`.
    pub(crate) async fn python_emits(&mut self, event: &str, data: Value, options: Value) {
        self.python.does("emit", json!([event, data]), options).await;
    }

    /// A call of a method that has no options.
    pub(crate) async fn python_does(&mut self, method: &str, args: Value) {
        self.python.does(method, args, json!({})).await;
    }

    /// Both clients get these from our node, and nothing else before them.
    pub(crate) async fn we_end(&mut self) {
        self.io().emit("end", ()).unwrap();
        self.both_got(&[r#"42["end"]"#]).await;
    }

    /// Both clients get this from python's node, and nothing else before it.
    pub(crate) async fn python_ends(&mut self) {
        self.python_emits("end", Value::Null, json!({})).await;
        self.both_got(&[r#"42["end"]"#]).await;
    }

    pub(crate) async fn both_got(&mut self, expected: &[&str]) {
        self.here.got(expected).await;
        self.there.got(expected).await;
    }

    /// Waits until python's node hears ours, for the first time or again.
    pub(crate) async fn python_hears(&mut self) {
        let (io, sid) = (self.io().clone(), self.there.sid.clone());
        let calling = tokio::spawn(async move {
            let mut again = interval(Duration::from_millis(20));
            loop {
                again.tick().await;
                io.to(sid.as_str()).emit("hello", ()).unwrap();
            }
        });
        assert_eq!(within("python's node to hear", self.there.client.next()).await, r#"42["hello"]"#);
        calling.abort();
        let _ = calling.await;
        self.io().to(self.there.sid.as_str()).emit("go", ()).unwrap();
        loop {
            match self.there.client.next().await.as_str() {
                r#"42["go"]"# => break,
                packet => assert_eq!(packet, r#"42["hello"]"#),
            }
        }
    }
}

/// A client that does not mind spaces in JSON: our nodes pass python's arguments on as they are written.
pub(crate) struct Guest(Member);

impl Guest {
    /// The next packets are these.
    pub(crate) async fn got(&mut self, expected: &[&str]) {
        for expected in expected {
            assert_eq!(compact(&self.client.next().await), *expected);
        }
    }
}

impl Deref for Guest {
    type Target = Member;

    fn deref(&self) -> &Member {
        &self.0
    }
}

impl DerefMut for Guest {
    fn deref_mut(&mut self) -> &mut Member {
        &mut self.0
    }
}

/// The packet with its arguments written without spaces.
fn compact(packet: &str) -> String {
    match packet.split_at_checked(packet.find('[').unwrap_or(packet.len())) {
        Some((head, args)) if !args.is_empty() => {
            let args: Value = serde_json::from_str(args).expect("arguments are JSON");
            format!("{head}{args}")
        }
        _ => packet.to_owned(),
    }
}

/// Answers the next packet of `member`, which asks `question`.
pub(crate) async fn answers(member: &mut Member, question: &str, answer: &[&str]) {
    let packet = compact(&member.client.next().await);
    let id = packet.strip_prefix("42").and_then(|rest| rest.strip_suffix(question));
    let id = id.unwrap_or_else(|| panic!("{packet} is not the question {question}"));
    let (head, attachments) = answer.split_first().expect("an answer");
    let (kind, args) = head.split_at(head.find('[').expect("arguments"));
    member.client.send(&format!("{kind}{id}{args}")).await;
    for attachment in attachments {
        member.client.send(attachment).await;
    }
}
