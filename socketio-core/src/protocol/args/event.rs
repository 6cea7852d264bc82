//! Events: an array whose first element is the name.

use std::borrow::Cow;

use bytes::Bytes;
use serde_json::value::RawValue;

use super::borrowed::{self, ArgsError, ArgsRef};

/// A name and arguments, borrowed from the packet.
#[derive(Clone, Debug)]
pub struct Event<'a> {
    /// Borrowed, unless it is written with escapes.
    pub name: Cow<'a, str>,
    /// What follows it.
    pub args: ArgsRef<'a>,
}

impl<'a> Event<'a> {
    /// Reads `["name",…]`, the payload of an event, in one pass; its `attachments` are all there.
    ///
    /// The whole array is checked to be JSON, the arguments are not looked into. A number as the name counts as its text.
    ///
    /// # Errors
    ///
    /// The array is empty or no JSON, its first element is no name, or placeholders and attachments do not fit together.
    pub fn parse(data: &'a str, attachments: &'a [Bytes]) -> Result<Self, ArgsError> {
        let (name, raw) = borrowed::split(data, true)?;
        let name = name.ok_or(ArgsError::Empty)?;
        let args = ArgsRef::new(data, raw, attachments)?;
        Ok(Event { name: text(name)?, args })
    }
}

#[inline]
fn text(name: &RawValue) -> Result<Cow<'_, str>, ArgsError> {
    let json = name.get();
    match json.as_bytes() {
        [b'"', plain @ .., b'"'] if !plain.contains(&b'\\') => Ok(Cow::Borrowed(&json[1..json.len() - 1])),
        [b'"', ..] => serde_json::from_str(json).map(Cow::Owned).map_err(|_| ArgsError::Name),
        [b'-' | b'0'..=b'9', ..] => Ok(Cow::Borrowed(json)),
        _ => Err(ArgsError::Name),
    }
}
