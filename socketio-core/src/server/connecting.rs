//! A client at the door of a namespace: `on_connect` decides, and only then the client hears anything.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context as Task, Poll};

use super::dispatch::{self, poll_in_place, report_panic};
use super::link::Entry;
use super::slow::Watch;
use super::socket::Tell;
use super::table::Layers;
use super::{Socket, encode};
use crate::engine::{Close, DisconnectReason, Frames, spare};
use crate::handler::{Asking, ConnectError, ConnectFunction, Connecting, Context};
use crate::sync;

/// Asks the namespace about `socket`. It is in the namespace already, unheard, and is taken out again if it is refused.
pub(crate) fn connect(socket: Socket, auth: Option<&str>) {
    if !socket.life().enter(&socket, &socket.namespace_inner().rooms) {
        return;
    }
    if socket.server().limits.always_connect {
        answer(&socket, |answer| socket.life().answer_first(socket.engine_session(), answer));
    }
    let door = Layers::of(&socket).door();
    if door.is_empty() {
        finish(&socket, Ok(()));
        return;
    }
    let span = tracing::debug_span!(target: "socketio", "handler", sid = %socket.id(), event = "connect");
    let entered = span.enter();
    let watch = Watch::start();
    let first = catch_unwind(AssertUnwindSafe(|| match ask(&socket, auth, &door) {
        Connecting::Ready(decided) => Ok(decided),
        Connecting::Future(mut asking) => match poll_in_place(&mut asking) {
            Poll::Ready(decided) => Ok(decided),
            Poll::Pending => Err(asking),
        },
    }));
    watch.end(&socket, "connect");
    drop(entered);
    match first {
        Ok(Ok(decided)) => finish(&socket, decided),
        Ok(Err(asking)) => {
            let runtime = socket.server().engine.runtime.clone();
            let entry = socket.link().enter();
            sync::spawn(&runtime, Deciding { asking, socket, span, _entry: entry });
        }
        Err(panic) => refuse_after_panic(&socket, panic.as_ref()),
    }
}

/// Asks one after the other; the first that refuses is the last.
fn ask(socket: &Socket, auth: Option<&str>, door: &[ConnectFunction]) -> Connecting {
    let mut door = door.iter();
    while let Some(handler) = door.next() {
        match handler(&mut Context::connect(socket, auth)) {
            Connecting::Ready(Ok(())) => {}
            Connecting::Future(asking) if !door.as_slice().is_empty() => {
                let (socket, auth, rest) =
                    (socket.clone(), auth.map(str::to_owned), door.as_slice().to_vec());
                return Connecting::Future(Box::pin(async move {
                    asking.await?;
                    for handler in &rest {
                        // The client may have left, and the program need not hear of it twice.
                        if socket.life().is_gone() {
                            break;
                        }
                        let called = handler(&mut Context::connect(&socket, auth.as_deref()));
                        match called {
                            Connecting::Ready(decided) => decided?,
                            Connecting::Future(asking) => asking.await?,
                        }
                    }
                    Ok(())
                }));
            }
            decided => return decided,
        }
    }
    Connecting::Ready(Ok(()))
}

/// An `on_connect` that waits for something.
struct Deciding {
    asking: Asking,
    socket: Socket,
    span: tracing::Span,
    /// Among the handlers of the connection: a client may ask, leave and ask again.
    _entry: Entry,
}

impl Future for Deciding {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Task<'_>) -> Poll<()> {
        let me = &mut *self;
        let entered = me.span.enter();
        let polled = catch_unwind(AssertUnwindSafe(|| me.asking.as_mut().poll(cx)));
        drop(entered);
        match polled {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(decided)) => finish(&me.socket, decided),
            Err(panic) => refuse_after_panic(&me.socket, panic.as_ref()),
        }
        Poll::Ready(())
    }
}

impl Drop for Deciding {
    /// The runtime is going down: nothing may stay in the namespace.
    fn drop(&mut self) {
        if self.socket.life().is_connecting() || self.socket.life().is_undecided() {
            refuse(&self.socket, &ConnectError::default());
        }
    }
}

fn finish(socket: &Socket, decided: Result<(), ConnectError>) {
    match decided {
        Ok(()) => accept(socket),
        Err(error) => refuse(socket, &error),
    }
}

fn accept(socket: &Socket) {
    let _catching_up = socket.link().catch_up();
    let sockets = &socket.server().counting.sockets;
    // Before anybody can see it connected and end it.
    sockets.up();
    let accepted = if socket.server().limits.always_connect {
        socket.life().decide()
    } else {
        answer(socket, |answer| socket.life().accept(socket.engine_session(), answer))
    };
    if !accepted {
        sockets.down();
        // Sent away, or gone, while it was being asked about: whoever ended it told the client, if there was one to tell.
        return;
    }
    tracing::debug!(target: "socketio", sid = %socket.id(), namespace = &*socket.namespace_inner().name, "connected");
    dispatch::connected(socket);
    loop {
        let early = socket.life().early();
        if early.is_empty() {
            break;
        }
        for packet in &early {
            if socket.life().is_gone() {
                return;
            }
            if let Err(close) = dispatch::early(socket, packet) {
                socket.engine_session().close(close);
                return;
            }
        }
    }
}

/// Encodes the answer to CONNECT.
fn answer(socket: &Socket, give: impl FnOnce(Frames<'_>) -> bool) -> bool {
    let mut buffer = spare::take();
    let start = encode::connect(&mut buffer, socket.parser(), &socket.namespace_inner().name, socket.id());
    let given = give(Frames::of(buffer.get(start..).unwrap_or_default()));
    spare::give(buffer);
    given
}

fn refuse_after_panic(socket: &Socket, panic: &(dyn std::any::Any + Send)) {
    report_panic(socket, "connect", panic);
    refuse(socket, &ConnectError::default());
}

fn refuse(socket: &Socket, error: &ConnectError) {
    socket.end(&Close::new(DisconnectReason::ServerNamespaceDisconnect), Tell::Refusal(error));
}
