//! Placeholders: objects in the JSON that stand for attachments.
//!
//! ```text
//! {"_placeholder":true,"num":0}
//! ```
//!
//! An object is one when its `_placeholder` is `true`: in any order, beside other members, however the keys are written.
//! Found by one walk over JSON that is known to be valid, with an explicit stack: depth costs eight bytes a level and no
//! recursion.

use std::io;

use super::borrowed::ArgsError;

/// Where in the text an object stands for which attachment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::protocol) struct Placeholder {
    pub(in crate::protocol) start: usize,
    pub(in crate::protocol) end: usize,
    pub(in crate::protocol) num: usize,
}

/// Appends the placeholder of attachment `num`.
pub(in crate::protocol) fn write<W: io::Write + ?Sized>(out: &mut W, num: usize) -> io::Result<()> {
    write!(out, r#"{{"_placeholder":true,"num":{num}}}"#)
}

/// The outermost placeholders in the order of their places. Each of the attachments has one.
pub(in crate::protocol) fn find_all(json: &str, attachments: usize) -> Result<Vec<Placeholder>, ArgsError> {
    let places = find(json, attachments)?;
    let mut used = vec![false; attachments];
    for place in &places {
        used[place.num] = true;
    }
    match used.iter().position(|used| !used) {
        Some(index) => Err(ArgsError::UnusedAttachment { index }),
        None => Ok(places),
    }
}

/// The outermost placeholders in the order of their places, each with a `num` below `attachments`.
pub(in crate::protocol) fn find(json: &str, attachments: usize) -> Result<Vec<Placeholder>, ArgsError> {
    let mut places: Vec<Placeholder> = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    let mut candidates: Vec<Candidate> = Vec::new();
    let bytes = json.as_bytes();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'{' | b'[' => {
                open.push(at);
                at += 1;
            }
            b'}' | b']' => {
                at += 1;
                let start = open.pop().unwrap_or_default();
                let Some(candidate) = candidates.pop_if(|candidate| candidate.start == start) else {
                    continue;
                };
                if candidate.marked {
                    let num = candidate.num.filter(|num| *num < attachments);
                    let num = num.ok_or(ArgsError::Placeholder { attachments })?;
                    // What stands inside of it is not looked at by anybody.
                    while places.pop_if(|inner| inner.start > start).is_some() {}
                    places.push(Placeholder { start, end: at, num });
                }
            }
            b'"' => {
                let text = string(json, at);
                at += text.len();
                let Some(value) = value_of_key(json, at) else {
                    continue;
                };
                let Some(member) = Member::of(text) else { continue };
                at = json.len() - value.len();
                let start = open.last().copied().unwrap_or_default();
                if candidates.last().is_none_or(|candidate| candidate.start != start) {
                    candidates.push(Candidate { start, marked: false, num: None });
                }
                if let Some(candidate) = candidates.last_mut() {
                    // Of members of one name the last counts, as everywhere in JSON.
                    match member {
                        Member::Marker => candidate.marked = scalar(value) == "true",
                        Member::Num => candidate.num = scalar(value).parse().ok(),
                    }
                }
            }
            _ => at += 1,
        }
    }
    Ok(places)
}

/// An open object that has one of the two keys.
struct Candidate {
    start: usize,
    marked: bool,
    num: Option<usize>,
}

enum Member {
    Marker,
    Num,
}

impl Member {
    /// Which of the two keys `text` is, a string with its quotes.
    fn of(text: &str) -> Option<Self> {
        match text {
            r#""_placeholder""# => Some(Member::Marker),
            r#""num""# => Some(Member::Num),
            // Escaped letter by letter, the longer one has this many.
            _ if text.contains('\\') && text.len() <= 2 + 6 * "_placeholder".len() => {
                match serde_json::from_str::<String>(text).as_deref() {
                    Ok("_placeholder") => Some(Member::Marker),
                    Ok("num") => Some(Member::Num),
                    _ => None,
                }
            }
            _ => None,
        }
    }
}

/// The string that begins at `at`, with its quotes.
pub(in crate::protocol) fn string(json: &str, at: usize) -> &str {
    let bytes = json.as_bytes();
    let mut end = at + 1;
    while let Some(found) =
        bytes.get(end..).and_then(|rest| rest.iter().position(|byte| matches!(byte, b'"' | b'\\')))
    {
        end += found;
        if bytes[end] == b'"' {
            return json.get(at..=end).unwrap_or_default();
        }
        end += 2;
    }
    json.get(at..).unwrap_or_default()
}

/// The number, literal or empty text at the head of `json`: up to what can follow a value.
pub(in crate::protocol) fn scalar(json: &str) -> &str {
    let end = json
        .bytes()
        .position(|byte| matches!(byte, b',' | b'}' | b']' | b'{' | b'[' | b'"') || is_space(byte));
    json.get(..end.unwrap_or(json.len())).unwrap_or_default()
}

pub(in crate::protocol) fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

/// What stands behind the string that ends at `at`, if that is a key.
fn value_of_key(json: &str, at: usize) -> Option<&str> {
    let rest = json.get(at..)?.trim_start_matches(SPACE).strip_prefix(':')?;
    Some(rest.trim_start_matches(SPACE))
}

/// What may stand between the parts of JSON.
pub(super) const SPACE: [char; 4] = [' ', '\t', '\r', '\n'];
