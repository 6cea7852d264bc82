//! What one node knows of its cluster, whatever the broker: what it sends, whom it hears, what it waits for.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, Semaphore, watch};
use tokio::time::Instant;

use super::answering::TURNS;
use super::health::{ClusterCounters, Health};
use super::members::{LEASE, Members};
use super::requests::Requests;
use crate::adapter::Membership;
use crate::adapter::broker::Frame;
use crate::adapter::node::LocalNode;
use crate::adapter::publisher::{Outgoing, QueueLimits};
use crate::adapter::wire::{DuplicateFilter, HostId, Message};

#[derive(Debug)]
pub(crate) struct Cluster {
    pub(super) outgoing: Outgoing,
    pub(super) node: OnceLock<Arc<LocalNode>>,
    pub(super) members: Members,
    pub(super) requests: Requests,
    pub(super) duplicates: Mutex<DuplicateFilter>,
    pub(super) counters: ClusterCounters,
    /// Whose turn it is to answer.
    pub(super) turns: Semaphore,
    subscribed: watch::Sender<bool>,
    /// Members that have not been heard since the link came back.
    returning: Mutex<HashSet<HostId>>,
    times: Mutex<Times>,
    /// Whether the broker has asked to wait.
    blocked: AtomicBool,
    pub(super) closing: Notify,
}

#[derive(Debug)]
struct Times {
    last_frame: Option<Instant>,
    heard_itself: Instant,
    /// Whether the link has ever been up.
    joined: bool,
}

impl Cluster {
    pub(crate) fn new(channel: Arc<str>, limits: QueueLimits, frame_limit: usize) -> Self {
        Cluster {
            outgoing: Outgoing::new(channel, limits, frame_limit),
            node: OnceLock::new(),
            members: Members::default(),
            requests: Requests::default(),
            duplicates: Mutex::default(),
            counters: ClusterCounters::default(),
            turns: Semaphore::new(TURNS),
            subscribed: watch::Sender::new(false),
            returning: Mutex::default(),
            times: Mutex::new(Times { last_frame: None, heard_itself: Instant::now(), joined: false }),
            blocked: AtomicBool::new(false),
            closing: Notify::new(),
        }
    }

    pub(crate) fn id(&self) -> &HostId {
        self.outgoing.id()
    }

    /// Queues what is said to other nodes alone; too large a piece of it is logged.
    pub(super) fn say(&self, message: &Message) {
        match self.outgoing.draft(message) {
            Ok(draft) => drop(self.outgoing.send(draft)),
            Err(error) => {
                tracing::error!(target: "socketio::cluster", %error, "an answer to another node was not sent")
            }
        }
    }

    pub(super) fn hello(&self) -> Frame {
        self.outgoing.small_frame(&Message::Hello { lease: LEASE })
    }

    pub(super) fn heartbeat(&self) -> Frame {
        self.outgoing.small_frame(&Message::Beat { lease: LEASE })
    }

    pub(super) fn bye(&self) -> Frame {
        self.outgoing.small_frame(&Message::Bye)
    }

    /// The link is up.
    pub(super) fn link_up(&self) {
        let now = Instant::now();
        self.members.link_back(now);
        {
            let mut times = self.times();
            times.heard_itself = now;
            times.joined = true;
        }
        if !self.outgoing.link_up() {
            tracing::info!(
                target: "socketio::cluster",
                channel = &**self.outgoing.channel(), node = %self.id(), "joined the other nodes"
            );
        }
        // Last, so that whoever waited for it finds all of this done.
        self.subscribed.send_replace(true);
    }

    /// It is down, or did not come up.
    pub(super) fn link_down(&self, error: &dyn std::error::Error) {
        if self.subscribed.send_replace(false) {
            self.members.link_lost(self.heard_itself());
            *lock(&self.returning) = self.members.all().into_iter().collect();
        }
        self.outgoing.link_down(error);
    }

    /// Waits until this node hears the others.
    pub(super) async fn ready(&self) {
        // It cannot fail: the sender lives here.
        let _ = self.subscribed.subscribe().wait_for(|subscribed| *subscribed).await;
    }

    /// Whether it hears them, and when it did.
    pub(super) fn membership(&self) -> Membership {
        let times = self.times();
        if !times.joined {
            return Membership::Joining;
        }
        Membership::Joined { heard: times.heard_itself.elapsed() }
    }

    /// A frame came, of this node or another.
    pub(super) fn note_frame(&self, own: bool) {
        let now = Instant::now();
        let mut times = self.times();
        times.last_frame = Some(now);
        if own {
            times.heard_itself = now;
        }
    }

    pub(super) fn heard_itself(&self) -> Instant {
        self.times().heard_itself
    }

    /// A member is listening (again).
    pub(super) fn note_member(&self, node: &str, lease: Duration) {
        if self.members.heard(node, lease, Instant::now()) {
            tracing::debug!(target: "socketio::cluster", node, "a node has joined");
        }
        lock(&self.returning).remove(node);
    }

    /// A node is no member any more: nobody waits for it.
    pub(super) fn note_gone(&self, node: &str) {
        lock(&self.returning).remove(node);
        self.requests.gone(node);
    }

    /// Whether all who listened before the outage listen again.
    pub(super) fn all_are_back(&self) -> bool {
        lock(&self.returning).is_empty()
    }

    /// Once a second: who has not been heard for a lease is gone.
    pub(super) fn tick(&self) {
        let now = Instant::now();
        let blocked = self.outgoing.is_blocked();
        match (self.blocked.swap(blocked, Ordering::Relaxed), blocked) {
            // Nobody's heartbeats get through.
            (_, true) => {
                self.members.link_lost(self.heard_itself());
                self.times().heard_itself = now;
                return;
            }
            (true, false) => self.members.link_back(now),
            (false, false) => {}
        }
        for node in self.members.expire(self.heard_itself()) {
            tracing::warn!(target: "socketio::cluster", %node, "a node is silent and counts as gone");
            self.note_gone(node.as_str());
        }
    }

    pub(crate) fn health(&self) -> Health {
        let (queued_frames, queued_bytes) = self.outgoing.queue().len();
        let last_frame = self.times().last_frame;
        Health {
            subscribed: *self.subscribed.borrow(),
            last_frame: last_frame.map(|at| at.elapsed()),
            queued_frames,
            queued_bytes,
            dropped: self.outgoing.queue().dropped(),
            members: self.members.all().len(),
            open_requests: self.requests.len(),
            frames_received: self.counters.received(),
            frames_refused: self.counters.refused(),
            frames_repeated: self.counters.repeated(),
            frames_missed: self.counters.missed(),
            answers_withheld: self.counters.withheld(),
        }
    }

    fn times(&self) -> MutexGuard<'_, Times> {
        lock(&self.times)
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
