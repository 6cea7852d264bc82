//! Borrowed arguments: an array taken apart into its elements, one level deep.

use std::fmt;

use bytes::Bytes;
use serde::de::{Deserializer, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::{
    elements::Elements,
    placeholder::{self, Placeholder},
    raw::RawArgs,
};

/// The arguments of an event or ack and their attachments, borrowed from the packet.
///
/// That it is JSON, and that placeholders and attachments fit together, has been checked.
#[derive(Clone)]
pub struct ArgsRef<'a> {
    pub(super) raw: Elements<'a>,
    /// From the first argument to the end of the last, with the commas between.
    pub(super) text: &'a str,
    pub(super) attachments: &'a [Bytes],
    /// Places in `text`, in order.
    pub(super) placeholders: Vec<Placeholder>,
}

impl<'a> ArgsRef<'a> {
    /// Reads `[…]`, the payload of an ack, in one pass; its `attachments` are all there.
    ///
    /// # Errors
    ///
    /// It is no JSON array, or placeholders and attachments do not fit together.
    pub fn parse(data: &'a str, attachments: &'a [Bytes]) -> Result<Self, ArgsError> {
        let (_, raw) = split(data, false)?;
        Self::new(data, raw, attachments)
    }

    /// `raw` are the last elements of the array `data`.
    #[inline]
    pub(super) fn new(data: &'a str, raw: Elements<'a>, attachments: &'a [Bytes]) -> Result<Self, ArgsError> {
        let text = match (raw.first(), raw.last()) {
            (Some(first), Some(last)) => {
                let end = offset(data, last.get()) + last.get().len();
                data.get(offset(data, first.get())..end).unwrap_or_default()
            }
            _ => "",
        };
        let placeholders =
            if attachments.is_empty() { Vec::new() } else { placeholder::find_all(text, attachments.len())? };
        Ok(ArgsRef { raw, text, attachments, placeholders })
    }

    /// How many arguments there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.raw.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.raw.is_empty()
    }

    /// The JSON text of one argument.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<&'a str> {
        self.raw.get(index).map(|raw| raw.get())
    }

    /// The JSON text of all arguments as it came, without the brackets around them: `1,"a",{…}`.
    #[must_use]
    pub fn json(&self) -> &'a str {
        self.text
    }

    /// The bytes that came with them, in the order of their numbers.
    #[must_use]
    pub fn attachments(&self) -> &'a [Bytes] {
        self.attachments
    }

    /// An owned copy; the attachments are shared.
    #[must_use]
    pub fn to_raw(&self) -> RawArgs {
        RawArgs::from_parts(self.text, self.attachments.to_vec())
    }
}

/// The texts of the arguments.
impl fmt::Debug for ArgsRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ArgsRef")
            .field("json", &self.text)
            .field("attachments", &self.attachments.len())
            .finish()
    }
}

/// Why a payload is no list of arguments.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ArgsError {
    /// It is no JSON, or no array.
    #[error("the payload is no JSON array")]
    Json(#[source] serde_json::Error),
    /// An event without a name.
    #[error("the event has no name")]
    Empty,
    /// The name is neither a string nor a number.
    #[error("the event's name is no string")]
    Name,
    /// A placeholder whose `num` is no index of an attachment.
    #[error("a placeholder is not for one of the {attachments} attachments")]
    Placeholder {
        /// How many there are.
        attachments: usize,
    },
    /// An attachment that no placeholder stands for.
    #[error("attachment {index} is not used")]
    UnusedAttachment {
        /// Its number, from 0.
        index: usize,
    },
}

/// The elements of an array, and its first one apart if it is a name. The JSON is skipped over without recursion.
#[inline]
pub(super) fn split(data: &str, named: bool) -> Result<(Option<&RawValue>, Elements<'_>), ArgsError> {
    let mut elements = Elements::new();
    let mut json = serde_json::Deserializer::from_str(data);
    let split = Split { named, elements: &mut elements };
    let name = json.deserialize_seq(split).map_err(ArgsError::Json)?;
    json.end().map_err(ArgsError::Json)?;
    Ok((name, elements))
}

/// The elements of an array that lost its brackets.
pub(super) fn split_bare(json: &str) -> Result<Elements<'_>, ArgsError> {
    let mut elements = Elements::new();
    let mut rest = json;
    while !rest.is_empty() {
        let mut values = serde_json::Deserializer::from_str(rest).into_iter::<&RawValue>();
        let element = values.next().unwrap_or_else(|| serde_json::from_str(""));
        elements.push(element.map_err(ArgsError::Json)?);
        rest = rest.get(values.byte_offset()..).unwrap_or_default().trim_start_matches(placeholder::SPACE);
        if let Some(more) = rest.strip_prefix(',') {
            rest = more;
        }
    }
    Ok(elements)
}

struct Split<'s, 'de> {
    named: bool,
    elements: &'s mut Elements<'de>,
}

impl<'de> Visitor<'de> for Split<'_, 'de> {
    type Value = Option<&'de RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<Self::Value, A::Error> {
        let name = if self.named { array.next_element()? } else { None };
        while let Some(element) = array.next_element()? {
            self.elements.push(element);
        }
        Ok(name)
    }
}

/// Where `part`, a slice of `whole`, begins in it.
pub(super) fn offset(whole: &str, part: &str) -> usize {
    (part.as_ptr() as usize).wrapping_sub(whole.as_ptr() as usize)
}
