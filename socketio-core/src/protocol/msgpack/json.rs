//! msgpack to JSON: one pass, as deep as the reader lets it go, bytes put aside.

use std::fmt;

use bytes::Bytes;
use serde::Serialize;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::MsgpackError;
use super::fields::Extension;
use crate::protocol::args::placeholder;

/// JSON under construction.
#[derive(Debug)]
pub(super) struct Json<'m> {
    message: &'m [u8],
    out: Vec<u8>,
    attachments: Vec<Bytes>,
    max_attachments: usize,
    /// A map looked like a placeholder.
    marked: bool,
    /// What stopped the reading; serde's errors are text.
    pub(super) fault: Option<MsgpackError>,
}

/// A payload that was carried over.
#[derive(Debug)]
pub(super) struct Arguments {
    pub(super) json: String,
    pub(super) attachments: Vec<Bytes>,
}

impl<'m> Json<'m> {
    pub(super) fn new(message: &'m [u8], max_attachments: usize) -> Self {
        Json {
            message,
            out: Vec::new(),
            attachments: Vec::new(),
            max_attachments,
            marked: false,
            fault: None,
        }
    }

    /// Reads the payload; it may be nothing.
    pub(super) fn payload(&mut self) -> Payload<'_, 'm> {
        Payload { json: self }
    }

    pub(super) fn finish(self) -> Result<Arguments, MsgpackError> {
        if self.marked && !self.attachments.is_empty() {
            return Err(MsgpackError::Placeholder);
        }
        let json = String::from_utf8(self.out).map_err(|_| MsgpackError::Text)?;
        Ok(Arguments { json, attachments: self.attachments })
    }

    fn write<E: Error>(&mut self, value: impl Serialize) -> Result<Written, E> {
        serde_json::to_writer(&mut self.out, &value).map_err(E::custom)?;
        Ok(Written::Value)
    }

    fn fail<T, E: Error>(&mut self, fault: MsgpackError) -> Result<T, E> {
        let error = E::custom(&fault);
        self.fault = Some(fault);
        Err(error)
    }

    fn attach<E: Error>(&mut self, bytes: &[u8]) -> Result<Written, E> {
        if !is_binary(self.message, bytes) {
            return self.fail(MsgpackError::Text);
        }
        let num = self.attachments.len();
        if num == self.max_attachments {
            return self.fail(MsgpackError::TooManyAttachments { limit: num });
        }
        self.attachments.push(Bytes::copy_from_slice(bytes));
        placeholder::write(&mut self.out, num).map_err(E::custom)?;
        Ok(Written::Value)
    }
}

/// Whether `content`, a part of `message`, stands behind a marker of bytes. The reader hands over a text that is no UTF-8 like
/// bytes; no text's own header ends like one of these with its length.
fn is_binary(message: &[u8], content: &[u8]) -> bool {
    let at = (content.as_ptr() as usize).wrapping_sub(message.as_ptr() as usize);
    let length = match message.get(..at) {
        Some([.., BIN_8, length]) if usize::from(*length) == content.len() => return true,
        Some([.., BIN_16, a, b]) if usize::from(u16::from_be_bytes([*a, *b])) == content.len() => {
            return true;
        }
        Some([.., BIN_32, a, b, c, d]) => u32::from_be_bytes([*a, *b, *c, *d]),
        _ => return false,
    };
    usize::try_from(length) == Ok(content.len())
}

const BIN_8: u8 = 0xC4;
const BIN_16: u8 = 0xC5;
const BIN_32: u8 = 0xC6;

/// What has become of a value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Written {
    Value,
    /// Nothing was written: it was `undefined`.
    Nothing,
}

/// The member `data`.
pub(super) struct Payload<'j, 'm> {
    json: &'j mut Json<'m>,
}

impl<'de> DeserializeSeed<'de> for Payload<'_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, msgpack: D) -> Result<(), D::Error> {
        msgpack.deserialize_any(Value { json: self.json })?;
        if self.json.out == b"null" {
            self.json.out.clear();
        }
        Ok(())
    }
}

struct Value<'j, 'm> {
    json: &'j mut Json<'m>,
}

impl<'de> DeserializeSeed<'de> for Value<'_, 'de> {
    type Value = Written;

    fn deserialize<D: Deserializer<'de>>(self, msgpack: D) -> Result<Written, D::Error> {
        msgpack.deserialize_any(self)
    }
}

/// What a value and a key write alike.
macro_rules! scalars {
    ($value:ty, $write:ident) => {
        fn visit_unit<E: Error>(self) -> Result<$value, E> {
            self.$write(())
        }

        fn visit_bool<E: Error>(self, value: bool) -> Result<$value, E> {
            self.$write(value)
        }

        fn visit_u64<E: Error>(self, value: u64) -> Result<$value, E> {
            self.$write(value)
        }

        fn visit_i64<E: Error>(self, value: i64) -> Result<$value, E> {
            self.$write(value)
        }

        fn visit_f64<E: Error>(self, value: f64) -> Result<$value, E> {
            self.$write(value)
        }
    };
}

impl Value<'_, '_> {
    fn scalar<E: Error>(self, value: impl Serialize) -> Result<Written, E> {
        self.json.write(value)
    }
}

impl<'de> Visitor<'de> for Value<'_, 'de> {
    type Value = Written;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("what JSON has")
    }

    scalars!(Written, scalar);

    fn visit_str<E: Error>(self, value: &str) -> Result<Written, E> {
        self.json.write(value)
    }

    fn visit_borrowed_bytes<E: Error>(self, value: &'de [u8]) -> Result<Written, E> {
        self.json.attach(value)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, msgpack: D) -> Result<Written, D::Error> {
        let extension = Extension::read(msgpack)?;
        if extension.is_undefined() {
            return Ok(Written::Nothing);
        }
        self.json.fail(MsgpackError::Extension { tag: extension.0 })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Written, A::Error> {
        let json = self.json;
        json.out.push(b'[');
        let mut first = true;
        loop {
            let end = json.out.len();
            if !first {
                json.out.push(b',');
            }
            match list.next_element_seed(Value { json: &mut *json })? {
                Some(Written::Value) => {}
                Some(Written::Nothing) => json.out.extend_from_slice(b"null"),
                None => {
                    json.out.truncate(end);
                    break;
                }
            }
            first = false;
        }
        json.out.push(b']');
        Ok(Written::Value)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Written, A::Error> {
        let json = self.json;
        json.out.push(b'{');
        let mut first = true;
        loop {
            let end = json.out.len();
            if !first {
                json.out.push(b',');
            }
            let key = json.out.len();
            if map.next_key_seed(Key { json: &mut *json })?.is_none() {
                json.out.truncate(end);
                break;
            }
            json.out.push(b':');
            if map.next_value_seed(Value { json: &mut *json })? == Written::Nothing {
                json.out.truncate(end);
                continue;
            }
            json.marked |= json.out.get(key..) == Some(br#""_placeholder":true"#);
            first = false;
        }
        json.out.push(b'}');
        Ok(Written::Value)
    }
}

/// A key: text, or what JSON writers make text of.
struct Key<'j, 'm> {
    json: &'j mut Json<'m>,
}

impl Key<'_, '_> {
    fn quoted<E: Error>(self, value: impl Serialize) -> Result<(), E> {
        self.json.out.push(b'"');
        self.json.write(value)?;
        self.json.out.push(b'"');
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Key<'_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, msgpack: D) -> Result<(), D::Error> {
        msgpack.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Key<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    scalars!((), quoted);

    fn visit_str<E: Error>(self, value: &str) -> Result<(), E> {
        self.json.write(value)?;
        Ok(())
    }

    fn visit_borrowed_bytes<E: Error>(self, value: &'de [u8]) -> Result<(), E> {
        let binary = is_binary(self.json.message, value);
        self.json.fail(if binary { MsgpackError::Key } else { MsgpackError::Text })
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, msgpack: D) -> Result<(), D::Error> {
        let extension = Extension::read(msgpack)?;
        self.json.fail(MsgpackError::Extension { tag: extension.0 })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, _: A) -> Result<(), A::Error> {
        self.json.fail(MsgpackError::Key)
    }

    fn visit_map<A: MapAccess<'de>>(self, _: A) -> Result<(), A::Error> {
        self.json.fail(MsgpackError::Key)
    }
}
