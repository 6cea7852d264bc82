//! serde over JSON with attachments: where a placeholder stands, bytes are read.
//!
//! The text is known to be valid and its placeholders are known by place, so this only finds its way; strings and numbers
//! are serde_json's. Where a type takes whatever comes (`serde_json::Value`, enums without a tag or with one inside), a
//! placeholder is bytes as well: a `Value` refuses them, an enum keeps them for its field.

use bytes::Bytes;
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error as _, MapAccess, SeqAccess, VariantAccess, Visitor,
};
use serde_json::Error;

use super::{
    key::Key,
    placeholder::{self, Placeholder, is_space},
};

/// Reads one value after the other of a valid text.
pub(super) struct Reader<'a> {
    json: &'a str,
    at: usize,
    depth: usize,
    placeholders: &'a [Placeholder],
    attachments: &'a [Bytes],
}

/// As many as serde_json's own limit lets through.
const MAX_DEPTH: usize = 127;

impl<'a> Reader<'a> {
    pub(super) fn new(
        json: &'a str,
        at: usize,
        placeholders: &'a [Placeholder],
        attachments: &'a [Bytes],
    ) -> Self {
        Reader { json, at, depth: 0, placeholders, attachments }
    }

    /// The next byte that is no white space; 0 at the end.
    fn peek(&mut self) -> u8 {
        let bytes = self.json.as_bytes();
        while bytes.get(self.at).copied().is_some_and(is_space) {
            self.at += 1;
        }
        bytes.get(self.at).copied().unwrap_or(0)
    }

    fn at_compound(&mut self) -> bool {
        matches!(self.peek(), b'{' | b'[')
    }

    fn skip(&mut self, expected: u8) -> Result<(), Error> {
        if self.peek() != expected {
            return Err(Error::custom(format_args!("expected `{}`", expected.escape_ascii())));
        }
        self.at += 1;
        Ok(())
    }

    /// The string, number or literal that begins here; moves behind it.
    fn scalar(&mut self) -> &'a str {
        let text = match self.peek() {
            b'"' => placeholder::string(self.json, self.at),
            _ => placeholder::scalar(self.json.get(self.at..).unwrap_or_default()),
        };
        self.at += text.len();
        text
    }

    /// The value that begins here, whatever it is; moves behind it, without recursion.
    fn value(&mut self) -> &'a str {
        self.peek();
        let start = self.at;
        let mut open = 0_usize;
        loop {
            match self.peek() {
                b'{' | b'[' => {
                    open += 1;
                    self.at += 1;
                }
                b'}' | b']' if open > 0 => {
                    open -= 1;
                    self.at += 1;
                }
                b',' | b':' if open > 0 => self.at += 1,
                _ if self.scalar().is_empty() => break,
                _ => {}
            }
            if open == 0 {
                break;
            }
        }
        self.json.get(start..self.at).unwrap_or_default()
    }

    /// The attachment that the object here stands for; moves behind it.
    fn attachment(&mut self) -> Option<&'a Bytes> {
        let index = self.placeholders.binary_search_by_key(&self.at, |place| place.start).ok()?;
        let place = self.placeholders[index];
        let bytes = self.attachments.get(place.num)?;
        self.at = place.end;
        Some(bytes)
    }

    /// An object, array or placeholder.
    fn compound<V: Visitor<'a>>(&mut self, visitor: V) -> Result<V::Value, Error> {
        let open = self.peek();
        if open == b'{'
            && let Some(bytes) = self.attachment()
        {
            return visitor.visit_borrowed_bytes(bytes);
        }
        self.nested(|reader| {
            reader.at += 1;
            let (value, close) = if open == b'{' {
                (visitor.visit_map(Members { reader, first: true })?, b'}')
            } else {
                (visitor.visit_seq(Members { reader, first: true })?, b']')
            };
            if reader.peek() != close {
                return Err(Error::custom("trailing elements"));
            }
            reader.at += 1;
            Ok(value)
        })
    }

    fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, Error>) -> Result<T, Error> {
        if self.depth == MAX_DEPTH {
            return Err(Error::custom("recursion limit exceeded"));
        }
        self.depth += 1;
        let value = read(self);
        self.depth -= 1;
        value
    }
}

/// Objects and arrays are read here, all else by serde_json from its own few characters.
macro_rules! read {
    ($($method:ident($($arg:ident: $type:ty),*)),* $(,)?) => {
        $(fn $method<V: Visitor<'a>>(self, $($arg: $type,)* visitor: V) -> Result<V::Value, Error> {
            if self.at_compound() {
                return self.compound(visitor);
            }
            serde_json::Deserializer::from_str(self.scalar()).$method($($arg,)* visitor)
        })*
    };
}

impl<'a> Deserializer<'a> for &mut Reader<'a> {
    type Error = Error;

    read! {
        deserialize_any(),
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
        deserialize_identifier(),
    }

    fn deserialize_option<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.peek() == b'n' {
            self.scalar();
            return visitor.visit_none();
        }
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'a>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        // serde_json's `RawValue` is known by this name only.
        if name == "$serde_json::private::RawValue" {
            return serde_json::Deserializer::from_str(self.value())
                .deserialize_newtype_struct(name, visitor);
        }
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'a>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self.peek() {
            b'{' if self.placeholders.binary_search_by_key(&self.at, |place| place.start).is_err() => self
                .nested(|reader| {
                    reader.at += 1;
                    let value = visitor.visit_enum(Variant { reader })?;
                    reader.skip(b'}')?;
                    Ok(value)
                }),
            b'{' | b'[' => self.compound(visitor),
            _ => serde_json::Deserializer::from_str(self.scalar()).deserialize_enum(name, variants, visitor),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Error> {
        self.value();
        visitor.visit_unit()
    }
}

/// What stands between brackets or braces.
struct Members<'r, 'a> {
    reader: &'r mut Reader<'a>,
    first: bool,
}

impl Members<'_, '_> {
    fn has_next(&mut self, close: u8) -> Result<bool, Error> {
        if self.reader.peek() == close {
            return Ok(false);
        }
        if !std::mem::take(&mut self.first) {
            self.reader.skip(b',')?;
        }
        Ok(true)
    }
}

impl<'a> SeqAccess<'a> for Members<'_, 'a> {
    type Error = Error;

    fn next_element_seed<S: DeserializeSeed<'a>>(&mut self, seed: S) -> Result<Option<S::Value>, Error> {
        if self.has_next(b']')? { seed.deserialize(&mut *self.reader).map(Some) } else { Ok(None) }
    }
}

impl<'a> MapAccess<'a> for Members<'_, 'a> {
    type Error = Error;

    fn next_key_seed<S: DeserializeSeed<'a>>(&mut self, seed: S) -> Result<Option<S::Value>, Error> {
        if !self.has_next(b'}')? {
            return Ok(None);
        }
        seed.deserialize(Key::new(self.reader.scalar())).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'a>>(&mut self, seed: S) -> Result<S::Value, Error> {
        self.reader.skip(b':')?;
        seed.deserialize(&mut *self.reader)
    }
}

/// `{"Variant": value}`.
struct Variant<'r, 'a> {
    reader: &'r mut Reader<'a>,
}

impl<'a> EnumAccess<'a> for Variant<'_, 'a> {
    type Error = Error;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'a>>(self, seed: S) -> Result<(S::Value, Self), Error> {
        let name = seed.deserialize(Key::new(self.reader.scalar()))?;
        self.reader.skip(b':')?;
        Ok((name, self))
    }
}

impl<'a> VariantAccess<'a> for Variant<'_, 'a> {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        serde::Deserialize::deserialize(self.reader)
    }

    fn newtype_variant_seed<S: DeserializeSeed<'a>>(self, seed: S) -> Result<S::Value, Error> {
        seed.deserialize(self.reader)
    }

    fn tuple_variant<V: Visitor<'a>>(self, _: usize, visitor: V) -> Result<V::Value, Error> {
        self.reader.deserialize_seq(visitor)
    }

    fn struct_variant<V: Visitor<'a>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.reader.deserialize_any(visitor)
    }
}
