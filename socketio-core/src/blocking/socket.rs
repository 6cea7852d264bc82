//! One client in one namespace.

use std::ops::Deref;
use std::time::Duration;

use super::waiting::wait;
use super::words::event_words;
use super::{Broadcast, Connection, Namespace, Question};
use crate::adapter::{IntoRooms, Room, RoomList};
use crate::handler::{Context, FromContext, Rejection};
use crate::protocol::args::IntoArgs;
use crate::server::{self, AckError, Answer};

/// A client in a namespace: an extractor of every handler. A cheap handle: it may be kept, cloned and used from any thread.
///
/// What it has beside the words here it has from [`crate::Socket`], such as [`emit`](crate::Socket::emit), [`join`](crate::Socket::join)
/// and [`session`](crate::Socket::session).
///
/// ```no_run
/// use socketio_core::blocking::{Server, Socket};
/// use socketio_core::HandlerError;
///
/// fn register(socket: Socket) -> Result<(), HandlerError> {
///     let name: String = socket.call("your name", (), std::time::Duration::from_secs(20))?; // stops this handler, and nobody else
///     socket.join("named")?;
///     Ok(socket.to("named").emit("welcome", name).map(drop)?)
/// }
/// # fn example(io: Server) {
/// io.on("register", register);
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Socket(server::Socket);

event_words!(Socket);

impl Socket {
    pub(super) fn new(socket: server::Socket) -> Self {
        Socket(socket)
    }

    /// The namespace it is in.
    #[must_use]
    pub fn namespace(&self) -> Namespace {
        Namespace::new(self.0.namespace())
    }

    /// What it shares with the client's sockets in other namespaces.
    #[must_use]
    pub fn connection(&self) -> Connection {
        Connection::new(self.0.connection())
    }

    /// Waits until the client is gone.
    ///
    /// # Panics
    ///
    /// On a thread that drives async tasks.
    #[track_caller]
    pub fn closed(&self) {
        let socket = self.0.clone();
        wait(&self.0.server().engine.runtime, async move { socket.closed().await });
    }

    /// Sends `event` and waits for the client's answer, 60 seconds at most
    /// ([`ack_timeout`](crate::server::ServerBuilder::ack_timeout)).
    ///
    /// `T` is the client's one argument; a tuple is several, `()` none.
    ///
    /// # Errors
    ///
    /// See [`AckError`]; in `on_connect` it is [`AckError::NotConnected`].
    ///
    /// # Panics
    ///
    /// On a thread that drives async tasks; nothing was sent.
    #[track_caller]
    pub fn emit_with_ack<T: Answer + Send + 'static>(
        &self,
        event: &str,
        args: impl IntoArgs,
    ) -> Result<T, AckError> {
        self.timeout(self.0.server().limits.ack_timeout).emit_with_ack(event, args)
    }

    /// The same with a time of its own. Python: `call`.
    ///
    /// # Errors
    ///
    /// Those of [`emit_with_ack`](Self::emit_with_ack).
    ///
    /// # Panics
    ///
    /// On a thread that drives async tasks; nothing was sent.
    #[track_caller]
    pub fn call<T: Answer + Send + 'static>(
        &self,
        event: &str,
        args: impl IntoArgs,
        timeout: Duration,
    ) -> Result<T, AckError> {
        self.timeout(timeout).emit_with_ack(event, args)
    }

    /// Sends `event`, and has `answered` called on a thread of the pool: once, with the client's answer, or with what came instead of
    /// one, after `timeout` at the latest.
    ///
    /// # Errors
    ///
    /// Nothing was sent, and `answered` is not called.
    pub fn emit_with_callback<T: Answer + Send + 'static>(
        &self,
        event: &str,
        args: impl IntoArgs,
        timeout: Duration,
        answered: impl FnOnce(Result<T, AckError>) + Send + 'static,
    ) -> Result<(), AckError> {
        self.timeout(timeout).emit_with_callback(event, args, timeout, answered)
    }

    /// Sets how long the next question waits for its answer.
    pub fn timeout(&self, timeout: Duration) -> Question {
        Question::new(self.0.timeout(timeout))
    }

    /// What is sent next is dropped if the client is not ready for it; see [`crate::Socket::volatile`].
    pub fn volatile(&self) -> Question {
        Question::new(self.0.volatile())
    }

    /// Whether a polling answer that carries what is sent next may be compressed for its sake. Default: true.
    pub fn compress(&self, compress: bool) -> Question {
        Question::new(self.0.compress(compress))
    }

    /// Everybody else in the namespace who is on this node.
    pub fn local(&self) -> Broadcast {
        self.many(self.0.local())
    }

    /// Everybody else in these rooms.
    pub fn to(&self, rooms: impl IntoRooms) -> Broadcast {
        self.many(self.0.to(rooms))
    }

    /// Everybody else in the namespace, but the sockets in these rooms.
    pub fn except(&self, rooms: impl IntoRooms) -> Broadcast {
        self.many(self.0.except(rooms))
    }

    /// Everybody else in the namespace.
    pub fn broadcast(&self) -> Broadcast {
        self.many(self.0.broadcast())
    }

    fn many(&self, broadcast: server::Broadcast) -> Broadcast {
        Broadcast::new(broadcast, self.0.server().clone())
    }
}

impl Deref for Socket {
    type Target = server::Socket;

    fn deref(&self) -> &server::Socket {
        &self.0
    }
}

impl From<&Socket> for Room {
    fn from(socket: &Socket) -> Self {
        Room::from(socket.id())
    }
}

impl IntoRooms for &Socket {
    fn into_rooms(self) -> RoomList {
        self.id().into_rooms()
    }
}

impl<K> FromContext<K> for Socket {
    fn from_context(context: &mut Context<'_>) -> Result<Self, Rejection> {
        Ok(Socket(context.socket().clone()))
    }
}
