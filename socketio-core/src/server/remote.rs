//! Sockets of any node, as data that can be acted on.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::SystemTime;

use serde::de::DeserializeOwned;

use super::{Broadcast, EmitError, Socket};
use crate::adapter::wire::SocketInfo;
use crate::adapter::{Adapter, AdapterError, IntoRooms, Receipt, Room, Target};
use crate::engine::Handshake;
use crate::protocol::args::IntoArgs;
use crate::protocol::sid::Sid;

/// What other nodes may learn of a handshake, by name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Share {
    headers: Vec<String>,
    query: Vec<String>,
}

impl Share {
    pub(crate) fn new<'a>(
        headers: impl IntoIterator<Item = &'a str>,
        query: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let owned = |name: &str| name.to_owned();
        Share {
            headers: headers.into_iter().map(owned).collect(),
            query: query.into_iter().map(owned).collect(),
        }
    }

    fn headers(&self, handshake: &Handshake) -> Vec<(String, String)> {
        let shared =
            self.headers.iter().filter_map(|name| Some((name.clone(), handshake.header(name)?.to_owned())));
        shared.collect()
    }

    fn query(&self, handshake: &Handshake) -> Vec<(String, String)> {
        self.query.iter().filter_map(|name| Some((name.clone(), handshake.query_value(name)?))).collect()
    }
}

impl Socket {
    /// What other nodes are told about it.
    pub(crate) fn info(&self, share: &Share) -> SocketInfo {
        let handshake = self.handshake();
        let mut info = SocketInfo::new(self.id().clone(), handshake.time());
        info.rooms = self.rooms().into_iter().collect();
        info.address = handshake.address();
        info.secure = handshake.is_secure();
        info.headers = share.headers(handshake);
        info.query = share.query(handshake);
        info.data = self.shared_data();
        info
    }
}

/// A socket of this node or another, as it was when it was fetched; what is done to it reaches it wherever it is.
///
/// ```no_run
/// # async fn example(io: socketio_core::Server) -> Result<(), Box<dyn std::error::Error>> {
/// for socket in io.to("lobby").fetch_sockets().await?.items {
///     println!("{} from {:?}: {:?}", socket.id(), socket.address(), socket.data::<String>());
///     socket.emit("found", ())?;
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct RemoteSocket {
    adapter: Arc<dyn Adapter>,
    namespace: Arc<str>,
    info: SocketInfo,
}

impl RemoteSocket {
    pub(crate) fn new(adapter: Arc<dyn Adapter>, namespace: Arc<str>, info: SocketInfo) -> Self {
        RemoteSocket { adapter, namespace, info }
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> &Sid {
        &self.info.sid
    }

    /// The rooms it was in, its own among them.
    #[must_use]
    pub fn rooms(&self) -> &[Room] {
        &self.info.rooms
    }

    /// The client's address, where its node knows it.
    #[must_use]
    pub fn address(&self) -> Option<IpAddr> {
        self.info.address
    }

    /// When its connection was opened.
    #[must_use]
    pub fn time(&self) -> SystemTime {
        self.info.time
    }

    /// Whether the client spoke TLS.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        self.info.secure
    }

    /// A header of the handshake, if its node [shares](super::ServerBuilder::share_handshake) it.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.info.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// A query parameter of the handshake, if its node [shares](super::ServerBuilder::share_handshake) it.
    #[must_use]
    pub fn query_value(&self, name: &str) -> Option<&str> {
        self.info.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// What [`Socket::set_data`] said about it, if that is a `T`.
    #[must_use]
    pub fn data<T: DeserializeOwned>(&self) -> Option<T> {
        self.info.data.as_ref()?.decode().ok()
    }

    fn broadcast(&self) -> Broadcast {
        Broadcast::new(self.adapter.clone(), Target::everyone(self.namespace.clone())).to(self.id())
    }

    /// Sends it an event.
    ///
    /// # Errors
    ///
    /// Those of [`Broadcast::emit`].
    pub fn emit(&self, event: &str, args: impl IntoArgs) -> Result<Receipt, EmitError> {
        self.broadcast().emit(event, args)
    }

    /// It: see [`Broadcast::volatile`].
    pub fn volatile(&self) -> Broadcast {
        self.broadcast().volatile()
    }

    /// It: see [`Broadcast::compress`].
    pub fn compress(&self, compress: bool) -> Broadcast {
        self.broadcast().compress(compress)
    }

    /// It: see [`Broadcast::timeout`].
    pub fn timeout(&self, timeout: std::time::Duration) -> Broadcast {
        self.broadcast().timeout(timeout)
    }

    /// Puts it into rooms.
    ///
    /// # Errors
    ///
    /// The adapter could not take the operation.
    pub fn join(&self, rooms: impl IntoRooms) -> Result<Receipt, AdapterError> {
        self.broadcast().join(rooms)
    }

    /// Takes it out of rooms.
    ///
    /// # Errors
    ///
    /// The adapter could not take the operation.
    pub fn leave(&self, rooms: impl IntoRooms) -> Result<Receipt, AdapterError> {
        self.broadcast().leave(rooms)
    }

    /// Sends it out of the namespace.
    ///
    /// # Errors
    ///
    /// The adapter could not take the operation.
    pub fn disconnect(&self) -> Result<Receipt, AdapterError> {
        self.broadcast().disconnect()
    }

    /// Closes its whole connection.
    ///
    /// # Errors
    ///
    /// The adapter could not take the operation.
    pub fn close(&self) -> Result<Receipt, AdapterError> {
        self.broadcast().close()
    }
}
