//! What can be done to many sockets at once, as data: the server builds it, an adapter carries it, each node applies it.

use std::sync::Arc;
use std::time::Duration;

use super::room::{Room, RoomList};
use crate::protocol::args::{EncodeError, IntoArgs, RawArgs};
use crate::protocol::sid::Sid;

/// Something to be done to the sockets that a [`Target`] names.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Operation {
    /// Send an event to each.
    #[non_exhaustive]
    Emit {
        /// Who gets it.
        target: Target,
        /// Encoded once for all.
        packet: EventPacket,
    },
    /// Put each into rooms.
    #[non_exhaustive]
    Join {
        /// Who is put there.
        target: Target,
        /// Where.
        rooms: RoomList,
    },
    /// Take each out of rooms.
    #[non_exhaustive]
    Leave {
        /// Who is taken out.
        target: Target,
        /// Of which.
        rooms: RoomList,
    },
    /// Empty a room.
    #[non_exhaustive]
    CloseRoom {
        /// The room's namespace.
        namespace: Arc<str>,
        /// Its name.
        room: Room,
    },
    /// Send an event to each, and gather what they answer.
    #[non_exhaustive]
    EmitWithAck {
        /// Who is asked.
        target: Target,
        /// Encoded once for all.
        packet: EventPacket,
        /// How long clients, and nodes, have.
        timeout: Duration,
    },
    /// Send an event to one client, wherever it is, and wait for its answer.
    #[non_exhaustive]
    Call {
        /// Its namespace.
        namespace: Arc<str>,
        /// Its id.
        sid: Sid,
        /// Encoded once.
        packet: EventPacket,
        /// How long it has.
        timeout: Duration,
    },
    /// Tell about each.
    #[non_exhaustive]
    FetchSockets {
        /// About whom.
        target: Target,
        /// How long nodes have.
        timeout: Duration,
    },
    /// Count them.
    #[non_exhaustive]
    Count {
        /// Who is counted.
        target: Target,
        /// How long nodes have.
        timeout: Duration,
    },
    /// Tell the rooms of a namespace.
    #[non_exhaustive]
    Rooms {
        /// The namespace.
        namespace: Arc<str>,
        /// How long nodes have.
        timeout: Duration,
    },
    /// Tell the other servers something.
    #[non_exhaustive]
    ServerSideEmit {
        /// The namespace whose handlers hear it.
        namespace: Arc<str>,
        /// What happened.
        packet: EventPacket,
        /// How long their answers are waited for; `None`: nobody answers.
        replies: Option<Duration>,
    },
    /// Disconnect each.
    #[non_exhaustive]
    Disconnect {
        /// Who has to go.
        target: Target,
        /// Whether the whole connection is closed, not this namespace alone.
        close: bool,
    },
}

impl Operation {
    /// Takes everybody in `namespace` out of `room`. `chat` is `/chat`.
    #[must_use]
    pub fn close_room(namespace: &str, room: impl Into<Room>) -> Self {
        Operation::CloseRoom { namespace: with_slash(namespace).into(), room: room.into() }
    }
}

/// Which sockets of a namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// With its leading `/`.
    pub namespace: Arc<str>,
    /// Those who are meant,
    pub recipients: Recipients,
    /// except those in any of these rooms,
    pub except: RoomList,
    /// and whether the other nodes of a cluster are left out.
    pub local: bool,
}

impl Target {
    /// Everybody in `namespace`, on every node.
    #[must_use]
    pub fn everyone(namespace: Arc<str>) -> Self {
        Target { namespace, recipients: Recipients::Everyone, except: RoomList::new(), local: false }
    }
}

/// The name of a namespace, which begins with a slash.
pub(crate) fn with_slash(namespace: &str) -> String {
    if namespace.starts_with('/') { namespace.to_owned() } else { format!("/{namespace}") }
}

/// Who is meant, before exceptions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recipients {
    /// All sockets of the namespace.
    Everyone,
    /// Those in at least one of these rooms, each once. No room is nobody.
    Rooms(RoomList),
}

impl Recipients {
    /// Adds rooms to those that are meant.
    pub fn add(&mut self, more: RoomList) {
        match self {
            Recipients::Everyone => *self = Recipients::Rooms(more),
            Recipients::Rooms(rooms) => rooms.extend(more),
        }
    }
}

/// An event on its way to many sockets: its arguments are JSON text already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventPacket {
    event: Box<str>,
    args: RawArgs,
    flags: Flags,
}

/// What its sender wants of an event, beside that it arrives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// Better lost than late: it is dropped where the client is not ready for it.
    pub volatile: bool,
    /// A polling answer need not be compressed for its sake.
    pub uncompressed: bool,
}

impl EventPacket {
    /// Encodes the arguments.
    ///
    /// # Errors
    ///
    /// They cannot be JSON.
    pub fn new(event: &str, args: &(impl IntoArgs + ?Sized)) -> Result<Self, EncodeError> {
        Ok(EventPacket::from_raw(event, RawArgs::encode(args)?))
    }

    /// An event whose arguments are encoded already: they leave as they came.
    #[must_use]
    pub fn from_raw(event: &str, args: RawArgs) -> Self {
        EventPacket { event: event.into(), args, flags: Flags::default() }
    }

    /// Says what its sender wants of it.
    #[must_use]
    pub fn with_flags(mut self, flags: Flags) -> Self {
        self.flags = flags;
        self
    }

    /// What its sender wants of it.
    #[must_use]
    pub fn flags(&self) -> Flags {
        self.flags
    }

    /// The event's name.
    #[must_use]
    pub fn event(&self) -> &str {
        &self.event
    }

    /// Its arguments.
    #[must_use]
    pub fn args(&self) -> &RawArgs {
        &self.args
    }
}

/// What has become of an operation when `dispatch` returns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Receipt {
    /// Sockets of this node that it reached: for an emit, those whose queue took the packet.
    pub local: usize,
    /// Operations that had to leave the queue to the other nodes for this one: the oldest, which those nodes will never hear of.
    pub displaced: u64,
}
