//! What the sockets of one client share: its connection, and a session that is the same in every namespace.

use std::fmt;
use std::sync::Arc;

use super::link::Link;
use super::{SessionScope, Socket};
use crate::engine::Session;
use crate::protocol::engine::Transport;

/// The connection of a client, which may be in several namespaces over it: [`Socket::connection`]. A cheap handle.
///
/// Its session is shared by them: what is saved in one is there in the others. (A socket's own session is its namespace's alone.) It
/// lasts until the connection has ended, and the disconnect handlers with it.
///
/// ```no_run
/// use socketio_core::Socket;
///
/// struct Account(u64);
///
/// fn in_chat(socket: Socket) {
///     let connection = socket.connection();
///     connection.save_session(Account(7)); // for all its namespaces
///     if let Some(game) = connection.socket("/game") {
///         game.emit("is chatting", ()).ok(); // the same client elsewhere
///     }
/// }
/// ```
#[derive(Clone)]
pub struct Connection {
    link: Arc<Link>,
    session: Arc<Session>,
}

impl Connection {
    pub(super) fn new(link: Arc<Link>, session: Arc<Session>) -> Self {
        Connection { link, session }
    }

    /// The client in another namespace, if it is there. Guide: the `namespace` argument of `get_session` and its like.
    #[must_use]
    pub fn socket(&self, namespace: &str) -> Option<Socket> {
        let mut sockets = self.link.sockets().into_iter();
        sockets.find(|socket| &*socket.namespace_inner().name == namespace && socket.is_connected())
    }

    /// The client in all its namespaces.
    #[must_use]
    pub fn sockets(&self) -> Vec<Socket> {
        self.link.sockets().into_iter().filter(Socket::is_connected).collect()
    }

    /// What it runs over just now.
    #[must_use]
    pub fn transport(&self) -> Transport {
        self.session.transport()
    }

    /// Keeps `value` for this client in all its namespaces, one value per type.
    pub fn save_session<T: Send + Sync + 'static>(&self, value: T) {
        if let Some(store) = self.link.store() {
            store.save(value);
        }
    }

    /// What was saved for this client in any of its namespaces, if anything of this type was.
    #[must_use]
    pub fn session<T: Send + Sync + 'static>(&self) -> Option<Arc<T>> {
        self.link.saved()?.get()
    }

    /// Changes what is saved for this client; see [`Socket::edit_session`].
    pub fn edit_session<T: Clone + Default + Send + Sync + 'static>(&self, edit: impl FnMut(&mut T)) {
        if let Some(store) = self.link.store() {
            store.edit(edit);
        }
    }

    /// Changes what is saved for this client in a scope that writes at its end.
    pub fn session_scope<T: Clone + Default + Send + Sync + 'static>(&self) -> SessionScope<T> {
        let connection = self.clone();
        SessionScope::new(self.session(), move |value| connection.save_session(value))
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("transport", &self.transport()).finish_non_exhaustive()
    }
}
