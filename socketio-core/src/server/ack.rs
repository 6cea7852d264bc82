//! Questions to a client, and their answers.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use serde::de::DeserializeOwned;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use super::inner::ServerInner;
use super::link::Link;
use super::{AckError, EmitError, Socket, encode, watching};
use crate::adapter::{Flags, reserved};
use crate::engine::{Limit, deadline};
use crate::protocol::args::{ArgsRef, DecodeError, IntoArgs, RawArgs};
use crate::protocol::sid::Sid;
use crate::sync::{Mutex, MutexGuard};

/// A socket that is about to be sent something, or asked, in a manner of its own: [`Socket::timeout`], [`Socket::volatile`],
/// [`Socket::compress`]. These combine.
///
/// ```no_run
/// # async fn example(socket: socketio_core::Socket) -> Result<(), socketio_core::server::AckError> {
/// use std::time::Duration;
///
/// socket.volatile().compress(false).emit("position", (3.5, 4.0))?;
/// let answer: bool = socket.timeout(Duration::from_secs(5)).emit_with_ack("ready?", ()).await?;
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is sent before `emit` or `emit_with_ack`"]
pub struct Question {
    socket: Socket,
    timeout: Duration,
    flags: Flags,
}

impl Question {
    pub(crate) fn new(socket: Socket, timeout: Duration) -> Self {
        Question { socket, timeout, flags: Flags::default() }
    }

    #[cfg_attr(not(feature = "blocking"), allow(dead_code, reason = "only the server for threads asks"))]
    pub(crate) fn server(&self) -> &Arc<ServerInner> {
        self.socket.server()
    }

    /// Sets how long the question waits for its answer.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Drops the event if the client is not ready for it: it does not read, or polls and is between two polls. A question that is
    /// dropped fails at once.
    pub fn volatile(mut self) -> Self {
        self.flags.volatile = true;
        self
    }

    /// Whether a polling answer that carries the event may be compressed for its sake. Default: true.
    pub fn compress(mut self, compress: bool) -> Self {
        self.flags.uncompressed = !compress;
        self
    }

    /// Sends `event`; see [`Socket::emit`]. A volatile event that is dropped is no error.
    ///
    /// # Errors
    ///
    /// Those of [`Socket::emit`].
    pub fn emit(&self, event: &str, args: impl IntoArgs) -> Result<(), EmitError> {
        reserved::check(event)?;
        let (socket, namespace) = (&self.socket, &self.socket.namespace_inner().name);
        let encode = |out: &mut Vec<u8>| encode::event(out, socket.parser(), namespace, None, event, &args);
        match socket.write_with(self.flags, encode) {
            Err(EmitError::NotReady) => return Ok(()),
            sent => sent?,
        }
        if socket.server().uncommon.outgoing() {
            watching::sent(socket, event, &args);
        }
        Ok(())
    }

    /// Sends a `message` event.
    ///
    /// # Errors
    ///
    /// Those of [`Socket::emit`].
    pub fn send(&self, args: impl IntoArgs) -> Result<(), EmitError> {
        self.emit("message", args)
    }

    /// Sends `event` and waits for the client's answer; see [`Socket::emit_with_ack`].
    ///
    /// # Errors
    ///
    /// See [`AckError`].
    pub fn emit_with_ack<T: Answer>(
        self,
        event: &str,
        args: impl IntoArgs,
    ) -> impl Future<Output = Result<T, AckError>> + Send + 'static {
        let asked = self.ask(event, &args);
        async move {
            let (asked, receiver, until, timeout) = asked?;
            answer(asked, receiver, until, timeout).await
        }
    }

    /// Sends `event`, and has `answered` called with the client's answer; see [`Socket::emit_with_callback`].
    ///
    /// # Errors
    ///
    /// Nothing was sent, and `answered` is not called.
    pub fn emit_with_callback<T: Answer>(
        self,
        event: &str,
        args: impl IntoArgs,
        answered: impl FnOnce(Result<T, AckError>) + Send + 'static,
    ) -> Result<(), AckError> {
        let runtime = self.socket.server().engine.runtime.clone();
        let (asked, receiver, until, timeout) = self.ask(event, &args)?;
        runtime.spawn(async move { answered(answer(asked, receiver, until, timeout).await) });
        Ok(())
    }

    #[allow(clippy::type_complexity, reason = "one caller takes it apart at once")]
    fn ask(
        self,
        event: &str,
        args: &impl IntoArgs,
    ) -> Result<(Asked, oneshot::Receiver<RawArgs>, Instant, Duration), AckError> {
        reserved::check(event)?;
        let socket = self.socket;
        if socket.life().is_connecting() {
            return Err(AckError::NotConnected);
        }
        let (asked, answer) = Asked::new(socket)?;
        let socket = &asked.socket;
        socket
            .write_with(self.flags, |out| {
                let namespace = &socket.namespace_inner().name;
                encode::event(out, socket.parser(), namespace, Some(asked.id), event, args)
            })
            .map_err(|error| match error {
                EmitError::Disconnected => AckError::Disconnected,
                error => AckError::Emit(error),
            })?;
        if socket.server().uncommon.outgoing() {
            watching::sent(socket, event, args);
        }
        Ok((asked, answer, deadline(self.timeout), self.timeout))
    }
}

/// Waits for the answer of a question that was sent.
async fn answer<T: Answer>(
    asked: Asked,
    answer: oneshot::Receiver<RawArgs>,
    until: Instant,
    timeout: Duration,
) -> Result<T, AckError> {
    let answer = match tokio::time::timeout_at(until, answer).await {
        Err(_) => {
            let socket = &asked.socket;
            let reached = &socket.server().engine.reached;
            reached.note(Limit::AckTimeout, socket.id(), format_args!("no answer within {timeout:?}"));
            return Err(AckError::Timeout(timeout));
        }
        Ok(Err(_)) => return Err(AckError::Disconnected),
        Ok(Ok(answer)) => answer,
    };
    drop(asked);
    let args = answer.as_ref().map_err(|_| AckError::Disconnected)?;
    T::from_args(&args).map_err(AckError::Decode)
}

/// What a client's answer can be read as: any type that serde can own, and [`RawArgs`] to pass it on as it came.
///
/// One argument is the value itself, several are a tuple, none is `()` or `None`.
#[diagnostic::on_unimplemented(
    message = "a client's answer cannot be read as `{Self}`",
    label = "not `DeserializeOwned`",
    note = "ask for a type that owns what it holds and is `Deserialize` (`#[derive(serde::Deserialize)]`, `String` instead of `&str`), a tuple of them for several arguments, or `RawArgs`"
)]
pub trait Answer: Sized {
    /// Reads it.
    ///
    /// # Errors
    ///
    /// It does not fit.
    fn from_args(args: &ArgsRef<'_>) -> Result<Self, DecodeError>;
}

impl<T: DeserializeOwned> Answer for T {
    fn from_args(args: &ArgsRef<'_>) -> Result<Self, DecodeError> {
        args.answer()
    }
}

impl Answer for RawArgs {
    fn from_args(args: &ArgsRef<'_>) -> Result<Self, DecodeError> {
        Ok(args.to_raw())
    }
}

/// A question that is open; dropped, it is forgotten.
struct Asked {
    socket: Socket,
    id: u64,
}

impl Asked {
    fn new(socket: Socket) -> Result<(Self, oneshot::Receiver<RawArgs>), AckError> {
        let server = socket.server();
        let (sender, receiver) = oneshot::channel();
        let id = socket.pending().insert(sender, server.limits.pending_acks, &socket)?;
        let asked = Asked { socket, id };
        // Who ended in between has not been told to forget this one.
        if asked.socket.life().is_gone() {
            return Err(AckError::Disconnected);
        }
        Ok((asked, receiver))
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        self.socket.pending().take(self.id, self.socket.link());
    }
}

/// The questions that one client has not answered.
#[derive(Debug, Default)]
pub(crate) struct Pending {
    table: Mutex<Option<Box<Table>>>,
}

#[derive(Debug, Default)]
struct Table {
    next: u64,
    waiting: HashMap<u64, Waiter>,
}

/// Who hears an answer.
#[derive(Debug)]
pub(crate) enum Waiter {
    /// Who asked this client.
    One(oneshot::Sender<RawArgs>),
    /// Who asked many, this one among them.
    Each { sid: Sid, answers: mpsc::UnboundedSender<(Sid, RawArgs)> },
}

impl Pending {
    fn insert(
        &self,
        sender: oneshot::Sender<RawArgs>,
        limit: usize,
        socket: &Socket,
    ) -> Result<u64, AckError> {
        let mut table = self.lock();
        let table = table.get_or_insert_default();
        let id = table.next;
        table.put(id, Waiter::One(sender), limit, socket.id(), socket.link())?;
        table.next += 1;
        Ok(id)
    }

    /// The same under an `id` that the caller chose, from numbers that [`insert`](Self::insert) never reaches.
    pub(super) fn insert_at(
        &self,
        id: u64,
        waiter: Waiter,
        limit: usize,
        socket: &Socket,
    ) -> Result<(), AckError> {
        self.lock().get_or_insert_default().put(id, waiter, limit, socket.id(), socket.link())
    }

    /// Forgets a question.
    pub(super) fn take(&self, id: u64, link: &Link) -> Option<Waiter> {
        let waiter = self.lock().as_mut()?.waiting.remove(&id)?;
        link.unask();
        Some(waiter)
    }

    /// The client has answered; an answer that nobody waits for (any more) is dropped.
    pub(crate) fn answer(&self, id: u64, args: &ArgsRef<'_>, link: &Link) {
        match self.take(id, link) {
            Some(Waiter::One(sender)) => drop(sender.send(args.to_raw())),
            Some(Waiter::Each { sid, answers }) => drop(answers.send((sid, args.to_raw()))),
            None => {}
        }
    }

    /// The client is gone: whoever waits is told.
    pub(crate) fn clear(&self, link: &Link) {
        let table = self.lock().take();
        for _ in table.iter().flat_map(|table| table.waiting.iter()) {
            link.unask();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Box<Table>>> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table {
    fn put(&mut self, id: u64, waiter: Waiter, limit: usize, sid: &Sid, link: &Link) -> Result<(), AckError> {
        if self.waiting.len() >= limit {
            link.refused_to_ask(sid, limit);
            return Err(AckError::TooMany { limit });
        }
        self.waiting.insert(id, waiter);
        link.ask();
        Ok(())
    }
}
