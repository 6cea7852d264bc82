//! An answer to another node, piece by piece. Each waits until the queue has room for it, so that it displaces nothing.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::inner::Cluster;
use crate::Sid;
use crate::adapter::wire::{Answer, HostId, Message, Reply};
use crate::engine::deadline;

/// Answers to questions about this node's sockets that are made and sent at a time.
pub(super) const TURNS: usize = 4;

/// Who asks waits this much longer than it says.
const GRACE: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(super) struct Answering {
    cluster: Arc<Cluster>,
    /// Who asked,
    host: HostId,
    /// what its question is called,
    id: u64,
    /// and until when it waits.
    until: Instant,
    /// The number of the next piece.
    piece: u32,
}

impl Answering {
    pub(super) fn new(cluster: &Arc<Cluster>, host: &HostId, id: u64, timeout: Duration) -> Self {
        let until = deadline(timeout.saturating_add(GRACE));
        Answering { cluster: cluster.clone(), host: host.clone(), id, until, piece: 0 }
    }

    /// The whole answer, which is made when it is its turn: large ones that wait for the broker are few.
    pub(super) async fn whole(&mut self, answer: impl FnOnce() -> Answer) {
        let cluster = self.cluster.clone();
        if let Ok(Ok(_turn)) = timeout_at(self.until, cluster.turns.acquire()).await
            && Instant::now() < self.until
        {
            self.last(answer()).await;
        }
    }

    /// The whole answer, or what is left of it.
    pub(super) async fn last(&mut self, answer: Answer) {
        self.pieces(answer, true).await;
    }

    /// A part of it; returns the clients whose acks no broker could carry.
    pub(super) async fn say(&mut self, answer: Answer) -> Vec<Sid> {
        self.pieces(answer, false).await
    }

    async fn pieces(&mut self, answer: Answer, last: bool) -> Vec<Sid> {
        let mut unsent = Vec::new();
        for reply in Reply::pieces(&self.host, self.id, 0, last, answer) {
            match self.piece(Message::Reply(Reply { piece: self.piece, ..reply })).await {
                Ok(()) => {}
                Err(Message::Reply(Reply { answer: Answer::Acks(acks), .. })) => {
                    unsent.extend(acks.into_iter().map(|(sid, _)| sid));
                }
                Err(_) => {
                    let answer = Answer::Refused("the answer is too large".into());
                    let Answering { host, id, piece, .. } = self;
                    let refusal = Reply { host: host.clone(), id: *id, piece: *piece, last: true, answer };
                    let _ = self.piece(Message::Reply(refusal)).await;
                    return unsent; // whoever asked waits no more
                }
            }
        }
        unsent
    }

    /// Queues one piece, or gives it back when it is larger than any frame may be.
    async fn piece(&mut self, message: Message) -> Result<(), Message> {
        let outgoing = &self.cluster.outgoing;
        let draft = match outgoing.draft(&message) {
            Ok(draft) => draft,
            Err(error) => {
                tracing::error!(target: "socketio::cluster", %error, "an answer to another node was not sent");
                return Err(message);
            }
        };
        // Whoever asked waits no longer than that.
        if timeout_at(self.until, outgoing.queue().room_for(draft.max_len())).await.is_ok() {
            outgoing.send(draft);
            self.piece += 1;
        }
        Ok(())
    }
}
