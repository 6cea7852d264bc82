//! What a sender on a channel has, be it a node or an emitter: an id, the number of its next frame, and what waits for the broker.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use bytes::Bytes;
use smallvec::SmallVec;

use super::messages::messages;
use super::queue::{Queue, QueueLimits};
use crate::adapter::broker::Frame;
use crate::adapter::error::AdapterError;
use crate::adapter::operation::Operation;
use crate::adapter::wire::{HostId, Message, python};

#[derive(Debug)]
pub(crate) struct Outgoing {
    id: HostId,
    channel: Arc<str>,
    queue: Queue,
    frame_limit: usize,
    seq: AtomicU64,
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
            frame_limit,
            seq: AtomicU64::new(1),
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
    pub(crate) fn frames(&self, operation: &Operation) -> Result<SmallVec<[Frame; 2]>, AdapterError> {
        messages(operation).iter().map(|message| self.frame(message)).collect()
    }

    /// `message` as a frame of ours.
    ///
    /// # Errors
    ///
    /// The broker takes none of this size.
    pub(crate) fn frame(&self, message: &Message) -> Result<Frame, AdapterError> {
        let frame = self.small_frame(message);
        let (size, limit) = (frame.payload.len(), self.frame_limit);
        if size > limit { Err(AdapterError::TooLarge { size, limit }) } else { Ok(frame) }
    }

    /// The same for one that no broker is too small for.
    pub(crate) fn small_frame(&self, message: &Message) -> Frame {
        let seq = if message.is_numbered() { self.seq.fetch_add(1, Ordering::Relaxed) } else { 0 };
        let payload = Bytes::from(python::encode(message, &self.id, seq));
        Frame { channel: self.channel.clone(), payload }
    }

    /// Queues a frame; returns how many others had to make room.
    pub(crate) fn send(&self, frame: Frame) -> u64 {
        let displaced = self.queue.push(frame);
        if displaced > 0 && !self.displaced_logged.swap(true, Ordering::Relaxed) {
            tracing::error!(
                target: "socketio::cluster",
                displaced, "the queue to the other nodes is full: the oldest operations are dropped until the broker takes them again"
            );
        }
        displaced
    }

    /// The link is up; `true` when it has been before, which is logged.
    pub(crate) fn link_up(&self) -> bool {
        self.displaced_logged.store(false, Ordering::Relaxed);
        let again = self.outage_logged.swap(false, Ordering::Relaxed);
        if again {
            tracing::info!(target: "socketio::cluster", channel = &*self.channel, "back with the other nodes");
        }
        again
    }

    /// It is down, or did not come up: that is logged once.
    pub(crate) fn link_down(&self, error: &dyn Error) {
        if !self.outage_logged.swap(true, Ordering::Relaxed) {
            let cause = causes(error);
            tracing::warn!(target: "socketio::cluster", channel = &*self.channel, cause, "cut off from the other nodes, trying again");
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
