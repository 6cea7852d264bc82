//! Packets of msgpack clients: what was read is JSON, and the same when it is sent and read again.
//!
//! Input: how many attachments are allowed, then the message; as text it is also tried as the payload of an ack going out.

use bytes::Bytes;
use serde_json::value::RawValue;
use socketio_core::protocol::args::{ArgsRef, Event, RawArgs};
use socketio_core::protocol::msgpack::{self, MsgpackError};
use socketio_core::protocol::packet::Kind;

pub fn run(data: &[u8]) {
    let Some((&limit, message)) = data.split_first() else {
        return;
    };
    let limit = usize::from(limit % 16);
    coming_in(message, limit);
    if let Ok(json) = std::str::from_utf8(message) {
        going_out(json, limit % 4);
    }
}

fn coming_in(message: &[u8], limit: usize) {
    let packet = match msgpack::decode(message, limit) {
        Ok(packet) => packet,
        Err(error) => {
            assert!(error.to_string().len() < 1000);
            return;
        }
    };
    assert!(packet.attachments.len() <= limit);
    assert!(packet.data.is_empty() || serde_json::from_str::<&RawValue>(&packet.data).is_ok(), "no JSON");
    let mut out = Vec::new();
    let args = match packet.kind {
        Kind::Event => {
            let Ok(event) = Event::parse(&packet.data, &packet.attachments) else {
                return;
            };
            msgpack::encode_event(&mut out, &packet.namespace, packet.id, &event.name, &event.args)
                .expect("what came in can go out");
            event.args.to_raw()
        }
        Kind::Ack => {
            let args = ArgsRef::parse(&packet.data, &packet.attachments).expect("arguments");
            msgpack::encode_ack(&mut out, &packet.namespace, packet.id.expect("an id"), &args)
                .expect("what came in can go out");
            args.to_raw()
        }
        _ => return,
    };
    let again = msgpack::decode(&out, limit).expect("a packet of ours");
    assert_eq!((again.kind, &again.namespace, again.id), (packet.kind, &packet.namespace, packet.id));
    assert_eq!(again.attachments, packet.attachments);
    assert_eq!(arguments(&again.kind, &again.data, &again.attachments), args);
}

fn arguments(kind: &Kind, data: &str, attachments: &[Bytes]) -> RawArgs {
    match kind {
        Kind::Event => Event::parse(data, attachments).expect("an event").args.to_raw(),
        _ => ArgsRef::parse(data, attachments).expect("arguments").to_raw(),
    }
}

fn going_out(json: &str, attachments: usize) {
    let attachments = vec![Bytes::from_static(b"\xFF"); attachments];
    let Ok(args) = ArgsRef::parse(json, &attachments) else {
        return;
    };
    let mut out = Vec::new();
    if msgpack::encode_ack(&mut out, "/", 1, &args).is_err() {
        assert!(out.is_empty(), "a trace is left");
        return;
    }
    match msgpack::decode(&out, attachments.len()) {
        Ok(again) => {
            // Without attachments, what looks like one is a map like any other.
            if !attachments.is_empty() {
                assert_eq!(again.attachments.len(), placeholders(&again.data));
            }
            assert_eq!(ArgsRef::parse(&again.data, &again.attachments).expect("arguments").len(), args.len());
        }
        // Inside of what stands for an attachment, or with a member twice, some of it is nobody's.
        Err(MsgpackError::Placeholder | MsgpackError::TooManyAttachments { .. }) => {}
        Err(error) => panic!("{error} in what we wrote"),
    }
}

fn placeholders(json: &str) -> usize {
    json.matches(r#"{"_placeholder":true,"num":"#).count()
}
