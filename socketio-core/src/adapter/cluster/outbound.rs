//! What is said to the other nodes: operations that are done here first, and questions.

use std::sync::Arc;
use std::time::Duration;

use super::inner::Cluster;
use crate::adapter::error::AdapterError;
use crate::adapter::node::LocalNode;
use crate::adapter::operation::{Operation, Receipt, Target};
use crate::adapter::publisher::with_exceptions;
use crate::adapter::replies::Replies;
use crate::adapter::wire::{Acks, Ask, CallbackKey, Emit, Message, Request};
use crate::protocol::sid::Sid;

/// Nodes have a little longer than the clients they ask.
const GRACE: Duration = Duration::from_millis(500);

impl Cluster {
    fn local(&self) -> Result<&Arc<LocalNode>, AdapterError> {
        self.node.get().ok_or(AdapterError::NoServer)
    }

    /// Encodes, does it here, queues it for the others: a frame that is too large changes nothing anywhere.
    pub(super) fn dispatch(&self, operation: Operation) -> Result<Receipt, AdapterError> {
        let node = self.local()?;
        let drafts = self.outgoing.drafts(&operation)?;
        let mut receipt = node.apply(&operation)?;
        receipt.displaced = drafts.into_iter().map(|draft| self.outgoing.send(draft)).sum();
        Ok(receipt)
    }

    /// Asks here and everywhere; the answers come as they come.
    pub(super) fn request(self: &Arc<Self>, operation: Operation) -> Result<Replies, AdapterError> {
        let node = self.local()?;
        let (sender, replies) = Replies::channel();
        let id = self.requests.id();
        if let Operation::Call { namespace, sid, packet, timeout } = &operation {
            if node.has_socket(namespace, sid) {
                node.answer(&operation, sender)?;
                return Ok(replies);
            }
            let key = CallbackKey { sid: sid.into(), namespace: namespace.clone(), id };
            let mut emit = Emit::new(only(namespace.clone(), sid), packet.clone());
            emit.acks = Acks::Callback(key.clone());
            let draft = self.outgoing.draft(&Message::Emit(emit))?;
            self.requests.expect(key, sender);
            self.outgoing.send(draft);
            self.later(node, *timeout, move |cluster| cluster.requests.forget_callback(id));
            return Ok(replies);
        }
        let Some((message, timeout)) = question(&operation, id) else {
            node.answer(&operation, sender)?;
            return Ok(replies);
        };
        let draft = self.outgoing.draft(&message)?;
        self.outgoing.note_limits(&operation);
        node.answer(&operation, sender.clone())?;
        let nodes = self.members.all();
        if !nodes.is_empty() || matches!(message, Message::Emit(_)) {
            // Before the question leaves, so that no answer comes too early.
            self.requests.open(id, nodes.clone(), sender);
            // Who has left since was not among those that are asked then.
            for node in nodes.iter().filter(|node| !self.members.has(node)) {
                self.requests.gone(node.as_str());
            }
            self.outgoing.send(draft);
            self.later(node, timeout.saturating_add(GRACE), move |cluster| cluster.requests.finish(id));
        }
        Ok(replies)
    }

    fn later(
        self: &Arc<Self>,
        node: &LocalNode,
        after: Duration,
        act: impl FnOnce(&Cluster) + Send + 'static,
    ) {
        let cluster = self.clone();
        match node.runtime() {
            Some(runtime) => drop(runtime.spawn(async move {
                tokio::time::sleep(after).await;
                act(&cluster);
            })),
            None => act(self),
        }
    }
}

/// The question that an operation is to the others, and how long it waits.
fn question(operation: &Operation, id: u64) -> Option<(Message, Duration)> {
    let request = |timeout: Duration, ask: Ask| (Message::Request(Request { id, timeout, ask }), timeout);
    match operation {
        Operation::EmitWithAck { target, packet, timeout } if !target.local => {
            let mut emit = with_exceptions(Emit::new(target.clone(), packet.clone()));
            emit.acks = Acks::Every { id, timeout: *timeout };
            Some((Message::Emit(emit), *timeout))
        }
        Operation::FetchSockets { target, timeout } if !target.local => {
            Some(request(*timeout, Ask::Sockets(target.clone())))
        }
        Operation::Count { target, timeout } if !target.local => {
            Some(request(*timeout, Ask::Count(target.clone())))
        }
        Operation::Rooms { namespace, timeout } => {
            Some(request(*timeout, Ask::Rooms { namespace: namespace.clone() }))
        }
        Operation::ServerSideEmit { namespace, packet, replies: Some(timeout) } => {
            Some(request(*timeout, Ask::Event { namespace: namespace.clone(), packet: packet.clone() }))
        }
        _ => None,
    }
}

fn only(namespace: Arc<str>, sid: &Sid) -> Target {
    let mut target = Target::everyone(namespace);
    target.recipients.add(smallvec::smallvec![sid.into()]);
    target
}
