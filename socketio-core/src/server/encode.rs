//! Packets to complete frames, ready for the queues.
//!
//! Each function appends one packet to an empty buffer and returns where it starts: before it is a gap left for the header. A binary
//! packet is followed by its attachments, so that whoever queues the slice queues all of it.

use crate::protocol::args::{EncodeError, IntoArgs};
use crate::protocol::frame::{self, Opcode};
use crate::protocol::packet;

/// Engine.IO's "message".
const MESSAGE: u8 = b'4';

/// `42["say",…]`, with an id when an ack is asked for.
pub(crate) fn event(
    out: &mut Vec<u8>,
    namespace: &str,
    id: Option<u64>,
    name: &str,
    args: &(impl IntoArgs + ?Sized),
) -> Result<usize, EncodeError> {
    let start = begin(out);
    let attachments = packet::encode_event(out, namespace, id, name, args)?;
    Ok(finish(out, start, &attachments))
}

/// `4312[…]`
pub(crate) fn ack(
    out: &mut Vec<u8>,
    namespace: &str,
    id: u64,
    args: &(impl IntoArgs + ?Sized),
) -> Result<usize, EncodeError> {
    let start = begin(out);
    let attachments = packet::encode_ack(out, namespace, id, args)?;
    Ok(finish(out, start, &attachments))
}

/// `40{"sid":"…"}`
pub(crate) fn connect(out: &mut Vec<u8>, namespace: &str, sid: &str) -> usize {
    let start = begin(out);
    packet::encode_connect(out, namespace, sid);
    finish(out, start, &[])
}

/// `44{"message":"…"}`
pub(crate) fn connect_error(out: &mut Vec<u8>, namespace: &str, message: &str, data: Option<&str>) -> usize {
    let start = begin(out);
    packet::encode_connect_error(out, namespace, message, data);
    finish(out, start, &[])
}

/// `41`
pub(crate) fn disconnect(out: &mut Vec<u8>, namespace: &str) -> usize {
    let start = begin(out);
    packet::encode_disconnect(out, namespace);
    finish(out, start, &[])
}

fn begin(out: &mut Vec<u8>) -> usize {
    let start = frame::begin(out);
    out.push(MESSAGE);
    start
}

fn finish(out: &mut Vec<u8>, start: usize, attachments: &[bytes::Bytes]) -> usize {
    let at = frame::finish(out, start, Opcode::Text);
    for attachment in attachments {
        frame::write(out, Opcode::Binary, attachment);
    }
    at
}
