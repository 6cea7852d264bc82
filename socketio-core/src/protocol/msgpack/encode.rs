//! Packet to message: arguments are written as JSON first, as for everybody, and carried over from there.

use bytes::Bytes;
use rmp_serde::Serializer;
use serde::Serializer as _;

use super::tokens::{Token, Tokens, lengths};
use crate::protocol::args::{ArgsWriter, EncodeError, IntoArgs, placeholder};

/// Appends a whole event.
///
/// # Errors
///
/// The arguments cannot be encoded, or are nested deeper than [`MAX_DEPTH`](super::MAX_DEPTH); `out` is as it was.
pub fn encode_event(
    out: &mut Vec<u8>,
    namespace: &str,
    id: Option<u64>,
    name: &str,
    args: &(impl IntoArgs + ?Sized),
) -> Result<(), EncodeError> {
    let mut json = Vec::new();
    let mut writer = ArgsWriter::event(&mut json, name);
    args.write_args(&mut writer)?;
    let attachments = writer.finish();
    packet(out, EVENT, namespace, id, Some((&json, &attachments)))
}

/// Appends a whole ack.
///
/// # Errors
///
/// Those of [`encode_event`].
pub fn encode_ack(
    out: &mut Vec<u8>,
    namespace: &str,
    id: u64,
    args: &(impl IntoArgs + ?Sized),
) -> Result<(), EncodeError> {
    let mut json = Vec::new();
    let mut writer = ArgsWriter::ack(&mut json);
    args.write_args(&mut writer)?;
    let attachments = writer.finish();
    packet(out, ACK, namespace, Some(id), Some((&json, &attachments)))
}

/// Appends the server's yes to a CONNECT.
pub fn encode_connect(out: &mut Vec<u8>, namespace: &str, sid: &str) {
    let json = serde_json::json!({ "sid": sid }).to_string();
    packet(out, CONNECT, namespace, None, Some((json.as_bytes(), &[]))).expect("an object with a text in it");
}

/// Appends the server's no to a CONNECT; `data` is JSON.
///
/// # Errors
///
/// `data` is nested deeper than [`MAX_DEPTH`](super::MAX_DEPTH), or no JSON; `out` is as it was.
pub fn encode_connect_error(
    out: &mut Vec<u8>,
    namespace: &str,
    message: &str,
    data: Option<&str>,
) -> Result<(), EncodeError> {
    let mut json = serde_json::json!({ "message": message }).to_string();
    if let Some(data) = data {
        json.pop();
        json.push_str(r#","data":"#);
        json.push_str(data);
        json.push('}');
    }
    packet(out, CONNECT_ERROR, namespace, None, Some((json.as_bytes(), &[])))
}

/// Appends the end of a namespace for this client.
pub fn encode_disconnect(out: &mut Vec<u8>, namespace: &str) {
    packet(out, DISCONNECT, namespace, None, None).expect("a number and a text");
}

const CONNECT: u8 = 0;
const DISCONNECT: u8 = 1;
const EVENT: u8 = 2;
const ACK: u8 = 3;
const CONNECT_ERROR: u8 = 4;

/// A member that is nothing must be absent: JavaScript's parser takes nil for a value.
fn packet(
    out: &mut Vec<u8>,
    kind: u8,
    namespace: &str,
    id: Option<u64>,
    data: Option<(&[u8], &[Bytes])>,
) -> Result<(), EncodeError> {
    let start = out.len();
    let mut msgpack = Serializer::new(&mut *out);
    let written = members(&mut msgpack, kind, namespace, id, data);
    if written.is_err() {
        out.truncate(start);
    }
    written
}

fn members(
    msgpack: &mut Out<'_>,
    kind: u8,
    namespace: &str,
    id: Option<u64>,
    data: Option<(&[u8], &[Bytes])>,
) -> Result<(), EncodeError> {
    map(msgpack, 2 + usize::from(id.is_some()) + usize::from(data.is_some()))?;
    msgpack.serialize_str("type").map_err(EncodeError::custom)?;
    msgpack.serialize_u8(kind).map_err(EncodeError::custom)?;
    if let Some((json, attachments)) = data {
        msgpack.serialize_str("data").map_err(EncodeError::custom)?;
        carry(msgpack, json, attachments)?;
    }
    msgpack.serialize_str("nsp").map_err(EncodeError::custom)?;
    msgpack.serialize_str(namespace).map_err(EncodeError::custom)?;
    if let Some(id) = id {
        msgpack.serialize_str("id").map_err(EncodeError::custom)?;
        msgpack.serialize_u64(id).map_err(EncodeError::custom)?;
    }
    Ok(())
}

type Out<'o> = Serializer<&'o mut Vec<u8>>;

/// Writes a JSON text as msgpack.
fn carry(msgpack: &mut Out<'_>, json: &[u8], attachments: &[Bytes]) -> Result<(), EncodeError> {
    let json = std::str::from_utf8(json).map_err(EncodeError::custom)?;
    let places = if attachments.is_empty() {
        Vec::new()
    } else {
        placeholder::find_all(json, attachments.len()).map_err(EncodeError::custom)?
    };
    let tokens = Tokens::new(json, &places);
    let mut lengths = lengths(tokens.clone()).map_err(EncodeError::custom)?.into_iter();
    for token in tokens {
        match token {
            Token::Open(b'[') => list(msgpack, lengths.next().unwrap_or_default() as usize)?,
            Token::Open(_) => map(msgpack, lengths.next().unwrap_or_default() as usize)?,
            Token::Close(_) => {}
            Token::Text(text) => self::text(msgpack, text)?,
            Token::Word(word) => self::word(msgpack, word)?,
            Token::Attachment(num) => {
                let bytes = attachments.get(num).map(|bytes| &bytes[..]).unwrap_or_default();
                msgpack.serialize_bytes(bytes).map_err(EncodeError::custom)?;
            }
        }
    }
    Ok(())
}

fn list(msgpack: &mut Out<'_>, length: usize) -> Result<(), EncodeError> {
    msgpack.serialize_seq(Some(length)).map(drop).map_err(EncodeError::custom)
}

fn map(msgpack: &mut Out<'_>, length: usize) -> Result<(), EncodeError> {
    msgpack.serialize_map(Some(length)).map(drop).map_err(EncodeError::custom)
}

/// A text with its quotes. Half of a surrogate pair, which JSON can spell and UTF-8 cannot, becomes U+FFFD.
fn text(msgpack: &mut Out<'_>, quoted: &str) -> Result<(), EncodeError> {
    let plain = quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    match plain.filter(|text| !text.contains('\\')) {
        Some(text) => msgpack.serialize_str(text).map_err(EncodeError::custom),
        None => {
            let bytes: Bytes = serde_json::from_str(quoted).map_err(EncodeError::custom)?;
            msgpack.serialize_str(&String::from_utf8_lossy(&bytes)).map_err(EncodeError::custom)
        }
    }
}

/// A number or literal. An integer that 64 bits cannot hold becomes a float.
fn word(msgpack: &mut Out<'_>, word: &str) -> Result<(), EncodeError> {
    match word {
        "null" => msgpack.serialize_unit(),
        "true" => msgpack.serialize_bool(true),
        "false" => msgpack.serialize_bool(false),
        // JavaScript tells it from 0.
        "-0" => msgpack.serialize_f64(-0.0),
        _ => {
            if let Ok(number) = word.parse::<u64>() {
                msgpack.serialize_u64(number)
            } else if let Ok(number) = word.parse::<i64>() {
                msgpack.serialize_i64(number)
            } else {
                let number = word.parse::<f64>().map_err(EncodeError::custom)?;
                msgpack.serialize_f64(number)
            }
        }
    }
    .map_err(EncodeError::custom)
}
