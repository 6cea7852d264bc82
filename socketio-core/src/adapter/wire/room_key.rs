//! Rooms as python-socketio keys them.

use crate::adapter::Room;

/// A room as it stands in a frame: python-socketio lets numbers and booleans be rooms beside strings, and its room `42` is
/// another than its room `"42"`.
///
/// Rooms here are strings, so both are [`Room`] `42` to us ([`room`](Self::room)); written again, each is what it was.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RoomKey {
    room: Room,
    /// Whether it stands without quotes.
    literal: bool,
}

impl RoomKey {
    /// A number or boolean that is JSON: `42`, `1.5`, `true`.
    pub(super) fn literal(json: &str) -> Self {
        RoomKey { room: json.into(), literal: true }
    }

    /// The room that it is on this node.
    #[must_use]
    pub fn room(&self) -> &Room {
        &self.room
    }

    /// Whether it is a number or boolean.
    #[must_use]
    pub fn is_literal(&self) -> bool {
        self.literal
    }
}

impl<R: Into<Room>> From<R> for RoomKey {
    fn from(room: R) -> Self {
        RoomKey { room: room.into(), literal: false }
    }
}
