//! Who is at the other end of the connection, as the server that accepted it tells.

use std::net::SocketAddr;

use http::Extensions;

/// The other end of a connection. A server puts it into the extensions of every request.
///
/// The standalone server does so by itself, and with the feature `axum` so does
/// `into_make_service_with_connect_info::<SocketAddr>()`, or `::<Peer>()` of a `TlsListener`. Under another server, insert it:
///
/// ```ignore
/// request.extensions_mut().insert(Peer::from(address).secure(true));
/// ```
///
/// Without it the client's address is unknown, the scheme is taken to be `http`, and no proxy is trusted unless `unix` is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Peer {
    /// None for a Unix socket.
    pub address: Option<SocketAddr>,
    /// Whether the connection itself is encrypted.
    pub secure: bool,
}

impl Peer {
    /// A peer without an address.
    #[must_use]
    pub fn unix() -> Self {
        Peer::default()
    }

    /// Says whether the connection itself is encrypted. Default: no.
    #[must_use]
    pub fn secure(mut self, secure: bool) -> Self {
        self.secure = secure;
        self
    }

    pub(super) fn of(extensions: &Extensions) -> Peer {
        extensions.get::<Peer>().copied().or_else(|| told_by_axum(extensions)).unwrap_or_default()
    }
}

impl From<SocketAddr> for Peer {
    fn from(address: SocketAddr) -> Self {
        Peer { address: Some(address), secure: false }
    }
}

#[cfg(feature = "axum")]
fn told_by_axum(extensions: &Extensions) -> Option<Peer> {
    use axum::extract::ConnectInfo;
    if let Some(ConnectInfo(peer)) = extensions.get::<ConnectInfo<Peer>>() {
        return Some(*peer);
    }
    extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(address)| Peer::from(*address))
}

/// Of `axum::serve` with a [`TlsListener`](crate::http::TlsListener): `into_make_service_with_connect_info::<Peer>()`.
#[cfg(all(feature = "axum", feature = "tls"))]
impl<L: crate::http::Listener>
    axum::extract::connect_info::Connected<axum::serve::IncomingStream<'_, crate::http::TlsListener<L>>>
    for Peer
{
    fn connect_info(stream: axum::serve::IncomingStream<'_, crate::http::TlsListener<L>>) -> Self {
        *stream.remote_addr()
    }
}

#[cfg(not(feature = "axum"))]
fn told_by_axum(_: &Extensions) -> Option<Peer> {
    None
}
