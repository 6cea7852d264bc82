//! `emit`, in every form that python-socketio has given it since 5.14.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::value::RawValue;
use smallvec::SmallVec;

use super::commands::{namespace, room_key};
use super::fields::{self, Fields};
use super::members;
use crate::Sid;
use crate::adapter::wire::{Acks, CallbackKey, Emit, Message, To, WireError};
use crate::adapter::{EventPacket, Flags};
use crate::protocol::args::{ArgsRef, RawArgs};

/// `exact` says that `data` is what the clients of its sender get; from python-socketio, a single `null` is no argument.
pub(super) fn read(fields: &Fields<'_>, exact: bool) -> Result<Message, WireError> {
    let event = fields.string("event")?;
    let args = data(fields, exact)?;
    Ok(Message::Emit(Emit {
        namespace: namespace(fields)?,
        to: to(fields)?,
        skip: skip(fields)?,
        except: fields.optional("except", members::rooms)?.unwrap_or_default(),
        packet: EventPacket::from_raw(&event, args).with_flags(flags(fields)),
        acks: acks(fields),
    }))
}

/// What makes no sense is not wanted.
fn flags(fields: &Fields<'_>) -> Flags {
    let is = |name, value| fields.boolean(name).is_ok_and(|found| found == value);
    Flags { volatile: is("volatile", true), uncompressed: is("compress", false) }
}

/// ```text
/// binary false   ARGS                  [1, 2] in all releases
/// binary true    [ARGS, b64, b64, …]   one more list around them
/// ```
///
/// Up to 5.15.0 a single argument stands as ARGS without a list around it, unless it is a list itself.
fn data(fields: &Fields<'_>, exact: bool) -> Result<RawArgs, WireError> {
    let binary = fields.optional("binary", Fields::boolean)?.unwrap_or_default();
    match fields.get("data") {
        Some(data) if !binary => arguments(fields, data, &[], exact),
        None if !binary => Ok(RawArgs::default()),
        data => {
            let parts = data.and_then(fields::elements).unwrap_or_default();
            let (args, attachments) = parts.split_first().ok_or_else(|| fields.wrong("data", BINARY))?;
            let attachments: Option<Vec<Bytes>> = attachments.iter().map(|part| base64(part)).collect();
            let attachments = attachments.ok_or_else(|| fields.wrong("data", BINARY))?;
            arguments(fields, args, &attachments, exact)
        }
    }
}

const BINARY: &str = "a list of arguments and base64";

fn arguments(
    fields: &Fields<'_>,
    value: &RawValue,
    attachments: &[Bytes],
    exact: bool,
) -> Result<RawArgs, WireError> {
    let json = value.get();
    let alone;
    let list = if json.starts_with('[') {
        json
    } else {
        alone = format!("[{json}]");
        &alone
    };
    let args = ArgsRef::parse(list, attachments).map_err(|source| fields.unfit("data", source))?;
    let none = !exact && args.len() == 1 && args.get(0) == Some("null");
    Ok(if none { RawArgs::default() } else { args.to_raw() })
}

pub(super) fn base64(value: &RawValue) -> Option<Bytes> {
    let text = fields::string(value)?;
    STANDARD.decode(text.as_bytes()).ok().map(Bytes::from)
}

fn to(fields: &Fields<'_>) -> Result<To, WireError> {
    let Some(room) = fields.get("room").filter(|room| room.get() != "null") else {
        return Ok(To::Everyone);
    };
    let rooms = match room.get() {
        r#""""# => Some(SmallVec::new()),
        list if list.starts_with('[') => {
            fields::elements(room).and_then(|rooms| rooms.into_iter().map(room_key).collect())
        }
        _ => room_key(room).map(|key| SmallVec::from_iter([key])),
    };
    rooms.map(To::Rooms).ok_or_else(|| fields.wrong("room", "a room, a list of rooms or null"))
}

fn skip(fields: &Fields<'_>) -> Result<SmallVec<[Sid; 2]>, WireError> {
    let Some(skip) = fields.get("skip_sid") else {
        return Ok(SmallVec::new());
    };
    let values = match skip.get().as_bytes() {
        [b'[', ..] => fields::elements(skip),
        _ => Some(vec![skip]),
    };
    // What is neither text nor a list is nobody's id.
    let sids = values.and_then(|values| {
        let texts = values
            .into_iter()
            .filter(|value| !matches!(value.get().as_bytes(), [b'n' | b't' | b'f' | b'-' | b'0'..=b'9', ..]));
        texts.map(|text| fields::string(text).map(|sid| Sid::from(&*sid))).collect()
    });
    sids.ok_or_else(|| fields.wrong("skip_sid", "an id, a list of ids or null"))
}

/// What cannot be answered as it is asked is delivered without an ack.
fn acks(fields: &Fields<'_>) -> Acks {
    if let Some(key) = fields.get("callback").and_then(callback_key) {
        // Without a host there is nobody to answer.
        return match fields.get("host_id").and_then(fields::string) {
            Some(_) => Acks::Callback(key),
            None => Acks::None,
        };
    }
    members::acks(fields).unwrap_or(Acks::None)
}

fn callback_key(value: &RawValue) -> Option<CallbackKey> {
    let [sid, namespace, id] = fields::elements(value)?.try_into().ok()?;
    Some(CallbackKey {
        sid: room_key(sid)?,
        namespace: (&*fields::string(namespace)?).into(),
        id: fields::number(id)?,
    })
}
