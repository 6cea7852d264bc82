//! A JSON object or list, taken apart one level: what is deeper is not looked into, whatever its depth.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use smallvec::SmallVec;

use crate::adapter::wire::WireError;
use crate::adapter::wire::python::foreign;
use crate::protocol::args::ArgsError;

/// The members of an object. Of several with one name the last counts, as in Python.
#[derive(Debug)]
pub(in crate::adapter::wire::python) struct Fields<'a> {
    /// The method, or what kind of object it is: for errors.
    what: &'static str,
    members: SmallVec<[(Cow<'a, str>, &'a RawValue); 16]>,
}

impl<'a> Fields<'a> {
    pub(super) fn parse(what: &'static str, text: &'a str) -> Result<Self, WireError> {
        let mut json = serde_json::Deserializer::from_str(text);
        let members = json.deserialize_map(Members).and_then(|members| {
            json.end()?;
            Ok(members)
        });
        match members {
            Ok(members) => Ok(Fields { what, members }),
            Err(error) if error.is_data() => Err(WireError::NoObject { limit: MAX_MEMBERS }),
            Err(error) => Err(foreign::not_json(text, error)),
        }
    }

    /// The same, known for what it is.
    pub(super) fn of(self, what: &'static str) -> Self {
        Fields { what, ..self }
    }

    pub(in crate::adapter::wire::python) fn get(&self, name: &str) -> Option<&'a RawValue> {
        let mut members = self.members.iter().rev();
        members.find(|(key, _)| key == name).map(|(_, value)| *value)
    }

    /// Reads a member that may be absent or `null`.
    pub(super) fn optional<T>(
        &self,
        name: &'static str,
        read: impl FnOnce(&Self, &'static str) -> Result<T, WireError>,
    ) -> Result<Option<T>, WireError> {
        match self.get(name) {
            Some(value) if value.get() != "null" => read(self, name).map(Some),
            _ => Ok(None),
        }
    }

    pub(super) fn string(&self, name: &'static str) -> Result<Cow<'a, str>, WireError> {
        self.get(name).and_then(string).ok_or_else(|| self.wrong(name, "a string"))
    }

    pub(super) fn number(&self, name: &'static str) -> Result<u64, WireError> {
        let number = self.get(name).and_then(number);
        number.ok_or_else(|| self.wrong(name, "an integer from 0 to 2^64 - 1"))
    }

    pub(super) fn boolean(&self, name: &'static str) -> Result<bool, WireError> {
        match self.get(name).map(RawValue::get) {
            Some("true") => Ok(true),
            Some("false") => Ok(false),
            _ => Err(self.wrong(name, "a boolean")),
        }
    }

    /// Reads each element of a list of bounded length.
    pub(super) fn list<T, C: FromIterator<T>>(
        &self,
        name: &'static str,
        expected: &'static str,
        read: impl Fn(&'a RawValue) -> Option<T>,
    ) -> Result<C, WireError> {
        let elements = self.get(name).and_then(elements);
        let items = elements.and_then(|elements| elements.into_iter().map(read).collect());
        items.ok_or_else(|| self.wrong(name, expected))
    }

    pub(super) fn wrong(&self, field: &'static str, expected: &'static str) -> WireError {
        WireError::Field { method: self.what, field, expected }
    }

    pub(super) fn unfit(&self, field: &'static str, source: ArgsError) -> WireError {
        WireError::Args { method: self.what, field, source }
    }
}

pub(super) fn string(value: &RawValue) -> Option<Cow<'_, str>> {
    let json = value.get();
    match json.strip_prefix('"')?.strip_suffix('"')? {
        plain if !plain.contains('\\') => Some(Cow::Borrowed(plain)),
        // Lone surrogates are no text.
        _ => serde_json::from_str(json).ok().map(Cow::Owned),
    }
}

pub(super) fn number(value: &RawValue) -> Option<u64> {
    value.get().parse().ok()
}

/// The elements of a list, if it is one and not too long.
pub(super) fn elements(value: &RawValue) -> Option<Vec<&RawValue>> {
    let mut json = serde_json::Deserializer::from_str(value.get());
    json.deserialize_seq(Elements).ok()
}

/// More than any message has.
const MAX_MEMBERS: usize = 64;
/// Rooms, ids, attachments, items of an answer: more than anybody has in one message.
pub(super) const MAX_ELEMENTS: usize = 100_000;

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = SmallVec<[(Cow<'de, str>, &'de RawValue); 16]>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Self::Value, A::Error> {
        let mut members = SmallVec::new();
        while let Some(Key(name)) = object.next_key()? {
            if members.len() == MAX_MEMBERS {
                return Err(A::Error::custom("too many members"));
            }
            members.push((name, object.next_value()?));
        }
        Ok(members)
    }
}

/// The name of a member, borrowed unless it has escapes.
#[derive(serde::Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

struct Elements;

impl<'de> Visitor<'de> for Elements {
    type Value = Vec<&'de RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut elements = Vec::new();
        while let Some(element) = list.next_element()? {
            if elements.len() == MAX_ELEMENTS {
                return Err(A::Error::custom("too many elements"));
            }
            elements.push(element);
        }
        Ok(elements)
    }
}
