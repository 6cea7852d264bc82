//! Why a message is not taken, and whether that is the end of its connection.

use super::MAX_DEPTH;
use crate::protocol::packet::PacketError;

/// Why a message of a msgpack client is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MsgpackError {
    /// An extension type: JSON has nothing that it could become.
    #[error("msgpack extension type {tag}")]
    Extension {
        /// Its number.
        tag: i8,
    },
    /// Nested deeper than [`MAX_DEPTH`].
    #[error("nested deeper than {MAX_DEPTH} levels")]
    TooDeep,
    /// A text that is no UTF-8.
    #[error("a text that is no UTF-8")]
    Text,
    /// A key that JSON cannot have: bytes, a list, a map.
    #[error("a key that is no text, number, boolean or nil")]
    Key,
    /// A map that would be taken for an attachment, among bytes.
    #[error("a map with the member `_placeholder` beside bytes")]
    Placeholder,
    /// More bytes values than are allowed.
    #[error("more than {limit} attachments")]
    TooManyAttachments {
        /// The number allowed.
        limit: usize,
    },
    /// It is no msgpack, or not all there, or more follows.
    #[error("no msgpack: {0}")]
    Malformed(String),
    /// It is msgpack, but no packet.
    #[error("no packet: {0}")]
    NoPacket(&'static str),
    /// A packet with the wrong payload.
    #[error(transparent)]
    Packet(#[from] PacketError),
}

impl MsgpackError {
    /// Whether the packet was sound but for one value that cannot be carried over: the connection can go on without it.
    #[must_use]
    pub fn is_about_a_value(&self) -> bool {
        use MsgpackError::{Extension, Key, Placeholder, Text, TooDeep};
        matches!(self, Extension { .. } | TooDeep | Text | Key | Placeholder)
    }
}
