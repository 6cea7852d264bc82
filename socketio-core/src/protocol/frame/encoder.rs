//! Frames of ours: unmasked, whole.
//!
//! A message that is serialized straight into an outgoing buffer has its header written last, right before it:
//!
//! ```text
//! ..........                 begin: room for the longest header
//! ..........4["event",1]     the caller appends the payload
//! ........81 0c4["event",1]  finish: the frame starts here, behind a gap of up to 8 bytes
//! ```

use super::header::{CONTROL_MAX, FIN, MASKED, Opcode, RESERVED};

/// The longest header of ours, in bytes.
pub const HEADER_MAX: usize = 10;

/// Appends one complete frame.
pub fn write(out: &mut Vec<u8>, opcode: Opcode, payload: &[u8]) {
    let (header, length) = header(opcode, payload.len());
    out.reserve(length + payload.len());
    out.extend_from_slice(&header[..length]);
    out.extend_from_slice(payload);
}

/// Leaves [`HEADER_MAX`] bytes of room at the end of `out` and returns where they start; the payload is appended next.
pub fn begin(out: &mut Vec<u8>) -> usize {
    let start = out.len();
    out.extend_from_slice(&[0; HEADER_MAX]);
    start
}

/// Writes the header of the frame whose payload goes from `start + HEADER_MAX` to the end of `out`.
///
/// Returns where the frame begins: from `start` to `start + 8`. The bytes before it, back to `start`, are a gap.
///
/// # Panics
///
/// When `start` does not come from [`begin`] on this buffer.
pub fn finish(out: &mut [u8], start: usize, opcode: Opcode) -> usize {
    let payload = start + HEADER_MAX;
    let (header, length) = header(opcode, out.len() - payload);
    out[payload - length..payload].copy_from_slice(&header[..length]);
    payload - length
}

/// Appends a close frame. A reason over 123 bytes is cut between two characters.
pub fn close(out: &mut Vec<u8>, code: u16, reason: &str) {
    let fits = (0..=reason.len().min(CONTROL_MAX - 2)).rev().find(|&end| reason.is_char_boundary(end));
    let reason = &reason[..fits.unwrap_or(0)];
    let (header, length) = header(Opcode::Close, 2 + reason.len());
    out.extend_from_slice(&header[..length]);
    out.extend_from_slice(&code.to_be_bytes());
    out.extend_from_slice(reason.as_bytes());
}

/// The frame of ours at the head of `bytes`: its opcode, the length of its header and of its payload.
///
/// `None` when it is not all there, or is no frame of ours.
#[must_use]
pub fn peek(bytes: &[u8]) -> Option<(Opcode, usize, usize)> {
    let (&[first, second], rest) = bytes.split_first_chunk()?;
    if first & RESERVED != 0 || second & MASKED != 0 {
        return None;
    }
    let opcode = Opcode::from_bits(first & 0x0F)?;
    let (header, payload) = match second {
        126 => (4, u64::from(u16::from_be_bytes(*rest.first_chunk()?))),
        127 => (10, u64::from_be_bytes(*rest.first_chunk()?)),
        short => (2, u64::from(short)),
    };
    let payload = usize::try_from(payload).ok()?;
    (bytes.len() - header >= payload).then_some((opcode, header, payload))
}

/// A header, and how many of its bytes count.
fn header(opcode: Opcode, payload: usize) -> ([u8; HEADER_MAX], usize) {
    debug_assert!(!opcode.is_control() || payload <= CONTROL_MAX, "a control frame holds up to 125 bytes");
    let mut header = [0; HEADER_MAX];
    header[0] = FIN | opcode as u8;
    let length = if let Ok(short) = u8::try_from(payload)
        && short < 126
    {
        header[1] = short;
        2
    } else if let Ok(medium) = u16::try_from(payload) {
        header[1] = 126;
        header[2..4].copy_from_slice(&medium.to_be_bytes());
        4
    } else {
        header[1] = 127;
        header[2..].copy_from_slice(&(payload as u64).to_be_bytes());
        HEADER_MAX
    };
    (header, length)
}
