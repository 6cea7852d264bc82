//! Who watches: what is sent to clients, and what becomes of rooms.
//!
//! Until the first watcher is there, one flag of the server is all that it costs. What few servers have of handlers is flagged likewise.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::Socket;
use super::dispatch::{self, report_panic};
use super::table::{Handlers, Layers};
use crate::adapter::Room;
use crate::handler::Context;
use crate::protocol::args::{IntoArgs, RawArgs};
use crate::protocol::sid::Sid;

/// What has become of a room: Node's `create-room`, `join-room`, `leave-room` and `delete-room`.
///
/// The room that each socket has under its own id is not told of.
///
/// ```no_run
/// # fn example(io: socketio_core::Server) {
/// use socketio_core::server::RoomEvent;
///
/// io.on_room_event(|event| match event {
///     RoomEvent::Create(room) => println!("{room} is opened"),
///     RoomEvent::Delete(room) => println!("{room} is empty"),
///     _ => {}
/// });
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RoomEvent {
    /// Somebody is about to be its first member.
    Create(Room),
    /// A socket has joined it.
    Join(Room, Sid),
    /// A socket has left it, or is gone.
    Leave(Room, Sid),
    /// Its last member has left.
    Delete(Room),
}

pub(crate) type RoomWatcher = Arc<dyn Fn(&RoomEvent) + Send + Sync>;

/// What a server has that most have not. A flag that is set stays so.
#[derive(Debug, Default)]
pub(crate) struct Uncommon {
    outgoing: AtomicBool,
    rooms: AtomicBool,
    layers: AtomicBool,
}

impl Uncommon {
    /// `handlers` serve sockets from now on.
    pub(crate) fn note(&self, handlers: &Handlers) {
        if handlers.outgoing.is_some() {
            self.outgoing.store(true, Ordering::Relaxed);
        }
        if handlers.rooms.is_some() {
            self.rooms.store(true, Ordering::Relaxed);
        }
        if !handlers.event_middlewares.is_empty() {
            self.note_layers();
        }
    }

    /// Some socket is served by more than its namespace's own handlers.
    pub(crate) fn note_layers(&self) {
        self.layers.store(true, Ordering::Release);
    }

    /// Whether more than a namespace's own handlers may have a say.
    #[inline]
    pub(crate) fn layers(&self) -> bool {
        self.layers.load(Ordering::Acquire)
    }

    /// Whether anybody watches what is sent.
    #[inline]
    pub(crate) fn outgoing(&self) -> bool {
        self.outgoing.load(Ordering::Relaxed)
    }

    /// Whether anybody watches rooms.
    pub(crate) fn rooms(&self) -> bool {
        self.rooms.load(Ordering::Relaxed)
    }
}

/// Tells who watches `socket` that it was sent an event. What a watcher sends in turn nobody is told of.
#[cold]
pub(crate) fn sent(socket: &Socket, event: &str, args: &(impl IntoArgs + ?Sized)) {
    if WATCHING.get() {
        return;
    }
    let Some(watcher) = Layers::of(socket).first(|handlers| handlers.outgoing.as_ref()) else { return };
    // It was encoded a moment ago, as what was sent.
    let Ok(args) = RawArgs::encode(args) else { return };
    let Ok(args) = args.as_ref() else { return };
    WATCHING.set(true);
    let mut context = Context::event(socket, event, &args, None);
    dispatch::start_handler(socket, event, || watcher(&mut context));
    WATCHING.set(false);
}

thread_local! {
    /// A watcher runs on this thread.
    static WATCHING: Cell<bool> = const { Cell::new(false) };
}

/// Tells who watches the rooms of `socket`'s namespace; no lock is held.
pub(crate) fn rooms(socket: &Socket, events: &[RoomEvent]) {
    if events.is_empty() {
        return;
    }
    let Some(watcher) = Layers::of(socket).first(|handlers| handlers.rooms.as_ref()) else { return };
    for event in events {
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| watcher(event))) {
            report_panic(socket, "room event", panic.as_ref());
        }
    }
}
