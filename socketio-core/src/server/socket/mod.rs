//! One client in one namespace.

mod delivery; // what is sent to it, and its end

use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::time::Duration;

use serde::Serialize;

pub(crate) use self::delivery::Tell;
use super::ack::{Answer, Pending, Question};
use super::encode::Parser;
use super::inner::ServerInner;
use super::life::Life;
use super::link::Link;
use super::namespace::NamespaceInner;
use super::store::Store;
use super::table::{Handlers, Table};
use super::words::event_words;
use super::{AckError, Broadcast, Connection, EmitError, JoinError, Namespace};
use super::{encode, expiry, watching};
use crate::adapter::wire::Json;
use crate::adapter::{IntoRooms, Room, Target, reserved};
use crate::engine::{Close, DisconnectReason, Handshake, Limit, Session};
use crate::protocol::args::IntoArgs;
use crate::protocol::engine::Transport;
use crate::protocol::sid::Sid;

/// A client in a namespace. A cheap handle: it may be kept, cloned and used from any thread.
///
/// After the client has gone its words still work: emitting is an error, leaving a room does nothing.
///
/// ```no_run
/// # fn example(io: socketio_core::Server) {
/// use socketio_core::{Data, HandlerError, Socket};
///
/// io.on("enter", |socket: Socket, Data(room): Data<String>| -> Result<usize, HandlerError> {
///     socket.join(&room)?;
///     socket.emit("welcome", &room)?; // this client
///     let others = socket.to(&room).emit("entered", socket.id())?; // the others in the room, on every node
///     Ok(others.local)
/// });
/// # }
/// ```
#[derive(Clone)]
pub struct Socket {
    inner: Arc<SocketInner>,
}

pub(crate) struct SocketInner {
    id: Sid,
    server: Arc<ServerInner>,
    namespace: Arc<NamespaceInner>,
    session: Arc<Session>,
    link: Arc<Link>,
    pub(super) life: Life,
    pub(super) pending: Pending,
    store: Store,
    /// What other nodes may read.
    data: Mutex<Option<Json>>,
    own: OnceLock<Box<Own>>,
}

/// What few sockets have.
#[derive(Default)]
struct Own {
    table: Table,
    /// Its place among those that expire.
    expiry: Mutex<Option<expiry::Key>>,
}

/// A socket that is not kept.
#[derive(Clone)]
pub(crate) struct WeakSocket(Weak<SocketInner>);

impl WeakSocket {
    pub(crate) fn upgrade(&self) -> Option<Socket> {
        self.0.upgrade().map(|inner| Socket { inner })
    }
}

event_words!(Socket);

impl Socket {
    pub(crate) fn new(
        server: Arc<ServerInner>,
        namespace: Arc<NamespaceInner>,
        session: Arc<Session>,
        link: Arc<Link>,
    ) -> Self {
        link.remembered();
        let life = Life::new();
        let inner = SocketInner {
            id: Sid::generate(),
            server,
            namespace,
            session,
            link,
            life,
            pending: Pending::default(),
            store: Store::default(),
            data: Mutex::default(),
            own: OnceLock::new(),
        };
        Socket { inner: Arc::new(inner) }
    }

    /// Its public id, another for each namespace; also the name of a room that it alone is in.
    #[must_use]
    pub fn id(&self) -> &Sid {
        &self.inner.id
    }

    /// The namespace it is in.
    #[must_use]
    pub fn namespace(&self) -> Namespace {
        Namespace { server: self.inner.server.clone(), inner: self.inner.namespace.clone() }
    }

    /// The request that opened its connection.
    #[must_use]
    pub fn handshake(&self) -> &Handshake {
        &self.inner.session.handshake
    }

    /// What its connection runs over just now.
    #[must_use]
    pub fn transport(&self) -> Transport {
        self.inner.session.transport()
    }

    /// What it shares with the client's sockets in other namespaces.
    #[must_use]
    pub fn connection(&self) -> Connection {
        Connection::new(self.inner.link.clone(), self.inner.session.clone())
    }

    /// Whether the client is in the namespace: let in, and not gone.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.inner.life.is_connected()
    }

    /// Waits until the client is gone. A handler is not stopped by that; this lets it notice.
    pub async fn closed(&self) {
        self.inner.life.closed().await;
    }

    /// Sends `event` to the client.
    ///
    /// On return the packet is in the client's queue. A tuple is several arguments, `()` none; see [`IntoArgs`].
    ///
    /// ```no_run
    /// # fn example(socket: socketio_core::Socket) -> Result<(), socketio_core::server::EmitError> {
    /// socket.emit("tick", ())?; // no argument
    /// socket.emit("say", "hello")?; // one
    /// socket.emit("moved", ("knight", (3, 4)))?; // two: "knight" and [3,4]
    /// socket.emit("photo", bytes::Bytes::from_static(b"\xff\xd8"))?; // binary
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Nothing was sent. [`EmitError::QueueFull`] also means that the connection is being closed: the client does not read.
    pub fn emit(&self, event: &str, args: impl IntoArgs) -> Result<(), EmitError> {
        reserved::check(event)?;
        self.write(|out| encode::event(out, self.parser(), &self.inner.namespace.name, None, event, &args))?;
        if self.inner.server.uncommon.outgoing() {
            watching::sent(self, event, &args);
        }
        Ok(())
    }

    /// Sends a `message` event.
    ///
    /// # Errors
    ///
    /// Those of [`emit`](Self::emit).
    pub fn send(&self, args: impl IntoArgs) -> Result<(), EmitError> {
        self.emit("message", args)
    }

    /// Sends `event` and waits for the client's answer, for [`ack_timeout`](crate::server::ServerBuilder::ack_timeout) at most: 60 s by
    /// default.
    ///
    /// `T` is the client's one argument; a tuple is several, `()` none. The event is sent by the call, not by the first poll. A
    /// future that is dropped forgets the question.
    ///
    /// ```no_run
    /// # async fn example(socket: socketio_core::Socket) -> Result<(), socketio_core::server::AckError> {
    /// let name: String = socket.emit_with_ack("your name?", ()).await?;
    /// let (x, y): (f64, f64) = socket.emit_with_ack("where are you?", &name).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// See [`AckError`]; in `on_connect` it is [`AckError::NotConnected`].
    pub fn emit_with_ack<T: Answer>(
        &self,
        event: &str,
        args: impl IntoArgs,
    ) -> impl Future<Output = Result<T, AckError>> + Send + 'static {
        self.timeout(self.inner.server.limits.ack_timeout).emit_with_ack(event, args)
    }

    /// Sends `event`, and has `answered` called with the client's answer, or with what came instead of one: once, after
    /// [`ack_timeout`](crate::server::ServerBuilder::ack_timeout) at the latest, 60 s by default.
    ///
    /// ```no_run
    /// # fn example(socket: socketio_core::Socket) -> Result<(), socketio_core::server::AckError> {
    /// use socketio_core::server::AckError;
    ///
    /// socket.emit_with_callback("your name?", (), |answer: Result<String, AckError>| match answer {
    ///     Ok(name) => println!("it is {name}"),
    ///     Err(error) => println!("no answer: {error}"),
    /// })?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Nothing was sent, and `answered` is not called.
    pub fn emit_with_callback<T: Answer>(
        &self,
        event: &str,
        args: impl IntoArgs,
        answered: impl FnOnce(Result<T, AckError>) + Send + 'static,
    ) -> Result<(), AckError> {
        self.timeout(self.inner.server.limits.ack_timeout).emit_with_callback(event, args, answered)
    }

    /// Sets how long the next question waits for its answer.
    pub fn timeout(&self, timeout: Duration) -> Question {
        Question::new(self.clone(), timeout)
    }

    /// What is sent next is dropped if the client is not ready for it: it does not read, or polls and is between two polls. Positions
    /// of a moving thing, say, of which only the newest counts. [`Counters::volatile_dropped`](super::Counters) counts them.
    pub fn volatile(&self) -> Question {
        self.timeout(self.inner.server.limits.ack_timeout).volatile()
    }

    /// Whether a polling answer that carries what is sent next may be compressed for its sake. Default: true.
    pub fn compress(&self, compress: bool) -> Question {
        self.timeout(self.inner.server.limits.ack_timeout).compress(compress)
    }

    /// Everybody else in the namespace who is on this node.
    pub fn local(&self) -> Broadcast {
        self.broadcast().local()
    }

    /// Joins one room or several.
    ///
    /// # Errors
    ///
    /// [`JoinError::Disconnected`], or too many rooms (default 10,000): no room was joined.
    pub fn join(&self, rooms: impl IntoRooms) -> Result<(), JoinError> {
        let limit = self.inner.server.limits.rooms;
        let mut events = Vec::new();
        let all = &self.inner.namespace.rooms;
        let joined = self.inner.life.join(self, all, rooms.into_rooms(), limit, &mut events);
        if let Err(error @ JoinError::TooManyRooms { .. }) = &joined {
            self.inner.server.engine.reached.note(Limit::Rooms, self.id(), error);
        }
        joined?;
        watching::rooms(self, &events);
        Ok(())
    }

    /// Leaves one room or several; its own it cannot leave.
    pub fn leave(&self, rooms: impl IntoRooms) {
        let events = self.inner.life.leave(self, &self.inner.namespace.rooms, &rooms.into_rooms());
        watching::rooms(self, &events);
    }

    /// The rooms it is in, its own first; none when it is gone.
    #[must_use]
    pub fn rooms(&self) -> Vec<Room> {
        let own = (!self.inner.life.is_gone()).then(|| Room::from(self));
        own.into_iter().chain(self.inner.life.rooms()).collect()
    }

    /// Everybody else in these rooms.
    pub fn to(&self, rooms: impl IntoRooms) -> Broadcast {
        self.broadcast().to(rooms)
    }

    /// Everybody else in the namespace, but the sockets in these rooms.
    pub fn except(&self, rooms: impl IntoRooms) -> Broadcast {
        self.broadcast().except(rooms)
    }

    /// Everybody else in the namespace.
    pub fn broadcast(&self) -> Broadcast {
        let everyone = Target::everyone(self.inner.namespace.name.clone());
        Broadcast::new(self.inner.server.adapter.clone(), everyone).except(self)
    }

    /// Sends the client out of this namespace. On return it is out of all rooms, and its disconnect handler has started; unless its
    /// `on_disconnecting` runs just now, after which that happens.
    pub fn disconnect(&self) {
        self.end(&Close::new(DisconnectReason::ServerNamespaceDisconnect), Tell::End);
    }

    /// Closes the client's whole connection, and with it every namespace it is in.
    pub fn close(&self) {
        self.disconnect();
        for sibling in self.inner.link.sockets() {
            sibling.disconnect();
        }
        self.inner.session.close(Close::new(DisconnectReason::ForcedServerClose));
    }

    /// Its place among those that expire; none was made for it unless `make`.
    pub(super) fn expiry(&self, make: bool) -> Option<&Mutex<Option<expiry::Key>>> {
        let own = if make { Some(self.inner.own.get_or_init(Box::default)) } else { self.inner.own.get() };
        own.map(|own| &own.expiry)
    }

    pub(super) fn downgrade(&self) -> WeakSocket {
        WeakSocket(Arc::downgrade(&self.inner))
    }

    pub(super) fn store(&self) -> &Store {
        &self.inner.store
    }

    /// Its own handlers, once it has any.
    #[inline]
    pub(crate) fn own_table(&self) -> Option<&Table> {
        self.inner.own.get().map(|own| &own.table)
    }

    fn add(&self, change: impl Fn(&mut Handlers)) -> &Self {
        self.inner.server.uncommon.note_layers();
        let table = &self.inner.own.get_or_init(Box::default).table;
        table.change(change);
        self.inner.server.uncommon.note(&table.load());
        // Handlers often hold their socket: without this they would keep each other for ever.
        if self.inner.life.is_gone() {
            table.clear();
        }
        self
    }

    fn remove(&self, change: impl Fn(&mut Handlers)) -> &Self {
        if let Some(table) = self.own_table() {
            table.change(change);
        }
        self
    }

    /// Says something about this client that every node can read, by [`fetch_sockets`](Broadcast::fetch_sockets). It stands apart from
    /// the session, which stays here.
    ///
    /// # Errors
    ///
    /// The value cannot be JSON; what was said before stays.
    pub fn set_data(&self, data: &impl Serialize) -> Result<(), serde_json::Error> {
        let data = Json::encode(data)?;
        *self.inner.data.lock().unwrap_or_else(PoisonError::into_inner) = Some(data);
        Ok(())
    }

    pub(crate) fn shared_data(&self) -> Option<Json> {
        self.inner.data.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The last of its handlers has ended: nothing of it is kept.
    pub(crate) fn forget(&self) {
        self.inner.store.clear();
        if let Some(table) = self.own_table() {
            table.clear();
        }
        self.inner.link.forgotten();
    }

    pub(crate) fn server(&self) -> &Arc<ServerInner> {
        &self.inner.server
    }

    pub(crate) fn namespace_inner(&self) -> &Arc<NamespaceInner> {
        &self.inner.namespace
    }

    pub(crate) fn engine_session(&self) -> &Arc<Session> {
        &self.inner.session
    }

    pub(crate) fn link(&self) -> &Arc<Link> {
        &self.inner.link
    }

    /// How the client writes its packets, and reads ours.
    pub(crate) fn parser(&self) -> Parser {
        self.inner.link.parser()
    }

    pub(crate) fn life(&self) -> &Life {
        &self.inner.life
    }

    pub(crate) fn pending(&self) -> &Pending {
        &self.inner.pending
    }

    /// Tells two sockets apart faster than their ids.
    pub(crate) fn address(&self) -> usize {
        Arc::as_ptr(&self.inner) as usize
    }
}

impl fmt::Debug for WeakSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WeakSocket")
    }
}

impl PartialEq for Socket {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.inner, &other.inner)
    }
}

impl Eq for Socket {}

impl fmt::Debug for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Socket")
            .field("id", &self.inner.id)
            .field("namespace", &self.inner.namespace.name)
            .finish()
    }
}
