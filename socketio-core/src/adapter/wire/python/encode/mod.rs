//! Messages to frames.

mod members; // the methods among members
mod object; // a JSON object under construction

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

use self::object::Object;
use super::method;
use crate::Sid;
use crate::adapter::wire::{Acks, Callback, Emit, HostId, Message, RoomKey, To};

/// Writes `message` as frame number `seq` of `sender`.
///
/// [Callbacks](Message::Callback) have no number and no sender: there `seq` is written as 0 and should not be counted
/// ([`Message::is_numbered`]). Leases beyond a minute are written as a minute, other times beyond an hour as an hour.
///
/// An emit to no room is written as one to room `""`, which to python-socketio is nobody, where an empty list makes it stumble.
#[must_use]
pub fn encode(message: &Message, sender: &HostId, seq: u64) -> Vec<u8> {
    Draft::new(message, sender).number(seq)
}

/// A frame without its number, the last field, so that only what is sent uses one up.
#[derive(Debug)]
pub struct Draft {
    /// Up to the last field.
    frame: Vec<u8>,
    numbered: bool,
}

impl Draft {
    /// Writes all but the number.
    #[must_use]
    pub fn new(message: &Message, sender: &HostId) -> Self {
        let mut frame = Vec::with_capacity(capacity(message));
        write(&mut frame, message, sender);
        Draft { frame, numbered: message.is_numbered() }
    }

    /// Whether it takes a number ([`Message::is_numbered`]).
    #[must_use]
    pub fn is_numbered(&self) -> bool {
        self.numbered
    }

    /// What the frame has with the largest number, in bytes.
    #[must_use]
    pub fn max_len(&self) -> usize {
        let digits = if self.numbered { LONGEST_NUMBER } else { 1 };
        self.frame.len() + NUMBER.len() + digits + "}".len()
    }

    /// The frame, as number `seq` of its sender.
    #[must_use]
    pub fn number(mut self, seq: u64) -> Vec<u8> {
        let seq = if self.numbered { seq } else { 0 };
        self.frame.extend_from_slice(NUMBER);
        self.frame.extend_from_slice(seq.to_string().as_bytes());
        self.frame.push(b'}');
        self.frame
    }
}

fn write(frame: &mut Vec<u8>, message: &Message, sender: &HostId) {
    let mut object = Object::open(frame);
    match message {
        Message::Emit(emit) => write_emit(&mut object, emit),
        Message::Callback(callback) => write_callback(&mut object, callback),
        Message::Disconnect { namespace, sid } => {
            object.string("method", method::DISCONNECT);
            object.string("sid", sid);
            object.string("namespace", namespace);
        }
        Message::EnterRoom { namespace, sid, room } => {
            write_room(&mut object, method::ENTER_ROOM, namespace, Some(sid), room);
        }
        Message::LeaveRoom { namespace, sid, room } => {
            write_room(&mut object, method::LEAVE_ROOM, namespace, Some(sid), room);
        }
        Message::CloseRoom { namespace, room } => {
            write_room(&mut object, method::CLOSE_ROOM, namespace, None, room);
        }
        Message::Hello { lease } => members::write_lease(&mut object, method::HELLO, *lease),
        Message::Beat { lease } => members::write_lease(&mut object, method::BEAT, *lease),
        Message::Bye => members::begin(&mut object, method::BYE),
        Message::Join { target, rooms } => members::write_move(&mut object, method::JOIN, target, rooms),
        Message::Leave { target, rooms } => members::write_move(&mut object, method::LEAVE, target, rooms),
        Message::DisconnectAll { target, close } => members::write_disconnect(&mut object, target, *close),
        Message::ServerEvent { namespace, packet } => members::write_event(&mut object, namespace, packet),
        Message::Request(request) => members::write_request(&mut object, request),
        Message::Reply(reply) => members::write_reply(&mut object, reply),
    }
    if message.is_numbered() {
        object.string("host_id", sender.as_str());
    }
}

fn write_emit(object: &mut Object<'_>, emit: &Emit) {
    object.string("method", method::EMIT);
    object.string("event", emit.packet.event());
    let args = emit.packet.args();
    let binary = !args.attachments().is_empty();
    object.list("data", |list| {
        if binary {
            list.json(&["[", args.json(), "]"]);
            write_attachments(list, args.attachments());
        } else {
            list.json(&[args.json()]);
        }
    });
    object.literal("binary", if binary { "true" } else { "false" });
    object.string("namespace", &emit.namespace);
    match &emit.to {
        To::Everyone => object.literal("room", "null"),
        To::Rooms(rooms) => match rooms.as_slice() {
            [] => object.string("room", ""),
            [key] if !key.room().as_str().is_empty() => object.key("room", key),
            keys => object.list("room", |list| keys.iter().for_each(|key| list.key(key))),
        },
    }
    match emit.skip.as_slice() {
        [] => object.literal("skip_sid", "null"),
        [sid] => object.string("skip_sid", sid),
        sids => object.list("skip_sid", |list| sids.iter().for_each(|sid| list.string(sid))),
    }
    match &emit.acks {
        Acks::Callback(key) => object.list("callback", |list| {
            list.key(&key.sid);
            list.string(&key.namespace);
            list.number(key.id);
        }),
        Acks::None | Acks::Every { .. } => object.literal("callback", "null"),
    }
    members::write_beside_emit(object, emit);
}

fn write_callback(object: &mut Object<'_>, callback: &Callback) {
    object.string("method", method::CALLBACK);
    object.string("host_id", callback.host.as_str());
    object.key("sid", &callback.key.sid);
    object.string("namespace", &callback.key.namespace);
    object.number("id", callback.key.id);
    members::write_args(object, "args", &callback.args);
}

fn write_room(object: &mut Object<'_>, method: &str, namespace: &str, sid: Option<&Sid>, room: &RoomKey) {
    object.string("method", method);
    if let Some(sid) = sid {
        object.string("sid", sid);
    }
    object.key("room", room);
    object.string("namespace", namespace);
}

fn write_attachments(list: &mut object::List<'_>, attachments: &[Bytes]) {
    for bytes in attachments {
        list.json(&["\"", &STANDARD.encode(bytes), "\""]);
    }
}

/// Enough for most, so that arguments are copied once.
fn capacity(message: &Message) -> usize {
    let args = match message {
        Message::Emit(emit) => emit.packet.args(),
        Message::Callback(callback) => &callback.args,
        _ => return 256,
    };
    let attachments: usize = args.attachments().iter().map(|bytes| bytes.len() / 3 * 4 + 8).sum();
    320 + args.json().len() + attachments
}

/// What stands before the number: other fields always do.
const NUMBER: &[u8] = b", \"seq\": ";
/// Digits of `u64::MAX`.
const LONGEST_NUMBER: usize = 20;
