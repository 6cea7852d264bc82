//! Everything that is said on the channel.

use std::sync::Arc;
use std::time::Duration;

use smallvec::SmallVec;

use super::host::HostId;
use super::request::{Reply, Request};
use super::room_key::RoomKey;
use crate::Sid;
use crate::adapter::{EventPacket, Recipients, Room, RoomList, Target};
use crate::protocol::args::RawArgs;

/// What a frame says, beside who sent it.
///
/// python-socketio knows the variants up to [`CloseRoom`](Message::CloseRoom). Members alone know the others; a python node
/// ignores them. A [`Target`] that was read is `local`: what it is for is done here, and does not travel on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// An event for clients.
    Emit(Emit),
    /// A client's answer, for the host that asked.
    Callback(Callback),
    /// One socket has to leave its namespace.
    Disconnect {
        /// Its namespace.
        namespace: Arc<str>,
        /// Its id.
        sid: Sid,
    },
    /// One socket joins a room.
    EnterRoom {
        /// Its namespace.
        namespace: Arc<str>,
        /// Its id.
        sid: Sid,
        /// The room.
        room: RoomKey,
    },
    /// One socket leaves a room.
    LeaveRoom {
        /// Its namespace.
        namespace: Arc<str>,
        /// Its id.
        sid: Sid,
        /// The room.
        room: RoomKey,
    },
    /// Everybody leaves a room, and stays connected.
    CloseRoom {
        /// The room's namespace.
        namespace: Arc<str>,
        /// The room.
        room: RoomKey,
    },

    /// The sender listens from now on, for the first time or again. Members answer with a [`Beat`](Message::Beat) at once.
    Hello {
        /// How long it counts as a member unless it says more.
        lease: Duration,
    },
    /// The sender is still there.
    Beat {
        /// How long it counts as a member from now on.
        lease: Duration,
    },
    /// The sender leaves; nobody need wait for it.
    Bye,
    /// All that are meant join rooms.
    Join {
        /// Who.
        target: Target,
        /// Which.
        rooms: RoomList,
    },
    /// All that are meant leave rooms.
    Leave {
        /// Who.
        target: Target,
        /// Which.
        rooms: RoomList,
    },
    /// All that are meant are disconnected.
    DisconnectAll {
        /// Who.
        target: Target,
        /// Whether their whole connections are closed, not this namespace alone.
        close: bool,
    },
    /// An event for the servers themselves, which nobody answers.
    ServerEvent {
        /// The namespace whose handlers hear it.
        namespace: Arc<str>,
        /// What happened.
        packet: EventPacket,
    },
    /// A question to every member.
    Request(Request),
    /// A member's answer to a question, or to an emit that asks for acks, or a part of it.
    Reply(Reply),
}

impl Message {
    /// Whether frames of this kind carry their sender's number.
    ///
    /// All do but callbacks: the `host_id` in those is that of the host that asked, so a number would count nothing.
    #[must_use]
    pub fn is_numbered(&self) -> bool {
        !matches!(self, Message::Callback(_))
    }
}

/// An event for clients.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Emit {
    /// Where they are.
    pub namespace: Arc<str>,
    /// Who gets it,
    pub to: To,
    /// except these sockets: python nodes honour that,
    pub skip: SmallVec<[Sid; 2]>,
    /// and except those in any of these rooms: members alone honour that.
    ///
    /// A name that may be a socket's id or a room's belongs into both lists.
    pub except: RoomList,
    /// What they get. From senders without a `seq` a single `null` is no argument, as python-socketio has it.
    pub packet: EventPacket,
    /// Who hears their answers.
    pub acks: Acks,
}

impl Emit {
    /// An emit to the sockets that `target` names, with its exceptions taken as rooms.
    #[must_use]
    pub fn new(target: Target, packet: EventPacket) -> Self {
        Emit {
            namespace: target.namespace,
            to: target.recipients.into(),
            skip: SmallVec::new(),
            except: target.except,
            packet,
            acks: Acks::None,
        }
    }

    /// Whom it is for on this node.
    #[must_use]
    pub fn target(&self) -> Target {
        let skipped = self.skip.iter().map(Room::from);
        Target {
            namespace: self.namespace.clone(),
            recipients: (&self.to).into(),
            except: self.except.iter().cloned().chain(skipped).collect(),
            local: true,
        }
    }
}

/// Who is meant by an [`Emit`], before exceptions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum To {
    /// All of the namespace.
    Everyone,
    /// Those in at least one of the rooms, each once. No room is nobody.
    Rooms(SmallVec<[RoomKey; 4]>),
}

impl From<Recipients> for To {
    fn from(recipients: Recipients) -> Self {
        match recipients {
            Recipients::Everyone => To::Everyone,
            Recipients::Rooms(rooms) => To::Rooms(rooms.into_iter().map(RoomKey::from).collect()),
        }
    }
}

impl From<&To> for Recipients {
    fn from(to: &To) -> Self {
        match to {
            To::Everyone => Recipients::Everyone,
            To::Rooms(rooms) => Recipients::Rooms(rooms.iter().map(|key| key.room().clone()).collect()),
        }
    }
}

/// Who hears what clients answer to an [`Emit`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Acks {
    /// Nobody: none is asked for.
    None,
    /// The sender, one answer, in a [`Callback`]. Python nodes do that too.
    Callback(CallbackKey),
    /// The sender, every answer, in [replies](Reply) with this `id`. Python nodes deliver the event and ask for no ack.
    Every {
        /// Chosen by the sender, from the same numbers as those of its [requests](Request).
        id: u64,
        /// How long clients have.
        timeout: Duration,
    },
}

/// What the asking host finds its callback by; it comes back as it was.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CallbackKey {
    /// What was emitted to, mostly the id of one socket.
    pub sid: RoomKey,
    /// Its namespace.
    pub namespace: Arc<str>,
    /// From 1 up: an answer with 0 destroys a python host's other callbacks for that `sid`.
    pub id: u64,
}

/// A client's answer, on its way to the host that asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Callback {
    /// The host that asked.
    pub host: HostId,
    /// As it came with the emit.
    pub key: CallbackKey,
    /// The answer. Python hosts cannot read bytes in it: to them it should not be sent.
    pub args: RawArgs,
}
