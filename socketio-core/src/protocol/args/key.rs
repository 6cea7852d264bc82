//! serde over the keys of JSON objects: strings, which can hold numbers and booleans for maps that have such keys.

use serde::de::{Deserializer, Visitor};
use serde_json::Error;

/// One key.
pub(super) struct Key<'a> {
    text: &'a str,
}

impl<'a> Key<'a> {
    /// `text` has its quotes.
    pub(super) fn new(text: &'a str) -> Self {
        Key { text }
    }

    fn unquoted(&self) -> &'a str {
        self.text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or_default()
    }
}

macro_rules! key {
    ($which:ident: $($method:ident($($arg:ident: $type:ty),*)),* $(,)?) => {
        $(fn $method<V: Visitor<'a>>(self, $($arg: $type,)* visitor: V) -> Result<V::Value, Error> {
            let mut json = serde_json::Deserializer::from_str(key!(@$which self));
            let value = json.$method($($arg,)* visitor)?;
            json.end()?;
            Ok(value)
        })*
    };
    (@quoted $key:ident) => { $key.text };
    (@unquoted $key:ident) => { $key.unquoted() };
}

impl<'a> Deserializer<'a> for Key<'a> {
    type Error = Error;

    key! { unquoted:
        deserialize_bool(),
        deserialize_i8(),
        deserialize_i16(),
        deserialize_i32(),
        deserialize_i64(),
        deserialize_i128(),
        deserialize_u8(),
        deserialize_u16(),
        deserialize_u32(),
        deserialize_u64(),
        deserialize_u128(),
        deserialize_f32(),
        deserialize_f64(),
    }

    key! { quoted:
        deserialize_any(),
        deserialize_char(),
        deserialize_str(),
        deserialize_string(),
        deserialize_bytes(),
        deserialize_byte_buf(),
        deserialize_unit(),
        deserialize_unit_struct(name: &'static str),
        deserialize_seq(),
        deserialize_tuple(len: usize),
        deserialize_tuple_struct(name: &'static str, len: usize),
        deserialize_map(),
        deserialize_struct(name: &'static str, fields: &'static [&'static str]),
        deserialize_enum(name: &'static str, variants: &'static [&'static str]),
        deserialize_identifier(),
        deserialize_ignored_any(),
    }

    fn deserialize_option<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'a>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }
}
