//! What an operation is to the nodes.
//!
//! What python-socketio can express uses its form, so that its nodes take part; see `docs/wire.md` for what they cannot honour.

use smallvec::SmallVec;

use crate::adapter::operation::{Operation, Recipients, Target};
use crate::adapter::wire::{Emit, Message};
use crate::protocol::sid::Sid;

/// What `operation` is to the others; nothing if it is for this node alone, or a question.
pub(super) fn messages(operation: &Operation) -> SmallVec<[Message; 2]> {
    let mut messages = SmallVec::new();
    match operation {
        Operation::Emit { target, packet } if !target.local => {
            messages.push(Message::Emit(with_exceptions(Emit::new(target.clone(), packet.clone()))));
        }
        Operation::Join { target, rooms } if !target.local => match sid_of(target) {
            Some(sid) => messages.extend(rooms.iter().map(|room| Message::EnterRoom {
                namespace: target.namespace.clone(),
                sid: sid.clone(),
                room: room.into(),
            })),
            None => messages.push(Message::Join { target: target.clone(), rooms: rooms.clone() }),
        },
        Operation::Leave { target, rooms } if !target.local => match sid_of(target) {
            Some(sid) => messages.extend(rooms.iter().map(|room| Message::LeaveRoom {
                namespace: target.namespace.clone(),
                sid: sid.clone(),
                room: room.into(),
            })),
            None => messages.push(Message::Leave { target: target.clone(), rooms: rooms.clone() }),
        },
        Operation::Disconnect { target, close } if !target.local => match sid_of(target) {
            Some(sid) if !close => {
                messages.push(Message::Disconnect { namespace: target.namespace.clone(), sid });
            }
            _ => messages.push(Message::DisconnectAll { target: target.clone(), close: *close }),
        },
        Operation::CloseRoom { namespace, room } => {
            messages.push(Message::CloseRoom { namespace: namespace.clone(), room: room.into() });
        }
        Operation::ServerSideEmit { namespace, packet, replies: None } => {
            messages.push(Message::ServerEvent { namespace: namespace.clone(), packet: packet.clone() });
        }
        _ => {}
    }
    messages
}

/// A name that is left out may be a socket's id, which python nodes honour.
pub(crate) fn with_exceptions(mut emit: Emit) -> Emit {
    emit.skip = emit.except.iter().map(|room| Sid::from(room.as_str())).collect();
    emit
}

/// The one name that a target is, which may be a socket's id.
pub(super) fn sid_of(target: &Target) -> Option<Sid> {
    match &target.recipients {
        Recipients::Rooms(rooms) if target.except.is_empty() && rooms.len() == 1 => {
            rooms.first().map(|room| Sid::from(room.as_str()))
        }
        _ => None,
    }
}
