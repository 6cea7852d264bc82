//! Many sockets that are about to be sent something, or asked.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use super::waiting::{must_be_allowed, wait};
use super::{RemoteSocket, Replies};
use crate::adapter::{AdapterError, Answers, EmitError, Fetched, IntoRooms};
use crate::protocol::args::IntoArgs;
use crate::protocol::sid::Sid;
use crate::server::inner::ServerInner;
use crate::server::{self, AckError, Answer};

/// Sockets of a namespace, about to be sent something, or asked.
///
/// What it has beside the words here it has from [`crate::Broadcast`]: `emit`, `send`, `join`, `leave`, `disconnect`, `close`.
///
/// ```no_run
/// # fn example(io: socketio_core::blocking::Server) -> Result<(), Box<dyn std::error::Error>> {
/// use std::time::Duration;
///
/// io.to(["news", "sports"]).except("muted").emit("headline", ("Storm", 3))?;
/// let votes = io.to("jury").timeout(Duration::from_secs(20)).emit_with_ack::<bool>("vote", ())?;
/// println!("{} voted, {} did not", votes.answers.len(), votes.silent.len());
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is sent before `emit`"]
pub struct Broadcast {
    inner: server::Broadcast,
    server: Arc<ServerInner>,
}

impl Broadcast {
    pub(super) fn new(inner: server::Broadcast, server: Arc<ServerInner>) -> Self {
        Broadcast { inner, server }
    }

    /// Adds rooms: a socket in any of them is meant, once. An empty list adds nobody, and is not everybody.
    pub fn to(self, rooms: impl IntoRooms) -> Self {
        Broadcast { inner: self.inner.to(rooms), ..self }
    }

    /// Leaves out the sockets in any of these rooms.
    pub fn except(self, rooms: impl IntoRooms) -> Self {
        Broadcast { inner: self.inner.except(rooms), ..self }
    }

    /// Leaves the other nodes of a cluster out.
    pub fn local(self) -> Self {
        Broadcast { inner: self.inner.local(), ..self }
    }

    /// Drops what is sent next for those who are not ready for it; see [`crate::Broadcast::volatile`].
    pub fn volatile(self) -> Self {
        Broadcast { inner: self.inner.volatile(), ..self }
    }

    /// Whether polling answers that carry what is sent next may be compressed for its sake. Default: true.
    pub fn compress(self, compress: bool) -> Self {
        Broadcast { inner: self.inner.compress(compress), ..self }
    }

    /// Sets how long answers are waited for. Default: 5 s.
    pub fn timeout(self, timeout: Duration) -> Self {
        Broadcast { inner: self.inner.timeout(timeout), ..self }
    }

    /// Sends `event` to each of the sockets; the iterator yields their answers as they come, then who was silent.
    ///
    /// # Errors
    ///
    /// [`EmitError::Encode`], [`EmitError::ReservedEvent`]: nobody was asked.
    ///
    /// # Panics
    ///
    /// The iterator's `next`, on a thread that drives async tasks.
    pub fn ask(&self, event: &str, args: impl IntoArgs) -> Result<Replies, EmitError> {
        Ok(Replies::new(self.inner.ask(event, args)?, self.server.engine.runtime.clone()))
    }

    /// Sends `event` to each of the sockets, and waits until all have answered or the time is over.
    ///
    /// # Errors
    ///
    /// Nobody was asked.
    ///
    /// # Panics
    ///
    /// On a thread that drives async tasks; nothing was sent.
    #[track_caller]
    pub fn emit_with_ack<T: Answer + Send + 'static>(
        &self,
        event: &str,
        args: impl IntoArgs,
    ) -> Result<Answers<T>, AckError> {
        must_be_allowed();
        let replies = self.inner.ask(event, args)?;
        let gathered = wait(&self.server.engine.runtime, async move { Answers::gather(replies).await });
        gathered.ok_or(AckError::Disconnected)
    }

    /// Sends `event` to each of the sockets, and has `answered` called on a thread of the pool, once for each: with who it is,
    /// and its answer or what came instead of one, after `timeout` at the latest, whatever [`timeout`](Self::timeout) has said before. For
    /// clients of a node that falls silent it is not called: the log names the node.
    ///
    /// # Errors
    ///
    /// Nobody was asked, and `answered` is not called.
    pub fn emit_with_callback<T: Answer + Send + 'static>(
        &self,
        event: &str,
        args: impl IntoArgs,
        timeout: Duration,
        answered: impl Fn((Sid, Result<T, AckError>)) + Send + Sync + 'static,
    ) -> Result<(), EmitError> {
        let (server, answered) = (self.server.clone(), Arc::new(answered));
        self.inner.clone().timeout(timeout).emit_with_callback(event, args, move |sid, answer| {
            let answered = answered.clone();
            server.call_back(move || answered((sid, answer)));
        })
    }

    /// The sockets themselves, on every node.
    ///
    /// Nodes have 5 s to answer, or what [`timeout`](Self::timeout) says; [`Fetched::silent`] names those that did not.
    ///
    /// # Errors
    ///
    /// Nobody was asked.
    ///
    /// # Panics
    ///
    /// On a thread that drives async tasks.
    #[track_caller]
    pub fn fetch_sockets(&self) -> Result<Fetched<RemoteSocket>, AdapterError> {
        let inner = self.inner.clone();
        let fetched = wait(&self.server.engine.runtime, async move { inner.fetch_sockets().await });
        Ok(RemoteSocket::all(fetched.unwrap_or(Err(AdapterError::NoServer))?, &self.server))
    }

    /// How many they are, on every node: [`Fetched::items`] has a number per node.
    ///
    /// Nodes have 5 s to answer, or what [`timeout`](Self::timeout) says; [`Fetched::silent`] names those that did not.
    ///
    /// # Errors
    ///
    /// Nobody was asked.
    ///
    /// # Panics
    ///
    /// On a thread that drives async tasks.
    #[track_caller]
    pub fn count(&self) -> Result<Fetched<u64>, AdapterError> {
        let inner = self.inner.clone();
        let counted = wait(&self.server.engine.runtime, async move { inner.count().await });
        counted.unwrap_or(Err(AdapterError::NoServer))
    }
}

impl Deref for Broadcast {
    type Target = server::Broadcast;

    fn deref(&self) -> &server::Broadcast {
        &self.inner
    }
}
