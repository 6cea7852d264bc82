//! The methods among members, and what they add to python-socketio's.

use std::time::{Duration, UNIX_EPOCH};

use super::object::{List, Object};
use super::write_attachments;
use crate::adapter::wire::python::{MAX_LEASE, MAX_TIMEOUT, VERSION, method};
use crate::adapter::wire::{Acks, Answer, Ask, Emit, Reply, Request, SocketInfo};
use crate::adapter::{EventPacket, Recipients, Room, Target};
use crate::protocol::args::RawArgs;

/// What begins every method among members.
pub(super) fn begin(object: &mut Object<'_>, method: &str) {
    object.string("method", method);
    object.number("v", VERSION);
}

pub(super) fn write_lease(object: &mut Object<'_>, method: &str, lease: Duration) {
    begin(object, method);
    object.number("lease", millis(lease, MAX_LEASE));
}

pub(super) fn write_move(object: &mut Object<'_>, method: &str, target: &Target, rooms: &[Room]) {
    begin(object, method);
    write_target(object, target);
    write_rooms(object, "rooms", rooms);
}

pub(super) fn write_disconnect(object: &mut Object<'_>, target: &Target, close: bool) {
    begin(object, method::DISCONNECT_ALL);
    write_target(object, target);
    object.literal("close", boolean(close));
}

pub(super) fn write_event(object: &mut Object<'_>, namespace: &str, packet: &EventPacket) {
    begin(object, method::EVENT);
    write_packet(object, namespace, packet);
}

/// The fields of an emit that python-socketio does not know.
pub(super) fn write_beside_emit(object: &mut Object<'_>, emit: &Emit) {
    if !emit.except.is_empty() {
        write_rooms(object, "except", &emit.except);
    }
    let flags = emit.packet.flags();
    if flags.volatile {
        object.literal("volatile", "true");
    }
    if flags.uncompressed {
        object.literal("compress", "false");
    }
    if let Acks::Every { id, timeout } = &emit.acks {
        object.object("acks", |acks| {
            acks.number("v", VERSION);
            acks.number("id", *id);
            acks.number("timeout", millis(*timeout, MAX_TIMEOUT));
        });
    }
}

/// A list of arguments, and beside it its attachments, if there are any.
pub(super) fn write_args(object: &mut Object<'_>, name: &'static str, args: &RawArgs) {
    object.list(name, |list| list.json(&[args.json()]));
    if !args.attachments().is_empty() {
        object.list("attachments", |list| write_attachments(list, args.attachments()));
    }
}

fn write_target(object: &mut Object<'_>, target: &Target) {
    object.string("namespace", &target.namespace);
    match &target.recipients {
        Recipients::Everyone => object.literal("to", "null"),
        Recipients::Rooms(rooms) => write_rooms(object, "to", rooms),
    }
    write_rooms(object, "except", &target.except);
}

fn write_rooms(object: &mut Object<'_>, name: &'static str, rooms: &[Room]) {
    object.list(name, |list| rooms.iter().for_each(|room| list.string(room.as_str())));
}

fn write_packet(object: &mut Object<'_>, namespace: &str, packet: &EventPacket) {
    object.string("namespace", namespace);
    object.string("event", packet.event());
    write_args(object, "args", packet.args());
}

pub(super) fn write_request(object: &mut Object<'_>, request: &Request) {
    begin(object, method::REQUEST);
    object.number("id", request.id);
    object.number("timeout", millis(request.timeout, MAX_TIMEOUT));
    match &request.ask {
        Ask::Sockets(target) => {
            object.string("ask", "sockets");
            write_target(object, target);
        }
        Ask::Count(target) => {
            object.string("ask", "count");
            write_target(object, target);
        }
        Ask::Rooms { namespace } => {
            object.string("ask", "rooms");
            object.string("namespace", namespace);
        }
        Ask::Event { namespace, packet } => {
            object.string("ask", "event");
            write_packet(object, namespace, packet);
        }
        Ask::Unknown => object.string("ask", "unknown"),
    }
}

pub(super) fn write_reply(object: &mut Object<'_>, reply: &Reply) {
    begin(object, method::REPLY);
    object.string("to_host", reply.host.as_str());
    object.number("id", reply.id);
    object.number("piece", reply.piece.into());
    object.literal("last", boolean(reply.last));
    match &reply.answer {
        Answer::Sockets(sockets) => object.list("sockets", |list| {
            sockets.iter().for_each(|socket| list.object(|object| write_socket(object, socket)));
        }),
        Answer::Count(count) => object.number("count", *count),
        Answer::Rooms(rooms) => object.list("rooms", |list| {
            for (room, sockets) in rooms {
                list.list(|pair| {
                    pair.string(room.as_str());
                    pair.number(*sockets);
                });
            }
        }),
        Answer::Event(args) => write_args(object, "args", args),
        Answer::Asked(clients) => object.number("asked", *clients),
        Answer::Acks(acks) => object.list("acks", |list| {
            for (sid, args) in acks {
                list.object(|ack| {
                    ack.string("sid", sid);
                    write_args(ack, "args", args);
                });
            }
        }),
        Answer::Silent(sids) => object.list("silent", |list| sids.iter().for_each(|sid| list.string(sid))),
        Answer::Refused(reason) => object.string("refused", reason),
    }
}

fn write_socket(object: &mut Object<'_>, socket: &SocketInfo) {
    object.string("sid", &socket.sid);
    write_rooms(object, "rooms", &socket.rooms);
    match socket.address {
        Some(address) => object.string("address", &address.to_string()),
        None => object.literal("address", "null"),
    }
    let time = socket.time.duration_since(UNIX_EPOCH).unwrap_or_default();
    object.number("time", time.as_millis().try_into().unwrap_or(u64::MAX));
    object.literal("secure", boolean(socket.secure));
    object.list("headers", |list| write_pairs(list, &socket.headers));
    object.list("query", |list| write_pairs(list, &socket.query));
    // Absent rather than null, which a client may send.
    if let Some(auth) = &socket.auth {
        object.literal("auth", auth.as_str());
    }
    if let Some(data) = &socket.data {
        object.literal("data", data.as_str());
    }
}

fn write_pairs(list: &mut List<'_>, pairs: &[(String, String)]) {
    for (name, value) in pairs {
        list.list(|pair| {
            pair.string(name);
            pair.string(value);
        });
    }
}

fn millis(time: Duration, max: Duration) -> u64 {
    time.min(max).as_millis().try_into().unwrap_or(u64::MAX)
}

fn boolean(value: bool) -> &'static str {
    if value { "true" } else { "false" }
}
