//! Long-polling payloads: several Engine.IO packets in one HTTP body.
//!
//! Packets are joined by [`SEPARATOR`]; a binary packet travels as base64 behind a `b`:
//!
//! ```text
//! 4hello␞2␞bAQID
//! ^^^^^^          message "hello"
//!        ^        ping
//!          ^^^^^  message 01 02 03
//! ```
//!
//! Nothing here limits sizes: the HTTP layer has already refused bodies over `max_payload`. There is no limit for the
//! number of packets either: they are decoded one at a time, so that many cost no more than their bytes.
//! Specification: engine.io-protocol, revision 4, "Packet encoding", "HTTP long-polling".

use std::iter::FusedIterator;

use super::engine::{self, Packet, PacketError};

/// ASCII record separator, `U+001E`.
pub const SEPARATOR: u8 = 0x1E;

/// Reads the packets of a body, one at each step, in order.
///
/// Text is borrowed from `body`; memory is taken only for the bytes of the binary packet just read. The first error is
/// the last item. An empty body is no payload: it yields an error.
pub fn decode(body: &str) -> Packets<'_> {
    Packets { rest: Some(body), index: 0 }
}

/// The packets of a payload; what [`decode`] returns.
#[derive(Debug, Clone)]
pub struct Packets<'a> {
    rest: Option<&'a str>,
    index: usize,
}

impl<'a> Iterator for Packets<'a> {
    type Item = Result<Packet<'a>, PayloadError>;

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.rest.take()?;
        let packet = match rest.split_once(char::from(SEPARATOR)) {
            Some((packet, rest)) => {
                self.rest = Some(rest);
                packet
            }
            None => rest,
        };
        let index = self.index;
        self.index += 1;
        Some(Packet::parse(packet).map_err(|source| {
            self.rest = None;
            PayloadError { index, source }
        }))
    }
}

impl FusedIterator for Packets<'_> {}

/// A body holds something that is not a packet.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("packet {index} of the payload is malformed")]
pub struct PayloadError {
    /// Which packet, counted from 0.
    pub index: usize,
    /// What is wrong with it.
    pub source: PacketError,
}

/// Writes a payload, packet by packet.
#[derive(Debug)]
pub struct Payload<'a> {
    out: &'a mut Vec<u8>,
    start: usize,
}

impl<'a> Payload<'a> {
    /// Starts an empty payload behind what `out` holds.
    pub fn new(out: &'a mut Vec<u8>) -> Self {
        Self { start: out.len(), out }
    }

    /// Appends a packet that is text already, its type included: `4hello`.
    ///
    /// The text must not contain [`SEPARATOR`], which JSON never does: there it is `\u001e`.
    pub fn text(&mut self, packet: &[u8]) {
        debug_assert!(!packet.contains(&SEPARATOR), "a packet contains the separator");
        self.separate();
        self.out.extend_from_slice(packet);
    }

    /// Appends a binary message, as `b` and base64.
    pub fn binary(&mut self, bytes: &[u8]) {
        self.separate();
        engine::encode_binary(bytes, self.out);
    }

    /// Whether no packet was written yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.out.len() == self.start
    }

    /// Bytes written so far.
    #[must_use]
    pub fn len(&self) -> usize {
        self.out.len() - self.start
    }

    fn separate(&mut self) {
        if !self.is_empty() {
            self.out.push(SEPARATOR);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn packets_are_separated_by_the_record_separator() {
        let packets = read("4hello\x1e2\x1e4world").unwrap();
        assert_eq!(packets, [Packet::Message("hello"), Packet::Ping(""), Packet::Message("world")]);
        assert_eq!(SEPARATOR, 0x1E);
    }

    #[test]
    fn binary_packets_are_base64_behind_a_b() {
        let packets = read("4hello\x1ebAQIDBA==").unwrap();
        assert_eq!(packets, [Packet::Message("hello"), binary(&[1, 2, 3, 4])]);
    }

    #[test]
    fn one_packet_has_no_separator() {
        assert_eq!(read("4hello").unwrap(), [Packet::Message("hello")]);
        assert_eq!(written(&[Packet::Message("hello")]), "4hello");
        assert_eq!(written(&[]), "");
    }

    #[test]
    fn a_payload_is_written_as_other_implementations_write_it() {
        let packets = [Packet::Message("hello"), binary(&[1, 2, 3, 4]), Packet::Message("€"), Packet::Noop];
        assert_eq!(written(&packets), "4hello\x1ebAQIDBA==\x1e4€\x1e6");
        assert_eq!(written(&[binary(&[0xFB, 0xFF]), binary(&[])]), "b+/8=\x1eb");
    }

    #[test]
    fn an_empty_body_is_no_payload() {
        assert_eq!(read(""), Err(PayloadError { index: 0, source: PacketError::Empty }));
    }

    #[test]
    fn a_separator_too_many_is_an_empty_packet() {
        for (body, index) in [("\x1e", 0), ("\x1e4a", 0), ("4a\x1e", 1), ("4a\x1e\x1e4b", 1)] {
            assert_eq!(read(body), Err(PayloadError { index, source: PacketError::Empty }), "{body:?}");
        }
    }

    #[test]
    fn the_packets_before_a_bad_one_are_read_and_none_after_it() {
        let mut packets = decode("4a\x1e4b\x1e?\x1e4c");
        assert_eq!(packets.next(), Some(Ok(Packet::Message("a"))));
        assert_eq!(packets.next(), Some(Ok(Packet::Message("b"))));
        let error = PayloadError { index: 2, source: PacketError::UnknownType { found: '?' } };
        assert_eq!(error.to_string(), "packet 2 of the payload is malformed");
        assert_eq!(packets.next(), Some(Err(error)));
        assert_eq!(packets.next(), None);
    }

    #[test]
    fn a_payload_is_appended_to_what_is_there() {
        let mut out = b"before".to_vec();
        let mut payload = Payload::new(&mut out);
        assert!(payload.is_empty());
        payload.text(b"4a");
        assert!(!payload.is_empty());
        payload.binary(b"\x00");
        assert_eq!(payload.len(), 8);
        assert_eq!(out, b"before4a\x1ebAA==");
    }

    #[test]
    fn many_packets_are_decoded_one_by_one() {
        let body = format!("4{}", "\x1e4".repeat(499_999));
        assert_eq!(decode(&body).filter(|packet| *packet == Ok(Packet::Message(""))).count(), 500_000);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(packets in proptest::collection::vec(packet(), 1..10)) {
            let packets: Vec<_> = packets.iter().map(|(text, bytes)| match (text, bytes) {
                (_, Some(bytes)) => binary(bytes),
                (text, None) => Packet::Message(text),
            }).collect();
            let body = written(&packets);
            prop_assert_eq!(read(&body), Ok(packets));
        }

        #[test]
        fn any_text_is_packets_up_to_the_first_error(body in "[0-9b\x1eA=]{0,40}") {
            let items: Vec<_> = decode(&body).collect();
            let errors = items.iter().filter(|item| item.is_err()).count();
            prop_assert!(errors == 0 || (errors == 1 && items.last().unwrap().is_err()));
        }
    }

    /// A text, or bytes.
    fn packet() -> impl Strategy<Value = (String, Option<Vec<u8>>)> {
        ("[^\x1e]{0,30}", proptest::option::of(proptest::collection::vec(any::<u8>(), 0..40)))
    }

    fn binary(bytes: &[u8]) -> Packet<'_> {
        Packet::Binary(Cow::Borrowed(bytes))
    }

    fn read(body: &str) -> Result<Vec<Packet<'_>>, PayloadError> {
        decode(body).collect()
    }

    fn written(packets: &[Packet<'_>]) -> String {
        let mut out = Vec::new();
        let mut payload = Payload::new(&mut out);
        for packet in packets {
            match packet {
                Packet::Binary(bytes) => payload.binary(bytes),
                packet => {
                    let mut text = Vec::new();
                    packet.encode(&mut text);
                    payload.text(&text);
                }
            }
        }
        String::from_utf8(out).unwrap()
    }
}
