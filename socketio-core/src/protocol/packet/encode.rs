//! Packet to text, straight into the buffer that goes out.

use bytes::Bytes;

use super::Kind;
use crate::protocol::args::{ArgsWriter, EncodeError, IntoArgs};

/// Appends all that stands before the payload: `2`, `51-/admin,12`, …
///
/// Engine.IO's `4` is not part of it. The number of attachments is written for the binary kinds only. A namespace with a
/// comma in its name cannot be told from what follows: such a name must not exist.
pub fn encode_header(out: &mut Vec<u8>, kind: Kind, attachments: usize, namespace: &str, id: Option<u64>) {
    out.push(kind.digit());
    if kind.is_binary() {
        push_number(out, attachments as u64);
        out.push(b'-');
    }
    if namespace != "/" {
        out.extend_from_slice(namespace.as_bytes());
        out.push(b',');
    }
    if let Some(id) = id {
        push_number(out, id);
    }
}

/// Appends a whole event and yields the attachments that must follow it, in order.
///
/// ```
/// use socketio_core::protocol::packet::encode_event;
///
/// let mut out = Vec::new();
/// encode_event(&mut out, "/chat", Some(7), "say", &("hello", 1))?;
/// assert_eq!(out, br#"2/chat,7["say","hello",1]"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// The arguments cannot be JSON; `out` is as it was.
pub fn encode_event(
    out: &mut Vec<u8>,
    namespace: &str,
    id: Option<u64>,
    name: &str,
    args: &(impl IntoArgs + ?Sized),
) -> Result<Vec<Bytes>, EncodeError> {
    let start = out.len();
    encode_header(out, Kind::Event, 0, namespace, id);
    let payload = out.len();
    let mut writer = ArgsWriter::event(out, name).rewind_to(start);
    args.write_args(&mut writer)?;
    let attachments = writer.finish();
    if !attachments.is_empty() {
        replace_header(out, start, payload, Kind::BinaryEvent, attachments.len(), namespace, id);
    }
    Ok(attachments)
}

/// Appends a whole ack and yields the attachments that must follow it, in order.
///
/// # Errors
///
/// The arguments cannot be JSON; `out` is as it was.
pub fn encode_ack(
    out: &mut Vec<u8>,
    namespace: &str,
    id: u64,
    args: &(impl IntoArgs + ?Sized),
) -> Result<Vec<Bytes>, EncodeError> {
    let start = out.len();
    encode_header(out, Kind::Ack, 0, namespace, Some(id));
    let payload = out.len();
    let mut writer = ArgsWriter::ack(out).rewind_to(start);
    args.write_args(&mut writer)?;
    let attachments = writer.finish();
    if !attachments.is_empty() {
        replace_header(out, start, payload, Kind::BinaryAck, attachments.len(), namespace, Some(id));
    }
    Ok(attachments)
}

/// Appends the server's yes to a CONNECT: `0/admin,{"sid":"…"}`.
pub fn encode_connect(out: &mut Vec<u8>, namespace: &str, sid: &str) {
    encode_header(out, Kind::Connect, 0, namespace, None);
    out.extend_from_slice(br#"{"sid":"#);
    push_string(out, sid);
    out.push(b'}');
}

/// Appends the server's no to a CONNECT: `4/admin,{"message":"…"}`, with `"data":…` when there is more to say.
///
/// `data` is JSON and is copied as it is.
pub fn encode_connect_error(out: &mut Vec<u8>, namespace: &str, message: &str, data: Option<&str>) {
    encode_header(out, Kind::ConnectError, 0, namespace, None);
    out.extend_from_slice(br#"{"message":"#);
    push_string(out, message);
    if let Some(data) = data {
        out.extend_from_slice(br#","data":"#);
        out.extend_from_slice(data.as_bytes());
    }
    out.push(b'}');
}

/// Appends the end of a namespace for this client: `1/admin,`.
pub fn encode_disconnect(out: &mut Vec<u8>, namespace: &str) {
    encode_header(out, Kind::Disconnect, 0, namespace, None);
}

/// How many attachments there are is known last and written first: rare enough to move the payload for it.
fn replace_header(
    out: &mut Vec<u8>,
    start: usize,
    payload: usize,
    kind: Kind,
    attachments: usize,
    namespace: &str,
    id: Option<u64>,
) {
    let mut header = Vec::with_capacity(payload - start + 4);
    encode_header(&mut header, kind, attachments, namespace, id);
    out.splice(start..payload, header);
}

fn push_string(out: &mut Vec<u8>, text: &str) {
    serde_json::to_writer(out, text).expect("a string is JSON, and a Vec takes all bytes");
}

fn push_number(out: &mut Vec<u8>, mut number: u64) {
    let mut digits = [0; 20];
    let mut start = digits.len();
    loop {
        start -= 1;
        digits[start] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[start..]);
}
