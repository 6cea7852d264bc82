//! The sockets of one connection, one for each namespace that its client has asked for.
//!
//! Nearly every client is in one namespace or a few, which are looked through. One that is in many has each found by its name, so that
//! a packet costs no more for the other namespaces.

use std::collections::HashMap;
use std::sync::Arc;

use foldhash::quality::RandomState;
use smallvec::SmallVec;

use super::Socket;

#[derive(Debug, Default)]
pub(crate) struct Joined {
    /// Those it has left stay, as a mark that their late packets are no crime.
    sockets: SmallVec<[Socket; 1]>,
    /// Where each is, once there are more than are looked through.
    #[expect(clippy::box_collection, reason = "nearly all connections have none, and keep a pointer for it")]
    places: Option<Box<HashMap<Arc<str>, usize, RandomState>>>,
}

impl Joined {
    pub(crate) fn get(&self, namespace: &str) -> Option<&Socket> {
        self.sockets.get(self.place(namespace)?)
    }

    /// In the place of the one that was in this namespace before, or in a new one, which is told.
    pub(crate) fn put(&mut self, socket: Socket) -> usize {
        let name = &socket.namespace_inner().name;
        if let Some((place, left)) =
            self.place(name).and_then(|place| Some((place, self.sockets.get_mut(place)?)))
        {
            *left = socket;
            return place;
        }
        let place = self.sockets.len();
        match &mut self.places {
            Some(places) => _ = places.insert(name.clone(), place),
            None if place < LOOKED_THROUGH => {}
            None => {
                let names = self.sockets.iter().chain([&socket]).map(|it| it.namespace_inner().name.clone());
                self.places = Some(Box::new(names.zip(0..).collect()));
            }
        }
        self.sockets.push(socket);
        place
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Socket> {
        self.sockets.iter()
    }

    pub(crate) fn len(&self) -> usize {
        self.sockets.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.sockets.is_empty()
    }

    fn place(&self, namespace: &str) -> Option<usize> {
        match &self.places {
            Some(places) => places.get(namespace).copied(),
            None => self.sockets.iter().position(|socket| &*socket.namespace_inner().name == namespace),
        }
    }
}

/// Names that are compared one after the other sooner than one is hashed.
const LOOKED_THROUGH: usize = 8;
