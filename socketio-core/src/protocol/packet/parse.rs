//! Text to packet: one pass over the header, then a look at the payload's first character.

use super::{Kind, Packet};

impl<'a> Packet<'a> {
    /// Reads the text of an Engine.IO message.
    ///
    /// Nothing is copied, and the payload is judged by its outside alone: a list where a list must stand, nothing where
    /// nothing may. That it is JSON shows when its arguments are read.
    ///
    /// # Errors
    ///
    /// All of them are the peer's breach of the protocol, after which the specification has the connection closed.
    pub fn parse(text: &'a str, max_attachments: usize) -> Result<Self, PacketError> {
        let found = text.chars().next().ok_or(PacketError::Empty)?;
        let kind = Kind::from_digit(found).ok_or(PacketError::UnknownType { found })?;
        let rest = &text[1..];

        let (attachments, rest) =
            if kind.is_binary() { split_attachments(rest, max_attachments)? } else { (0, rest) };
        let (namespace, rest) = split_namespace(rest);
        let (id, data) = split_id(rest)?;

        let packet = Packet { kind, attachments, namespace, id, data };
        packet.check()?;
        Ok(packet)
    }

    /// Whether payload and id are of the shape that the type asks for.
    pub(in crate::protocol) fn check(&self) -> Result<(), PacketError> {
        let kind = self.kind;
        let first = self.data.bytes().find(|byte| !matches!(byte, b' ' | b'\t' | b'\r' | b'\n'));
        match (kind, first) {
            (Kind::Event | Kind::BinaryEvent, Some(b'[')) => Ok(()),
            (Kind::Ack | Kind::BinaryAck, Some(b'[')) if self.id.is_some() => Ok(()),
            (Kind::Ack | Kind::BinaryAck, Some(b'[')) => Err(PacketError::MissingId { kind }),
            (Kind::Connect, None | Some(b'{' | b'[')) => Ok(()),
            (Kind::ConnectError, Some(b'{' | b'"')) => Ok(()),
            (Kind::Disconnect, None) if self.data.is_empty() => Ok(()),
            (Kind::Disconnect, _) => Err(PacketError::UnexpectedPayload { kind }),
            (_, None) => Err(PacketError::MissingPayload { kind }),
            (_, Some(_)) => Err(PacketError::WrongPayload { kind }),
        }
    }
}

/// Why a message is no Socket.IO packet.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PacketError {
    /// The message has no text.
    #[error("an empty message is no packet")]
    Empty,
    /// The first character is not one of `0` to `6`.
    #[error("unknown packet type {found:?}")]
    UnknownType {
        /// What stands there.
        found: char,
    },
    /// A binary packet does not go on with a positive number and `-`.
    #[error("the number of attachments is missing, zero or no number")]
    AttachmentCount,
    /// More attachments are announced than are allowed.
    #[error("{announced} attachments announced, {limit} allowed")]
    TooManyAttachments {
        /// The number in the header, [`usize::MAX`] when it is larger still.
        announced: usize,
        /// The number allowed.
        limit: usize,
    },
    /// The id has more digits than any counter can have reached.
    #[error("the id is larger than 64 bits")]
    IdTooLarge,
    /// An ack that answers nothing.
    #[error("{kind} without an id")]
    MissingId {
        /// The packet's type.
        kind: Kind,
    },
    /// The packet ends where a payload must follow.
    #[error("{kind} without a payload")]
    MissingPayload {
        /// The packet's type.
        kind: Kind,
    },
    /// Something follows where nothing may.
    #[error("{kind} with a payload")]
    UnexpectedPayload {
        /// The packet's type.
        kind: Kind,
    },
    /// The payload is a list where an object must stand, or the like, or not JSON at all.
    #[error("{kind} with a payload of the wrong shape")]
    WrongPayload {
        /// The packet's type.
        kind: Kind,
    },
}

fn split_attachments(text: &str, limit: usize) -> Result<(usize, &str), PacketError> {
    let (digits, rest) = split_digits(text);
    let rest = rest.strip_prefix('-').ok_or(PacketError::AttachmentCount)?;
    // None is no number of them: without any the packet is not binary.
    if digits.bytes().all(|digit| digit == b'0') {
        return Err(PacketError::AttachmentCount);
    }
    let announced = number(digits).and_then(|count| usize::try_from(count).ok()).unwrap_or(usize::MAX);
    if announced > limit {
        return Err(PacketError::TooManyAttachments { announced, limit });
    }
    Ok((announced, rest))
}

fn split_namespace(text: &str) -> (&str, &str) {
    if !text.starts_with('/') {
        return ("/", text);
    }
    let (name, rest) = text.split_once(',').unwrap_or((text, ""));
    let name = name.split_once('?').map_or(name, |(path, _)| path);
    (name, rest)
}

fn split_id(text: &str) -> Result<(Option<u64>, &str), PacketError> {
    let (digits, rest) = split_digits(text);
    if digits.is_empty() {
        return Ok((None, rest));
    }
    let id = number(digits).ok_or(PacketError::IdTooLarge)?;
    Ok((Some(id), rest))
}

fn split_digits(text: &str) -> (&str, &str) {
    let end = text.bytes().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    text.split_at(end)
}

/// The value of a run of digits; `None` above 64 bits, and for more digits than those ever need.
fn number(digits: &str) -> Option<u64> {
    if digits.len() > MAX_DIGITS { None } else { digits.parse().ok() }
}

/// `u64::MAX` has as many.
const MAX_DIGITS: usize = 20;
