//! Polling payloads: the first error ends them, and what was read can be written and read again.

use socketio_core::protocol::engine::Packet;
use socketio_core::protocol::payload::{self, Payload, SEPARATOR};

pub fn run(data: &[u8]) {
    let Ok(body) = std::str::from_utf8(data) else {
        return;
    };
    let items: Vec<_> = payload::decode(body).collect();
    assert!(!items.is_empty(), "an empty body is an error, not silence");
    assert!(items.len() <= 1 + data.iter().filter(|&&byte| byte == SEPARATOR).count());
    if let Some(Err(error)) = items.last() {
        assert_eq!(error.index + 1, items.len());
    }
    let packets: Vec<_> = items.iter().map_while(|item| item.as_ref().ok()).collect();
    assert!(packets.len() + 1 >= items.len(), "an error in the middle");
    if packets.is_empty() {
        return;
    }
    let again = encode(&packets);
    assert_eq!(
        payload::decode(&again).collect::<Result<Vec<_>, _>>().as_ref(),
        Ok(&packets.into_iter().cloned().collect())
    );
}

fn encode(packets: &[&Packet<'_>]) -> String {
    let mut body = Vec::new();
    let mut payload = Payload::new(&mut body);
    let mut text = Vec::new();
    for packet in packets {
        if let Packet::Binary(bytes) = packet {
            payload.binary(bytes);
        } else {
            text.clear();
            packet.encode(&mut text);
            payload.text(&text);
        }
    }
    String::from_utf8(body).expect("a payload is text")
}
