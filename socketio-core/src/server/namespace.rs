//! A namespace: a world of its own, with its handlers, sockets and rooms.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use foldhash::quality::RandomState;

use super::inner::ServerInner;
use super::server_events::ServerFunction;
use super::{AckError, Answer, Broadcast, EmitError, RemoteSocket, Socket};
use crate::adapter::reserved;
use crate::adapter::rooms::Rooms;
use crate::adapter::{
    AdapterError, EventPacket, Fetched, IntoRooms, Operation, Receipt, Reply, Room, Target,
};
use crate::handler::kind::{Connected, Disconnect, Event};
use crate::handler::{
    BlockingHandler, ConnectFunction, ConnectHandler, Function, Handler, erase, erase_blocking, erase_connect,
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
    handlers: ArcSwap<Handlers>,
    open: AtomicBool,
}

/// The functions of a namespace; replaced as a whole when one is added, read without a lock.
#[derive(Clone, Default)]
pub(crate) struct Handlers {
    pub(crate) connect: Option<ConnectFunction>,
    pub(crate) connected: Option<Function>,
    pub(crate) disconnect: Option<Function>,
    pub(crate) events: HashMap<Box<str>, Function, RandomState>,
    /// For events of other servers.
    pub(crate) server: HashMap<Box<str>, ServerFunction, RandomState>,
}

impl Namespace {
    /// Its name, with the leading `/`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.inner.name
    }

    /// Decides who may come in: runs before the client hears anything. The last one given counts.
    ///
    /// It takes up to five [extractors](crate::handler), among them [`Auth`](crate::handler::Auth), and returns `()`, or
    /// `Result<(), E>` where `E` becomes a [`ConnectError`](crate::handler::ConnectError). What it emits, and what its rooms are sent
    /// meanwhile, follows right after the answer; after a refusal nothing of the client stays.
    pub fn on_connect<M>(&self, handler: impl ConnectHandler<M>) -> &Self {
        let handler = erase_connect(handler);
        self.change(|handlers| handlers.connect = Some(handler.clone()))
    }

    /// Runs after the client has been let in and told so; before its first event. Node calls it `connection`.
    pub fn on_connected<M>(&self, handler: impl Handler<Connected, M>) -> &Self {
        let handler = erase(handler);
        self.change(|handlers| handlers.connected = Some(handler.clone()))
    }

    /// Runs when a client that was let in is gone, however that came: once, and its rooms are empty of it already.
    ///
    /// Extractors: [`DisconnectReason`](crate::DisconnectReason) says why.
    pub fn on_disconnect<M>(&self, handler: impl Handler<Disconnect, M>) -> &Self {
        let handler = erase(handler);
        self.change(|handlers| handlers.disconnect = Some(handler.clone()))
    }

    /// Handles an event; a second handler for the same name replaces the first.
    ///
    /// Handlers of one socket start in the order in which its events arrive. What a handler returns is the client's ack.
    ///
    /// # Panics
    ///
    /// `event` is a reserved name: `connect`, `connect_error`, `disconnect`, `disconnecting`, `newListener`, `removeListener`.
    #[track_caller]
    pub fn on<M>(&self, event: &str, handler: impl Handler<Event, M>) -> &Self {
        assert!(
            !reserved::is_reserved(event),
            "{event:?} is a reserved event name: use on_connect, on_connected or on_disconnect",
        );
        let handler = erase(handler);
        self.change(|handlers| {
            handlers.events.insert(event.into(), handler.clone());
        })
    }

    /// Handles an event with a function that blocks: it reads files, computes for long, asks a database without async.
    ///
    /// It runs on a thread for the purpose, at most [`max_blocking_handlers`](super::ServerBuilder::max_blocking_handlers) at a time; more
    /// wait, in order. Else it is like a handler of [`on`](Self::on), and takes and returns the same.
    ///
    /// # Panics
    ///
    /// `event` is a reserved name.
    #[track_caller]
    pub fn on_blocking<M>(&self, event: &str, handler: impl BlockingHandler<M>) -> &Self {
        assert!(!reserved::is_reserved(event), "{event:?} is a reserved event name");
        let handler = erase_blocking(handler);
        self.change(|handlers| {
            handlers.events.insert(event.into(), handler.clone());
        })
    }

    /// Forgets the handler of `event`: clients that send it get no ack.
    pub fn off(&self, event: &str) -> &Self {
        self.inner.handlers.rcu(|handlers| {
            let mut handlers = Handlers::clone(handlers);
            handlers.events.remove(event);
            handlers
        });
        self
    }

    /// Servers that talk to each other let no client in.
    pub(super) fn add_server_function(&self, event: &str, function: ServerFunction) {
        self.inner.handlers.rcu(|handlers| {
            let mut handlers = Handlers::clone(handlers);
            handlers.server.insert(event.into(), function.clone());
            handlers
        });
    }

    fn change(&self, change: impl Fn(&mut Handlers)) -> &Self {
        self.inner.handlers.rcu(|handlers| {
            let mut handlers = Handlers::clone(handlers);
            change(&mut handlers);
            handlers
        });
        self.inner.open();
        self
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

    /// Sends `event` to one client on whatever node, and waits for its answer, `timeout` at most. Clients on python-socketio's nodes
    /// answer too.
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

    /// Sets how long the next question to everybody waits for answers.
    pub fn timeout(&self, timeout: Duration) -> Broadcast {
        self.everyone().timeout(timeout)
    }

    /// Who is here, on every node.
    ///
    /// # Errors
    ///
    /// Nobody was asked.
    pub async fn fetch_sockets(&self) -> Result<Fetched<RemoteSocket>, AdapterError> {
        self.everyone().fetch_sockets().await
    }

    /// The rooms of the namespace on every node, each with its number of sockets.
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

    /// A client of this process, from anywhere in the program.
    #[must_use]
    pub fn socket(&self, sid: &str) -> Option<Socket> {
        self.inner.rooms.socket(sid)
    }

    /// The clients of this process, as they are now.
    #[must_use]
    pub fn sockets(&self) -> Vec<Socket> {
        self.inner.rooms.all().iter().filter(|socket| socket.is_connected()).cloned().collect()
    }

    /// How many clients of this process are here.
    #[must_use]
    pub fn count(&self) -> usize {
        self.inner.rooms.all().iter().filter(|socket| socket.is_connected()).count()
    }
}

impl NamespaceInner {
    pub(crate) fn new(name: Arc<str>) -> Self {
        let open = AtomicBool::new(&*name == "/");
        NamespaceInner { name, rooms: Rooms::default(), handlers: ArcSwap::default(), open }
    }

    /// Lets clients in.
    pub(crate) fn open(&self) {
        self.open.store(true, Ordering::Release);
    }

    pub(crate) fn is_open(&self) -> bool {
        self.open.load(Ordering::Acquire)
    }

    pub(crate) fn handlers(&self) -> arc_swap::Guard<Arc<Handlers>> {
        self.handlers.load()
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
