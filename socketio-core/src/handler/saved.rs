//! State of the application, and of one client.

use std::ops::Deref;
use std::sync::Arc;

use super::context::Context;
use super::extract::{FromContext, Rejection};

/// What [`ServerBuilder::state`](crate::server::ServerBuilder::state) was given: one value per type, shared by all handlers.
///
/// ```
/// use std::sync::atomic::{AtomicU64, Ordering};
///
/// use socketio_core::{Server, State};
///
/// fn count(State(counter): State<AtomicU64>) -> u64 {
///     counter.fetch_add(1, Ordering::Relaxed) + 1
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), socketio_core::server::BuildError> {
/// let io = Server::builder().state(AtomicU64::new(0)).build()?;
/// io.on("count", count);
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct State<T>(pub Arc<T>);

/// What [`Socket::save_session`](crate::Socket::save_session) saved for this client in this namespace.
///
/// Guide: "User sessions".
///
/// ```no_run
/// use socketio_core::{Data, Session, Socket};
///
/// struct Name(String);
///
/// fn rename(socket: Socket, Data(name): Data<String>) {
///     socket.save_session(Name(name));
/// }
///
/// fn say(socket: Socket, Session(name): Session<Name>, Data(text): Data<String>) {
///     socket.broadcast().emit("say", (&name.0, text)).ok();
/// }
/// ```
#[derive(Debug)]
pub struct Session<T>(pub Arc<T>);

/// What [`Connection::save_session`](crate::server::Connection::save_session) saved for all namespaces of this client.
#[derive(Debug)]
pub struct SharedSession<T>(pub Arc<T>);

impl<K, T: Send + Sync + 'static> FromContext<K> for State<T> {
    fn from_context(context: &mut Context<'_>) -> Result<Self, Rejection> {
        context
            .socket()
            .server()
            .state
            .get()
            .map(State)
            .ok_or(Rejection::Absent("state of this type: the builder must be given one"))
    }
}

impl<K, T: Send + Sync + 'static> FromContext<K> for Session<T> {
    fn from_context(context: &mut Context<'_>) -> Result<Self, Rejection> {
        context
            .socket()
            .session()
            .map(Session)
            .ok_or(Rejection::Absent("session of this type: nothing was saved"))
    }
}

impl<K, T: Send + Sync + 'static> FromContext<K> for SharedSession<T> {
    fn from_context(context: &mut Context<'_>) -> Result<Self, Rejection> {
        let saved = context.socket().connection().session();
        saved.map(SharedSession).ok_or(Rejection::Absent("shared session of this type: nothing was saved"))
    }
}

impl<T> Clone for State<T> {
    fn clone(&self) -> Self {
        State(self.0.clone())
    }
}

impl<T> Clone for Session<T> {
    fn clone(&self) -> Self {
        Session(self.0.clone())
    }
}

impl<T> Clone for SharedSession<T> {
    fn clone(&self) -> Self {
        SharedSession(self.0.clone())
    }
}

impl<T> Deref for State<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> Deref for Session<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> Deref for SharedSession<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}
