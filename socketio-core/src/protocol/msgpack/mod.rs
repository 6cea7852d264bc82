//! Socket.IO packets as msgpack: what `socket.io-msgpack-parser` and python's `serializer='msgpack'` speak.
//!
//! A packet is one binary message, a map; bytes stand among the arguments as they are, so nothing follows it.
//!
//! ```text
//! {"type": 2, "nsp": "/chat", "id": 7, "data": ["avatar", {"user": 7, "image": bin 01 02 03}]}
//!
//! type   0 CONNECT  1 DISCONNECT  2 EVENT  3 ACK  4 CONNECT_ERROR
//! data   absent, nil and JavaScript's `undefined` are none
//! ```
//!
//! Behind this module arguments are JSON text with attachments, whoever sent them: [`decode`] and the `encode_…` functions carry
//! them over in one pass, without recursion where the text is read and [`MAX_DEPTH`] levels deep where msgpack is.
//!
//! | msgpack | JSON |
//! | --- | --- |
//! | integers, floats | the same number; `NaN` and the infinities are `null`, as in `JSON.stringify` |
//! | integers of JSON beyond 64 bits | floats, going out: msgpack has no others |
//! | `bin` | an attachment |
//! | keys that are numbers, booleans or nil | their text |
//! | `undefined`: extension 0 of one byte 0, as JavaScript's parser writes it | left out of objects, `null` in lists, as in `JSON.stringify` |
//! | every other extension, a JavaScript `Date` among them | refused: there is no JSON for it |
//!
//! Specification: socket.io-msgpack-parser 3, and the msgpack specification.

mod decode;
mod encode;
mod error;
mod fields; // single values of a packet
mod json; // msgpack to JSON
mod tokens; // JSON, token by token

pub use decode::{MsgpackPacket, decode};
pub use encode::{encode_ack, encode_connect, encode_connect_error, encode_disconnect, encode_event};
pub use error::MsgpackError;

/// How deep arguments may be nested, their list included: as deep as typed decoding goes.
pub const MAX_DEPTH: usize = 128;

#[cfg(test)]
mod tests;
