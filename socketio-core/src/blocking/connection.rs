//! What the sockets of one client share.

use std::ops::Deref;

use super::Socket;
use crate::server;

/// The connection of a client, which may be in several namespaces over it: [`Socket::connection`]. A cheap handle; see
/// [`server::Connection`].
#[derive(Clone, Debug)]
pub struct Connection(server::Connection);

impl Connection {
    pub(super) fn new(connection: server::Connection) -> Self {
        Connection(connection)
    }

    /// The client in another namespace, if it is there.
    #[must_use]
    pub fn socket(&self, namespace: &str) -> Option<Socket> {
        self.0.socket(namespace).map(Socket::new)
    }

    /// The client in all its namespaces.
    #[must_use]
    pub fn sockets(&self) -> Vec<Socket> {
        self.0.sockets().into_iter().map(Socket::new).collect()
    }
}

impl Deref for Connection {
    type Target = server::Connection;

    fn deref(&self) -> &server::Connection {
        &self.0
    }
}
