//! A socket from its CONNECT to its end, and what waits for either: held packets, early events, rooms.
//!
//! ```text
//! connecting --accept--> answered --early events are through--> connected --end--> gone
//!     \------------------------- refuse, or the connection ends ------------------/
//! ```
//!
//! `connecting`: `on_connect` runs; packets for the client are held, its events wait.
//! `answered`: the client has been told; packets go out, and the events that waited are started one after the other.
//! With `always_connect` the answer comes first: the socket is `undecided` until `on_connect` is through, then `answered`, or gone.
//! `connected`: events go straight to their handlers. `gone`: nothing comes back from here.
//!
//! All changes happen under one lock, which is also the one that joining a room takes: who is gone cannot join.

use std::sync::{Arc, OnceLock, PoisonError};

use bytes::Bytes;
use foldhash::quality::RandomState;
use indexmap::IndexSet;
use tokio::sync::Notify;

use super::{JoinError, RoomEvent, Socket};
use crate::adapter::rooms::Rooms;
use crate::adapter::{Flags, Room, RoomList};
use crate::engine::{Frames, Held, Refused, Rope, Session};
use crate::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use crate::sync::{Mutex, MutexGuard};

const CONNECTING: u8 = 0;
/// `always_connect`: answered before `on_connect` has decided.
const UNDECIDED: u8 = 1;
const ANSWERED: u8 = 2;
const CONNECTED: u8 = 3;
/// After it was let in,
const GONE: u8 = 4;
/// and without that.
const REFUSED: u8 = 5;

#[derive(Debug)]
pub(crate) struct Life {
    /// Written under the lock; read without it where a stale answer only costs a look under it.
    state: AtomicU8,
    inner: Mutex<Inner>,
    /// A handler is being told that the end is near.
    ending: AtomicBool,
    /// Made when somebody waits for the end.
    ended: OnceLock<Arc<Notify>>,
}

#[derive(Debug, Default)]
struct Inner {
    rooms: IndexSet<Room, RandomState>,
    waiting: Option<Box<Waiting>>,
}

/// What waits for the answer to CONNECT.
#[derive(Debug, Default)]
struct Waiting {
    held: Rope,
    early: Vec<Early>,
    early_bytes: usize,
    /// Both of them, counted.
    kept: Option<Held>,
}

impl Waiting {
    fn count(&mut self, session: &Arc<Session>) {
        let bytes = self.held.len() + self.early_bytes;
        self.kept.get_or_insert_with(|| Held::new(session)).set(bytes);
    }
}

/// A packet of the client that came before it was let in.
#[derive(Debug)]
pub(crate) struct Early {
    /// Whether it is an ack; else an event.
    pub(crate) is_ack: bool,
    pub(crate) id: Option<u64>,
    pub(crate) data: Box<str>,
    pub(crate) attachments: Vec<Bytes>,
}

/// Whether a packet of the client had to wait.
pub(crate) enum Admission {
    /// Handle it now.
    Now,
    /// It waits for the client to be let in.
    Waits,
    /// The client is gone from this namespace.
    Gone,
    /// More wait than is allowed.
    TooMany,
}

/// What came of wanting to end it.
pub(crate) enum Ending {
    /// It has ended, and left these rooms.
    Ended(Gone, Vec<RoomEvent>),
    /// It had ended before.
    Before,
    /// It was let in a moment ago, and nobody has been told that the end is near.
    Untold,
}

/// How far the socket had come when it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::enum_variant_names, reason = "it was that when it ended")]
pub(crate) enum Gone {
    WasConnecting,
    WasUndecided,
    WasConnected,
}

impl Life {
    pub(crate) fn new() -> Self {
        let inner = Inner { waiting: Some(Box::default()), ..Inner::default() };
        Life {
            state: AtomicU8::new(CONNECTING),
            inner: Mutex::new(inner),
            ending: AtomicBool::new(false),
            ended: OnceLock::new(),
        }
    }

    pub(crate) fn is_connected(&self) -> bool {
        matches!(self.state.load(Ordering::Acquire), ANSWERED | CONNECTED)
    }

    pub(crate) fn is_connecting(&self) -> bool {
        self.state.load(Ordering::Acquire) == CONNECTING
    }

    /// Whether it has been told that it is in, before that was decided.
    pub(crate) fn is_undecided(&self) -> bool {
        self.state.load(Ordering::Acquire) == UNDECIDED
    }

    pub(crate) fn is_gone(&self) -> bool {
        self.state.load(Ordering::Acquire) >= GONE
    }

    /// Whether it was ever let in.
    pub(crate) fn has_joined(&self) -> bool {
        matches!(self.state.load(Ordering::Acquire), ANSWERED | CONNECTED | GONE)
    }

    /// Whether the caller is the first who wants to end it.
    pub(crate) fn begins_to_end(&self) -> bool {
        !self.ending.swap(true, Ordering::AcqRel)
    }

    /// Puts the socket among those of its namespace; `false` when it has ended already.
    pub(crate) fn enter(&self, socket: &Socket, all: &Rooms) -> bool {
        let _inner = self.lock();
        let enters = !self.is_gone();
        if enters {
            all.add(socket);
        }
        enters
    }

    /// Queues packets, or holds them behind the answer that is still to come; for volatile ones that is too long.
    #[inline]
    pub(crate) fn deliver(
        &self,
        session: &Arc<Session>,
        frames: Frames<'_>,
        flags: Flags,
    ) -> Result<(), Refused> {
        match self.state.load(Ordering::Acquire) {
            UNDECIDED | ANSWERED | CONNECTED => return session.push_with(frames, flags),
            GONE.. => return Err(Refused::Closed),
            _ => {}
        }
        let mut inner = self.lock();
        match (self.state.load(Ordering::Acquire), inner.waiting.as_deref_mut()) {
            (CONNECTING, Some(_)) if flags.volatile => {
                session.note_dropped();
                Err(Refused::Dropped)
            }
            (CONNECTING, Some(waiting)) => {
                let limit = session.max_outgoing();
                let size = waiting.held.len() + frames.len();
                if !waiting.held.is_empty() && size > limit {
                    drop(inner);
                    session.close_for_full_queue(size);
                    return Err(Refused::Full);
                }
                waiting.held.push(frames);
                waiting.count(session);
                Ok(())
            }
            (GONE.., _) => Err(Refused::Closed),
            _ => {
                drop(inner);
                session.push_with(frames, flags)
            }
        }
    }

    /// `always_connect`: `answer` goes out, whatever will be decided. `false`: it has gone meanwhile.
    pub(crate) fn answer_first(&self, session: &Arc<Session>, answer: Frames<'_>) -> bool {
        self.answer(session, answer, UNDECIDED)
    }

    /// The client, who has been answered, may stay. `false`: it has gone meanwhile.
    pub(crate) fn decide(&self) -> bool {
        let _inner = self.lock();
        self.state.compare_exchange(UNDECIDED, ANSWERED, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    /// Lets the client in: `answer` goes out, what was held right behind it. `false`: it has gone meanwhile.
    pub(crate) fn accept(&self, session: &Arc<Session>, answer: Frames<'_>) -> bool {
        self.answer(session, answer, ANSWERED)
    }

    fn answer(&self, session: &Arc<Session>, answer: Frames<'_>, state: u8) -> bool {
        let mut inner = self.lock();
        if self.state.load(Ordering::Acquire) != CONNECTING {
            return false;
        }
        let mut rope = Rope::default();
        rope.push(answer);
        if let Some(waiting) = inner.waiting.as_deref_mut() {
            rope.append(std::mem::take(&mut waiting.held));
        }
        // Under the lock, so that nothing comes between. A queue that is shut ends the session anyway.
        let _ = session.push_all(rope);
        self.state.store(state, Ordering::Release);
        true
    }

    /// Decides what happens to a packet of the client; `early` makes the copy that waits.
    #[inline]
    pub(crate) fn admit(
        &self,
        session: &Arc<Session>,
        packets: usize,
        bytes: usize,
        early: impl FnOnce() -> Early,
    ) -> Admission {
        match self.state.load(Ordering::Acquire) {
            CONNECTED => Admission::Now,
            _ => self.admit_early(session, packets, bytes, early),
        }
    }

    #[cold]
    fn admit_early(
        &self,
        session: &Arc<Session>,
        packets: usize,
        bytes: usize,
        early: impl FnOnce() -> Early,
    ) -> Admission {
        let mut inner = self.lock();
        match (self.state.load(Ordering::Acquire), inner.waiting.as_deref_mut()) {
            (GONE.., _) => Admission::Gone,
            (CONNECTED, _) | (_, None) => Admission::Now,
            (_, Some(waiting)) => {
                let early = early();
                waiting.early_bytes += early.size();
                if waiting.early.len() >= packets || waiting.early_bytes > bytes {
                    return Admission::TooMany;
                }
                waiting.early.push(early);
                waiting.count(session);
                Admission::Waits
            }
        }
    }

    /// The packets that have waited; when there are none (any more) the next ones need not wait.
    pub(crate) fn early(&self) -> Vec<Early> {
        let mut inner = self.lock();
        if self.state.load(Ordering::Acquire) != ANSWERED {
            return Vec::new();
        }
        let early = inner.waiting.as_deref_mut().map(|waiting| {
            waiting.early_bytes = 0;
            std::mem::take(&mut waiting.early)
        });
        match early {
            Some(early) if !early.is_empty() => early,
            _ => {
                inner.waiting = None;
                self.state.store(CONNECTED, Ordering::Release);
                Vec::new()
            }
        }
    }

    pub(crate) fn join(
        &self,
        socket: &Socket,
        all: &Rooms,
        rooms: RoomList,
        limit: usize,
        events: &mut Vec<RoomEvent>,
    ) -> Result<(), JoinError> {
        let watched = socket.server().uncommon.rooms();
        let mut inner = self.lock();
        if self.is_gone() {
            return Err(JoinError::Disconnected);
        }
        let more = rooms.iter().filter(|room| !inner.rooms.contains(*room)).count();
        if inner.rooms.len() + more > limit {
            return Err(JoinError::TooManyRooms { limit });
        }
        for room in rooms {
            // Its own room it is in anyway.
            if room != socket.id().as_str() && inner.rooms.insert(room.clone()) {
                let created = all.join(socket, &room);
                if watched {
                    events.extend(created.then(|| RoomEvent::Create(room.clone())));
                    events.push(RoomEvent::Join(room, socket.id().clone()));
                }
            }
        }
        Ok(())
    }

    pub(crate) fn leave(&self, socket: &Socket, all: &Rooms, rooms: &[Room]) -> Vec<RoomEvent> {
        let watched = socket.server().uncommon.rooms();
        let mut events = Vec::new();
        let mut inner = self.lock();
        for room in rooms {
            if inner.rooms.swap_remove(room) {
                let deleted = all.leave(socket, room);
                if watched {
                    left(socket, room, deleted, &mut events);
                }
            }
        }
        events
    }

    pub(crate) fn rooms(&self) -> Vec<Room> {
        self.lock().rooms.iter().cloned().collect()
    }

    /// Ends it, out of every room; who was let in must have been `told` of it.
    pub(crate) fn end(&self, socket: &Socket, all: &Rooms, told: bool) -> Ending {
        let mut inner = self.lock();
        let (state, gone) = match self.state.load(Ordering::Acquire) {
            GONE.. => return Ending::Before,
            CONNECTING => (REFUSED, Gone::WasConnecting),
            UNDECIDED => (REFUSED, Gone::WasUndecided),
            _ if !told => return Ending::Untold,
            _ => (GONE, Gone::WasConnected),
        };
        self.state.store(state, Ordering::Release);
        let Inner { rooms, waiting } = std::mem::take(&mut *inner);
        let deleted = all.remove(socket, &rooms);
        drop(inner);
        let mut events = Vec::new();
        if socket.server().uncommon.rooms() {
            for room in &rooms {
                left(socket, room, deleted.contains(room), &mut events);
            }
        }
        drop((rooms, waiting));
        if let Some(ended) = self.ended.get() {
            ended.notify_waiters();
        }
        Ending::Ended(gone, events)
    }

    /// Waits for the end.
    pub(crate) async fn closed(&self) {
        let ended = self.ended.get_or_init(Arc::default).notified();
        // Who ended before this has not told anybody. Under the lock: the end is told after it.
        let gone = {
            let _inner = self.lock();
            self.is_gone()
        };
        if !gone {
            ended.await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn left(socket: &Socket, room: &Room, deleted: bool, events: &mut Vec<RoomEvent>) {
    events.push(RoomEvent::Leave(room.clone(), socket.id().clone()));
    events.extend(deleted.then(|| RoomEvent::Delete(room.clone())));
}

impl Early {
    pub(crate) fn size(&self) -> usize {
        self.data.len() + self.attachments.iter().map(Bytes::len).sum::<usize>()
    }
}
