//! Questions to the other nodes that are open, and whose answers are still missing.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::mpsc::UnboundedSender;

use crate::adapter::replies::Reply;
use crate::adapter::wire::{self, Answer, CallbackKey, HostId};
use crate::protocol::args::RawArgs;

/// Items that one question takes from all nodes together: more than any cluster has, and an end to what a hostile one sends.
const MAX_ITEMS: usize = 10_000_000;

#[derive(Debug)]
pub(crate) struct Requests {
    next: AtomicU64,
    open: Mutex<HashMap<u64, Open>>,
    callbacks: Mutex<HashMap<u64, Callback>>,
}

impl Default for Requests {
    fn default() -> Self {
        // From 1 up: a callback called 0 harms python-socketio.
        Requests { next: AtomicU64::new(1), open: Mutex::default(), callbacks: Mutex::default() }
    }
}

#[derive(Debug)]
struct Open {
    /// Nodes that have not said their last, and the number of the piece to come.
    waiting: HashMap<HostId, u32>,
    /// Nodes that went away, or whose answer made no sense.
    silent: Vec<HostId>,
    replies: UnboundedSender<Reply>,
    items: usize,
}

#[derive(Debug)]
struct Callback {
    key: CallbackKey,
    replies: UnboundedSender<Reply>,
}

impl Requests {
    /// A number for a question, never given before.
    pub(crate) fn id(&self) -> u64 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    /// `nodes` are asked; the answers go to `replies`, which is dropped after the last.
    pub(crate) fn open(&self, id: u64, nodes: Vec<HostId>, replies: UnboundedSender<Reply>) {
        if nodes.is_empty() {
            return;
        }
        let waiting = nodes.into_iter().map(|node| (node, 0)).collect();
        lock(&self.open).insert(id, Open { waiting, silent: Vec::new(), replies, items: 0 });
    }

    /// A piece of an answer; one that nobody waits for, or out of its turn, is dropped.
    pub(crate) fn reply(&self, node: &str, reply: wire::Reply) {
        let mut table = lock(&self.open);
        let Some(open) = table.get_mut(&reply.id) else { return };
        let Some(piece) = open.waiting.get_mut(node) else { return };
        if *piece != reply.piece {
            // A piece was lost on the way: what is missing cannot be known.
            open.give_up(node);
        } else {
            *piece += 1;
            let last = reply.last;
            open.take(node, reply.answer);
            if last {
                open.waiting.remove(node);
            }
        }
        if open.waiting.is_empty() {
            let open = table.remove(&reply.id);
            drop(table);
            open.into_iter().for_each(Open::end);
        }
    }

    /// `node` will answer no more.
    pub(crate) fn gone(&self, node: &str) {
        let mut ended = Vec::new();
        let mut table = lock(&self.open);
        table.retain(|_, open| {
            open.give_up(node);
            if !open.waiting.is_empty() {
                return true;
            }
            ended.push(std::mem::take(&mut open.silent));
            if let Some(silent) = ended.pop().filter(|silent| !silent.is_empty()) {
                let _ = open.replies.send(Reply::SilentNodes(silent));
            }
            false
        });
    }

    /// The time is over: whoever has not answered is silent.
    pub(crate) fn finish(&self, id: u64) {
        let open = lock(&self.open).remove(&id);
        open.into_iter().for_each(Open::end);
    }

    /// A client somewhere is asked by a callback, of which one answer is taken.
    pub(crate) fn expect(&self, key: CallbackKey, replies: UnboundedSender<Reply>) {
        lock(&self.callbacks).insert(key.id, Callback { key, replies });
    }

    /// The answer to a callback.
    pub(crate) fn called_back(&self, key: &CallbackKey, args: RawArgs) {
        let mut table = lock(&self.callbacks);
        if table.get(&key.id).is_none_or(|open| open.key != *key) {
            return;
        }
        let open = table.remove(&key.id);
        drop(table);
        if let Some(open) = open {
            let sid = open.key.sid.room().as_str().into();
            let _ = open.replies.send(Reply::Ack { sid, args });
        }
    }

    /// No answer came in time.
    pub(crate) fn forget_callback(&self, id: u64) {
        let open = lock(&self.callbacks).remove(&id);
        if let Some(open) = open {
            let sid = open.key.sid.room().as_str().into();
            let _ = open.replies.send(Reply::SilentSockets(vec![sid]));
        }
    }

    /// Questions that are open.
    pub(crate) fn len(&self) -> usize {
        lock(&self.open).len() + lock(&self.callbacks).len()
    }
}

impl Open {
    fn take(&mut self, node: &str, answer: Answer) {
        let (reply, items) = match answer {
            Answer::Sockets(sockets) => (Some(Reply::Sockets(sockets.clone())), sockets.len()),
            Answer::Count(count) => (Some(Reply::Count(count)), 1),
            Answer::Rooms(rooms) => (Some(Reply::Rooms(rooms.clone())), rooms.len()),
            Answer::Event(args) => (Some(Reply::Event { node: node.into(), args }), 1),
            Answer::Asked(_) => (None, 0),
            Answer::Acks(acks) => {
                let items = acks.len();
                for (sid, args) in acks {
                    let _ = self.replies.send(Reply::Ack { sid, args });
                }
                (None, items)
            }
            Answer::Silent(sids) => {
                ((!sids.is_empty()).then(|| Reply::SilentSockets(sids.clone())), sids.len())
            }
            Answer::Refused(reason) => {
                tracing::debug!(target: "socketio::cluster", node, reason, "a node has no answer");
                (None, 0)
            }
        };
        self.items += items;
        if self.items > MAX_ITEMS {
            self.give_up(node);
        } else if let Some(reply) = reply {
            let _ = self.replies.send(reply);
        }
    }

    fn give_up(&mut self, node: &str) {
        if let Some((node, _)) = self.waiting.remove_entry(node) {
            self.silent.push(node);
        }
    }

    fn end(self) {
        let silent: Vec<HostId> = self.silent.into_iter().chain(self.waiting.into_keys()).collect();
        if !silent.is_empty() {
            let _ = self.replies.send(Reply::SilentNodes(silent));
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapter::replies::Replies;

    fn count(id: u64, piece: u32, last: bool, count: u64) -> wire::Reply {
        wire::Reply { host: "me".into(), id, piece, last, answer: Answer::Count(count) }
    }

    async fn all(mut replies: Replies) -> Vec<Reply> {
        let mut all = Vec::new();
        while let Some(reply) = replies.next().await {
            all.push(reply);
        }
        all
    }

    #[tokio::test]
    async fn a_question_ends_when_every_node_has_said_its_last() {
        let requests = Requests::default();
        let (sender, replies) = Replies::channel();
        let id = requests.id();
        requests.open(id, vec!["a".into(), "b".into()], sender);
        requests.reply("a", count(id, 0, true, 1));
        requests.reply("stranger", count(id, 0, true, 9));
        requests.reply("b", count(id, 0, false, 2));
        requests.reply("b", count(id, 1, true, 3));
        assert_eq!(all(replies).await, [Reply::Count(1), Reply::Count(2), Reply::Count(3)]);
        assert_eq!(requests.len(), 0);
    }

    #[tokio::test]
    async fn a_node_that_goes_away_is_named_at_the_end_and_not_waited_for() {
        let requests = Requests::default();
        let (sender, replies) = Replies::channel();
        let id = requests.id();
        requests.open(id, vec!["a".into(), "b".into()], sender);
        requests.gone("a");
        requests.reply("b", count(id, 0, true, 2));
        assert_eq!(all(replies).await, [Reply::Count(2), Reply::SilentNodes(vec!["a".into()])]);
    }

    #[tokio::test]
    async fn a_node_whose_answer_has_a_gap_is_silent() {
        let requests = Requests::default();
        let (sender, replies) = Replies::channel();
        let id = requests.id();
        requests.open(id, vec!["a".into()], sender);
        requests.reply("a", count(id, 1, true, 2));
        assert_eq!(all(replies).await, [Reply::SilentNodes(vec!["a".into()])]);
    }

    #[tokio::test]
    async fn time_ends_a_question_with_what_came() {
        let requests = Requests::default();
        let (sender, replies) = Replies::channel();
        let id = requests.id();
        requests.open(id, vec!["a".into(), "b".into()], sender);
        requests.reply("a", count(id, 0, true, 1));
        requests.finish(id);
        assert_eq!(all(replies).await, [Reply::Count(1), Reply::SilentNodes(vec!["b".into()])]);
    }

    #[tokio::test]
    async fn one_answer_to_a_callback_is_taken_if_it_is_for_the_client_that_was_asked() {
        let requests = Requests::default();
        let (sender, replies) = Replies::channel();
        let key = CallbackKey { sid: "s".into(), namespace: "/".into(), id: requests.id() };
        requests.expect(key.clone(), sender);
        requests.called_back(&CallbackKey { sid: "other".into(), ..key.clone() }, RawArgs::default());
        requests.called_back(&key, RawArgs::encode(&1).unwrap());
        requests.called_back(&key, RawArgs::encode(&2).unwrap());
        let args = RawArgs::encode(&1).unwrap();
        assert_eq!(all(replies).await, [Reply::Ack { sid: "s".into(), args }]);
    }
}
