//! Socket.IO packets: the text of an Engine.IO message, taken apart up to its arguments.
//!
//! ```text
//! 51-/admin,12["avatar",{"_placeholder":true,"num":0}]
//! ^                                                      type: an event with attachments
//!  ^^                                                    how many binary messages follow it
//!    ^^^^^^^                                             namespace, absent for `/`
//!           ^^                                           id: the sender asks for an ack
//!             ^^^^^^^^^…                                 payload, JSON
//! ```
//!
//! The payload is not read here, see [`args`](super::args). Whether attachments are welcome (the namespace must be joined)
//! and what a packet means is for the server to say.
//! Specification: socket.io-protocol 5, "Packet encoding".

mod encode;
mod parse;

use std::fmt;

pub use encode::{
    encode_ack, encode_connect, encode_connect_error, encode_disconnect, encode_event, encode_header,
};
pub use parse::PacketError;

/// A Socket.IO packet, borrowed from the message that it came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet<'a> {
    /// What it is for.
    pub kind: Kind,
    /// How many binary messages belong to it and follow it directly: at least one for the binary kinds, else none.
    pub attachments: usize,
    /// `/` when the packet names none. A query string behind the name is cut off.
    pub namespace: &'a str,
    /// Ties an ack to its event.
    pub id: Option<u64>,
    /// The payload: JSON that has only been looked at from outside, or empty.
    pub data: &'a str,
}

/// The seven types of packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `0`: asks for a namespace, or grants it.
    Connect,
    /// `1`: leaves a namespace, or takes it away.
    Disconnect,
    /// `2`: a name and arguments.
    Event,
    /// `3`: the answer to an event.
    Ack,
    /// `4`: refuses a namespace.
    ConnectError,
    /// `5`: an event whose attachments follow.
    BinaryEvent,
    /// `6`: an ack whose attachments follow.
    BinaryAck,
}

impl Kind {
    /// Whether the packet announces attachments.
    #[must_use]
    pub fn is_binary(self) -> bool {
        matches!(self, Kind::BinaryEvent | Kind::BinaryAck)
    }

    fn from_digit(digit: char) -> Option<Self> {
        Some(match digit {
            '0' => Kind::Connect,
            '1' => Kind::Disconnect,
            '2' => Kind::Event,
            '3' => Kind::Ack,
            '4' => Kind::ConnectError,
            '5' => Kind::BinaryEvent,
            '6' => Kind::BinaryAck,
            _ => return None,
        })
    }

    fn digit(self) -> u8 {
        match self {
            Kind::Connect => b'0',
            Kind::Disconnect => b'1',
            Kind::Event => b'2',
            Kind::Ack => b'3',
            Kind::ConnectError => b'4',
            Kind::BinaryEvent => b'5',
            Kind::BinaryAck => b'6',
        }
    }
}

/// The specification's names: `CONNECT`, `BINARY_EVENT`, …
impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Connect => "CONNECT",
            Kind::Disconnect => "DISCONNECT",
            Kind::Event => "EVENT",
            Kind::Ack => "ACK",
            Kind::ConnectError => "CONNECT_ERROR",
            Kind::BinaryEvent => "BINARY_EVENT",
            Kind::BinaryAck => "BINARY_ACK",
        })
    }
}

#[cfg(test)]
mod tests;
