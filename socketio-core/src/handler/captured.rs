//! The parts of a namespace's name that a pattern captured.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{self, DeserializeOwned, Deserializer, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;

use super::context::Context;
use super::extract::{FromContext, Rejection};

/// The parts that [`Server::of_pattern`](crate::Server::of_pattern) captured of the namespace's name.
///
/// For `/{tenant}/room-{id}` it is a tuple in the order of the pattern, `Captured<(String, u32)>`, or a struct or map by the parts'
/// names; one part alone is the value itself, `Captured<u32>`. `Namespace::name` has the whole name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Captured<T>(pub T);

impl<T> Deref for Captured<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<K, T: DeserializeOwned> FromContext<K> for Captured<T> {
    fn from_context(context: &mut Context<'_>) -> Result<Self, Rejection> {
        let parts = context.socket().namespace_inner().captures();
        if parts.is_empty() {
            return Err(Rejection::Absent("captured part: the namespace is not one of a pattern with any"));
        }
        let value = T::deserialize(Parts(parts))
            .map_err(|error| Rejection::Other(format!("the namespace's name does not fit: {error}")))?;
        Ok(Captured(value))
    }
}

/// Parts and their names, as serde sees them.
struct Parts<'a>(&'a [(Arc<str>, Box<str>)]);

/// One part: text, or what can be read from it.
#[derive(Clone, Copy)]
struct Part<'a>(&'a str);

#[derive(Debug)]
struct Misfit(String);

impl<'a> Parts<'a> {
    fn one(&self) -> Result<Part<'a>, Misfit> {
        match self.0 {
            [(_, part)] => Ok(Part(part)),
            several => Err(Misfit(format!("{} parts were captured, one is wanted", several.len()))),
        }
    }
}

macro_rules! one_part {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
            self.one()?.$method(visitor)
        })*
    };
}

impl<'de> Deserializer<'de> for Parts<'_> {
    type Error = Misfit;

    one_part! {
        deserialize_any deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128 deserialize_f32 deserialize_f64
        deserialize_char deserialize_str deserialize_string deserialize_bytes deserialize_byte_buf deserialize_option
        deserialize_identifier deserialize_ignored_any
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        visitor.visit_unit()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_seq(SeqDeserializer::new(self.0.iter().map(|(_, part)| Part(part))))
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, Misfit> {
        if length != self.0.len() {
            return Err(Misfit(format!("{} parts were captured, {length} are wanted", self.0.len())));
        }
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        self.deserialize_tuple(length, visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        let pairs = self.0.iter().map(|(name, part)| (Part(name), Part(part)));
        visitor.visit_map(MapDeserializer::new(pairs))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        self.one()?.deserialize_enum(name, variants, visitor)
    }
}

macro_rules! parsed {
    ($($method:ident $visit:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
            match self.0.parse() {
                Ok(value) => visitor.$visit(value),
                Err(_) => Err(de::Error::invalid_value(de::Unexpected::Str(self.0), &visitor)),
            }
        })*
    };
}

impl<'de> Deserializer<'de> for Part<'_> {
    type Error = Misfit;

    parsed! {
        deserialize_bool visit_bool deserialize_i8 visit_i8 deserialize_i16 visit_i16 deserialize_i32 visit_i32
        deserialize_i64 visit_i64 deserialize_i128 visit_i128 deserialize_u8 visit_u8 deserialize_u16 visit_u16
        deserialize_u32 visit_u32 deserialize_u64 visit_u64 deserialize_u128 visit_u128 deserialize_f32 visit_f32
        deserialize_f64 visit_f64
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_str(self.0)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        visitor.visit_enum(self.0.into_deserializer())
    }

    forward_to_deserialize_any! {
        char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

impl<'de> IntoDeserializer<'de, Misfit> for Part<'_> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl de::Error for Misfit {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Misfit(message.to_string())
    }
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Misfit {}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;

    use super::*;

    fn read<T: DeserializeOwned>(parts: &[(&str, &str)]) -> Result<T, String> {
        let parts: Vec<(Arc<str>, Box<str>)> =
            parts.iter().map(|(name, part)| ((*name).into(), (*part).into())).collect();
        T::deserialize(Parts(&parts)).map_err(|error| error.to_string())
    }

    const BOARD: [(&str, &str); 2] = [("tenant", "acme"), ("id", "7")];

    #[derive(Debug, Deserialize, PartialEq)]
    struct Board {
        id: u32,
        tenant: String,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(rename_all = "lowercase")]
    enum Tenant {
        Acme,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    struct Id(u64);

    #[test]
    fn parts_are_a_tuple_in_order_or_a_struct_by_name() {
        assert_eq!(read(&BOARD), Ok(("acme".to_owned(), 7_u8)));
        assert_eq!(read(&BOARD), Ok(Board { id: 7, tenant: "acme".into() }));
        assert_eq!(read(&BOARD), Ok((Tenant::Acme, Id(7))));
        let map: BTreeMap<String, String> = read(&BOARD).unwrap();
        assert_eq!(map["tenant"], "acme");
        assert_eq!(read(&BOARD), Ok(vec!["acme".to_owned(), "7".to_owned()]));
    }

    #[test]
    fn one_part_is_the_value_itself() {
        assert_eq!(read(&BOARD[1..]), Ok(7_u64));
        assert_eq!(read(&BOARD[1..]), Ok("7".to_owned()));
        assert_eq!(read(&BOARD[1..]), Ok(Id(7)));
        assert_eq!(read(&BOARD[..1]), Ok(Tenant::Acme));
        assert_eq!(read(&BOARD[1..]), Ok(Some(7_i8)));
    }

    #[test]
    fn parts_that_do_not_fit_are_refused_in_words() {
        assert!(read::<u32>(&BOARD[..1]).unwrap_err().contains("acme"));
        assert!(read::<u8>(&[("id", "300")]).is_err());
        assert!(read::<String>(&BOARD).unwrap_err().contains("2 parts"));
        assert!(read::<(String,)>(&BOARD).is_err());
    }
}
