//! The open sessions, by their secret ids, and the sweep that tells each when its deadline has come.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, Weak};
use std::time::Duration;

use foldhash::quality::RandomState;

use super::Engine;
use super::request::Refusal;
use super::session::Session;
use crate::protocol::sid::{NodeTag, SessionId};
use crate::sync::atomic::{AtomicUsize, Ordering};
use crate::sync::{Mutex, MutexGuard};

const SHARDS: usize = 16;

type Shard = HashMap<SessionId, Arc<Session>, RandomState>;

#[derive(Debug)]
pub(crate) struct Registry {
    shards: [Mutex<Shard>; SHARDS],
    hasher: RandomState,
    len: AtomicUsize,
    /// What tells the ids of these sessions from those of other nodes.
    node: NodeTag,
}

impl Registry {
    pub(crate) fn new() -> Self {
        Registry {
            shards: std::array::from_fn(|_| Mutex::new(Shard::default())),
            hasher: RandomState::default(),
            len: AtomicUsize::new(0),
            node: NodeTag::generate(),
        }
    }

    /// An id for a new session.
    pub(crate) fn new_id(&self) -> SessionId {
        SessionId::generate(self.node)
    }

    pub(crate) fn len(&self) -> usize {
        self.len.load(Ordering::Relaxed)
    }

    pub(crate) fn insert(&self, session: Arc<Session>) {
        if self.shard(session.id().reveal()).insert(session.id().clone(), session).is_none() {
            self.len.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The session that a client names by `id`, whatever it has written there.
    pub(crate) fn get(&self, id: &str) -> Result<Arc<Session>, Refusal> {
        let session = self.shard(id).get(id).cloned();
        session.ok_or_else(|| match NodeTag::of(id) {
            Some(node) if node != self.node => Refusal::SessionOfAnotherNode,
            _ => Refusal::UnknownSession,
        })
    }

    pub(crate) fn remove(&self, id: &SessionId) -> bool {
        let removed = self.shard(id.reveal()).remove(id);
        if removed.is_some() {
            self.len.fetch_sub(1, Ordering::Relaxed);
        }
        removed.is_some()
    }

    /// Every open session, for a shutdown.
    pub(crate) fn all(&self) -> Vec<Arc<Session>> {
        self.shards.iter().flat_map(|shard| lock(shard).values().cloned().collect::<Vec<_>>()).collect()
    }

    /// The session that keeps the most, of those that are not on their way out for it.
    pub(crate) fn fullest(&self) -> Option<Arc<Session>> {
        let mut fullest: Option<Arc<Session>> = None;
        for shard in &self.shards {
            for session in lock(shard).values().filter(|session| !session.is_going()) {
                let most = fullest.as_ref().map_or(0, |fullest| fullest.fullness());
                if session.fullness() > most {
                    fullest = Some(session.clone());
                }
            }
        }
        fullest
    }

    fn shard(&self, id: &str) -> MutexGuard<'_, Shard> {
        use std::hash::BuildHasher;
        let hash = self.hasher.hash_one(id) as usize;
        lock(&self.shards[hash % SHARDS])
    }

    /// Tells the sessions of one shard whose deadline has come.
    fn sweep(&self, shard: usize, now: u64, due: &mut Vec<Arc<Session>>) {
        due.extend(lock(&self.shards[shard]).values().filter(|session| session.is_due(now)).cloned());
        for session in due.drain(..) {
            session.tell_due();
        }
    }
}

/// Goes round the shards until the engine is gone; each is visited once per `grain`.
pub(crate) async fn sweep(engine: Weak<Engine>, grain: Duration) {
    let mut ticks = tokio::time::interval(grain / SHARDS as u32);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut due = Vec::new();
    for shard in (0..SHARDS).cycle() {
        ticks.tick().await;
        let Some(engine) = engine.upgrade() else { return };
        engine.registry.sweep(shard, engine.now(), &mut due);
    }
}

fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}
