//! The serde serializer at the top: it sees whether a value is several arguments, one, or none.
//!
//! All below is serde_json's, with a formatter that puts bytes aside.

use std::io;

use bytes::Bytes;
use serde::ser::{self, Serialize, SerializeTuple};
use serde_json::{
    Error, Serializer,
    ser::{Compound, Formatter},
};

use super::placeholder;

/// Where elements of the array go.
pub(super) struct Sink<'w> {
    pub(super) out: &'w mut Vec<u8>,
    pub(super) attachments: &'w mut Vec<Bytes>,
    pub(super) empty: &'w mut bool,
}

impl<'w> Sink<'w> {
    pub(super) fn begin_element(&mut self) {
        if !std::mem::take(self.empty) {
            self.out.push(b',');
        }
    }

    pub(super) fn push<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.begin_element();
        let aside = Aside { attachments: self.attachments };
        value.serialize(&mut Serializer::with_formatter(&mut *self.out, aside))
    }

    fn element(mut self) -> Json<'w> {
        self.begin_element();
        Serializer::with_formatter(self.out, Aside { attachments: self.attachments })
    }
}

type Json<'w> = Serializer<&'w mut Vec<u8>, Aside<'w>>;

/// Compact JSON with bytes put aside.
pub(super) struct Aside<'w> {
    attachments: &'w mut Vec<Bytes>,
}

impl Formatter for Aside<'_> {
    fn write_byte_array<W: io::Write + ?Sized>(&mut self, out: &mut W, bytes: &[u8]) -> io::Result<()> {
        let num = self.attachments.len();
        self.attachments.push(Bytes::copy_from_slice(bytes));
        placeholder::write(out, num)
    }
}

/// Spreads a tuple over several arguments, unwraps a `Result`, leaves out a unit.
pub(super) struct Spread<'s, 'w> {
    sink: Sink<'w>,
    /// Holds the serializer of a value that comes in parts.
    json: &'s mut Option<Json<'w>>,
}

impl<'s, 'w> Spread<'s, 'w> {
    pub(super) fn new(sink: Sink<'w>, json: &'s mut Option<Json<'w>>) -> Self {
        Spread { sink, json }
    }

    fn one(self) -> &'s mut Json<'w> {
        self.json.insert(self.sink.element())
    }
}

/// Elements of a tuple, each an argument.
pub(super) struct Elements<'w> {
    sink: Sink<'w>,
}

impl SerializeTuple for Elements<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.sink.push(value)
    }

    fn end(self) -> Result<(), Error> {
        Ok(())
    }
}

macro_rules! one_argument {
    ($($method:ident($type:ty)),* $(,)?) => {
        $(fn $method(self, value: $type) -> Result<(), Error> {
            ser::Serializer::$method(self.one(), value)
        })*
    };
}

impl<'s, 'w> ser::Serializer for Spread<'s, 'w> {
    type Ok = ();
    type Error = Error;
    type SerializeTuple = Elements<'w>;
    type SerializeSeq = Compound<'s, &'w mut Vec<u8>, Aside<'w>>;
    type SerializeTupleStruct = Self::SerializeSeq;
    type SerializeTupleVariant = Self::SerializeSeq;
    type SerializeMap = Self::SerializeSeq;
    type SerializeStruct = Self::SerializeSeq;
    type SerializeStructVariant = Self::SerializeSeq;

    fn serialize_unit(self) -> Result<(), Error> {
        Ok(())
    }

    fn serialize_tuple(self, _: usize) -> Result<Elements<'w>, Error> {
        Ok(Elements { sink: self.sink })
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        if name == "Result" && matches!(variant, "Ok" | "Err") {
            return value.serialize(self);
        }
        self.one().serialize_newtype_variant(name, index, variant, value)
    }

    one_argument! {
        serialize_bool(bool),
        serialize_i8(i8),
        serialize_i16(i16),
        serialize_i32(i32),
        serialize_i64(i64),
        serialize_i128(i128),
        serialize_u8(u8),
        serialize_u16(u16),
        serialize_u32(u32),
        serialize_u64(u64),
        serialize_u128(u128),
        serialize_f32(f32),
        serialize_f64(f64),
        serialize_char(char),
        serialize_str(&str),
        serialize_bytes(&[u8]),
        serialize_unit_struct(&'static str),
    }

    fn serialize_none(self) -> Result<(), Error> {
        self.one().serialize_none()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Error> {
        self.one().serialize_some(value)
    }

    fn serialize_unit_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
    ) -> Result<(), Error> {
        self.one().serialize_unit_variant(name, index, variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        self.one().serialize_newtype_struct(name, value)
    }

    fn serialize_seq(self, len: Option<usize>) -> Result<Self::SerializeSeq, Error> {
        self.one().serialize_seq(len)
    }

    fn serialize_tuple_struct(
        self,
        name: &'static str,
        len: usize,
    ) -> Result<Self::SerializeTupleStruct, Error> {
        self.one().serialize_tuple_struct(name, len)
    }

    fn serialize_tuple_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Self::SerializeTupleVariant, Error> {
        self.one().serialize_tuple_variant(name, index, variant, len)
    }

    fn serialize_map(self, len: Option<usize>) -> Result<Self::SerializeMap, Error> {
        self.one().serialize_map(len)
    }

    fn serialize_struct(self, name: &'static str, len: usize) -> Result<Self::SerializeStruct, Error> {
        self.one().serialize_struct(name, len)
    }

    fn serialize_struct_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Self::SerializeStructVariant, Error> {
        self.one().serialize_struct_variant(name, index, variant, len)
    }

    fn collect_str<T: std::fmt::Display + ?Sized>(self, value: &T) -> Result<(), Error> {
        self.one().collect_str(value)
    }
}
