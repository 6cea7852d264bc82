//! Message to packet: the map's members in whatever order they come.

use std::fmt;

use bytes::Bytes;
use rmp_serde::decode::{Deserializer, Error};
use serde::Deserialize as _;
use serde::de::{Deserializer as _, Error as _, IgnoredAny, MapAccess, Visitor};

use super::fields::{Field, Name};
use super::json::{Arguments, Json};
use super::{MAX_DEPTH, MsgpackError};
use crate::protocol::packet::{Kind, Packet};

/// A packet of a msgpack client, with what it carries as JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MsgpackPacket {
    /// What it is for; an event and an ack are of the plain kinds, with attachments or without.
    pub kind: Kind,
    /// Without a query string.
    pub namespace: String,
    /// Ties an ack to its event.
    pub id: Option<u64>,
    /// JSON, with placeholders for the attachments; empty where there is none.
    pub data: String,
    /// The bytes that stood among the arguments.
    pub attachments: Vec<Bytes>,
}

/// Reads a binary message.
///
/// Lengths are believed only as far as the message reaches, and at most `max_attachments` values may be bytes.
///
/// ```
/// use socketio_core::protocol::msgpack::decode;
///
/// let packet = decode(b"\x83\xa4type\x02\xa3nsp\xa1/\xa4data\x92\xa3say\xc4\x01\xff", 10)?;
/// assert_eq!(packet.data, r#"["say",{"_placeholder":true,"num":0}]"#);
/// assert_eq!(packet.attachments, [&b"\xff"[..]]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// See [`MsgpackError`]; [`is_about_a_value`](MsgpackError::is_about_a_value) tells which of them leave the connection as it was.
pub fn decode(message: &[u8], max_attachments: usize) -> Result<MsgpackPacket, MsgpackError> {
    let mut json = Json::new(message, max_attachments);
    let mut reader = Deserializer::from_read_ref(message);
    // The map of the packet is a level, and the reader counts to one less than it is told.
    reader.set_max_depth(MAX_DEPTH + 2);
    let members = reader.deserialize_map(Members { json: &mut json });
    let members = match members {
        Ok(members) => members,
        Err(error) => return Err(json.fault.take().unwrap_or_else(|| plain(error))),
    };
    if !matches!(IgnoredAny::deserialize(&mut reader), Err(Error::InvalidMarkerRead(_))) {
        return Err(MsgpackError::Malformed("more follows the packet".into()));
    }
    let packet = members.packet(json.finish()?)?;
    let attachments = packet.attachments.len();
    let kept = Packet {
        kind: packet.kind,
        attachments,
        namespace: &packet.namespace,
        id: packet.id,
        data: &packet.data,
    };
    kept.check()?;
    if attachments > 0 && !matches!(packet.kind, Kind::Event | Kind::Ack) {
        return Err(MsgpackError::NoPacket("bytes in a packet that is no event and no ack"));
    }
    Ok(packet)
}

fn plain(error: Error) -> MsgpackError {
    match error {
        Error::DepthLimitExceeded => MsgpackError::TooDeep,
        error => MsgpackError::Malformed(error.to_string()),
    }
}

/// What a packet's map holds, but for its arguments.
#[derive(Default)]
struct Found<'de> {
    kind: Option<Field<'de>>,
    namespace: Option<Field<'de>>,
    id: Option<Field<'de>>,
}

impl Found<'_> {
    fn packet(self, arguments: Arguments) -> Result<MsgpackPacket, MsgpackError> {
        let kind = match self.kind {
            Some(Field::Number(0)) => Kind::Connect,
            Some(Field::Number(1)) => Kind::Disconnect,
            Some(Field::Number(2)) => Kind::Event,
            Some(Field::Number(3)) => Kind::Ack,
            Some(Field::Number(4)) => Kind::ConnectError,
            _ => return Err(MsgpackError::NoPacket("its type is none of 0 to 4")),
        };
        let Some(Field::Text(namespace)) = self.namespace else {
            return Err(MsgpackError::NoPacket("its namespace is no text"));
        };
        let id = match self.id {
            None | Some(Field::Nothing) => None,
            Some(Field::Number(id)) => Some(id),
            Some(_) => return Err(MsgpackError::NoPacket("its id is no number")),
        };
        let namespace = namespace.split_once('?').map_or(namespace, |(name, _)| name).to_owned();
        Ok(MsgpackPacket { kind, namespace, id, data: arguments.json, attachments: arguments.attachments })
    }
}

struct Members<'j, 'm> {
    json: &'j mut Json<'m>,
}

impl<'de> Visitor<'de> for Members<'_, 'de> {
    type Value = Found<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Found<'de>, A::Error> {
        let mut found = Found::default();
        let mut carried = false;
        while let Some(name) = map.next_key()? {
            let twice = match name {
                Name::Type => found.kind.replace(map.next_value()?).is_some(),
                Name::Namespace => found.namespace.replace(map.next_value()?).is_some(),
                Name::Id => found.id.replace(map.next_value()?).is_some(),
                Name::Data if carried => true,
                Name::Data => {
                    carried = true;
                    map.next_value_seed(self.json.payload())?;
                    false
                }
                Name::Other => {
                    map.next_value::<IgnoredAny>()?;
                    false
                }
            };
            if twice {
                return Err(A::Error::custom("a member twice"));
            }
        }
        Ok(found)
    }
}
