//! What a server listens on: anything that yields connections and never gives up.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpSocket, TcpStream};

use crate::engine::Peer;
use crate::server::ServeError;

/// A source of connections: TCP, [`UnixListener`](super::UnixListener), [`TlsListener`](super::TlsListener), or your own.
pub trait Listener: Send + 'static {
    /// A connection.
    type Io: AsyncRead + AsyncWrite + Send + Unpin + 'static;

    /// Waits for the next connection. May be dropped at any time without losing one.
    ///
    /// Failures are its own affair: it logs them, waits where that helps, and tries again.
    fn accept(&mut self) -> impl Future<Output = (Self::Io, Peer)> + Send;

    /// Where it listens, if that is an IP address.
    fn local_addr(&self) -> Option<SocketAddr>;
}

/// What becomes a [`Listener`]: `"0.0.0.0:8000"`, `("localhost", 8000)`, a `SocketAddr`; a [`UnixSocket`](super::UnixSocket); a bound
/// listener of std or tokio, for TCP or Unix sockets, as systemd hands them over; any of them [with TLS](super::Tls::on); or any `Listener`.
pub trait IntoListener {
    /// What it becomes.
    type Listener: Listener;

    /// Binds.
    ///
    /// # Errors
    ///
    /// The address cannot be resolved, is in use, or needs permission.
    fn into_listener(self) -> impl Future<Output = io::Result<Self::Listener>> + Send;
}

/// Binds. Why that cannot be is in the log, and on stderr where the program has none.
pub(crate) async fn listen<L: IntoListener>(listener: L) -> Result<L::Listener, ServeError> {
    listener.into_listener().await.map_err(|error| {
        crate::fatal::error("the server cannot listen", &error);
        ServeError::Listen(error)
    })
}

/// A TCP listener that survives being out of file descriptors.
#[derive(Debug)]
pub struct TcpListener {
    inner: tokio::net::TcpListener,
    backoff: Backoff,
}

impl TcpListener {
    fn bind(address: SocketAddr) -> io::Result<Self> {
        let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        // On Windows the option would let two servers share a port.
        socket.set_reuseaddr(cfg!(not(windows)))?;
        socket.bind(address)?;
        Ok(socket.listen(BACKLOG)?.into())
    }

    async fn bind_any(addresses: impl Iterator<Item = SocketAddr>) -> io::Result<Self> {
        let mut failure = io::Error::new(io::ErrorKind::InvalidInput, "the name has no address");
        for address in addresses {
            match TcpListener::bind(address) {
                Ok(listener) => return Ok(listener),
                Err(error) => failure = error,
            }
        }
        Err(failure)
    }
}

impl Listener for TcpListener {
    type Io = TcpStream;

    async fn accept(&mut self) -> (TcpStream, Peer) {
        loop {
            match self.inner.accept().await {
                Ok((stream, address)) => {
                    self.backoff.succeeded();
                    // It fails when the client has already gone, which the first read will tell.
                    let _ = stream.set_nodelay(true);
                    return (stream, Peer::from(address));
                }
                Err(error) => self.backoff.wait(&error).await,
            }
        }
    }

    fn local_addr(&self) -> Option<SocketAddr> {
        self.inner.local_addr().ok()
    }
}

impl From<tokio::net::TcpListener> for TcpListener {
    fn from(inner: tokio::net::TcpListener) -> Self {
        TcpListener { inner, backoff: Backoff::default() }
    }
}

impl<L: Listener> IntoListener for L {
    type Listener = L;

    async fn into_listener(self) -> io::Result<L> {
        Ok(self)
    }
}

impl IntoListener for tokio::net::TcpListener {
    type Listener = TcpListener;

    async fn into_listener(self) -> io::Result<TcpListener> {
        Ok(self.into())
    }
}

impl IntoListener for std::net::TcpListener {
    type Listener = TcpListener;

    async fn into_listener(self) -> io::Result<TcpListener> {
        self.set_nonblocking(true)?;
        Ok(tokio::net::TcpListener::from_std(self)?.into())
    }
}

impl IntoListener for SocketAddr {
    type Listener = TcpListener;

    async fn into_listener(self) -> io::Result<TcpListener> {
        TcpListener::bind(self)
    }
}

impl IntoListener for (IpAddr, u16) {
    type Listener = TcpListener;

    async fn into_listener(self) -> io::Result<TcpListener> {
        TcpListener::bind(self.into())
    }
}

impl IntoListener for &str {
    type Listener = TcpListener;

    async fn into_listener(self) -> io::Result<TcpListener> {
        TcpListener::bind_any(tokio::net::lookup_host(self).await?).await
    }
}

impl IntoListener for String {
    type Listener = TcpListener;

    async fn into_listener(self) -> io::Result<TcpListener> {
        self.as_str().into_listener().await
    }
}

impl IntoListener for (&str, u16) {
    type Listener = TcpListener;

    async fn into_listener(self) -> io::Result<TcpListener> {
        TcpListener::bind_any(tokio::net::lookup_host(self).await?).await
    }
}

/// How long to wait after a failed accept, and whether to say so: once for a row of failures, and not at every turn of the tide.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    pause: Option<Duration>,
    logged: Option<Instant>,
}

impl Backoff {
    /// Waits where that helps.
    pub(super) async fn wait(&mut self, error: &io::Error) {
        if let Some(pause) = self.failed(error) {
            tokio::time::sleep(pause).await;
        }
    }

    /// None where the failure is that of one connection: the next may be fine.
    fn failed(&mut self, error: &io::Error) -> Option<Duration> {
        use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
        if matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted) {
            return None;
        }
        if self.pause.is_none() && self.logged.is_none_or(|logged| logged.elapsed() >= LOG_INTERVAL) {
            tracing::error!(target: "engineio", %error, "cannot accept connections, trying again");
            self.logged = Some(Instant::now());
        }
        let pause = self.pause.map_or(SHORTEST_PAUSE, |pause| (pause * 2).min(LONGEST_PAUSE));
        self.pause = Some(pause);
        Some(pause)
    }

    pub(super) fn succeeded(&mut self) {
        self.pause = None;
    }
}

/// Connections that may wait to be accepted; the system may allow fewer.
pub(super) const BACKLOG: u32 = 4096;
const SHORTEST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_millis(500);
const LOG_INTERVAL: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn being_out_of_descriptors_is_waited_out() {
        let mut backoff = Backoff::default();
        let full = io::Error::from_raw_os_error(24);
        let pauses: Vec<_> =
            std::iter::repeat_with(|| backoff.failed(&full).unwrap().as_millis()).take(8).collect();
        assert_eq!(pauses, [10, 20, 40, 80, 160, 320, 500, 500]);
        backoff.succeeded();
        assert_eq!(backoff.failed(&full), Some(SHORTEST_PAUSE));
    }

    #[test]
    fn a_connection_that_was_gone_before_it_was_accepted_costs_no_time() {
        let mut backoff = Backoff::default();
        assert_eq!(backoff.failed(&io::ErrorKind::ConnectionAborted.into()), None);
    }

    #[tokio::test]
    async fn names_addresses_and_listeners_become_listeners() {
        let loopback: SocketAddr = "127.0.0.1:0".parse().unwrap();
        let std_listener = std::net::TcpListener::bind(loopback).unwrap();
        let tokio_listener = tokio::net::TcpListener::bind(loopback).await.unwrap();

        accepts(std_listener).await;
        accepts(tokio_listener).await;
        accepts(loopback).await;
        accepts((loopback.ip(), 0)).await;
        accepts("127.0.0.1:0").await;
        accepts("127.0.0.1:0".to_owned()).await;
        accepts(("localhost", 0)).await;
        accepts(TcpListener::bind(loopback).unwrap()).await;
    }

    #[tokio::test]
    async fn an_address_that_cannot_be_had_is_an_error() {
        let taken = TcpListener::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let error = taken.local_addr().unwrap().into_listener().await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
        assert!("no port".into_listener().await.is_err());
    }

    async fn accepts(listener: impl IntoListener) {
        let mut listener = listener.into_listener().await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (_, peer) = listener.accept().await;
        assert_eq!(peer.address, client.local_addr().ok());
        assert!(!peer.secure);
    }
}
