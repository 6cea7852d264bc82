//! Packets there and back, and what is refused.

mod decoding;
mod encoding;
mod hostile;
mod properties;

use bytes::Bytes;
use serde_json::Value;

use super::*;
use crate::protocol::args::RawArgs;

/// An event of `/` with these arguments, as msgpack; `data` is a list's bytes.
fn event_with(data: &[u8]) -> Vec<u8> {
    [b"\x83\xa4type\x02\xa3nsp\xa1/\xa4data", data].concat()
}

/// The arguments of an event whose list is `data`.
fn json_of(data: &[u8]) -> Result<String, MsgpackError> {
    decode(&event_with(data), 10).map(|packet| packet.data)
}

/// What a reader of msgpack that is not ours makes of a message without bytes.
fn plain(message: &[u8]) -> Value {
    rmp_serde::from_slice(message).expect("msgpack")
}

fn raw(value: &Value) -> RawArgs {
    RawArgs::encode(value).expect("it is JSON")
}

fn bytes(bytes: &'static [u8]) -> Bytes {
    Bytes::from_static(bytes)
}
