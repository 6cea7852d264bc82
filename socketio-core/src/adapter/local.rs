//! The seam between a server and its adapter, and the adapter for one process.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;

use super::broadcast::Dispatch;
use super::error::AdapterError;
use super::node::LocalNode;
use super::operation::{Operation, Receipt};
use super::replies::Replies;
use super::wire::HostId;

/// Carries operations to the sockets of this server and, in a cluster, to those of others.
///
/// One per server, chosen by [`ServerBuilder::adapter`](crate::server::ServerBuilder::adapter); nothing in the server sends to a room
/// around it. Default: [`LocalAdapter`].
#[async_trait]
pub trait Adapter: Dispatch {
    /// Called once, when the server is built. A broker that is away is no error: local clients are served meanwhile.
    ///
    /// # Errors
    ///
    /// The adapter cannot work at all; the server logs it, and serves its own clients.
    async fn start(&self, node: Arc<LocalNode>) -> Result<(), AdapterError>;

    /// Dispatches an operation that asks; the answers come as a stream, this node's and the others'.
    ///
    /// # Errors
    ///
    /// Nothing was asked.
    fn request(&self, operation: Operation) -> Result<Replies, AdapterError>;

    /// Where callbacks run that are given answers; `None`: on the runtime of whoever asks.
    fn runtime(&self) -> Option<tokio::runtime::Handle> {
        None
    }

    /// The nodes of the cluster that can be asked, this one first.
    fn members(&self) -> Vec<HostId>;

    /// Whether this node hears its cluster. Default: it does, as one that needs none.
    fn membership(&self) -> Membership {
        Membership::Joined { heard: Duration::ZERO }
    }

    /// Leaves the cluster; called when the server shuts down.
    async fn close(&self);
}

/// Whether a node hears its cluster: [`Adapter::membership`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Membership {
    /// Not yet, since its start.
    Joining,
    /// It does, or did.
    Joined {
        /// How long ago it heard anybody, itself included.
        heard: Duration,
    },
}

/// The adapter of a server that is alone: rooms in memory.
#[derive(Debug)]
pub struct LocalAdapter {
    id: HostId,
    node: OnceLock<Arc<LocalNode>>,
}

impl LocalAdapter {
    /// An adapter that waits for its server.
    #[must_use]
    pub fn new() -> Self {
        LocalAdapter { id: HostId::generate(), node: OnceLock::new() }
    }

    fn node(&self) -> Result<&Arc<LocalNode>, AdapterError> {
        self.node.get().ok_or(AdapterError::NoServer)
    }
}

impl Default for LocalAdapter {
    fn default() -> Self {
        LocalAdapter::new()
    }
}

impl Dispatch for LocalAdapter {
    fn dispatch(&self, operation: Operation) -> Result<Receipt, AdapterError> {
        self.node()?.apply(&operation)
    }
}

#[async_trait]
impl Adapter for LocalAdapter {
    async fn start(&self, node: Arc<LocalNode>) -> Result<(), AdapterError> {
        let _ = self.node.set(node);
        Ok(())
    }

    fn request(&self, operation: Operation) -> Result<Replies, AdapterError> {
        let (sender, replies) = Replies::channel();
        self.node()?.answer(&operation, sender)?;
        Ok(replies)
    }

    fn runtime(&self) -> Option<tokio::runtime::Handle> {
        self.node.get()?.runtime()
    }

    fn members(&self) -> Vec<HostId> {
        vec![self.id.clone()]
    }

    async fn close(&self) {}
}
