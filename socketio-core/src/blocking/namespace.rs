//! A namespace: a world of its own, with its handlers, sockets and rooms.

use std::future::Future;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use super::Broadcast;
use super::waiting::{must_be_allowed, wait};
use super::words::{connect_words, event_words, everybody_words};
use crate::RawArgs;
use crate::handler::{Context, FromContext, Rejection};
use crate::protocol::args::IntoArgs;
use crate::server::inner::ServerInner;
use crate::server::{self, AckError, Answer, EmitError, ServerAnswers};

/// A namespace of a server. A cheap handle: [`Server::of`](super::Server::of) gives it, clones are the same namespace.
///
/// What it has beside the words here it has from [`crate::Namespace`], such as [`emit`](crate::Namespace::emit) and
/// [`close_room`](crate::Namespace::close_room).
///
/// ```no_run
/// # fn example(io: socketio_core::blocking::Server) {
/// use socketio_core::Data;
/// use socketio_core::blocking::Socket;
///
/// let chat = io.of("/chat");
/// chat.on_connect(|socket: Socket| socket.join("lobby"))
///     .on("say", |socket: Socket, Data(text): Data<String>| {
///         socket.to("lobby").emit("say", text).ok();
///     });
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Namespace(server::Namespace);

event_words!(Namespace);
connect_words!(Namespace);
everybody_words!(Namespace);

impl Namespace {
    pub(super) fn new(namespace: server::Namespace) -> Self {
        Namespace(namespace)
    }

    /// Handles an event that another server of the cluster sent by `server_side_emit`, on a thread of the pool.
    ///
    /// `T` is its one argument, a tuple several, `()` none. What the handler returns is the answer, if one is wanted.
    pub fn on_server_event<T, R>(
        &self,
        event: &str,
        handler: impl Fn(T) -> R + Send + Sync + 'static,
    ) -> &Self
    where
        T: Answer + Send + 'static,
        R: IntoArgs + Send + 'static,
    {
        let (handler, pool) = (Arc::new(handler), self.server().blocking.clone());
        self.0.on_server_event(event, move |value: T| {
            let (handler, pool) = (handler.clone(), pool.clone());
            async move { pool.run("another server", move || handler(value)).await }
        });
        self
    }

    /// Tells the other servers of the cluster something, and waits until each has answered or `timeout` is over.
    ///
    /// # Errors
    ///
    /// Nobody was asked, or an answer does not fit `T`.
    ///
    /// # Panics
    ///
    /// On a thread that drives async tasks; nobody was asked.
    #[track_caller]
    pub fn server_side_emit_with_ack<T: Answer + Send + 'static>(
        &self,
        event: &str,
        args: impl IntoArgs,
        timeout: Duration,
    ) -> Result<ServerAnswers<T>, AckError> {
        must_be_allowed();
        let (inner, event) = (self.0.clone(), event.to_owned());
        let args = RawArgs::encode(&args).map_err(EmitError::Encode)?;
        let answers =
            self.wait(async move { inner.server_side_emit_with_ack::<T>(&event, args, timeout).await });
        answers.unwrap_or(Err(AckError::Disconnected))
    }

    fn many(&self, broadcast: server::Broadcast) -> Broadcast {
        Broadcast::new(broadcast, self.server().clone())
    }

    fn server(&self) -> &Arc<ServerInner> {
        &self.0.server
    }

    #[track_caller]
    fn wait<T: Send + 'static>(&self, future: impl Future<Output = T> + Send + 'static) -> Option<T> {
        wait(&self.server().engine.runtime, future)
    }
}

impl Deref for Namespace {
    type Target = server::Namespace;

    fn deref(&self) -> &server::Namespace {
        &self.0
    }
}

impl<K> FromContext<K> for Namespace {
    fn from_context(context: &mut Context<'_>) -> Result<Self, Rejection> {
        Ok(Namespace(context.socket().namespace()))
    }
}
