//! Arguments to types.

use std::{any::type_name, fmt, marker::PhantomData};

use serde::{
    Deserialize,
    de::{DeserializeOwned, DeserializeSeed, Deserializer, Error as _, SeqAccess, Visitor},
    forward_to_deserialize_any,
};
use serde_json::Error;

use super::{
    borrowed::{ArgsRef, offset},
    reader::Reader,
};

impl ArgsRef<'_> {
    /// Decodes the first argument; one that is missing is `null`, so that an `Option` is `None`. Others are ignored.
    ///
    /// # Errors
    ///
    /// It does not fit `T`, or is nested deeper than 128 levels.
    pub fn first<T: DeserializeOwned>(&self) -> Result<T, DecodeError> {
        self.element(0, PhantomData).map_err(|error| {
            let mut path = None;
            let _ = self.element(0, Tracked { path: &mut path, of: PhantomData::<T> });
            DecodeError::new::<T>(self.place(0, path), &error)
        })
    }

    /// Decodes all arguments: as a tuple, or as a list if their number varies; `()` if there are none.
    ///
    /// Arguments that a tuple lacks are `null`. More of them than it has are an error.
    ///
    /// # Errors
    ///
    /// They do not fit `T`, or are nested deeper than 128 levels.
    pub fn all<T: DeserializeOwned>(&self) -> Result<T, DecodeError> {
        T::deserialize(List { args: self }).map_err(|error| {
            let mut track = serde_path_to_error::Track::new();
            let _ = T::deserialize(serde_path_to_error::Deserializer::new(List { args: self }, &mut track));
            DecodeError::new::<T>(plain(&track.path()), &error)
        })
    }

    /// Decodes the arguments of an ack: a single one as `T` itself, none as `null`, several as the tuple (or list) `T`.
    ///
    /// # Errors
    ///
    /// They do not fit `T`, or are nested deeper than 128 levels.
    pub fn answer<T: DeserializeOwned>(&self) -> Result<T, DecodeError> {
        if self.len() > 1 { self.all() } else { self.first() }
    }

    fn element<'r, S: DeserializeSeed<'r>>(&'r self, index: usize, seed: S) -> Result<S::Value, Error> {
        let Some(json) = self.get(index) else {
            let missing = seed.deserialize(&mut serde_json::Deserializer::from_str("null"));
            return missing.map_err(|_| Error::custom("missing"));
        };
        if self.placeholders.is_empty() {
            return seed.deserialize(&mut serde_json::Deserializer::from_str(json));
        }
        seed.deserialize(&mut Reader::new(
            self.text,
            offset(self.text, json),
            &self.placeholders,
            self.attachments,
        ))
    }

    /// The path within an argument, below its number.
    fn place(&self, index: usize, path: Option<String>) -> String {
        match path.as_deref() {
            None | Some("") => format!("[{index}]"),
            Some(path) if path.starts_with('[') => format!("[{index}]{path}"),
            Some(path) => format!("[{index}].{path}"),
        }
    }
}

/// Why arguments do not fit a type: where, which type, what is wrong.
///
/// ```text
/// [0].text does not fit chat::Say: invalid type: integer, expected a string at line 1 column 10
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecodeError {
    path: String,
    type_name: &'static str,
    cause: String,
}

impl DecodeError {
    /// From the number of the argument down to what does not fit: `[0].users[2].name`. Empty if that is all of them.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The type that was asked for.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        self.type_name
    }

    /// What is wrong there, in serde's words, a line at most. It does not quote the value; what the type's own `Deserialize` says may.
    #[must_use]
    pub fn cause(&self) -> &str {
        &self.cause
    }

    /// The arguments themselves are none.
    #[cfg(feature = "server")]
    pub(crate) fn of_args(error: super::ArgsError) -> Self {
        DecodeError { path: String::new(), type_name: "arguments", cause: cut(error.to_string()) }
    }

    fn new<T>(path: String, error: &Error) -> Self {
        DecodeError {
            path: cut(path),
            type_name: type_name::<T>(),
            cause: cut(without_value(error.to_string())),
        }
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = if self.path.is_empty() { "the list of arguments" } else { &self.path };
        write!(f, "{place} does not fit {}: {}", self.type_name, self.cause)
    }
}

impl std::error::Error for DecodeError {}

/// All arguments as one serde value.
struct List<'r, 'a> {
    args: &'r ArgsRef<'a>,
}

impl<'r> List<'r, '_> {
    /// `arity` is known for tuples: what is missing there is `null`.
    fn visit<V: Visitor<'r>>(self, arity: Option<usize>, visitor: V) -> Result<V::Value, Error> {
        let given = self.args.len();
        if arity.is_some_and(|arity| given > arity) {
            return Err(Error::invalid_length(given, &visitor));
        }
        visitor.visit_seq(Elements { args: self.args, next: 0, end: arity.unwrap_or(given) })
    }
}

impl<'r> Deserializer<'r> for List<'r, '_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'r>>(self, visitor: V) -> Result<V::Value, Error> {
        self.visit(None, visitor)
    }

    fn deserialize_unit<V: Visitor<'r>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.args.len() {
            0 => visitor.visit_unit(),
            given => Err(Error::invalid_length(given, &"no arguments")),
        }
    }

    fn deserialize_tuple<V: Visitor<'r>>(self, len: usize, visitor: V) -> Result<V::Value, Error> {
        self.visit(Some(len), visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'r>>(
        self,
        _: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.visit(Some(len), visitor)
    }

    fn deserialize_struct<V: Visitor<'r>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.visit(Some(fields.len()), visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'r>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        <W: Visitor<'r>>
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit_struct seq map
        enum identifier ignored_any
    }
}

struct Elements<'r, 'a> {
    args: &'r ArgsRef<'a>,
    next: usize,
    end: usize,
}

impl<'r> SeqAccess<'r> for Elements<'r, '_> {
    type Error = Error;

    fn next_element_seed<S: DeserializeSeed<'r>>(&mut self, seed: S) -> Result<Option<S::Value>, Error> {
        if self.next == self.end {
            return Ok(None);
        }
        let element = self.args.element(self.next, seed)?;
        self.next += 1;
        Ok(Some(element))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.end - self.next)
    }
}

/// Decodes once more what failed, to learn where.
struct Tracked<'p, T> {
    path: &'p mut Option<String>,
    of: PhantomData<T>,
}

impl<'a, T: Deserialize<'a>> DeserializeSeed<'a> for Tracked<'_, T> {
    type Value = T;

    fn deserialize<D: Deserializer<'a>>(self, json: D) -> Result<T, D::Error> {
        let mut track = serde_path_to_error::Track::new();
        let result = T::deserialize(serde_path_to_error::Deserializer::new(json, &mut track));
        *self.path = Some(plain(&track.path()));
        result
    }
}

/// Without the `.` that stands for the root.
fn plain(path: &serde_path_to_error::Path) -> String {
    if path.iter().next().is_none() { String::new() } else { path.to_string() }
}

/// serde quotes the value: of ``invalid type: string "secret", expected u8`` this leaves `invalid type: string, expected u8`. What a
/// client sends is for no log.
fn without_value(mut cause: String) -> String {
    const QUOTING: [&str; 4] = ["invalid type: ", "invalid value: ", "unknown variant ", "unknown field "];
    if QUOTING.iter().any(|head| cause.starts_with(head))
        && let Some(from) = cause.find(['"', '`'])
    {
        let behind = [", expected ", ", there are no "].iter().filter_map(|words| cause.rfind(words)).max();
        let until = behind.unwrap_or(cause.len());
        if from < until {
            cause.replace_range(cause[..from].trim_end().len()..until, "");
        }
    }
    cause
}

/// Keeps a stranger's text from filling the log.
fn cut(mut text: String) -> String {
    if text.len() > LINE {
        let end = (0..=LINE).rev().find(|end| text.is_char_boundary(*end)).unwrap_or_default();
        text.truncate(end);
        text.push('…');
    }
    text
}

const LINE: usize = 200;
