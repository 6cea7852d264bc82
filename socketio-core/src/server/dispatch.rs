//! Starting handlers: in order, in place, and without trusting them.
//!
//! A handler is polled once where its event arrived. Most are through by then; one that waits goes on as a task of its own. So
//! handlers of a socket start in the order of its events, and a slow one holds up nobody. A panic is logged and counted.

use std::any::Any;
use std::cell::Cell;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context as Task, Poll, Waker};

use super::Socket;
use super::inner::ServerInner;
use super::life::Early;
use super::link::Entry;
use super::serial;
use super::slow::Watch;
use super::socket::Tell;
use super::table::Layers;
use crate::adapter::reserved;
use crate::engine::Close;
use crate::handler::{self, BoxedHandler, Called, Context};
use crate::protocol::args::{ArgsRef, Event};
use crate::sync;

/// An event of the client; nobody listening is no error, and gets no ack.
pub(crate) fn event(
    socket: &Socket,
    data: &str,
    attachments: &[bytes::Bytes],
    id: Option<u64>,
) -> Result<(), Close> {
    let event = Event::parse(data, attachments).map_err(Close::parse_error)?;
    if reserved::is_reserved(&event.name) {
        return Err(Close::parse_error(format_args!(
            "an event called {:?}, which is reserved",
            &*event.name
        )));
    }
    let table = &socket.namespace_inner().table;
    let handlers = table.load();
    if socket.server().uncommon.layers() && Layers::are_needed(socket, &handlers) {
        layered(socket, &event, id);
        return Ok(());
    }
    let method;
    let handler = match table.handler(&handlers, &event.name) {
        Some(handler) => handler,
        None => {
            method = handlers.class.as_ref().and_then(|class| class.event(&event.name));
            let Some(method) = &method else {
                unhandled(socket, &event.name);
                return Ok(());
            };
            method
        }
    };
    let mut context = Context::event(socket, &event.name, &event.args, id);
    start_handler(socket, &event.name, || handler(&mut context));
    Ok(())
}

/// The same where more than the namespace's own handlers have a say.
fn layered(socket: &Socket, event: &Event<'_>, id: Option<u64>) {
    let layers = Layers::of(socket);
    let middlewares = layers.event_middlewares();
    if middlewares.is_empty() {
        let Some(handler) = layers.event(&event.name) else {
            unhandled(socket, &event.name);
            return;
        };
        let mut context = Context::event(socket, &event.name, &event.args, id);
        start_handler(socket, &event.name, || handler(&mut context));
        return;
    }
    let args = event.args.to_raw();
    start_handler(socket, &event.name, || handler::pass(socket, &event.name, args, id, middlewares));
}

#[cold]
pub(crate) fn unhandled(socket: &Socket, event: &str) {
    tracing::debug!(target: "socketio", sid = %socket.id(), event, "nobody handles this event");
}

/// An answer of the client.
pub(crate) fn ack(socket: &Socket, data: &str, attachments: &[bytes::Bytes], id: u64) -> Result<(), Close> {
    let args = ArgsRef::parse(data, attachments).map_err(Close::parse_error)?;
    socket.pending().answer(id, &args, socket.link());
    Ok(())
}

/// A packet that waited for the client to be let in.
pub(crate) fn early(socket: &Socket, packet: &Early) -> Result<(), Close> {
    match (packet.is_ack, packet.id) {
        (true, Some(id)) => ack(socket, &packet.data, &packet.attachments, id),
        (true, None) => Ok(()),
        (false, id) => match socket.link().serial() {
            None => event(socket, &packet.data, &packet.attachments, id),
            Some(serial) => serial::event(socket, serial, &packet.data, &packet.attachments, id),
        },
    }
}

/// The client has been let in.
pub(crate) fn connected(socket: &Socket) {
    if let Some(handler) = Layers::of(socket).first(|handlers| handlers.connected.as_ref()) {
        let mut context = Context::connected(socket);
        start_handler(socket, "connected", || handler(&mut context));
    }
}

/// The client's connection has become a WebSocket.
pub(crate) fn upgraded(socket: &Socket) {
    if let Some(handler) = Layers::of(socket).first(|handlers| handlers.upgraded.as_ref()) {
        let mut context = Context::upgraded(socket);
        start_handler(socket, "upgrade", || handler(&mut context));
    }
}

/// The client is about to be gone; its rooms are still there. `false`: somebody else is at it, who will end the socket too, or its
/// handler runs on a thread of its own, after which the socket ends as `tell` says.
pub(crate) fn disconnecting(socket: &Socket, close: &Close, tell: Tell<'_>) -> bool {
    let Some(handler) = Layers::of(socket).first(|handlers| handlers.disconnecting.as_ref()) else {
        return true;
    };
    if !socket.life().begins_to_end() {
        return false;
    }
    let _runtime = socket.server().engine.runtime.enter();
    let mut context = Context::disconnecting(socket, close);
    let (blocks, later) = (Cell::new(false), Cell::new(false));
    let call = || {
        let called = handler(&mut context);
        blocks.set(matches!(called, Called::Blocking(_)));
        called
    };
    let hold = || {
        let place = socket.link().enter();
        if !blocks.get() {
            return Held::Place(place);
        }
        later.set(true);
        Held::End { _ends: EndsLater::new(socket, close, tell), _place: place }
    };
    start(socket, "disconnecting", call, hold);
    !later.get()
}

/// The client is gone.
///
/// A handler that disconnects others runs theirs inside itself; from some depth on they run on tasks of their own.
pub(crate) fn disconnected(socket: &Socket, close: &Close) {
    tell_disconnected(socket, close, LastUse::new(socket));
}

fn tell_disconnected(socket: &Socket, close: &Close, last: LastUse) {
    let depth = DEPTH.get();
    if depth >= DEPTH_MAX {
        let (socket, close) = (socket.clone(), close.clone());
        let runtime = socket.server().engine.runtime.clone();
        sync::spawn(&runtime, async move { tell_disconnected(&socket, &close, last) });
        return;
    }
    DEPTH.set(depth + 1);
    // The caller may be any thread.
    let _runtime = socket.server().engine.runtime.enter();
    if let Some(handler) = Layers::of(socket).first(|handlers| handlers.disconnect.as_ref()) {
        let mut context = Context::disconnect(socket, close);
        let hold = || Held::Session { _last: last, _place: socket.link().enter() };
        start(socket, "disconnect", || handler(&mut context), hold);
    }
    DEPTH.set(depth);
}

thread_local! {
    /// Disconnect handlers that run inside each other on this thread.
    static DEPTH: Cell<usize> = const { Cell::new(0) };
}

const DEPTH_MAX: usize = 8;

/// Calls a handler that, should it have to wait, has a place among those of its connection.
pub(crate) fn start_handler(socket: &Socket, event: &str, call: impl FnOnce() -> Called) {
    start(socket, event, call, || Held::Place(socket.link().enter()));
}

/// Calls a handler; `hold` gives what it holds on to should it have to wait.
fn start(socket: &Socket, event: &str, call: impl FnOnce() -> Called, hold: impl FnOnce() -> Held) {
    let span = tracing::debug_span!(target: "socketio", "handler", sid = %socket.id(), event);
    let entered = span.enter();
    let watch = Watch::start();
    let first = catch_unwind(AssertUnwindSafe(|| match call() {
        Called::Done => None,
        Called::Future(mut handler) | Called::Blocking(mut handler) => {
            poll_in_place(&mut handler).is_pending().then_some(handler)
        }
    }));
    watch.end(socket, event);
    drop(entered);
    match first {
        Ok(None) => {}
        Ok(Some(handler)) => {
            let waiting =
                Waiting { handler, socket: socket.clone(), event: event.into(), span, _held: hold() };
            sync::spawn(&socket.server().engine.runtime, waiting);
        }
        Err(panic) => report_panic(socket, event, panic.as_ref()),
    }
}

/// Polls without tokio's budget, which would make handlers wait that need not. Nobody is woken: the task polls again at once.
pub(crate) fn poll_in_place<F: Future + ?Sized>(future: &mut Pin<Box<F>>) -> Poll<F::Output> {
    let mut free = tokio::task::unconstrained(future.as_mut());
    Pin::new(&mut free).poll(&mut Task::from_waker(Waker::noop()))
}

/// A handler that was not through after its first poll.
struct Waiting {
    handler: BoxedHandler,
    socket: Socket,
    event: Box<str>,
    span: tracing::Span,
    _held: Held,
}

/// What a handler that waits holds on to.
#[expect(dead_code, reason = "held for its end")]
enum Held {
    /// Its place among those of the connection.
    Place(Entry),
    /// The client's session, which ends with the disconnect handler; a place too, as a client may come and go.
    Session { _last: LastUse, _place: Entry },
    /// The socket, which ends after it.
    End { _ends: EndsLater, _place: Entry },
}

/// Ends a socket when it is dropped.
struct EndsLater {
    socket: Socket,
    close: Close,
    /// Whether the client has to be told.
    tells: bool,
}

impl EndsLater {
    fn new(socket: &Socket, close: &Close, tell: Tell<'_>) -> Self {
        socket.server().counting.disconnecting.up();
        let tells = !matches!(tell, Tell::Nothing);
        EndsLater { socket: socket.clone(), close: close.clone(), tells }
    }
}

impl Drop for EndsLater {
    fn drop(&mut self) {
        self.socket.end_told(&self.close, if self.tells { Tell::End } else { Tell::Nothing }, true);
        self.socket.server().counting.disconnecting.down();
    }
}

struct LastUse(Socket);

impl LastUse {
    fn new(socket: &Socket) -> Self {
        socket.server().counting.disconnecting.up();
        LastUse(socket.clone())
    }
}

impl Drop for LastUse {
    fn drop(&mut self) {
        self.0.forget();
        self.0.server().counting.disconnecting.down();
    }
}

impl Future for Waiting {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Task<'_>) -> Poll<()> {
        let me = &mut *self;
        let _entered = me.span.enter();
        let watch = Watch::start();
        let polled = catch_unwind(AssertUnwindSafe(|| me.handler.as_mut().poll(cx)));
        watch.end(&me.socket, &me.event);
        match polled {
            Ok(poll) => poll,
            Err(panic) => {
                report_panic(&me.socket, &me.event, panic.as_ref());
                Poll::Ready(())
            }
        }
    }
}

pub(crate) fn report_panic(socket: &Socket, event: &str, panic: &(dyn Any + Send)) {
    socket.server().counting.handler_panics.one();
    let message = panic_message(panic);
    tracing::error!(target: "socketio", sid = %socket.id(), event, message, "a handler panicked; the connection goes on");
}

/// The same of an event that another server sent.
pub(crate) fn report_panic_of_server_event(server: &ServerInner, event: &str, panic: &(dyn Any + Send)) {
    server.counting.handler_panics.one();
    let message = panic_message(panic);
    tracing::error!(target: "socketio", event, message, "a handler of another server's events panicked; it gives no answer");
}

fn panic_message(panic: &(dyn Any + Send)) -> &str {
    let message = panic.downcast_ref::<&str>().copied();
    message.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("(no message)")
}
