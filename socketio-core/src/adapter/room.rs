//! Names of rooms.

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

use serde::{Serialize, Serializer};
use smallvec::{SmallVec, smallvec};

use crate::protocol::sid::Sid;

/// The name of a room. Cheap to clone.
///
/// Each socket is alone in a room called by its [`Sid`], without joining.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Room(Arc<str>);

/// A few rooms; more than four are kept on the heap.
pub type RoomList = SmallVec<[Room; 4]>;

impl Room {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Room {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Room({:?})", &*self.0)
    }
}

impl fmt::Display for Room {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl Serialize for Room {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl Borrow<str> for Room {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl PartialEq<str> for Room {
    fn eq(&self, other: &str) -> bool {
        &*self.0 == other
    }
}

impl PartialEq<&str> for Room {
    fn eq(&self, other: &&str) -> bool {
        &*self.0 == *other
    }
}

impl PartialEq<String> for Room {
    fn eq(&self, other: &String) -> bool {
        *self.0 == **other
    }
}

impl From<&str> for Room {
    fn from(name: &str) -> Self {
        Room(name.into())
    }
}

impl From<String> for Room {
    fn from(name: String) -> Self {
        Room(name.into())
    }
}

impl From<&String> for Room {
    fn from(name: &String) -> Self {
        Room(name.as_str().into())
    }
}

impl From<&Sid> for Room {
    fn from(sid: &Sid) -> Self {
        Room(sid.as_str().into())
    }
}

impl From<Sid> for Room {
    fn from(sid: Sid) -> Self {
        Room::from(&sid)
    }
}

impl From<&Room> for Room {
    fn from(room: &Room) -> Self {
        room.clone()
    }
}

#[cfg(feature = "server")]
impl From<&crate::server::Socket> for Room {
    fn from(socket: &crate::server::Socket) -> Self {
        Room::from(socket.id())
    }
}

/// What names one room or several: a name, a [`Sid`], a socket, or a list of them.
///
/// An empty list is nobody, never everybody.
pub trait IntoRooms {
    /// The rooms, in order.
    fn into_rooms(self) -> RoomList;
}

macro_rules! one_room {
    ($($name:ty),+ $(,)?) => {
        $(impl IntoRooms for $name {
            fn into_rooms(self) -> RoomList {
                smallvec![Room::from(self)]
            }
        })+
    };
}

one_room!(&str, String, &String, &Sid, Sid, &Room);
#[cfg(feature = "server")]
one_room!(&crate::server::Socket);

impl IntoRooms for Room {
    fn into_rooms(self) -> RoomList {
        smallvec![self]
    }
}

impl IntoRooms for RoomList {
    fn into_rooms(self) -> RoomList {
        self
    }
}

impl<R: Into<Room>> IntoRooms for Vec<R> {
    fn into_rooms(self) -> RoomList {
        self.into_iter().map(Into::into).collect()
    }
}

impl<R: Into<Room>, const N: usize> IntoRooms for [R; N] {
    fn into_rooms(self) -> RoomList {
        self.into_iter().map(Into::into).collect()
    }
}

impl<R: Clone + Into<Room>> IntoRooms for &[R] {
    fn into_rooms(self) -> RoomList {
        self.iter().cloned().map(Into::into).collect()
    }
}

impl<R: Clone + Into<Room>> IntoRooms for &Vec<R> {
    fn into_rooms(self) -> RoomList {
        self.as_slice().into_rooms()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_room_and_a_list_is_several() {
        assert_eq!("a".into_rooms().as_slice(), ["a"]);
        assert_eq!(Sid::from("x").into_rooms().as_slice(), ["x"]);
        assert_eq!(["a", "b"].into_rooms().as_slice(), ["a", "b"]);
        assert_eq!(vec!["a".to_owned()].into_rooms().as_slice(), ["a"]);
        assert!(Vec::<String>::new().into_rooms().is_empty());
    }
}
