//! A namespace: a world of its own, with its handlers, sockets and rooms.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use super::inner::ServerInner;
use super::parent::Parent;
use super::pattern::Captures;
use super::server_events::ServerFunction;
use super::table::{Handlers, Table};
use super::words::{connect_words, event_words};
use super::{AckError, Answer, Broadcast, EmitError, RemoteSocket, Socket};
use crate::adapter::reserved;
use crate::adapter::rooms::Rooms;
use crate::adapter::{
    AdapterError, EventPacket, Fetched, IntoRooms, Operation, Receipt, Reply, Room, Target,
};
use crate::protocol::args::IntoArgs;
use crate::protocol::sid::Sid;

/// A namespace of a server. A cheap handle: [`Server::of`](super::Server::of) gives it, clones are the same namespace.
///
/// Clients can come in once it has a handler, or if the builder names it; `/` is always open.
///
/// ```no_run
/// # fn example(io: socketio_core::Server) {
/// use socketio_core::{Data, Socket};
///
/// let chat = io.of("/chat");
/// chat.on_connect(|socket: Socket| socket.join("lobby"))
///     .on("say", |socket: Socket, Data(text): Data<String>| {
///         socket.to("lobby").emit("say", text).ok();
///     });
/// # }
/// ```
#[derive(Clone)]
pub struct Namespace {
    pub(crate) server: Arc<ServerInner>,
    pub(crate) inner: Arc<NamespaceInner>,
}

pub(crate) struct NamespaceInner {
    pub(crate) name: Arc<str>,
    pub(crate) rooms: Rooms,
    pub(crate) table: Table,
    open: AtomicBool,
    /// Set for the children of one.
    parent: OnceLock<(Arc<Parent>, Captures)>,
    /// Clients that are in, or are asked whether they may be; counted for the children of a parent.
    users: AtomicUsize,
    /// The program has given it handlers of its own.
    kept: AtomicBool,
}

event_words!(Namespace);
connect_words!(Namespace);

impl Namespace {
    /// Its name, with the leading `/`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.inner.name
    }

    pub(super) fn add(&self, change: impl Fn(&mut Handlers)) -> &Self {
        let inner = self.keep();
        inner.table.change(change);
        self.server.uncommon.note(&inner.table.load());
        inner.open();
        self
    }

    pub(super) fn remove(&self, change: impl Fn(&mut Handlers)) -> &Self {
        self.inner().table.change(change);
        self
    }

    /// The namespace as it is there now: a child of a parent may have been forgotten and made anew since this handle was.
    fn inner(&self) -> Arc<NamespaceInner> {
        let now = self.inner.parent().and_then(|_| self.server.namespaces.get(&self.inner.name));
        now.unwrap_or_else(|| self.inner.clone())
    }

    /// The same, made to stay.
    fn keep(&self) -> Arc<NamespaceInner> {
        if self.inner.parent().is_none() {
            return self.inner.clone();
        }
        let (inner, is_new) = self.server.namespaces.get_or_insert(&self.inner);
        inner.keep();
        if is_new {
            self.server.tell_of_new(&inner);
        }
        inner
    }

    /// Servers that talk to each other let no client in.
    pub(super) fn add_server_function(&self, event: &str, function: ServerFunction) {
        self.keep().table.change(|handlers| {
            handlers.server.insert(event.into(), function.clone());
        });
    }

    /// Everybody in the namespace, to narrow down with [`to`](Broadcast::to) and [`except`](Broadcast::except).
    fn everyone(&self) -> Broadcast {
        Broadcast::new(self.server.adapter.clone(), Target::everyone(self.inner.name.clone()))
    }

    /// The sockets in any of these rooms.
    pub fn to(&self, rooms: impl IntoRooms) -> Broadcast {
        self.everyone().to(rooms)
    }

    /// Everybody but the sockets in these rooms.
    pub fn except(&self, rooms: impl IntoRooms) -> Broadcast {
        self.everyone().except(rooms)
    }

    /// Sends `event` to one client on whatever node, and waits for its answer, `timeout` at most. A client on another node of ours
    /// has 60 s at most, however long `timeout` is. Clients on python-socketio's nodes answer too.
    ///
    /// # Errors
    ///
    /// [`AckError::Timeout`] also when no node has such a client: that cannot be told apart.
    pub async fn call<T: Answer>(
        &self,
        sid: impl Into<Sid>,
        event: &str,
        args: impl IntoArgs,
        timeout: Duration,
    ) -> Result<T, AckError> {
        reserved::check(event)?;
        let packet = EventPacket::new(event, &args).map_err(EmitError::Encode)?;
        let operation =
            Operation::Call { namespace: self.inner.name.clone(), sid: sid.into(), packet, timeout };
        let mut replies = self.server.adapter.request(operation).map_err(EmitError::Adapter)?;
        match replies.next().await {
            Some(Reply::Ack { args, .. }) => {
                let args = args.as_ref().map_err(|_| AckError::Disconnected)?;
                T::from_args(&args).map_err(AckError::Decode)
            }
            _ => Err(AckError::Timeout(timeout)),
        }
    }

    /// Everybody who is on this node.
    pub fn local(&self) -> Broadcast {
        self.everyone().local()
    }

    /// Everybody: see [`Broadcast::volatile`].
    pub fn volatile(&self) -> Broadcast {
        self.everyone().volatile()
    }

    /// Everybody: see [`Broadcast::compress`].
    pub fn compress(&self, compress: bool) -> Broadcast {
        self.everyone().compress(compress)
    }

    /// Sets how long the next question to everybody waits for answers. Default: 5 s.
    pub fn timeout(&self, timeout: Duration) -> Broadcast {
        self.everyone().timeout(timeout)
    }

    /// Who is here, on every node.
    ///
    /// Nodes have 5 s to answer, or what [`timeout`](Self::timeout) says; [`Fetched::silent`] names those that did not.
    ///
    /// # Errors
    ///
    /// Nobody was asked.
    pub async fn fetch_sockets(&self) -> Result<Fetched<RemoteSocket>, AdapterError> {
        self.everyone().fetch_sockets().await
    }

    /// The rooms of the namespace on every node, each with its number of sockets.
    ///
    /// Nodes have 5 s to answer; [`Fetched::silent`] names those that did not.
    ///
    /// # Errors
    ///
    /// Nobody was asked.
    pub async fn rooms(&self) -> Result<Fetched<(Room, u64)>, AdapterError> {
        self.everyone().rooms_of_namespace().await
    }

    /// Sends `event` to everybody in the namespace.
    ///
    /// # Errors
    ///
    /// Those of [`Broadcast::emit`].
    pub fn emit(&self, event: &str, args: impl IntoArgs) -> Result<Receipt, EmitError> {
        self.everyone().emit(event, args)
    }

    /// Sends a `message` event to everybody in the namespace.
    ///
    /// # Errors
    ///
    /// Those of [`Broadcast::emit`].
    pub fn send(&self, args: impl IntoArgs) -> Result<Receipt, EmitError> {
        self.everyone().send(args)
    }

    /// Takes everybody out of `room`.
    ///
    /// # Errors
    ///
    /// The adapter could not take the operation; the room is as it was.
    pub fn close_room(&self, room: impl Into<Room>) -> Result<Receipt, AdapterError> {
        let operation = Operation::CloseRoom { namespace: self.inner.name.clone(), room: room.into() };
        self.server.adapter.dispatch(operation)
    }

    /// Puts everybody in the namespace, on every node, into `rooms`. Narrower: `namespace.to("a").join("b")`.
    ///
    /// # Errors
    ///
    /// The adapter could not take the operation; nobody was moved.
    pub fn sockets_join(&self, rooms: impl IntoRooms) -> Result<Receipt, AdapterError> {
        self.everyone().join(rooms)
    }

    /// Takes everybody in the namespace, on every node, out of `rooms`.
    ///
    /// # Errors
    ///
    /// The adapter could not take the operation; nobody was moved.
    pub fn sockets_leave(&self, rooms: impl IntoRooms) -> Result<Receipt, AdapterError> {
        self.everyone().leave(rooms)
    }

    /// Sends everybody out of the namespace, on every node; with `close` their whole connections are closed. Narrower:
    /// `namespace.to("a").disconnect()`.
    ///
    /// # Errors
    ///
    /// The adapter could not take the operation; nobody was disconnected.
    pub fn disconnect_sockets(&self, close: bool) -> Result<Receipt, AdapterError> {
        if close { self.everyone().close() } else { self.everyone().disconnect() }
    }

    /// A client of this process, from anywhere in the program.
    #[must_use]
    pub fn socket(&self, sid: &str) -> Option<Socket> {
        self.inner().rooms.socket(sid)
    }

    /// The clients of this process, as they are now.
    #[must_use]
    pub fn sockets(&self) -> Vec<Socket> {
        self.inner().rooms.all().iter().filter(|socket| socket.is_connected()).cloned().collect()
    }

    /// How many clients of this process are here.
    #[must_use]
    pub fn count(&self) -> usize {
        self.inner().rooms.all().iter().filter(|socket| socket.is_connected()).count()
    }
}

impl NamespaceInner {
    pub(crate) fn new(name: Arc<str>) -> Self {
        let open = AtomicBool::new(&*name == "/");
        NamespaceInner {
            name,
            rooms: Rooms::default(),
            table: Table::default(),
            open,
            parent: OnceLock::new(),
            users: AtomicUsize::new(0),
            kept: AtomicBool::new(false),
        }
    }

    /// Lets clients in.
    pub(crate) fn open(&self) {
        self.open.store(true, Ordering::Release);
    }

    pub(crate) fn is_open(&self) -> bool {
        self.open.load(Ordering::Acquire) || self.parent.get().is_some()
    }

    #[inline]
    pub(crate) fn parent(&self) -> Option<&Arc<Parent>> {
        self.parent.get().map(|(parent, _)| parent)
    }

    /// What its parent's pattern captured of its name.
    pub(crate) fn captures(&self) -> &[(Arc<str>, Box<str>)] {
        self.parent.get().map(|(_, captures)| &**captures).unwrap_or_default()
    }

    pub(crate) fn adopt(&self, parent: Arc<Parent>, captures: Captures) {
        // Another was faster: one is as good as the other.
        let _ = self.parent.set((parent, captures));
    }

    pub(crate) fn user_comes(&self) {
        self.users.fetch_add(1, Ordering::AcqRel);
    }

    /// Whether it was the last one.
    pub(crate) fn user_goes(&self) -> bool {
        self.users.fetch_sub(1, Ordering::AcqRel) == 1
    }

    pub(crate) fn has_users(&self) -> bool {
        self.users.load(Ordering::Acquire) > 0
    }

    pub(crate) fn keep(&self) {
        self.kept.store(true, Ordering::Release);
    }

    pub(crate) fn is_kept(&self) -> bool {
        self.kept.load(Ordering::Acquire)
    }
}

impl fmt::Debug for Namespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Namespace").field("name", &self.inner.name).finish_non_exhaustive()
    }
}

impl fmt::Debug for NamespaceInner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NamespaceInner").field("name", &self.name).finish_non_exhaustive()
    }
}
