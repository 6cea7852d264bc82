//! Who is in which room of one namespace.
//!
//! Rooms hold the sockets themselves: a broadcast looks nobody up. It works on a snapshot that lasts until somebody joins or leaves,
//! so no lock is held while packets are queued. Lock order: socket, then these rooms.

use std::collections::HashSet;
use std::sync::{Arc, PoisonError};

use foldhash::quality::RandomState;
use indexmap::{IndexMap, IndexSet};

use super::operation::{Recipients, Target};
use super::room::{Room, RoomList};
use crate::protocol::sid::Sid;
use crate::server::Socket;
use crate::sync::{Mutex, MutexGuard};

#[derive(Debug, Default)]
pub(crate) struct Rooms {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    all: Members,
    rooms: std::collections::HashMap<Room, Members, RandomState>,
}

#[derive(Debug, Default)]
struct Members {
    sockets: IndexMap<Sid, Socket, RandomState>,
    snapshot: Option<Arc<[Socket]>>,
}

impl Members {
    fn insert(&mut self, socket: &Socket) {
        if self.sockets.insert(socket.id().clone(), socket.clone()).is_none() {
            self.snapshot = None;
        }
    }

    fn remove(&mut self, sid: &Sid) -> bool {
        let removed = self.sockets.swap_remove(sid).is_some();
        if removed {
            self.snapshot = None;
        }
        removed
    }

    fn snapshot(&mut self) -> Arc<[Socket]> {
        self.snapshot.get_or_insert_with(|| self.sockets.values().cloned().collect()).clone()
    }
}

impl Rooms {
    /// A socket has come; it is in its own room.
    pub(crate) fn add(&self, socket: &Socket) {
        self.lock().all.insert(socket);
    }

    /// It is gone, from the namespace and from `rooms`; gives those of them that are no more.
    pub(crate) fn remove(&self, socket: &Socket, rooms: &IndexSet<Room, RandomState>) -> Vec<Room> {
        let mut state = self.lock();
        state.all.remove(socket.id());
        rooms.iter().filter(|room| state.leave(room, socket.id())).cloned().collect()
    }

    /// Whether there was no such room before.
    pub(crate) fn join(&self, socket: &Socket, room: &Room) -> bool {
        let mut state = self.lock();
        let members = state.rooms.entry(room.clone()).or_default();
        members.insert(socket);
        members.sockets.len() == 1
    }

    /// Whether there is no such room any more.
    pub(crate) fn leave(&self, socket: &Socket, room: &Room) -> bool {
        self.lock().leave(room, socket.id())
    }

    pub(crate) fn socket(&self, sid: &str) -> Option<Socket> {
        self.lock().all.sockets.get(sid).cloned()
    }

    pub(crate) fn all(&self) -> Arc<[Socket]> {
        self.lock().all.snapshot()
    }

    /// Rooms that somebody joined; the sockets' own do not count.
    pub(crate) fn rooms(&self) -> usize {
        self.lock().rooms.len()
    }

    /// The rooms that somebody joined, each with its number of sockets.
    pub(crate) fn sizes(&self) -> Vec<(Room, u64)> {
        let state = self.lock();
        let inside = |members: &Members| {
            members.sockets.values().filter(|socket| socket.is_connected()).count() as u64
        };
        let sizes = state.rooms.iter().map(|(room, members)| (room.clone(), inside(members)));
        sizes.filter(|(_, size)| *size > 0).collect()
    }

    /// The sockets that `target` names, each once.
    pub(crate) fn select(&self, target: &Target) -> Selection {
        let mut state = self.lock();
        let sockets = match &target.recipients {
            Recipients::Everyone => state.all.snapshot(),
            Recipients::Rooms(rooms) => match rooms.as_slice() {
                [] => Arc::default(),
                [room] => state.members(room),
                several => state.union(several),
            },
        };
        let mut inside = HashSet::default();
        for room in &target.except {
            if let Some(members) = state.rooms.get(room) {
                inside.extend(members.sockets.values().map(Socket::address));
            }
        }
        Selection { sockets, except: target.except.clone(), inside }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Whether it was the last one.
    fn leave(&mut self, room: &Room, sid: &Sid) -> bool {
        let Some(members) = self.rooms.get_mut(room) else { return false };
        members.remove(sid);
        let last = members.sockets.is_empty();
        if last {
            self.rooms.remove(room);
        }
        last
    }

    /// Everybody in `room`; where a socket is called like it, that one too.
    fn members(&mut self, room: &Room) -> Arc<[Socket]> {
        let own = self.all.sockets.get(room.as_str());
        match (self.rooms.get_mut(room), own) {
            (Some(members), None) => members.snapshot(),
            (None, Some(own)) => Arc::new([own.clone()]),
            (None, None) => Arc::default(),
            (Some(members), Some(own)) => {
                let mut members: IndexMap<_, _, RandomState> = members.sockets.clone();
                members.insert(own.id().clone(), own.clone());
                members.into_values().collect()
            }
        }
    }

    fn union(&mut self, rooms: &[Room]) -> Arc<[Socket]> {
        let mut seen = HashSet::<usize, RandomState>::default();
        let mut sockets = Vec::new();
        for room in rooms {
            let members = self.members(room);
            sockets.extend(members.iter().filter(|socket| seen.insert(socket.address())).cloned());
        }
        sockets.into()
    }
}

/// Sockets of one moment.
#[derive(Debug)]
pub(crate) struct Selection {
    sockets: Arc<[Socket]>,
    /// Rooms that are left out; a socket's own room is among them by its name,
    except: RoomList,
    /// the members of the others by address.
    inside: HashSet<usize, RandomState>,
}

impl Selection {
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Socket> {
        self.sockets.iter().filter(|socket| !self.leaves_out(socket))
    }

    fn leaves_out(&self, socket: &Socket) -> bool {
        self.except.iter().any(|room| room == socket.id().as_str())
            || (!self.inside.is_empty() && self.inside.contains(&socket.address()))
    }
}
