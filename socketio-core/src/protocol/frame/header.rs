//! The header of a frame, as a client sends it: 6 to 14 bytes.
//!
//! ```text
//! bit   0   1..3   4..7     8      9..15
//!       FIN RSV    opcode   MASK   length: 0..=125, or 126: 2 more bytes, or 127: 8 more; then 4 bytes of mask
//! ```
//!
//! A length may take more bytes than it needs: senders must not do that, but clients exist that do, and it harms nobody.
//! Specification: RFC 6455, section 5.2.

use super::FrameError;
use super::mask::Mask;

/// What a frame is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Opcode {
    /// The next part of a message.
    Continuation = 0,
    /// A text message, or its first part.
    Text = 1,
    /// A binary message, or its first part.
    Binary = 2,
    /// The sender will send nothing more.
    Close = 8,
    /// Asks for a pong.
    Ping = 9,
    /// Answers a ping, or is sent just so.
    Pong = 10,
}

impl Opcode {
    #[inline]
    pub(super) fn from_bits(bits: u8) -> Option<Self> {
        Some(match bits {
            0 => Opcode::Continuation,
            1 => Opcode::Text,
            2 => Opcode::Binary,
            8 => Opcode::Close,
            9 => Opcode::Ping,
            10 => Opcode::Pong,
            _ => return None,
        })
    }

    /// Close, ping and pong: short, whole, and allowed between the parts of a message.
    #[must_use]
    pub fn is_control(self) -> bool {
        matches!(self, Opcode::Close | Opcode::Ping | Opcode::Pong)
    }
}

/// A client's frame without its payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) fin: bool,
    pub(super) opcode: Opcode,
    pub(super) mask: Mask,
    pub(super) length: u64,
}

impl Header {
    /// Reads the header at the head of `bytes`, and says how long it is; `None` when bytes are missing.
    ///
    /// What the first two bytes forbid is an error as soon as they are there.
    #[inline]
    pub(super) fn parse(bytes: &[u8]) -> Result<Option<(Header, usize)>, FrameError> {
        let Some((&[first, second], rest)) = bytes.split_first_chunk() else {
            return Ok(None);
        };
        let fin = first & FIN != 0;
        if first & RESERVED != 0 {
            return Err(FrameError::ReservedBits);
        }
        let found = first & 0x0F;
        let opcode = Opcode::from_bits(found).ok_or(FrameError::ReservedOpcode { found })?;
        if second & MASKED == 0 {
            return Err(FrameError::Unmasked);
        }
        let short = second & !MASKED;
        if opcode.is_control() {
            if !fin {
                return Err(FrameError::FragmentedControl);
            }
            if usize::from(short) > CONTROL_MAX {
                return Err(FrameError::LongControl);
            }
        }
        let (length, rest) = match short {
            126 => match rest.split_first_chunk() {
                Some((length, rest)) => (u64::from(u16::from_be_bytes(*length)), rest),
                None => return Ok(None),
            },
            127 => match rest.split_first_chunk() {
                Some((length, rest)) => (u64::from_be_bytes(*length), rest),
                None => return Ok(None),
            },
            short => (u64::from(short), rest),
        };
        if length > LENGTH_MAX {
            return Err(FrameError::LengthBit);
        }
        let Some((mask, rest)) = rest.split_first_chunk() else {
            return Ok(None);
        };
        let header = Header { fin, opcode, mask: Mask(*mask), length };
        Ok(Some((header, bytes.len() - rest.len())))
    }
}

/// The longest header a client can send.
pub(super) const CLIENT_HEADER_MAX: usize = 14;
/// The longest payload of a control frame.
pub(super) const CONTROL_MAX: usize = 125;
pub(super) const FIN: u8 = 0x80;
pub(super) const RESERVED: u8 = 0x70;
pub(super) const MASKED: u8 = 0x80;
/// The most significant bit of a length must be zero.
const LENGTH_MAX: u64 = u64::MAX >> 1;
