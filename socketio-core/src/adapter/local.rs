//! The seam between a server and its adapter, and the adapter for one process.

use std::fmt;
use std::sync::{Arc, OnceLock, Weak};

use async_trait::async_trait;

use super::operation::{EventPacket, Operation, Receipt, Target};
use crate::engine::{Frames, spare};
use crate::server::encode;
use crate::server::inner::ServerInner;

/// Carries operations to the sockets of this server and, in a cluster, to those of others.
///
/// One per server, chosen by [`ServerBuilder::adapter`](crate::server::ServerBuilder::adapter); nothing in the server sends to a room
/// around it. Default: [`LocalAdapter`].
#[async_trait]
pub trait Adapter: fmt::Debug + Send + Sync + 'static {
    /// Called once, when the server is built. A broker that is away is no error: local clients are served meanwhile.
    ///
    /// # Errors
    ///
    /// The adapter cannot work at all; the server logs it, and serves its own clients.
    async fn start(&self, node: Arc<LocalNode>) -> Result<(), AdapterError>;

    /// Applies `operation` to this node's sockets and queues it for the others. Waits for nothing.
    ///
    /// # Errors
    ///
    /// Nothing was done.
    fn dispatch(&self, operation: Operation) -> Result<Receipt, AdapterError>;

    /// Leaves the cluster; called when the server shuts down.
    async fn close(&self);
}

/// Why an adapter could not do its part.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AdapterError {
    /// It has not been started, or its server is gone.
    #[error("the adapter has no server")]
    NoServer,
    /// Whatever it uses failed.
    #[error("the adapter failed")]
    Other(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// The sockets of this process, as an adapter sees them.
#[derive(Debug)]
pub struct LocalNode {
    server: Weak<ServerInner>,
}

impl LocalNode {
    pub(crate) fn new(server: Weak<ServerInner>) -> Self {
        LocalNode { server }
    }

    /// Does what `operation` says to the sockets of this process.
    ///
    /// A namespace that does not exist here has no sockets: that is no error.
    ///
    /// # Errors
    ///
    /// [`AdapterError::NoServer`]: the server is gone.
    pub fn apply(&self, operation: &Operation) -> Result<Receipt, AdapterError> {
        let server = self.server.upgrade().ok_or(AdapterError::NoServer)?;
        let local = match operation {
            Operation::Emit { target, packet } => emit(&server, target, packet),
            Operation::Join { target, rooms } => {
                each(&server, target, |socket| socket.join(rooms.clone()).is_ok())
            }
            Operation::Leave { target, rooms } => each(&server, target, |socket| {
                socket.leave(rooms.clone());
                true
            }),
            Operation::CloseRoom { namespace, room } => {
                let mut target = Target::everyone(namespace.clone());
                target.recipients.add(smallvec::smallvec![room.clone()]);
                each(&server, &target, |socket| {
                    socket.leave(room);
                    true
                })
            }
            Operation::Disconnect { target, close } => each(&server, target, |socket| {
                if *close {
                    socket.close()
                } else {
                    socket.disconnect()
                }
                true
            }),
        };
        Ok(Receipt { local })
    }
}

fn emit(server: &Arc<ServerInner>, target: &Target, packet: &EventPacket) -> usize {
    let Some(namespace) = server.namespaces.get(&target.namespace) else {
        return 0;
    };
    let selected = namespace.rooms.select(target);
    let mut sockets = selected.iter().peekable();
    if sockets.peek().is_none() {
        return 0;
    }
    let mut buffer = spare::take();
    let local = match encode::event(&mut buffer, &namespace.name, None, packet.event(), packet.args()) {
        Ok(start) => {
            let frames = Frames::of(buffer.get(start..).unwrap_or_default());
            sockets.filter(|socket| socket.deliver(frames.clone()).is_ok()).count()
        }
        Err(error) => {
            tracing::error!(target: "socketio", event = packet.event(), %error, "a broadcast could not be encoded");
            0
        }
    };
    spare::give(buffer);
    local
}

fn each(server: &ServerInner, target: &Target, act: impl Fn(&crate::server::Socket) -> bool) -> usize {
    let Some(namespace) = server.namespaces.get(&target.namespace) else {
        return 0;
    };
    namespace.rooms.select(target).iter().filter(|socket| act(socket)).count()
}

/// The adapter of a server that is alone: rooms in memory.
#[derive(Debug, Default)]
pub struct LocalAdapter {
    node: OnceLock<Arc<LocalNode>>,
}

impl LocalAdapter {
    /// An adapter that waits for its server.
    #[must_use]
    pub fn new() -> Self {
        LocalAdapter::default()
    }
}

#[async_trait]
impl Adapter for LocalAdapter {
    async fn start(&self, node: Arc<LocalNode>) -> Result<(), AdapterError> {
        let _ = self.node.set(node);
        Ok(())
    }

    fn dispatch(&self, operation: Operation) -> Result<Receipt, AdapterError> {
        self.node.get().ok_or(AdapterError::NoServer)?.apply(&operation)
    }

    async fn close(&self) {}
}
