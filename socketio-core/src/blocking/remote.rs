//! Sockets of any node, as data that can be acted on.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use super::Broadcast;
use crate::adapter::Fetched;
use crate::server;
use crate::server::inner::ServerInner;

/// A socket of this node or another, as it was when it was fetched; see [`server::RemoteSocket`].
#[derive(Clone, Debug)]
pub struct RemoteSocket {
    inner: server::RemoteSocket,
    server: Arc<ServerInner>,
}

impl RemoteSocket {
    pub(super) fn all(
        fetched: Fetched<server::RemoteSocket>,
        server: &Arc<ServerInner>,
    ) -> Fetched<RemoteSocket> {
        let items = fetched.items.into_iter().map(|inner| RemoteSocket { inner, server: server.clone() });
        Fetched { items: items.collect(), silent: fetched.silent }
    }

    /// It: see [`Broadcast::volatile`].
    pub fn volatile(&self) -> Broadcast {
        Broadcast::new(self.inner.volatile(), self.server.clone())
    }

    /// It: see [`Broadcast::compress`].
    pub fn compress(&self, compress: bool) -> Broadcast {
        Broadcast::new(self.inner.compress(compress), self.server.clone())
    }

    /// It: see [`Broadcast::timeout`].
    pub fn timeout(&self, timeout: Duration) -> Broadcast {
        Broadcast::new(self.inner.timeout(timeout), self.server.clone())
    }
}

impl Deref for RemoteSocket {
    type Target = server::RemoteSocket;

    fn deref(&self) -> &server::RemoteSocket {
        &self.inner
    }
}
