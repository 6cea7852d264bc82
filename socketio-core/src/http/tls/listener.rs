//! Connections whose TLS handshake is done. Handshakes run beside each other, each with its deadline, and not too many of them.

use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::task::Poll;
use std::time::{Duration, Instant};

use tokio::task::{AbortHandle, JoinSet};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::Tls;
use crate::engine::{Peer, RefusalLog};
use crate::http::listener::{IntoListener, Listener};

/// TLS on an address; becomes a [`TlsListener`].
#[derive(Clone, Debug)]
pub struct TlsAddress<A> {
    tls: Tls,
    address: A,
}

impl<A> TlsAddress<A> {
    pub(super) fn new(tls: Tls, address: A) -> Self {
        TlsAddress { tls, address }
    }
}

impl<A: IntoListener + Send> IntoListener for TlsAddress<A> {
    type Listener = TlsListener<A::Listener>;

    async fn into_listener(self) -> io::Result<Self::Listener> {
        Ok(TlsListener::new(self.tls, self.address.into_listener().await?))
    }
}

/// A listener that yields connections whose TLS handshake is done, of clients that are [secure](Peer::secure).
///
/// `io.serve(tls.on(address), ..)` makes one; for another host make it by [`new`](Self::new): [`accept`](Listener::accept) is all that
/// a loop of its own needs, and with the feature `axum` it is a listener of `axum::serve`.
pub struct TlsListener<L: Listener> {
    tls: Tls,
    acceptor: TlsAcceptor,
    inner: L,
    under_way: JoinSet<Option<(TlsStream<L::Io>, Peer)>>,
    /// The same, in the order in which they began; some have ended since.
    oldest_first: VecDeque<AbortHandle>,
    log: RefusalLog,
}

impl<L: Listener> TlsListener<L> {
    /// TLS on the connections of `inner`; keeps the certificate [fresh](Tls::keep_fresh).
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    pub fn new(tls: Tls, inner: L) -> Self {
        tls.keep_fresh();
        let acceptor = TlsAcceptor::from(tls.server_config());
        let (under_way, oldest_first) = (JoinSet::new(), VecDeque::new());
        TlsListener { tls, acceptor, inner, under_way, oldest_first, log: RefusalLog::default() }
    }

    fn begin(&mut self, io: L::Io, peer: Peer) {
        let limit = self.tls.limits.under_way;
        if self.oldest_first.len() >= 2 * limit {
            self.oldest_first.retain(|handshake| !handshake.is_finished());
        }
        if self.under_way.len() >= limit {
            self.cut_oldest();
        }
        let counts = self.tls.handshakes.clone();
        let handshake = tokio::time::timeout(self.tls.limits.timeout, self.acceptor.accept(io));
        let entry = Entry::new(counts);
        let handshake = self.under_way.spawn(async move {
            let counts = &entry.0;
            match handshake.await {
                Ok(Ok(stream)) => return Some((stream, peer.secure(true))),
                Ok(Err(error)) => {
                    counts.failed.fetch_add(1, Ordering::Relaxed);
                    tracing::debug!(target: "engineio", client = ?peer.address, %error, "TLS handshake failed");
                }
                Err(_) => {
                    counts.timed_out.fetch_add(1, Ordering::Relaxed);
                    tracing::debug!(target: "engineio", client = ?peer.address, "TLS handshake took too long");
                }
            }
            None
        });
        self.oldest_first.push_back(handshake);
    }

    fn cut_oldest(&mut self) {
        while let Some(oldest) = self.oldest_first.pop_front() {
            if oldest.is_finished() {
                continue;
            }
            oldest.abort();
            self.tls.handshakes.displaced.fetch_add(1, Ordering::Relaxed);
            if let Some(left_out) = self.log.admit("max_handshakes", Instant::now()) {
                let limit = self.tls.limits.under_way;
                tracing::warn!(target: "engineio", limit, left_out, "too many TLS handshakes at once, the oldest is cut");
            }
            return;
        }
    }
}

impl<L: Listener> Listener for TlsListener<L> {
    type Io = TlsStream<L::Io>;

    async fn accept(&mut self) -> (Self::Io, Peer) {
        enum Event<I, D> {
            Came(I),
            Done(D),
        }
        loop {
            let event = {
                let mut coming = pin!(self.inner.accept());
                poll_fn(|cx| {
                    if let Poll::Ready(Some(done)) = self.under_way.poll_join_next(cx) {
                        return Poll::Ready(Event::Done(done));
                    }
                    coming.as_mut().poll(cx).map(Event::Came)
                })
                .await
            };
            match event {
                Event::Came((io, peer)) => self.begin(io, peer),
                Event::Done(Ok(Some(connection))) => return connection,
                // Its handshake failed, or it was cut.
                Event::Done(_) => {}
            }
        }
    }

    fn local_addr(&self) -> Option<SocketAddr> {
        self.inner.local_addr()
    }
}

impl<L: Listener + fmt::Debug> fmt::Debug for TlsListener<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsListener")
            .field("inner", &self.inner)
            .field("under_way", &self.under_way.len())
            .finish_non_exhaustive()
    }
}

#[cfg(feature = "axum")]
impl<L: Listener> axum::serve::Listener for TlsListener<L> {
    type Io = TlsStream<L::Io>;
    type Addr = Peer;

    async fn accept(&mut self) -> (Self::Io, Peer) {
        Listener::accept(self).await
    }

    fn local_addr(&self) -> io::Result<Peer> {
        Ok(Listener::local_addr(self).map_or_else(Peer::unix, Peer::from).secure(true))
    }
}

/// Bounds of handshakes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) timeout: Duration,
    pub(super) under_way: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { timeout: Duration::from_secs(10), under_way: 1024 }
    }
}

/// What has become of TLS handshakes: [`Tls::handshakes`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Handshakes {
    /// Not done yet.
    pub under_way: usize,
    /// Clients that spoke something else, or do not trust the certificate.
    pub failed: u64,
    /// Clients that took longer than [`handshake_timeout`](Tls::handshake_timeout).
    pub timed_out: u64,
    /// Clients that were cut for [`max_handshakes`](Tls::max_handshakes).
    pub displaced: u64,
}

#[derive(Debug, Default)]
pub(super) struct HandshakeCounts {
    under_way: AtomicUsize,
    failed: AtomicU64,
    timed_out: AtomicU64,
    displaced: AtomicU64,
}

impl HandshakeCounts {
    pub(super) fn now(&self) -> Handshakes {
        Handshakes {
            under_way: self.under_way.load(Ordering::Relaxed),
            failed: self.failed.load(Ordering::Relaxed),
            timed_out: self.timed_out.load(Ordering::Relaxed),
            displaced: self.displaced.load(Ordering::Relaxed),
        }
    }
}

/// One handshake that is under way.
struct Entry(Arc<HandshakeCounts>);

impl Entry {
    fn new(counts: Arc<HandshakeCounts>) -> Self {
        counts.under_way.fetch_add(1, Ordering::Relaxed);
        Entry(counts)
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.0.under_way.fetch_sub(1, Ordering::Relaxed);
    }
}
