//! What other nodes say, and what this one does about it.
//!
//! Nothing that comes is trusted: a frame that makes no sense costs a counter, and a line in the log the first time.

use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use smallvec::smallvec;

use super::answering::Answering;
use super::inner::{Cluster, lock};
use super::members::LEASE;
use crate::adapter::EventPacket;
use crate::adapter::broker::Frame;
use crate::adapter::node::LocalNode;
use crate::adapter::operation::{Operation, Target};
use crate::adapter::room::Room;
use crate::adapter::wire::{
    Acks, Answer, Arrival, Ask, Callback, CallbackKey, Emit, HostId, Message, Request, WireError, python,
};
use crate::server::dispatch::poll_in_place;

/// How long clients may take to answer a host that did not say how long it waits.
const CALLBACK_TIMEOUT: Duration = Duration::from_secs(60);
/// Answers of clients that go into one reply when they come together.
const ACKS_AT_ONCE: usize = 100;

impl Cluster {
    /// A frame from the channel.
    pub(super) fn receive(self: &Arc<Self>, frame: &Frame) {
        let incoming = match python::open(&frame.payload, python::MAX_FRAME) {
            Ok(incoming) => incoming,
            Err(error) => return self.refuse(&error),
        };
        let host = incoming.host().map(HostId::from);
        let own = host.as_ref() == Some(self.id());
        self.note_frame(own);
        if own {
            return;
        }
        if let (Some(host), Some(seq)) = (&host, incoming.seq()) {
            match lock(&self.duplicates).arrive(host.as_str(), seq, &frame.payload) {
                Arrival::Again => return self.counters.one_repeated(),
                Arrival::New { missed } => self.counters.some_missed(missed),
                Arrival::Late => self.counters.one_missed_came(),
            }
        }
        self.counters.one_received();
        match incoming.decode() {
            Ok(message) => self.handle(host.as_ref(), message),
            Err(error) => self.refuse(&error),
        }
    }

    fn refuse(&self, error: &WireError) {
        if self.counters.one_refused(error.cause()) {
            tracing::warn!(
                target: "socketio::cluster", channel = &**self.outgoing.channel(), %error,
                "a message on the channel is skipped; others for this reason are only counted"
            );
        }
    }

    fn handle(self: &Arc<Self>, host: Option<&HostId>, message: Message) {
        let Some(node) = self.node.get() else { return };
        let apply = |operation: Operation| {
            // The server is gone: so are its clients.
            let _ = node.apply(&operation);
        };
        match message {
            Message::Emit(emit) => self.emit(node, host, emit),
            Message::Callback(callback) => {
                if callback.host == *self.id() {
                    self.requests.called_back(&callback.key, callback.args);
                }
            }
            Message::Disconnect { namespace, sid } => {
                apply(Operation::Disconnect { target: one(namespace, Room::from(&sid)), close: false });
            }
            Message::EnterRoom { namespace, sid, room } => {
                let rooms = smallvec![room.room().clone()];
                apply(Operation::Join { target: one(namespace, Room::from(&sid)), rooms });
            }
            Message::LeaveRoom { namespace, sid, room } => {
                let rooms = smallvec![room.room().clone()];
                apply(Operation::Leave { target: one(namespace, Room::from(&sid)), rooms });
            }
            Message::CloseRoom { namespace, room } => {
                apply(Operation::CloseRoom { namespace, room: room.room().clone() });
            }
            Message::Join { target, rooms } => apply(Operation::Join { target, rooms }),
            Message::Leave { target, rooms } => apply(Operation::Leave { target, rooms }),
            Message::DisconnectAll { target, close } => apply(Operation::Disconnect { target, close }),
            Message::Hello { lease } => {
                if let Some(host) = host {
                    self.note_member(host.as_str(), lease);
                    self.say(&Message::Beat { lease: LEASE });
                }
            }
            Message::Beat { lease } => {
                if let Some(host) = host {
                    self.note_member(host.as_str(), lease);
                }
            }
            Message::Bye => {
                if let Some(host) = host.filter(|host| self.members.left(host.as_str())) {
                    tracing::debug!(target: "socketio::cluster", node = %host, "a node has left");
                    self.note_gone(host.as_str());
                }
            }
            Message::ServerEvent { namespace, packet } => {
                if let (Some(mut event), Some(runtime)) =
                    (node.server_event(&namespace, &packet), node.runtime())
                    && poll_in_place(&mut event).is_pending()
                {
                    runtime.spawn(event);
                }
            }
            Message::Request(request) => {
                let Some(host) = host else { return };
                match &request.ask {
                    Ask::Event { namespace, packet } => {
                        self.answer_event(node, host, &request, namespace, packet);
                    }
                    _ => self.answer(node, host, request),
                }
            }
            Message::Reply(reply) => {
                if let Some(host) = host.filter(|_| reply.host == *self.id()) {
                    self.requests.reply(host.as_str(), reply);
                }
            }
        }
    }

    fn emit(self: &Arc<Self>, node: &Arc<LocalNode>, host: Option<&HostId>, emit: Emit) {
        let target = emit.target();
        match (emit.acks, host) {
            (Acks::Callback(key), Some(host)) => {
                self.ask_for_callback(node, &target, &emit.packet, host, key)
            }
            (Acks::Every { id, timeout }, Some(host)) => {
                self.ask_for_all(node, &target, &emit.packet, host, id, timeout);
            }
            _ => drop(node.apply(&Operation::Emit { target, packet: emit.packet })),
        }
    }

    /// Each answer of a client goes back as a callback; the host that asked takes the first. Python hosts cannot read bytes: to
    /// whoever is no member, an answer with bytes is not sent.
    fn ask_for_callback(
        self: &Arc<Self>,
        node: &LocalNode,
        target: &Target,
        packet: &EventPacket,
        host: &HostId,
        key: CallbackKey,
    ) {
        let (Ok(mut gathering), Some(runtime)) =
            (node.gather(target, packet, CALLBACK_TIMEOUT), node.runtime())
        else {
            return;
        };
        if gathering.waiting() == 0 {
            return;
        }
        let (cluster, host) = (self.clone(), host.clone());
        runtime.spawn(async move {
            while let Some((_, args)) = gathering.next().await {
                if !args.attachments().is_empty() && !cluster.members.has(&host) {
                    cluster.withhold(&host);
                    continue;
                }
                cluster.say(&Message::Callback(Callback { host: host.clone(), key: key.clone(), args }));
            }
        });
    }

    fn withhold(&self, host: &HostId) {
        if self.counters.one_withheld() {
            tracing::warn!(
                target: "socketio::cluster", node = %host,
                "an answer with bytes cannot go to a python node, which waits in vain; others are only counted"
            );
        }
    }

    /// How many are asked, each answer, and who was silent go back as pieces of a reply.
    fn ask_for_all(
        self: &Arc<Self>,
        node: &LocalNode,
        target: &Target,
        packet: &EventPacket,
        host: &HostId,
        id: u64,
        timeout: Duration,
    ) {
        let Some(runtime) = node.runtime() else { return };
        let mut answering = Answering::new(self, host, id, timeout);
        let gathering = node.gather(target, packet, timeout);
        runtime.spawn(async move {
            // The server is gone, and so are its clients.
            let Ok(mut gathering) = gathering else {
                return answering.last(Answer::Silent(Vec::new())).await;
            };
            answering.say(Answer::Asked(gathering.waiting() as u64)).await;
            let mut unsent = Vec::new();
            while let Some(answer) = gathering.next().await {
                let mut acks = vec![answer];
                while acks.len() < ACKS_AT_ONCE
                    && let Some(answer) = gathering.next_now()
                {
                    acks.push(answer);
                }
                unsent.extend(answering.say(Answer::Acks(acks)).await);
            }
            unsent.extend(gathering.silent());
            answering.last(Answer::Silent(unsent)).await;
        });
    }

    fn answer(self: &Arc<Self>, node: &Arc<LocalNode>, host: &HostId, request: Request) {
        let Some(runtime) = node.runtime() else { return };
        let mut answering = Answering::new(self, host, request.id, request.timeout);
        let node = node.clone();
        let answer = move || match request.ask {
            Ask::Sockets(target) => Answer::Sockets(node.sockets(&target)),
            Ask::Count(target) => Answer::Count(node.count(&target)),
            Ask::Rooms { namespace } => Answer::Rooms(node.rooms(&namespace)),
            Ask::Event { .. } | Ask::Unknown => Answer::Refused("not a question that this node knows".into()),
        };
        runtime.spawn(async move { answering.whole(answer).await });
    }

    /// What this node's handler says to an event of another.
    fn answer_event(
        self: &Arc<Self>,
        node: &LocalNode,
        host: &HostId,
        request: &Request,
        namespace: &str,
        packet: &EventPacket,
    ) {
        let Some(runtime) = node.runtime() else { return };
        let (mut answering, timeout) =
            (Answering::new(self, host, request.id, request.timeout), request.timeout);
        let event = node.server_event(namespace, packet);
        // In the order of the events.
        let begun = event.map(|mut event| (poll_in_place(&mut event), event));
        runtime.spawn(async move {
            let answered = match begun {
                None => Err("no handler"),
                Some((Poll::Ready(answered), _)) => Ok(answered),
                Some((Poll::Pending, event)) => {
                    Ok(tokio::time::timeout(timeout, event).await.unwrap_or_default())
                }
            };
            let answered = answered.and_then(|args| args.ok_or("the handler gave no answer"));
            answering.last(answered.map_or_else(|why| Answer::Refused(why.into()), Answer::Event)).await;
        });
    }
}

fn one(namespace: Arc<str>, room: Room) -> Target {
    let mut target = Target::everyone(namespace);
    target.recipients.add(smallvec![room]);
    target
}
