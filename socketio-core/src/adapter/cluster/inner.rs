//! What one node knows of its cluster, whatever the broker: what it sends, whom it hears, what it waits for.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{Notify, watch};
use tokio::time::Instant;

use super::health::{ClusterCounters, Health};
use super::members::{LEASE, Members};
use super::queue::{Queue, QueueLimits};
use super::requests::Requests;
use crate::adapter::broker::Frame;
use crate::adapter::local::AdapterError;
use crate::adapter::node::LocalNode;
use crate::adapter::wire::{DuplicateFilter, HostId, Message, python};

#[derive(Debug)]
pub(crate) struct Cluster {
    id: HostId,
    channel: Arc<str>,
    queue: Queue,
    frame_limit: usize,
    seq: AtomicU64,
    pub(super) node: OnceLock<Arc<LocalNode>>,
    pub(super) members: Members,
    pub(super) requests: Requests,
    pub(super) duplicates: Mutex<DuplicateFilter>,
    pub(super) counters: ClusterCounters,
    subscribed: watch::Sender<bool>,
    /// Members that have not been heard since the link came back.
    returning: Mutex<HashSet<HostId>>,
    times: Mutex<Times>,
    /// The outage has been logged, and so has the queue that was full in it.
    outage_logged: AtomicBool,
    displaced_logged: AtomicBool,
    pub(super) closing: Notify,
}

#[derive(Debug)]
struct Times {
    last_frame: Option<Instant>,
    heard_itself: Instant,
}

impl Cluster {
    pub(crate) fn new(channel: Arc<str>, limits: QueueLimits, frame_limit: usize) -> Self {
        Cluster {
            id: HostId::generate(),
            channel,
            queue: Queue::new(limits),
            frame_limit,
            seq: AtomicU64::new(1),
            node: OnceLock::new(),
            members: Members::default(),
            requests: Requests::default(),
            duplicates: Mutex::default(),
            counters: ClusterCounters::default(),
            subscribed: watch::Sender::new(false),
            returning: Mutex::default(),
            times: Mutex::new(Times { last_frame: None, heard_itself: Instant::now() }),
            outage_logged: AtomicBool::new(false),
            displaced_logged: AtomicBool::new(false),
            closing: Notify::new(),
        }
    }

    pub(crate) fn id(&self) -> &HostId {
        &self.id
    }

    pub(super) fn node_id(&self) -> &str {
        self.id.as_str()
    }

    pub(super) fn channel(&self) -> &Arc<str> {
        &self.channel
    }

    pub(super) fn queue(&self) -> &Queue {
        &self.queue
    }

    /// `message` as a frame of ours.
    ///
    /// # Errors
    ///
    /// The broker takes none of this size.
    pub(super) fn frame(&self, message: &Message) -> Result<Frame, AdapterError> {
        let payload = self.encode(message);
        if payload.len() > self.frame_limit {
            return Err(AdapterError::TooLarge { size: payload.len(), limit: self.frame_limit });
        }
        Ok(Frame { channel: self.channel.clone(), payload })
    }

    /// Queues a frame; returns how many others had to make room.
    pub(super) fn send(&self, frame: Frame) -> u64 {
        let displaced = self.queue.push(frame);
        if displaced > 0 && !self.displaced_logged.swap(true, Ordering::Relaxed) {
            tracing::error!(
                target: "socketio::cluster",
                displaced, "the queue to the other nodes is full: the oldest operations are dropped until the broker takes them again"
            );
        }
        displaced
    }

    /// Queues what is said to other nodes alone; too large a piece of it is logged.
    pub(super) fn say(&self, message: &Message) {
        match self.frame(message) {
            Ok(frame) => drop(self.send(frame)),
            Err(error) => {
                tracing::error!(target: "socketio::cluster", %error, "an answer to another node was not sent")
            }
        }
    }

    pub(super) fn hello(&self) -> Frame {
        self.own(&Message::Hello { lease: LEASE })
    }

    pub(super) fn heartbeat(&self) -> Frame {
        self.own(&Message::Beat { lease: LEASE })
    }

    pub(super) fn bye(&self) -> Frame {
        self.own(&Message::Bye)
    }

    /// A frame that no broker is too small for.
    fn own(&self, message: &Message) -> Frame {
        Frame { channel: self.channel.clone(), payload: self.encode(message) }
    }

    fn encode(&self, message: &Message) -> Bytes {
        let seq = if message.is_numbered() { self.seq.fetch_add(1, Ordering::Relaxed) } else { 0 };
        Bytes::from(python::encode(message, &self.id, seq))
    }

    /// The link is up.
    pub(super) fn link_up(&self) {
        let now = Instant::now();
        self.members.link_back(now);
        self.times().heard_itself = now;
        self.subscribed.send_replace(true);
        self.displaced_logged.store(false, Ordering::Relaxed);
        if self.outage_logged.swap(false, Ordering::Relaxed) {
            tracing::info!(target: "socketio::cluster", channel = &*self.channel, "back with the other nodes");
        } else {
            tracing::info!(target: "socketio::cluster", channel = &*self.channel, node = %self.id, "joined the other nodes");
        }
    }

    /// It is down, or did not come up.
    pub(super) fn link_down(&self, error: &dyn std::error::Error) {
        if self.subscribed.send_replace(false) {
            self.members.link_lost(Instant::now());
            *lock(&self.returning) = self.members.all().into_iter().collect();
        }
        if !self.outage_logged.swap(true, Ordering::Relaxed) {
            let cause = causes(error);
            tracing::warn!(target: "socketio::cluster", channel = &*self.channel, cause, "cut off from the other nodes, trying again");
        }
    }

    /// Waits until this node hears the others.
    pub(super) async fn ready(&self) {
        // It cannot fail: the sender lives here.
        let _ = self.subscribed.subscribe().wait_for(|subscribed| *subscribed).await;
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

    /// Whether all who listened before the outage listen again.
    pub(super) fn all_are_back(&self) -> bool {
        lock(&self.returning).is_empty()
    }

    /// Once a second: who has not been heard for a lease is gone.
    pub(super) fn tick(&self) {
        for node in self.members.expire(Instant::now()) {
            tracing::warn!(target: "socketio::cluster", %node, "a node is silent and counts as gone");
            lock(&self.returning).remove(node.as_str());
            self.requests.gone(node.as_str());
        }
    }

    pub(crate) fn health(&self) -> Health {
        let (queued_frames, queued_bytes) = self.queue.len();
        let last_frame = self.times().last_frame;
        Health {
            subscribed: *self.subscribed.borrow(),
            last_frame: last_frame.map(|at| at.elapsed()),
            queued_frames,
            queued_bytes,
            dropped: self.queue.dropped(),
            members: self.members.all().len(),
            open_requests: self.requests.len(),
            frames_received: self.counters.received(),
            frames_refused: self.counters.refused(),
            frames_repeated: self.counters.repeated(),
            frames_missed: self.counters.missed(),
        }
    }

    fn times(&self) -> MutexGuard<'_, Times> {
        lock(&self.times)
    }
}

/// An error and its causes in one line.
fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
