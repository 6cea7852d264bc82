//! One question to many clients of this process, and their answers as they come.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;

use super::Socket;
use super::ack::Waiter;
use super::encode::Shared;
use super::inner::ServerInner;
use crate::adapter::{EventPacket, Target};
use crate::engine::{Limit, deadline};
use crate::protocol::args::RawArgs;
use crate::protocol::sid::Sid;

/// Ack ids for questions to many: the same for all of them, so that one encoding serves all. Above those that a client's own
/// questions reach, below what JavaScript counts exactly.
#[derive(Debug)]
pub(crate) struct GatherIds(AtomicU64);

impl Default for GatherIds {
    fn default() -> Self {
        GatherIds(AtomicU64::new(1 << 40))
    }
}

/// Clients that have been asked. Dropped, it forgets those that have not answered.
#[derive(Debug)]
pub(crate) struct Gathering {
    id: u64,
    until: Instant,
    waiting: HashMap<Sid, Socket>,
    /// Those that could not be asked.
    unasked: Vec<Sid>,
    answers: mpsc::UnboundedReceiver<(Sid, RawArgs)>,
}

impl Gathering {
    /// Sends `packet` to the clients that `target` names, each asked for an answer.
    pub(crate) fn ask(
        server: &Arc<ServerInner>,
        target: &Target,
        packet: &EventPacket,
        timeout: Duration,
    ) -> Self {
        let id = server.gather_ids.0.fetch_add(1, Ordering::Relaxed);
        let (sender, answers) = mpsc::unbounded_channel();
        let mut gathering =
            Gathering { id, until: deadline(timeout), waiting: HashMap::new(), unasked: Vec::new(), answers };
        let Some(namespace) = server.namespaces.get(&target.namespace) else { return gathering };
        let watched = server.uncommon.outgoing();
        let mut shared = Shared::new(&namespace.name, Some(id), packet.event(), packet.args(), watched);
        for socket in namespace.rooms.select(target).iter() {
            let waiter = Waiter::Each { sid: socket.id().clone(), answers: sender.clone() };
            let pending = socket.pending();
            if pending.insert_at(id, waiter, server.limits.pending_acks, socket).is_err() {
                gathering.unasked.push(socket.id().clone());
                continue;
            }
            if shared.send_to(socket, packet.flags()) {
                gathering.waiting.insert(socket.id().clone(), socket.clone());
            } else {
                pending.take(id, socket.link());
            }
        }
        gathering
    }

    /// How many have not answered yet.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// The next answer; `None` when all have answered, or nobody else will in time.
    pub(crate) async fn next(&mut self) -> Option<(Sid, RawArgs)> {
        if self.waiting.is_empty() {
            return None;
        }
        let Ok(answer) = tokio::time::timeout_at(self.until, self.answers.recv()).await else {
            self.note_silent();
            return None;
        };
        let (sid, args) = answer?;
        self.waiting.remove(&sid);
        Some((sid, args))
    }

    fn note_silent(&self) {
        for socket in self.waiting.values() {
            let reached = &socket.server().engine.reached;
            reached.note(Limit::AckTimeout, socket.id(), "no answer to a broadcast in time");
        }
    }

    /// An answer that is there already.
    pub(crate) fn next_now(&mut self) -> Option<(Sid, RawArgs)> {
        let (sid, args) = self.answers.try_recv().ok()?;
        self.waiting.remove(&sid);
        Some((sid, args))
    }

    /// Those that have not answered.
    pub(crate) fn silent(&self) -> Vec<Sid> {
        self.waiting.keys().chain(&self.unasked).cloned().collect()
    }
}

impl Drop for Gathering {
    fn drop(&mut self) {
        for socket in self.waiting.values() {
            socket.pending().take(self.id, socket.link());
        }
    }
}
