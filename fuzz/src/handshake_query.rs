//! The query of a request, and the key of an upgrade behind a line break.

use socketio_core::protocol::engine::Transport;
use socketio_core::protocol::handshake::{self, Open, Query};
use std::time::Duration;

pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let (query, key) = text.split_once('\n').unwrap_or((text, ""));
    let parsed = Query::parse(query);
    for (name, field) in [("EIO", &parsed.eio), ("transport", &parsed.transport), ("sid", &parsed.sid)] {
        let first = handshake::pairs(query).find(|(found, _)| found == name).map(|(_, value)| value);
        assert_eq!(*field, first, "{name}");
    }
    if let Ok(accept) = handshake::websocket_accept(key) {
        assert_eq!((key.len(), accept.len()), (24, 28));
    }
    an_open_packet_is_json_whatever_the_sid(parsed.sid.as_deref().unwrap_or(text));
}

fn an_open_packet_is_json_whatever_the_sid(sid: &str) {
    let mut packet = Vec::new();
    Open {
        sid,
        upgrades: &[Transport::Websocket],
        ping_interval: Duration::from_secs(25),
        ping_timeout: Duration::from_secs(20),
        max_payload: 1_000_000,
    }
    .encode(&mut packet);
    let json: serde_json::Value = serde_json::from_slice(&packet[1..]).expect("JSON behind the type");
    assert_eq!((packet[0], json["sid"].as_str()), (b'0', Some(sid)));
}
