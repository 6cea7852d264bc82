//! The half of a cluster that only sends: what an emitter is made of. It subscribes to nothing and needs no server.
//!
//! ```text
//! dispatch ─ wire::encode ─ queue ─ writer ─ Broker::publish ┄┄ the nodes
//! ```
//!
//! The frames, the queue and the writer's pieces are a node's too, which adds what listens.

mod audience; // whether those who listened before an outage are back
mod link; // connected, and connected again
mod messages; // operations in the words of the wire
mod outgoing; // frames with the sender's id and number
mod python_nodes; // what python's nodes cannot do
mod queue; // what waits to be published
mod writer; // one attempt at the broker

use std::error::Error;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;

use super::broadcast::Dispatch;
use super::broker::Broker;
use super::error::AdapterError;
use super::operation::{Operation, Receipt};
use super::wire::{HostId, Message};

pub(crate) use self::outgoing::Outgoing;
pub(crate) use self::queue::QueueLimits;
pub(crate) use self::writer::PATIENCE;
#[cfg(feature = "server")]
pub(crate) use self::{
    audience::Audience,
    messages::with_exceptions,
    writer::{Broken, backoff, connect, drain, publish, publish_batch},
};

/// The channel of python-socketio, and of everybody who names no other.
pub const DEFAULT_CHANNEL: &str = "socketio";

/// Publishes operations on a channel of the message queue `B`.
///
/// Operations are queued at once, and wait there until [`run`](Self::run) has a link to the broker. When the publisher is dropped,
/// `run` publishes what is left, and ends.
pub struct Publisher<B: Broker> {
    options: B::Options,
    limits: QueueLimits,
    state: Arc<State<B>>,
    /// Its end tells the link that no more will come.
    alive: watch::Sender<()>,
}

/// What the publisher shares with its link.
struct State<B> {
    outgoing: Outgoing,
    link: watch::Sender<Link<B>>,
    /// Why the last attempt failed, until something is published again.
    fault: Mutex<Option<Cause>>,
}

#[derive(Debug)]
enum Link<B> {
    Connecting,
    Up(Arc<B>),
    Down,
}

/// A failure that several may tell of.
pub type Cause = Arc<dyn Error + Send + Sync>;

#[derive(Debug, thiserror::Error)]
#[error("the broker is short of memory or disk and takes nothing")]
struct Blocked;

/// Who listens to a channel, as far as its broker can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listeners {
    /// So many, nodes in other languages included.
    Count(usize),
    /// At least one.
    Somebody,
    /// None.
    Nobody,
    /// The broker does not know.
    Unknown,
}

impl Listeners {
    /// Whether surely nobody listens.
    #[must_use]
    pub fn are_none(self) -> bool {
        matches!(self, Listeners::Nobody | Listeners::Count(0))
    }
}

/// What has become of all operations so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Totals {
    /// The broker has had so many frames.
    pub sent: u64,
    /// So many were dropped, because the queue was full, they were too old, or the broker takes none such.
    pub dropped: u64,
}

/// How a publisher is connected, in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PublisherHealth {
    /// Whether there is a link to the broker.
    pub connected: bool,
    /// Frames that wait to be published,
    pub queued_frames: usize,
    /// and their bytes.
    pub queued_bytes: usize,
    /// What became of the others.
    pub totals: Totals,
}

/// Why a publisher cannot tell, or has not done, what it should.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PublisherError {
    /// The last attempt to connect failed, and the next is to come.
    #[error("there is no link to the broker")]
    NoLink(#[source] Option<Cause>),
    /// There is a link, and the broker does not answer this.
    #[error("the broker does not say who listens")]
    Check(#[source] Cause),
    /// The deadline came first. What waits goes on waiting.
    #[error("the broker did not take everything in time, {waiting} frames wait")]
    Late {
        /// How many frames, those included that came after the call.
        waiting: usize,
        /// What keeps them, if something has failed.
        #[source]
        cause: Option<Cause>,
    },
    /// A publisher has to be started, and cannot be here.
    #[error(transparent)]
    Start(AdapterError),
}

impl<B: Broker> Publisher<B> {
    /// Reads the URL, and does nothing else.
    ///
    /// # Errors
    ///
    /// The URL makes no sense to the broker.
    pub fn new(url: &str) -> Result<Self, B::Error> {
        Ok(Self::with_options(url.parse()?))
    }

    /// The same with options that a URL cannot express.
    #[must_use]
    pub fn with_options(options: B::Options) -> Self {
        Self::build(options, DEFAULT_CHANNEL.into(), QueueLimits::default())
    }

    fn build(options: B::Options, channel: Arc<str>, limits: QueueLimits) -> Self {
        let outgoing = Outgoing::new(channel, limits, B::frame_limit(&options));
        let state = State { outgoing, link: watch::Sender::new(Link::Connecting), fault: Mutex::default() };
        Publisher { options, limits, state: Arc::new(state), alive: watch::Sender::new(()) }
    }

    /// One like it, on another channel. Default: `socketio`.
    #[must_use]
    pub fn channel(&self, channel: impl Into<Arc<str>>) -> Self {
        Self::build(self.options.clone(), channel.into(), self.limits)
    }

    /// One like it, with room for so many bytes while the broker is away; beyond, the oldest operations are dropped. Default: 16 MiB.
    #[must_use]
    pub fn max_queued(&self, bytes: usize) -> Self {
        self.limited(QueueLimits { bytes, ..self.limits })
    }

    /// One like it, whose operations wait so long at most. Default: 60 s.
    #[must_use]
    pub fn max_queue_age(&self, age: Duration) -> Self {
        self.limited(QueueLimits { age, ..self.limits })
    }

    fn limited(&self, limits: QueueLimits) -> Self {
        Self::build(self.options.clone(), self.state.outgoing.channel().clone(), limits)
    }

    /// The link to the broker, to be spawned: it connects, publishes, and connects again, until the publisher is dropped and nothing
    /// is left. One at a time; if it is dropped itself, there is no link until another goes on.
    pub fn run(&self) -> impl Future<Output = ()> + Send + use<B> {
        // Not before: another channel is another one's.
        let options = B::for_channel(self.options.clone(), self.state.outgoing.channel());
        link::run(options, link::Kept::new(self.state.clone()), self.alive.subscribe())
    }

    /// Its id on the channel.
    #[must_use]
    pub fn id(&self) -> &HostId {
        self.state.outgoing.id()
    }

    /// How it is connected.
    #[must_use]
    pub fn health(&self) -> PublisherHealth {
        let queue = self.state.outgoing.queue();
        let (queued_frames, queued_bytes) = queue.len();
        let connected = matches!(*self.state.link.borrow(), Link::Up(_));
        PublisherHealth { connected, queued_frames, queued_bytes, totals: self.totals() }
    }

    fn totals(&self) -> Totals {
        let queue = self.state.outgoing.queue();
        Totals { sent: queue.sent(), dropped: queue.dropped() }
    }

    /// Waits until there is a link to the broker.
    pub async fn ready(&self) {
        // It cannot fail: the sender lives here.
        let _ = self.state.link.subscribe().wait_for(|link| matches!(link, Link::Up(_))).await;
    }

    /// Asks the broker who listens to the channel. Where only publishing can tell (AMQP), a frame is published that nodes ignore.
    ///
    /// # Errors
    ///
    /// [`PublisherError::NoLink`], [`PublisherError::Check`].
    pub async fn check(&self) -> Result<Listeners, PublisherError> {
        let broker = self.broker().await?;
        let channel = self.state.outgoing.channel();
        let asking = async {
            if let Some(count) = broker.subscriber_count(channel).await? {
                return Ok(Listeners::Count(count));
            }
            let probe = self.state.outgoing.small_frame(&Message::Bye);
            Ok(match broker.is_heard(&probe).await? {
                Some(true) => Listeners::Somebody,
                Some(false) => Listeners::Nobody,
                None => Listeners::Unknown,
            })
        };
        let failed: Cause = match timeout(PATIENCE, asking).await {
            Ok(Ok(listeners)) => return Ok(listeners),
            Ok(Err(error)) => Arc::<B::Error>::new(error),
            Err(late) => Arc::new(late),
        };
        Err(PublisherError::Check(failed))
    }

    /// The link, once an attempt at it has ended.
    async fn broker(&self) -> Result<Arc<B>, PublisherError> {
        let mut link = self.state.link.subscribe();
        let settled = link.wait_for(|link| !matches!(link, Link::Connecting)).await;
        match settled.as_deref() {
            Ok(Link::Up(broker)) => Ok(broker.clone()),
            _ => Err(PublisherError::NoLink(self.state.fault())),
        }
    }

    /// Waits until the broker has everything that was dispatched before, and tells what became of all so far.
    ///
    /// # Errors
    ///
    /// [`PublisherError::Late`]: `deadline` came first.
    pub async fn flush(&self, deadline: Duration) -> Result<Totals, PublisherError> {
        let queue = self.state.outgoing.queue();
        if queue.flush(deadline).await {
            return Ok(self.totals());
        }
        Err(PublisherError::Late { waiting: queue.len().0, cause: self.state.fault() })
    }
}

impl<B: Broker> Dispatch for Publisher<B> {
    /// Queues `operation` for the nodes; [`Receipt::local`] is 0.
    fn dispatch(&self, operation: Operation) -> Result<Receipt, AdapterError> {
        let drafts = self.state.outgoing.drafts(&operation)?;
        let displaced = drafts.into_iter().map(|draft| self.state.outgoing.send(draft)).sum();
        Ok(Receipt { local: 0, displaced })
    }
}

impl<B: Broker> fmt::Debug for Publisher<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Publisher")
            .field("options", &self.options)
            .field("channel", self.state.outgoing.channel())
            .field("health", &self.health())
            .finish_non_exhaustive()
    }
}

impl<B> State<B> {
    fn fault(&self) -> Option<Cause> {
        if self.outgoing.is_blocked() {
            return Some(Arc::new(Blocked));
        }
        self.fault.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set_fault(&self, fault: Option<Cause>) {
        *self.fault.lock().unwrap_or_else(PoisonError::into_inner) = fault;
    }
}

#[cfg(test)]
mod tests;
