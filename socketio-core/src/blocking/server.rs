//! The server.

use std::fmt;
use std::future::{Future, pending};
use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use tokio::runtime::Runtime;

use super::builder::Files;
use super::fallback::{self, Fallback};
use super::waiting::{must_be_allowed, wait};
use super::words::{connect_words, event_words, everybody_words};
use super::{Broadcast, EveryNamespace, Namespace, ParentNamespace, ServerBuilder};
use crate::http::{App, IntoListener, listen, shutdown_signal};
use crate::server::inner::ServerInner;
use crate::server::{self, Drained, ServeError};

/// A Socket.IO server for programs of threads. A cheap handle: clones are the same server, and any thread may use them.
///
/// Its own words for handlers and emits are those of the namespace `/`; [`of`](Self::of) gives the others. What it has beside the words
/// here it has from [`crate::Server`], such as [`emit`](crate::Server::emit) and [`counters`](crate::Server::counters).
///
/// ```no_run
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use std::time::Duration;
/// use socketio_core::Args;
/// use socketio_core::blocking::Server;
///
/// let io = Server::builder().build()?;
/// io.on("sum", |Args((a, b)): Args<(i64, i64)>| {
///     std::thread::sleep(Duration::from_secs(1));
///     a + b
/// });
/// let ticking = io.clone();
/// std::thread::spawn(move || {
///     while !ticking.closing(Duration::from_secs(1)) {
///         ticking.emit("tick", ()).ok();
///     }
/// });
/// io.serve("0.0.0.0:8000")?;
/// # Ok(()) }
/// ```
///
/// The last handle takes the server's threads along; a handler that holds one keeps it for as long as the program runs.
#[derive(Clone, Debug)]
pub struct Server {
    inner: server::Server,
    front: Arc<Front>,
    #[expect(dead_code, reason = "held for its end")]
    threads: Arc<Threads>,
}

/// What is on its port beside Socket.IO.
struct Front {
    files: Option<Files>,
    fallback: Mutex<Option<fallback::Function>>,
}

event_words!(Server);
connect_words!(Server);
everybody_words!(Server);

impl Server {
    /// Starts with every option at its default.
    pub fn builder() -> ServerBuilder {
        ServerBuilder::of_threads()
    }

    pub(super) fn new(inner: server::Server, runtime: Runtime, files: Option<Files>) -> Self {
        let front = Front { files, fallback: Mutex::default() };
        Server { inner, front: Arc::new(front), threads: Arc::new(Threads(Some(runtime))) }
    }

    /// A namespace; see [`crate::Server::of`].
    ///
    /// # Panics
    ///
    /// The name contains a comma or a question mark, or is `*`.
    #[must_use]
    #[track_caller]
    pub fn of(&self, namespace: &str) -> Namespace {
        Namespace::new(self.inner.of(namespace))
    }

    /// All namespaces whose name fits `pattern`: `/room-{id}`, `/{tenant}/chat`, `/files/{*path}`; see [`crate::Server::of_pattern`].
    ///
    /// # Panics
    ///
    /// It is no pattern: the message says why.
    #[track_caller]
    pub fn of_pattern(&self, pattern: &str) -> ParentNamespace {
        ParentNamespace::new(self.inner.of_pattern(pattern))
    }

    /// All namespaces for whose name (with its leading `/`) `fits` says yes. It must not block: whether a client may come in, say
    /// [middlewares](ParentNamespace::use_connect), which may.
    pub fn of_where(&self, fits: impl Fn(&str) -> bool + Send + Sync + 'static) -> ParentNamespace {
        ParentNamespace::new(self.inner.of_where(fits))
    }

    /// Handlers for every namespace, where it has none of its own. Python: `namespace='*'`.
    pub fn every_namespace(&self) -> EveryNamespace {
        EveryNamespace::new(self.inner.every_namespace())
    }

    /// Hears of every namespace that is made from now on, before a client is asked anything: it may give it handlers, and must not block.
    /// The last listener given counts.
    pub fn on_new_namespace(&self, listener: impl Fn(Namespace) + Send + Sync + 'static) -> &Self {
        self.inner.on_new_namespace(move |namespace| listener(Namespace::new(namespace)));
        self
    }

    /// Another application on the same port: a plain function from request to response answers whatever is neither for Socket.IO's path
    /// nor a [static file](ServerBuilder::static_files). Give it before [`serve`](Self::serve); the last one given counts.
    ///
    /// It runs on a thread of the pool, as handlers do, and may block and emit. The body is there, whole, and has
    /// [`max_payload`](ServerBuilder::max_payload) bytes at most: more are answered 413. A panic is answered 500. The request's
    /// extensions have its [`Peer`](crate::http::Peer). Default: 404 for everything.
    ///
    /// ```no_run
    /// # fn example(io: socketio_core::blocking::Server) {
    /// let emitting = io.clone();
    /// io.fallback(move |request: http::Request<bytes::Bytes>| match (request.method().as_str(), request.uri().path()) {
    ///     ("POST", "/notify") => {
    ///         emitting.emit("notice", String::from_utf8_lossy(request.body())).ok();
    ///         http::Response::new("told")
    ///     }
    ///     _ => http::Response::builder().status(404).body("not here").unwrap(),
    /// });
    /// # }
    /// ```
    pub fn fallback<R: Into<Bytes>>(
        &self,
        function: impl Fn(Request<Bytes>) -> Response<R> + Send + Sync + 'static,
    ) -> &Self {
        let function: fallback::Function = Arc::new(move |request| function(request).map(Into::into));
        *self.front.fallback.lock().unwrap_or_else(PoisonError::into_inner) = Some(function);
        self
    }

    /// Serves until the server is [closed](Self::close), by another thread or a handler: this thread waits for that. By then nobody new
    /// has been let in, the clients were told, and what waited for them was delivered where that could be done in time.
    ///
    /// `listener` is an address such as `"0.0.0.0:8000"`, a bound listener of the standard library, or anything that
    /// [becomes one](IntoListener). A server may serve on several at a time, each on a thread.
    ///
    /// # Errors
    ///
    /// [`ServeError::Listen`]: the address is taken, or forbidden; nothing was served. That is in the log too, and on stderr where the
    /// program has no log.
    ///
    /// # Panics
    ///
    /// On a thread that drives async tasks.
    #[track_caller]
    pub fn serve<L: IntoListener>(&self, listener: L) -> Result<Drained, ServeError> {
        must_be_allowed();
        let runtime = &self.server().engine.runtime;
        let listener = runtime.block_on(listen(listener))?;
        let app = App::new(&self.inner);
        let app = self.front.files.iter().fold(app, |app, files| files.before(app));
        let fallback = self.front.fallback.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let server = self.server().clone();
        let served = self.wait(async move {
            match fallback {
                Some(function) => {
                    app.fallback(Fallback::new(function, server)).serve(listener, pending()).await
                }
                None => app.serve(listener, pending()).await,
            }
        });
        served.unwrap_or_else(|| Ok(Drained::default()))
    }

    /// Ends every session and the adapter, as [`crate::Server::close`] does, and waits for that; then [`serve`](Self::serve) returns.
    ///
    /// From a handler it waits for the others' ends, not for its own; but in `on_disconnecting` and `on_disconnect` for that too, until
    /// [`shutdown_within`](ServerBuilder::shutdown_within) is over: call it from another thread there.
    ///
    /// # Panics
    ///
    /// On a thread that drives async tasks.
    #[track_caller]
    pub fn close(&self) -> Drained {
        let inner = self.inner.clone();
        self.wait(async move { inner.close().await }).unwrap_or_default()
    }

    /// Closes the server when the process is told to end: at Ctrl-C (`SIGINT`) and at `SIGTERM`, which supervisors and containers send.
    /// A second signal ends the process at once; see [`shutdown_signal`].
    pub fn close_at_signals(&self) -> &Self {
        let inner = self.inner.clone();
        self.server().engine.runtime.spawn(async move {
            shutdown_signal().await;
            inner.close().await;
        });
        self
    }

    /// Waits until the server begins to [close](Self::close), `timeout` at most; whether it has. A thread in the background sleeps by it,
    /// and stops with the server.
    ///
    /// # Panics
    ///
    /// On a thread that drives async tasks.
    #[track_caller]
    pub fn closing(&self, timeout: Duration) -> bool {
        let closing = self.inner.closing();
        self.wait(async move { tokio::time::timeout(timeout, closing).await.is_ok() }).unwrap_or(true)
    }

    fn many(&self, broadcast: server::Broadcast) -> Broadcast {
        Broadcast::new(broadcast, self.server().clone())
    }

    fn server(&self) -> &Arc<ServerInner> {
        self.inner.inner()
    }

    #[track_caller]
    fn wait<T: Send + 'static>(&self, future: impl Future<Output = T> + Send + 'static) -> Option<T> {
        wait(&self.server().engine.runtime, future)
    }
}

impl Deref for Server {
    type Target = server::Server;

    fn deref(&self) -> &server::Server {
        &self.inner
    }
}

impl fmt::Debug for Front {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Front").field("files", &self.files).finish_non_exhaustive()
    }
}

/// The runtime that everything runs on.
#[derive(Debug)]
struct Threads(Option<Runtime>);

impl Drop for Threads {
    /// Whatever thread it is that drops the last handle, it does not wait.
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
