//! Engine.IO packets: what was read is written as it came, base64 and what is ignored excepted, and read again.

use socketio_core::protocol::engine::{Packet, Transport};

pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    if let Ok(transport) = text.parse::<Transport>() {
        assert_eq!(transport.as_str(), text);
    }
    let Ok(packet) = Packet::parse(text) else {
        return;
    };
    let mut encoded = Vec::new();
    packet.encode(&mut encoded);
    let encoded = String::from_utf8(encoded).expect("a packet is text");
    match packet {
        Packet::Binary(_) => assert!(text.starts_with('b')),
        Packet::Close | Packet::Upgrade | Packet::Noop => assert_eq!(encoded, text[..1]),
        _ => assert_eq!(encoded, text),
    }
    assert_eq!(Packet::parse(&encoded), Ok(packet));
}
