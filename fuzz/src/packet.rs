//! Socket.IO packets: what was read can be written and read again, down to the raw arguments.
//!
//! Input: how many attachments are allowed, then the text.

use bytes::Bytes;
use socketio_core::protocol::args::{ArgsRef, Event};
use socketio_core::protocol::packet::{self, Kind, Packet};

pub fn run(data: &[u8]) {
    let Some((&limit, text)) = data.split_first() else {
        return;
    };
    let Ok(text) = std::str::from_utf8(text) else {
        return;
    };
    let limit = usize::from(limit % 16);
    let Ok(packet) = Packet::parse(text, limit) else {
        return;
    };
    assert!(packet.attachments <= limit);
    assert_eq!(packet.kind.is_binary(), packet.attachments > 0);
    assert!(packet.namespace.starts_with('/') && !packet.namespace.contains([',', '?']));

    let mut again = Vec::new();
    packet::encode_header(&mut again, packet.kind, packet.attachments, packet.namespace, packet.id);
    again.extend_from_slice(packet.data.as_bytes());
    let again = String::from_utf8(again).expect("a packet is text");
    assert_eq!(Packet::parse(&again, limit), Ok(packet));

    let attachments = vec![Bytes::from_static(b"\xFF"); packet.attachments];
    match packet.kind {
        Kind::Event | Kind::BinaryEvent => an_event_is_emitted_again(&packet, &attachments),
        Kind::Ack | Kind::BinaryAck => an_ack_is_sent_again(&packet, &attachments),
        Kind::Disconnect => assert_eq!(packet.data, ""),
        Kind::Connect | Kind::ConnectError => {}
    }
}

fn an_event_is_emitted_again(packet: &Packet<'_>, attachments: &[Bytes]) {
    let Ok(event) = Event::parse(packet.data, attachments) else {
        return;
    };
    let mut out = Vec::new();
    let sent = packet::encode_event(&mut out, packet.namespace, packet.id, &event.name, &event.args.to_raw())
        .expect("raw arguments are JSON");
    let text = String::from_utf8(out).expect("a packet is text");
    let received = Packet::parse(&text, attachments.len()).expect("a packet");
    let again = Event::parse(received.data, &sent).expect("an event");
    assert_eq!((received.namespace, received.id), (packet.namespace, packet.id));
    assert_eq!(received.kind.is_binary(), !attachments.is_empty());
    assert_eq!((again.name, sent.as_slice()), (event.name, attachments));
    assert_eq!(again.args.json(), event.args.json());
}

fn an_ack_is_sent_again(packet: &Packet<'_>, attachments: &[Bytes]) {
    let (Ok(args), Some(id)) = (ArgsRef::parse(packet.data, attachments), packet.id) else {
        return;
    };
    let mut out = Vec::new();
    let sent = packet::encode_ack(&mut out, packet.namespace, id, &args).expect("raw arguments are JSON");
    let text = String::from_utf8(out).expect("a packet is text");
    let received = Packet::parse(&text, attachments.len()).expect("a packet");
    let again = ArgsRef::parse(received.data, &sent).expect("arguments");
    assert_eq!((again.json(), sent.as_slice()), (args.json(), attachments));
}
