//! The methods among members, and what they add to python-socketio's.

use std::time::{Duration, UNIX_EPOCH};

use bytes::Bytes;
use serde_json::value::RawValue;

use super::commands::{host, namespace};
use super::emit::base64;
use super::fields::{self, Fields};
use crate::Sid;
use crate::adapter::wire::python::{MAX_LEASE, MAX_TIMEOUT, VERSION, method};
use crate::adapter::wire::{Acks, Answer, Ask, Json, Message, Reply, Request, SocketInfo, WireError};
use crate::adapter::{EventPacket, Recipients, Room, RoomList, Target};
use crate::protocol::args::{ArgsRef, RawArgs};

/// `None` if there is no such method.
pub(super) fn read(name: &str, fields: Fields<'_>) -> Option<Result<Message, WireError>> {
    let (method, read): (_, Read) = match name {
        method::HELLO => (method::HELLO, hello),
        method::BEAT => (method::BEAT, beat),
        method::BYE => (method::BYE, |_| Ok(Message::Bye)),
        method::JOIN => (method::JOIN, join),
        method::LEAVE => (method::LEAVE, leave),
        method::DISCONNECT_ALL => (method::DISCONNECT_ALL, disconnect_all),
        method::EVENT => (method::EVENT, event),
        method::REQUEST => (method::REQUEST, request),
        method::REPLY => (method::REPLY, reply),
        _ => return None,
    };
    let fields = fields.of(method);
    Some(check(method, &fields).and_then(|()| read(&fields)))
}

type Read = fn(&Fields<'_>) -> Result<Message, WireError>;

/// Every method among members has a version, a sender and a number.
fn check(method: &'static str, fields: &Fields<'_>) -> Result<(), WireError> {
    match fields.number("v")? {
        VERSION => {}
        version => return Err(WireError::Version { method, version }),
    }
    fields.string("host_id")?;
    fields.number("seq")?;
    Ok(())
}

fn hello(fields: &Fields<'_>) -> Result<Message, WireError> {
    let lease = time(fields, "lease", MAX_LEASE)?;
    Ok(Message::Hello { lease })
}

fn beat(fields: &Fields<'_>) -> Result<Message, WireError> {
    let lease = time(fields, "lease", MAX_LEASE)?;
    Ok(Message::Beat { lease })
}

fn join(fields: &Fields<'_>) -> Result<Message, WireError> {
    Ok(Message::Join { target: target(fields)?, rooms: rooms(fields, "rooms")? })
}

fn leave(fields: &Fields<'_>) -> Result<Message, WireError> {
    Ok(Message::Leave { target: target(fields)?, rooms: rooms(fields, "rooms")? })
}

fn disconnect_all(fields: &Fields<'_>) -> Result<Message, WireError> {
    Ok(Message::DisconnectAll { target: target(fields)?, close: fields.boolean("close")? })
}

fn event(fields: &Fields<'_>) -> Result<Message, WireError> {
    Ok(Message::ServerEvent { namespace: namespace(fields)?, packet: packet(fields)? })
}

fn request(fields: &Fields<'_>) -> Result<Message, WireError> {
    let ask = match &*fields.string("ask")? {
        "sockets" => Ask::Sockets(target(fields)?),
        "count" => Ask::Count(target(fields)?),
        "rooms" => Ask::Rooms { namespace: namespace(fields)? },
        "event" => Ask::Event { namespace: namespace(fields)?, packet: packet(fields)? },
        _ => Ask::Unknown,
    };
    Ok(Message::Request(Request {
        id: fields.number("id")?,
        timeout: time(fields, "timeout", MAX_TIMEOUT)?,
        ask,
    }))
}

fn reply(fields: &Fields<'_>) -> Result<Message, WireError> {
    let piece = fields.number("piece")?;
    Ok(Message::Reply(Reply {
        host: host(fields, "to_host")?,
        id: fields.number("id")?,
        piece: u32::try_from(piece).map_err(|_| fields.wrong("piece", "below 2^32"))?,
        last: fields.boolean("last")?,
        answer: answer(fields)?,
    }))
}

/// The first of them that is there.
fn answer(fields: &Fields<'_>) -> Result<Answer, WireError> {
    let has = |name| fields.get(name).is_some();
    Ok(if has("sockets") {
        Answer::Sockets(each(fields, "sockets", socket)?)
    } else if has("count") {
        Answer::Count(fields.number("count")?)
    } else if has("rooms") {
        Answer::Rooms(fields.list("rooms", "a list of rooms and numbers", |pair| {
            let [room, sockets] = fields::elements(pair)?.try_into().ok()?;
            Some((Room::from(&*fields::string(room)?), fields::number(sockets)?))
        })?)
    } else if has("args") {
        Answer::Event(args(fields, "args")?)
    } else if has("asked") {
        Answer::Asked(fields.number("asked")?)
    } else if has("acks") {
        Answer::Acks(each(fields, "acks", ack)?)
    } else if has("silent") {
        Answer::Silent(
            fields.list("silent", "a list of ids", |sid| fields::string(sid).map(|sid| Sid::from(&*sid)))?,
        )
    } else {
        Answer::Refused(fields.string("refused")?.into_owned())
    })
}

fn ack(fields: &Fields<'_>) -> Result<(Sid, RawArgs), WireError> {
    Ok((Sid::from(&*fields.string("sid")?), args(fields, "args")?))
}

fn socket(fields: &Fields<'_>) -> Result<SocketInfo, WireError> {
    let time = UNIX_EPOCH.checked_add(Duration::from_millis(fields.number("time")?));
    let address = fields.optional("address", |fields, name| {
        let text = fields.string(name)?;
        text.parse().map_err(|_| fields.wrong(name, "an IP address"))
    })?;
    Ok(SocketInfo {
        sid: Sid::from(&*fields.string("sid")?),
        rooms: rooms(fields, "rooms")?,
        address,
        time: time.ok_or_else(|| fields.wrong("time", "a time"))?,
        secure: fields.boolean("secure")?,
        headers: pairs(fields, "headers")?,
        query: pairs(fields, "query")?,
        auth: fields.get("auth").map(Json::from),
        data: fields.get("data").map(Json::from),
    })
}

fn pairs(fields: &Fields<'_>, name: &'static str) -> Result<Vec<(String, String)>, WireError> {
    fields.list(name, "a list of pairs of strings", |pair| {
        let [name, value] = fields::elements(pair)?.try_into().ok()?;
        Some((fields::string(name)?.into_owned(), fields::string(value)?.into_owned()))
    })
}

/// Reads each object of a list.
fn each<T>(
    fields: &Fields<'_>,
    name: &'static str,
    read: fn(&Fields<'_>) -> Result<T, WireError>,
) -> Result<Vec<T>, WireError> {
    let objects: Vec<&RawValue> = fields.list(name, "a list", Some)?;
    objects.into_iter().map(|object| read(&Fields::parse(name, object.get())?)).collect()
}

pub(super) fn target(fields: &Fields<'_>) -> Result<Target, WireError> {
    Ok(Target {
        namespace: namespace(fields)?,
        recipients: match fields.optional("to", rooms)? {
            Some(rooms) => Recipients::Rooms(rooms),
            None => Recipients::Everyone,
        },
        except: fields.optional("except", rooms)?.unwrap_or_default(),
        local: true,
    })
}

pub(super) fn rooms(fields: &Fields<'_>, name: &'static str) -> Result<RoomList, WireError> {
    fields.list(name, "a list of strings", |room| fields::string(room).map(|room| Room::from(&*room)))
}

fn packet(fields: &Fields<'_>) -> Result<EventPacket, WireError> {
    Ok(EventPacket::from_raw(&fields.string("event")?, args(fields, "args")?))
}

/// A list of arguments with its attachments beside it.
pub(super) fn args(fields: &Fields<'_>, name: &'static str) -> Result<RawArgs, WireError> {
    let list = fields.get(name).filter(|list| list.get().starts_with('['));
    let list = list.ok_or_else(|| fields.wrong(name, "a list"))?;
    let attachments: Option<Vec<Bytes>> =
        fields.optional("attachments", |fields, name| fields.list(name, "a list of base64", base64))?;
    let attachments = attachments.unwrap_or_default();
    let args = ArgsRef::parse(list.get(), &attachments).map_err(|source| fields.unfit(name, source))?;
    Ok(args.to_raw())
}

/// What an emit asks for beside a callback.
pub(super) fn acks(fields: &Fields<'_>) -> Option<Acks> {
    let acks = Fields::parse("acks", fields.get("acks")?.get()).ok()?;
    fields.string("host_id").ok()?;
    (acks.number("v").ok()? == VERSION).then_some(())?;
    Some(Acks::Every { id: acks.number("id").ok()?, timeout: time(&acks, "timeout", MAX_TIMEOUT).ok()? })
}

fn time(fields: &Fields<'_>, name: &'static str, max: Duration) -> Result<Duration, WireError> {
    match Duration::from_millis(fields.number(name)?) {
        time if time <= max => Ok(time),
        _ => Err(fields.wrong(name, "within its bound")),
    }
}
