//! One adapter for every message queue: nodes that share a channel act as one server.
//!
//! ```text
//! dispatch ─ this node's sockets first ─ wire::encode ─ queue ─ writer ─ Broker::publish ┄┄ the others
//! the others ┄┄ Feed ─ own? seen? ─ wire::decode ─ LocalNode::apply
//! ```
//!
//! The broker's crate carries frames; everything else is here, once: reconnecting, batching, buffering, liveness, requests.

mod answering; // answers in pieces, each when there is room for it
mod health; // how a node is connected, in numbers
mod inbound; // what other nodes say
mod inner; // what one node knows of its cluster
mod link; // the link to the broker, made again and again
mod members; // the other nodes, and until when they live
mod outbound; // what is said to them
mod requests; // questions that are open

use std::fmt;
use std::marker::PhantomData;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;

use self::inner::Cluster;
use super::broadcast::Dispatch;
use super::broker::Broker;
use super::error::AdapterError;
use super::local::{Adapter, Membership};
use super::node::LocalNode;
use super::operation::{Operation, Receipt};
use super::publisher::{DEFAULT_CHANNEL, QueueLimits};
use super::replies::Replies;
use super::wire::HostId;

pub use self::health::Health;

/// An adapter over the message queue `B`: what a manager is in python-socketio's server.
///
/// Nodes whose adapters name the same channel of the same broker act as one server; python-socketio's servers and write-only managers
/// on that channel take part as far as they can. It is cheap to clone before it is given to a server: keep one for
/// [`health`](Self::health) and [`flush`](Self::flush). Settings come before that: one that is made later gives another adapter.
pub struct ClusterAdapter<B: Broker> {
    options: B::Options,
    channel: Arc<str>,
    limits: QueueLimits,
    shared: Arc<Shared>,
    broker: PhantomData<fn() -> B>,
}

#[derive(Debug, Default)]
struct Shared {
    cluster: OnceLock<Arc<Cluster>>,
    /// Locked while it says goodbye, so that whoever else closes waits for that too.
    link: Mutex<Option<JoinHandle<()>>>,
}

impl<B: Broker> ClusterAdapter<B> {
    /// Reads the URL, and does nothing else: it connects in the background once the server is built.
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
        ClusterAdapter {
            options,
            channel: DEFAULT_CHANNEL.into(),
            limits: QueueLimits::default(),
            shared: Arc::default(),
            broker: PhantomData,
        }
    }

    /// The channel that the nodes share. Default: `socketio`, as in python-socketio. Two channels of one broker never hear each other.
    #[must_use]
    pub fn channel(mut self, channel: impl Into<Arc<str>>) -> Self {
        self.channel = channel.into();
        self.of_its_own()
    }

    /// Bytes that may wait to be published while the broker is away; beyond, the oldest operations are dropped. Default: 16 MiB.
    #[must_use]
    pub fn max_queued(mut self, bytes: usize) -> Self {
        self.limits.bytes = bytes;
        self.of_its_own()
    }

    /// How long an operation may wait to be published. Default: 60 s.
    #[must_use]
    pub fn max_queue_age(mut self, age: Duration) -> Self {
        self.limits.age = age;
        self.of_its_own()
    }

    /// What has been used, or cloned, keeps its settings.
    fn of_its_own(mut self) -> Self {
        if self.shared.cluster.get().is_some() {
            self.shared = Arc::default();
        }
        self
    }

    fn cluster(&self) -> &Arc<Cluster> {
        let make =
            || Arc::new(Cluster::new(self.channel.clone(), self.limits, B::frame_limit(&self.options)));
        self.shared.cluster.get_or_init(make)
    }

    /// Waits until this node hears the others for the first time, or again.
    pub async fn ready(&self) {
        self.cluster().ready().await;
    }

    /// How the node is connected.
    #[must_use]
    pub fn health(&self) -> Health {
        self.cluster().health()
    }

    /// Waits until the broker has everything that was dispatched before; `false` when `deadline` came first.
    pub async fn flush(&self, deadline: Duration) -> bool {
        self.cluster().outgoing.queue().flush(deadline).await
    }

    /// This node's id on the channel.
    #[must_use]
    pub fn id(&self) -> &HostId {
        self.cluster().id()
    }
}

impl<B: Broker> Dispatch for ClusterAdapter<B> {
    fn dispatch(&self, operation: Operation) -> Result<Receipt, AdapterError> {
        self.cluster().dispatch(operation)
    }
}

#[async_trait]
impl<B: Broker> Adapter for ClusterAdapter<B> {
    async fn start(&self, node: Arc<LocalNode>) -> Result<(), AdapterError> {
        let cluster = self.cluster().clone();
        let runtime = node.runtime().ok_or(AdapterError::NoServer)?;
        if cluster.node.set(node).is_err() {
            return Err(AdapterError::Other("an adapter serves one server".into()));
        }
        let options = B::for_channel(self.options.clone(), &self.channel);
        let link = runtime.spawn(link::run::<B>(options, cluster));
        *self.shared.link.lock().await = Some(link);
        Ok(())
    }

    fn request(&self, operation: Operation) -> Result<Replies, AdapterError> {
        self.cluster().request(operation)
    }

    fn runtime(&self) -> Option<tokio::runtime::Handle> {
        self.cluster().node.get()?.runtime()
    }

    fn members(&self) -> Vec<HostId> {
        let cluster = self.cluster();
        std::iter::once(cluster.id().clone()).chain(cluster.members.all()).collect()
    }

    fn membership(&self) -> Membership {
        self.cluster().membership()
    }

    async fn close(&self) {
        let mut saying_goodbye = self.shared.link.lock().await;
        if let Some(link) = &mut *saying_goodbye {
            self.cluster().closing.notify_one();
            if tokio::time::timeout(CLOSE, &mut *link).await.is_err() {
                link.abort();
            }
            *saying_goodbye = None;
            let (lost, _) = self.cluster().outgoing.queue().len();
            if lost > 0 {
                tracing::error!(target: "socketio::cluster", lost, "the adapter has closed before all was published");
            }
        }
    }
}

/// Where the server was dropped and never closed, the link ends all the same.
impl Drop for Shared {
    fn drop(&mut self) {
        if let Some(cluster) = self.cluster.get() {
            cluster.closing.notify_one();
        }
    }
}

/// How long saying goodbye may take.
const CLOSE: Duration = Duration::from_secs(3);

impl<B: Broker> Clone for ClusterAdapter<B> {
    fn clone(&self) -> Self {
        // Settings that come later must not part the two.
        let _ = self.cluster();
        ClusterAdapter {
            options: self.options.clone(),
            channel: self.channel.clone(),
            limits: self.limits,
            shared: self.shared.clone(),
            broker: PhantomData,
        }
    }
}

impl<B: Broker> fmt::Debug for ClusterAdapter<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClusterAdapter")
            .field("options", &self.options)
            .field("channel", &self.channel)
            .field("health", &self.shared.cluster.get().map(|cluster| cluster.health()))
            .finish()
    }
}

#[cfg(test)]
mod tests;
