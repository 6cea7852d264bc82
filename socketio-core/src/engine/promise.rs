//! The connection under a request, once that is answered by 101: hyper's promise of it, or another server's.

use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use http::Extensions;
use hyper::upgrade::OnUpgrade;
use tokio::io::{AsyncRead, AsyncWrite};

use super::io::Stream;

/// The connection under a request, from a server that is not hyper: without it such a server has no WebSockets.
///
/// hyper, and what is built on it, puts a promise of its own into the extensions of each request that asks for an upgrade. Another
/// server inserts this one, and hands over the connection, or a bridge to it, when the answer is 101:
///
/// ```
/// # use http::{Request, Response, StatusCode};
/// # use socketio_core::{Server, http::{Body, Upgrade}};
/// # use tower_service::Service as _;
/// # async fn answer(io: Server, mut request: Request<Body>) -> (Response<Body>, Option<tokio::io::DuplexStream>) {
/// let (ours, theirs) = tokio::io::duplex(64 * 1024);
/// request.extensions_mut().insert(Upgrade::new(async { Ok(theirs) }));
/// let Ok(response) = io.service().call(request).await;
/// let upgraded = response.status() == StatusCode::SWITCHING_PROTOCOLS;
/// (response, upgraded.then_some(ours)) // whose bytes are to be copied from and to the client
/// # }
/// ```
///
/// * What the client has sent behind its request comes out of the stream first.
/// * The stream's end, or an error, is the end of the client. When the server has closed its side, the bridge should close the client's.
/// * The future has 10 s from the answer on; it is dropped unpolled when the answer is not 101.
/// * A [`TcpStream`](tokio::net::TcpStream) is treated as hyper's would be; anything else costs a virtual call per read and write.
#[derive(Clone)]
pub struct Upgrade {
    /// Extensions have to be `Clone`; whoever asks first is given it.
    promise: Arc<Mutex<Option<Given>>>,
}

type Given = Pin<Box<dyn Future<Output = io::Result<Stream>> + Send>>;

impl Upgrade {
    /// A promise of the stream that `connection` resolves to.
    pub fn new<I>(connection: impl Future<Output = io::Result<I>> + Send + 'static) -> Self
    where
        I: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let given: Given = Box::pin(async { connection.await.map(Stream::given) });
        Upgrade { promise: Arc::new(Mutex::new(Some(given))) }
    }

    fn take(&self) -> Option<Given> {
        self.promise.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl fmt::Debug for Upgrade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upgrade").finish_non_exhaustive()
    }
}

/// Either of the two.
pub(super) enum Promise {
    Hyper(OnUpgrade),
    Given(Given),
}

impl Promise {
    /// Takes it out of a request's extensions.
    pub(super) fn take(extensions: &mut Extensions) -> Option<Promise> {
        let given = extensions.remove::<Upgrade>().and_then(|upgrade| upgrade.take());
        let hyper = extensions.remove::<OnUpgrade>();
        given.map(Promise::Given).or(hyper.map(Promise::Hyper))
    }

    /// The stream, and what was read beyond the request. `None`: the connection is lost.
    pub(super) async fn keep(self) -> Option<(Stream, Vec<u8>)> {
        match self {
            Promise::Hyper(promise) => {
                let (stream, early) = Stream::of(promise.await.ok()?);
                Some((stream, early.to_vec()))
            }
            Promise::Given(given) => Some((given.await.ok()?, Vec::new())),
        }
    }
}
