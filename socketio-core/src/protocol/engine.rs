//! Engine.IO 4 packets: what travels in a WebSocket frame, and between the separators of a polling payload.
//!
//! ```text
//! 0{"sid":…}   open      server to client, first
//! 1            close
//! 2  2probe    ping      server to client; `2probe` client to server on a new transport
//! 3  3probe    pong
//! 4hello       message   text
//! bAQID        message   binary, as base64: in payloads, and from clients that avoid binary frames
//! 5            upgrade   client to server: the new transport takes over
//! 6            noop      ends a waiting GET while a transport is upgraded
//! ```
//!
//! On WebSocket a binary message is a binary frame of just the bytes, which needs no decoder. What stands behind the
//! type of a packet that carries nothing (`1`, `5`, `6`) is ignored. Nothing here knows which packet may come when.
//! Specification: engine.io-protocol, revision 4, "Packet encoding".

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::general_purpose::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::Serialize;

/// One Engine.IO packet, borrowed from the text it was read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Packet<'a> {
    /// The handshake, as JSON: see [`handshake::Open`](super::handshake::Open).
    Open(&'a str),
    /// The other side closes the session.
    Close,
    /// A heartbeat, or `probe` from a client on a new transport.
    Ping(&'a str),
    /// The answer to a ping, with the ping's text.
    Pong(&'a str),
    /// A text message.
    Message(&'a str),
    /// A binary message; owned when it came as base64.
    Binary(Cow<'a, [u8]>),
    /// The client leaves the old transport for this one.
    Upgrade,
    /// Nothing, said to end a waiting request.
    Noop,
}

impl<'a> Packet<'a> {
    /// Reads one packet: the text of a WebSocket frame, or one packet of a polling payload.
    ///
    /// Only a base64 packet is copied.
    ///
    /// # Errors
    ///
    /// The text is not a packet. Whether the packet makes sense now is for the session to say.
    pub fn parse(text: &'a str) -> Result<Packet<'a>, PacketError> {
        let mut rest = text.chars();
        let kind = rest.next().ok_or(PacketError::Empty)?;
        let data = rest.as_str();
        Ok(match kind {
            '0' => Packet::Open(data),
            '1' => Packet::Close,
            '2' => Packet::Ping(data),
            '3' => Packet::Pong(data),
            '4' => Packet::Message(data),
            '5' => Packet::Upgrade,
            '6' => Packet::Noop,
            BASE64 => Packet::Binary(Cow::Owned(PADDED_OR_NOT.decode(data)?)),
            found => return Err(PacketError::UnknownType { found }),
        })
    }

    /// Appends the packet as text: `4hello`; a binary one as `b` and base64.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let (kind, data) = match self {
            Packet::Open(data) => (b'0', *data),
            Packet::Close => (b'1', ""),
            Packet::Ping(data) => (b'2', *data),
            Packet::Pong(data) => (b'3', *data),
            Packet::Message(data) => (b'4', *data),
            Packet::Upgrade => (b'5', ""),
            Packet::Noop => (b'6', ""),
            Packet::Binary(bytes) => return encode_binary(bytes, out),
        };
        out.push(kind);
        out.extend_from_slice(data.as_bytes());
    }
}

/// Why a text is not an Engine.IO packet.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PacketError {
    /// There is no type, and so no packet.
    #[error("empty packet")]
    Empty,
    /// It starts with something other than `0`..=`6` or `b`.
    #[error("unknown packet type {found:?}")]
    UnknownType {
        /// The character in the type's place.
        found: char,
    },
    /// Behind `b` stands no base64.
    #[error("binary packet is not base64")]
    Base64(#[from] base64::DecodeError),
}

/// How the packets of a session travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Transport {
    /// HTTP long-polling.
    Polling,
    /// WebSocket.
    Websocket,
}

impl Transport {
    /// The name in a request's query: `polling` or `websocket`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Transport::Polling => "polling",
            Transport::Websocket => "websocket",
        }
    }
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Transport {
    type Err = UnknownTransport;

    fn from_str(name: &str) -> Result<Self, UnknownTransport> {
        match name {
            "polling" => Ok(Transport::Polling),
            "websocket" => Ok(Transport::Websocket),
            _ => Err(UnknownTransport),
        }
    }
}

/// The name is neither `polling` nor `websocket`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("transport is neither polling nor websocket")]
pub struct UnknownTransport;

/// Appends `b` and `bytes` as base64.
pub(super) fn encode_binary(bytes: &[u8], out: &mut Vec<u8>) {
    out.push(BASE64 as u8);
    let start = out.len();
    out.resize(start + bytes.len().div_ceil(3) * 4, 0);
    STANDARD.encode_slice(bytes, &mut out[start..]).expect("base64 takes four characters for three bytes");
}

const BASE64: char = 'b';

/// What other implementations of the protocol send is padded; some clients' libraries leave the padding out.
const PADDED_OR_NOT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_packet_is_its_type_and_its_data() {
        for (text, packet) in [
            (r#"0{"sid":"abc"}"#, Packet::Open(r#"{"sid":"abc"}"#)),
            ("1", Packet::Close),
            ("2", Packet::Ping("")),
            ("2probe", Packet::Ping("probe")),
            ("3", Packet::Pong("")),
            ("3probe", Packet::Pong("probe")),
            ("4hello", Packet::Message("hello")),
            ("4", Packet::Message("")),
            ("4€ 🦀", Packet::Message("€ 🦀")),
            ("5", Packet::Upgrade),
            ("6", Packet::Noop),
            ("bAQIDBA==", Packet::Binary(Cow::Borrowed(&[1, 2, 3, 4]))),
            ("b", Packet::Binary(Cow::Borrowed(&[]))),
        ] {
            assert_eq!(Packet::parse(text), Ok(packet.clone()), "{text}");
            assert_eq!(encoded(&packet), text);
        }
    }

    #[test]
    fn what_has_no_type_or_an_unknown_one_is_no_packet() {
        assert_eq!(Packet::parse(""), Err(PacketError::Empty));
        for found in ['7', '8', '9', 'a', 'B', ' ', '\u{1E}', '\0', 'é', '４'] {
            let text = format!("{found}data");
            assert_eq!(Packet::parse(&text), Err(PacketError::UnknownType { found }));
        }
    }

    #[test]
    fn behind_a_packet_that_carries_nothing_anything_is_ignored() {
        assert_eq!(Packet::parse("1bye"), Ok(Packet::Close));
        assert_eq!(Packet::parse("5probe"), Ok(Packet::Upgrade));
        assert_eq!(Packet::parse("6 "), Ok(Packet::Noop));
    }

    #[test]
    fn base64_may_lack_its_padding_but_nothing_else() {
        let packet = Packet::Binary(Cow::Borrowed(&[1, 2, 3, 4]));
        for text in ["bAQIDBA", "bAQIDBA=", "bAQIDBA=="] {
            assert_eq!(Packet::parse(text), Ok(packet.clone()));
        }
        for text in ["bAQIDB", "bA", "bAQ-_", "b AQID", "bAQID\n", "bAQI=D", "b4hello!", "b=", "bé"] {
            assert!(matches!(Packet::parse(text), Err(PacketError::Base64(_))), "{text}");
        }
    }

    #[test]
    fn a_transport_is_known_by_its_name_in_lower_case() {
        for (name, transport) in [("polling", Transport::Polling), ("websocket", Transport::Websocket)] {
            assert_eq!(name.parse(), Ok(transport));
            assert_eq!(transport.to_string(), name);
            assert_eq!(serde_json::to_string(&transport).unwrap(), format!("{name:?}"));
        }
        for name in ["", "Polling", "WebSocket", "webtransport", "polling ", "__proto__"] {
            assert_eq!(name.parse::<Transport>(), Err(UnknownTransport));
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(data in "\\PC*", bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let packets =
                [Packet::Open(&data), Packet::Ping(&data), Packet::Pong(&data), Packet::Message(&data), Packet::Binary(bytes.into())];
            for packet in packets {
                let text = encoded(&packet);
                prop_assert_eq!(Packet::parse(&text), Ok(packet));
            }
        }

        #[test]
        fn any_text_is_a_packet_or_an_error(text in any::<String>()) {
            let _ = Packet::parse(&text);
        }
    }

    fn encoded(packet: &Packet<'_>) -> String {
        let mut out = Vec::new();
        packet.encode(&mut out);
        String::from_utf8(out).unwrap()
    }
}
