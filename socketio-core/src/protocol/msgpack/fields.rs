//! The single values of a packet, and the names they have.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// A value beside the arguments.
#[derive(Debug)]
pub(super) enum Field<'de> {
    /// nil, or JavaScript's `undefined`.
    Nothing,
    Number(u64),
    Text(&'de str),
    /// Anything else.
    Other,
}

impl<'de> Deserialize<'de> for Field<'de> {
    fn deserialize<D: Deserializer<'de>>(msgpack: D) -> Result<Self, D::Error> {
        msgpack.deserialize_any(FieldVisitor)
    }
}

/// The name of a member.
#[derive(Debug)]
pub(super) enum Name {
    Type,
    Namespace,
    Id,
    Data,
    /// Options of the client's side, and whatever else.
    Other,
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(msgpack: D) -> Result<Self, D::Error> {
        Ok(match Field::deserialize(msgpack)? {
            Field::Text("type") => Name::Type,
            Field::Text("nsp") => Name::Namespace,
            Field::Text("id") => Name::Id,
            Field::Text("data") => Name::Data,
            _ => Name::Other,
        })
    }
}

/// An extension: its number and its bytes.
#[derive(Debug)]
pub(super) struct Extension<'de>(pub(super) i8, &'de [u8]);

impl<'de> Extension<'de> {
    pub(super) fn read<D: Deserializer<'de>>(msgpack: D) -> Result<Self, D::Error> {
        let (tag, bytes) = Deserialize::deserialize(msgpack)?;
        Ok(Extension(tag, bytes))
    }

    pub(super) fn is_undefined(&self) -> bool {
        (self.0, self.1) == (0, &[0])
    }
}

struct FieldVisitor;

impl<'de> Visitor<'de> for FieldVisitor {
    type Value = Field<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Field<'de>, E> {
        Ok(Field::Nothing)
    }

    fn visit_u64<E>(self, value: u64) -> Result<Field<'de>, E> {
        Ok(Field::Number(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Field<'de>, E> {
        Ok(u64::try_from(value).map_or(Field::Other, Field::Number))
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Field<'de>, E> {
        Ok(Field::Text(value))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Field<'de>, E> {
        Ok(Field::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Field<'de>, E> {
        Ok(Field::Other)
    }

    fn visit_bytes<E>(self, _: &[u8]) -> Result<Field<'de>, E> {
        Ok(Field::Other)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, msgpack: D) -> Result<Field<'de>, D::Error> {
        let extension = Extension::read(msgpack)?;
        Ok(if extension.is_undefined() { Field::Nothing } else { Field::Other })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Field<'de>, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Field::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Field<'de>, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Field::Other)
    }
}
