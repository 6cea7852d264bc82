//! What comes out of a client's frames.
//!
//! A close frame holds nothing, or a code of two bytes and a reason in UTF-8:
//!
//! ```text
//! 88 85  37 fa 21 3d  34 12 43 44 52      1000 "bye", masked
//! ```
//!
//! Specification: RFC 6455, sections 5.5, 5.6 and 7.4.

use super::{FrameError, Opcode};

/// What a client said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message<'a> {
    /// A text message.
    Text(&'a str),
    /// A binary message.
    Binary(&'a [u8]),
    /// To be answered by a pong with the same bytes.
    Ping(&'a [u8]),
    /// The answer to a ping, or one that nobody asked for.
    Pong(&'a [u8]),
    /// The client will send nothing more; with a code and a reason, if it gave them. Nothing comes after it.
    Close(Option<(u16, &'a str)>),
}

impl<'a> Message<'a> {
    #[inline]
    pub(super) fn new(opcode: Opcode, payload: &'a [u8]) -> Result<Self, FrameError> {
        Ok(match opcode {
            Opcode::Text => Message::Text(utf8(payload)?),
            // A frame that continues has the opcode of the message by now.
            Opcode::Binary | Opcode::Continuation => Message::Binary(payload),
            Opcode::Ping => Message::Ping(payload),
            Opcode::Pong => Message::Pong(payload),
            Opcode::Close => Message::Close(closing(payload)?),
        })
    }
}

fn closing(payload: &[u8]) -> Result<Option<(u16, &str)>, FrameError> {
    let Some((code, reason)) = payload.split_first_chunk() else {
        return if payload.is_empty() { Ok(None) } else { Err(FrameError::CloseLength) };
    };
    match u16::from_be_bytes(*code) {
        // 1005, 1006 and 1015 only exist inside an endpoint; 1004 was never given a meaning.
        code @ (1000..=1003 | 1007..=1014 | 3000..=4999) => Ok(Some((code, utf8(reason)?))),
        code => Err(FrameError::CloseCode { code }),
    }
}

fn utf8(bytes: &[u8]) -> Result<&str, FrameError> {
    simdutf8::basic::from_utf8(bytes).map_err(|_| FrameError::Utf8)
}
