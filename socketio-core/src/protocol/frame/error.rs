//! What is wrong with a client's frames.

/// How a client broke the WebSocket protocol, or its limit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FrameError {
    /// An extension's bit is set, and there is no extension.
    #[error("reserved bits are set in a frame")]
    ReservedBits,
    /// The opcode has no meaning yet.
    #[error("reserved opcode {found:#x}")]
    ReservedOpcode {
        /// The opcode: 3 to 7, or 11 to 15.
        found: u8,
    },
    /// Clients must mask what they send.
    #[error("frame is not masked")]
    Unmasked,
    /// Control frames are whole.
    #[error("control frame is fragmented")]
    FragmentedControl,
    /// Control frames are short.
    #[error("control frame is longer than 125 bytes")]
    LongControl,
    /// The most significant bit of a length is set.
    #[error("length of a frame uses its 64th bit")]
    LengthBit,
    /// A continuation frame came, and no message was begun.
    #[error("continuation frame without a message to continue")]
    NothingToContinue,
    /// A message began, and the last one lacks its end.
    #[error("new message before the end of the last one")]
    UnfinishedMessage,
    /// A close frame holds one byte: half a code.
    #[error("close frame of one byte")]
    CloseLength,
    /// A close frame holds a code that no endpoint may send.
    #[error("close frame with code {code}")]
    CloseCode {
        /// The code.
        code: u16,
    },
    /// A text message, or the reason of a close frame, is not UTF-8.
    #[error("text is not UTF-8")]
    Utf8,
    /// A message is larger than allowed; found out at the header of the frame that makes it so.
    #[error("message of {size} bytes or more, limit is {limit}")]
    TooBig {
        /// The largest size allowed, in bytes.
        limit: usize,
        /// The message's size up to the end of that frame, in bytes.
        size: u64,
    },
}

impl FrameError {
    /// The code for the close frame that tells the client: 1002, 1007 or 1009.
    #[must_use]
    pub fn close_code(&self) -> u16 {
        match self {
            FrameError::Utf8 => 1007,
            FrameError::TooBig { .. } => 1009,
            _ => 1002,
        }
    }
}
