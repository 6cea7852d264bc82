//! python-socketio's methods for one socket or one room.

use std::sync::Arc;

use serde_json::value::RawValue;

use super::fields::{self, Fields};
use super::members;
use crate::Sid;
use crate::adapter::wire::{Callback, CallbackKey, HostId, Message, RoomKey, WireError};

pub(super) fn callback(fields: &Fields<'_>) -> Result<Message, WireError> {
    let host = host(fields, "host_id")?;
    let key =
        CallbackKey { sid: key(fields, "sid")?, namespace: namespace(fields)?, id: fields.number("id")? };
    let args = members::args(fields, "args")?;
    Ok(Message::Callback(Callback { host, key, args }))
}

pub(super) fn disconnect(fields: &Fields<'_>) -> Result<Message, WireError> {
    Ok(Message::Disconnect { sid: sid(fields)?, namespace: namespace(fields)? })
}

pub(super) fn enter_room(fields: &Fields<'_>) -> Result<Message, WireError> {
    Ok(Message::EnterRoom { sid: sid(fields)?, room: key(fields, "room")?, namespace: namespace(fields)? })
}

pub(super) fn leave_room(fields: &Fields<'_>) -> Result<Message, WireError> {
    Ok(Message::LeaveRoom { sid: sid(fields)?, room: key(fields, "room")?, namespace: namespace(fields)? })
}

pub(super) fn close_room(fields: &Fields<'_>) -> Result<Message, WireError> {
    Ok(Message::CloseRoom { room: key(fields, "room")?, namespace: namespace(fields)? })
}

/// Absent, `null` and empty are `/`, as python-socketio takes them.
pub(super) fn namespace(fields: &Fields<'_>) -> Result<Arc<str>, WireError> {
    let name = fields.optional("namespace", Fields::string)?.unwrap_or_default();
    Ok(if name.is_empty() { "/".into() } else { name.into() })
}

pub(super) fn host(fields: &Fields<'_>, name: &'static str) -> Result<HostId, WireError> {
    match fields.string(name)? {
        host if host.len() <= HostId::MAX => Ok(HostId::from(&*host)),
        _ => Err(fields.wrong(name, "at most 128 bytes")),
    }
}

/// What python-socketio takes for a room: `null` would be everybody to it, and is none to us.
pub(super) fn room_key(value: &RawValue) -> Option<RoomKey> {
    match value.get().as_bytes() {
        [b'"', ..] => fields::string(value).map(|name| RoomKey::from(&*name)),
        [b'-' | b'0'..=b'9' | b't' | b'f', ..] => Some(RoomKey::literal(value.get())),
        _ => None,
    }
}

fn key(fields: &Fields<'_>, name: &'static str) -> Result<RoomKey, WireError> {
    let key = fields.get(name).and_then(room_key);
    key.ok_or_else(|| fields.wrong(name, "a string, number or boolean"))
}

fn sid(fields: &Fields<'_>) -> Result<Sid, WireError> {
    Ok(Sid::from(&*fields.string("sid")?))
}
