//! What others put on the same channel, told by its first bytes or its members.

use crate::adapter::wire::WireError;

use super::decode::Fields;

/// Whether these bytes are a pickle: of protocol 2 or later by its mark, of an earlier one by how it begins and ends.
pub(super) fn is_pickle(frame: &[u8]) -> bool {
    match frame {
        [0x80, ..] => true,
        // MARK, EMPTY_DICT, EMPTY_LIST, GLOBAL, UNICODE, STRING, LONG, NONE … STOP. No JSON ends with a full stop.
        [b'(' | b'}' | b']' | b'c' | b'V' | b'S' | b'L' | b'N' | b'X', .., b'.'] => true,
        _ => false,
    }
}

/// Whether an object without a method is what Kombu wraps messages in on Redis.
pub(super) fn is_kombu_envelope(fields: &Fields<'_>) -> bool {
    ["body", "content-type", "content-encoding", "properties"].iter().all(|name| fields.get(name).is_some())
}

/// What is wrong with text that is no JSON. Python writes `NaN` and `Infinity` for numbers.
pub(super) fn not_json(text: &str, error: serde_json::Error) -> WireError {
    let rest = text
        .lines()
        .nth(error.line().saturating_sub(1))
        .and_then(|line| line.as_bytes().get(error.column().saturating_sub(1)..));
    match rest {
        Some([b'N', b'a', b'N', ..] | [b'I', b'n', b'f', ..]) => WireError::NotFinite,
        _ => WireError::Json(error),
    }
}
