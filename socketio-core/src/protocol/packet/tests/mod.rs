//! The sentences of socket.io-protocol 5 that concern packets, in its order, and what breaks them.

mod encoding; // the text form
mod exchange; // what packets may hold
mod failures; // errors and panics

use bytes::Bytes;
use proptest::prelude::*;

use super::*;
use crate::protocol::args::{ArgsRef, Event};

fn packet(kind: Kind, namespace: &str, id: Option<u64>, data: &'static str) -> Packet<'static> {
    Packet { kind, attachments: 0, namespace: String::from(namespace).leak(), id, data }
}

fn parse(text: &str) -> Result<Packet<'_>, PacketError> {
    Packet::parse(text, 10)
}

fn header(kind: Kind, attachments: usize, namespace: &str, id: Option<u64>) -> String {
    let mut out = Vec::new();
    encode_header(&mut out, kind, attachments, namespace, id);
    String::from_utf8(out).unwrap()
}

fn written(encode: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut out = Vec::new();
    encode(&mut out);
    String::from_utf8(out).unwrap()
}

fn kinds() -> impl Strategy<Value = Kind> {
    (0..=6_u8).prop_map(|digit| Kind::from_digit(char::from(b'0' + digit)).unwrap())
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(
        kind in kinds(), attachments in 1..=10_usize, name in "(/[^,?]{0,12})?", id in any::<Option<u64>>(),
    ) {
        let namespace = if name.is_empty() { "/" } else { &name };
        let (id, data) = match kind {
            Kind::Connect | Kind::ConnectError => (id, r#"{"a":1}"#),
            Kind::Disconnect => (id, ""),
            Kind::Event | Kind::BinaryEvent => (id, r#"["e"]"#),
            Kind::Ack | Kind::BinaryAck => (id.or(Some(0)), "[]"),
        };
        let attachments = if kind.is_binary() { attachments } else { 0 };
        let text = header(kind, attachments, namespace, id) + data;
        prop_assert_eq!(parse(&text), Ok(Packet { kind, attachments, namespace, id, data }));
    }

    #[test]
    fn no_text_makes_it_panic(text in "[0-9]{0,3}-?(/[a-z?]{0,3},?)?[0-9]{0,22}\\PC{0,20}", limit in any::<usize>()) {
        let _ = Packet::parse(&text, limit);
    }
}
