//! What a sender on a channel has, be it a node or an emitter: an id, the number of its next frame, and what waits for the broker.

use std::error::Error;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use smallvec::SmallVec;

use super::messages::messages;
use super::python_nodes::PythonNodes;
use super::queue::{Queue, QueueLimits};
use crate::adapter::broker::{Blocked, Frame};
use crate::adapter::error::AdapterError;
use crate::adapter::operation::Operation;
use crate::adapter::wire::python::{Draft, MAX_FRAME};
use crate::adapter::wire::{HostId, Message};

#[derive(Debug)]
pub(crate) struct Outgoing {
    id: HostId,
    channel: Arc<str>,
    queue: Queue,
    frame_limit: usize,
    python_nodes: PythonNodes,
    /// The number of the next frame. What is queued is queued under this lock, in the order of the numbers.
    next: Mutex<u64>,
    blocked: Mutex<Blocked>,
    /// The outage has been logged, and so has the queue that was full in it.
    outage_logged: AtomicBool,
    displaced_logged: AtomicBool,
}

impl Outgoing {
    pub(crate) fn new(channel: Arc<str>, limits: QueueLimits, frame_limit: usize) -> Self {
        Outgoing {
            id: HostId::generate(),
            channel,
            queue: Queue::new(limits),
            // Beyond, no node would read it.
            frame_limit: frame_limit.min(MAX_FRAME),
            python_nodes: PythonNodes::default(),
            next: Mutex::new(1),
            blocked: Mutex::default(),
            outage_logged: AtomicBool::new(false),
            displaced_logged: AtomicBool::new(false),
        }
    }

    pub(crate) fn id(&self) -> &HostId {
        &self.id
    }

    pub(crate) fn channel(&self) -> &Arc<str> {
        &self.channel
    }

    pub(crate) fn queue(&self) -> &Queue {
        &self.queue
    }

    /// What `operation` is to the nodes.
    ///
    /// # Errors
    ///
    /// The broker takes no frame of this size.
    pub(crate) fn drafts(&self, operation: &Operation) -> Result<SmallVec<[Draft; 2]>, AdapterError> {
        let drafts =
            messages(operation).iter().map(|message| self.draft(message)).collect::<Result<_, _>>()?;
        self.note_limits(operation);
        Ok(drafts)
    }

    /// `operation` goes to the nodes, python's among them: the first time, what they cannot do of it is logged.
    pub(crate) fn note_limits(&self, operation: &Operation) {
        self.python_nodes.are_asked(&self.channel, operation);
    }

    /// `message` as a frame of ours, to be [sent](Self::send).
    ///
    /// # Errors
    ///
    /// The broker takes none of this size.
    pub(crate) fn draft(&self, message: &Message) -> Result<Draft, AdapterError> {
        let draft = Draft::new(message, &self.id);
        let (size, limit) = (draft.max_len(), self.frame_limit);
        if size > limit { Err(AdapterError::TooLarge { size, limit }) } else { Ok(draft) }
    }

    /// A frame that does not wait in the queue, and that no broker is too small for.
    pub(crate) fn small_frame(&self, message: &Message) -> Frame {
        self.number(&mut self.next(), Draft::new(message, &self.id))
    }

    /// Queues a frame; returns how many others had to make room.
    pub(crate) fn send(&self, draft: Draft) -> u64 {
        let displaced = {
            let mut next = self.next();
            let frame = self.number(&mut next, draft);
            self.queue.push(frame)
        };
        if displaced > 0 && !self.displaced_logged.swap(true, Ordering::Relaxed) {
            tracing::error!(
                target: "socketio::cluster",
                displaced, "the queue to the other nodes is full: the oldest operations are dropped until the broker takes them again"
            );
        }
        displaced
    }

    fn number(&self, next: &mut u64, draft: Draft) -> Frame {
        let seq = *next;
        *next += u64::from(draft.is_numbered());
        Frame { channel: self.channel.clone(), payload: Bytes::from(draft.number(seq)) }
    }

    fn next(&self) -> MutexGuard<'_, u64> {
        self.next.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The link is up, and this tells whether its broker asks to wait.
    pub(crate) fn set_blocked(&self, blocked: Blocked) {
        *self.blocked.lock().unwrap_or_else(PoisonError::into_inner) = blocked;
    }

    /// Whether the broker asks to wait.
    pub(crate) fn is_blocked(&self) -> bool {
        self.blocked.lock().unwrap_or_else(PoisonError::into_inner).now()
    }

    /// The link is up; `true` when it is known to have been down.
    pub(crate) fn link_up(&self) -> bool {
        self.displaced_logged.store(false, Ordering::Relaxed);
        self.outage_logged.load(Ordering::Relaxed)
    }

    /// Something went out over the link, or nothing had to: an outage is over. A broker that has just come back may cut the first
    /// links again.
    pub(crate) fn link_holds(&self) {
        if self.outage_logged.swap(false, Ordering::Relaxed) {
            tracing::info!(target: "socketio::cluster", channel = &*self.channel, node = %self.id, "back with the other nodes");
        }
    }

    /// It is down, or did not come up: that is logged once.
    pub(crate) fn link_down(&self, error: &dyn Error) {
        self.set_blocked(Blocked::default());
        if !self.outage_logged.swap(true, Ordering::Relaxed) {
            let cause = causes(error);
            tracing::warn!(target: "socketio::cluster", channel = &*self.channel, node = %self.id, cause, "cut off from the other nodes, trying again");
        }
    }
}

/// An error and its causes in one line.
pub(crate) fn causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
