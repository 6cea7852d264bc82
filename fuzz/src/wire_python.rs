//! Frames between nodes: what was read can be written and read again, and is a frame by a plain reading of its JSON too.

use std::collections::HashMap;

use serde_json::value::RawValue;
use socketio_core::adapter::wire::python;
use socketio_core::adapter::wire::{Acks, Arrival, DuplicateFilter, HostId, Message, WireError};

pub fn run(data: &[u8]) {
    let incoming = match python::open(data, MAX) {
        Ok(incoming) => incoming,
        Err(error) => return is_said_in_short(&error),
    };
    let members = serde_json::from_slice::<HashMap<String, &RawValue>>(data);
    assert!(members.expect("an object").contains_key("method"));
    let sender = incoming.host().map(HostId::from);
    let seq = incoming.seq();
    let message = match incoming.decode() {
        Ok(message) => message,
        Err(error) => return is_said_in_short(&error),
    };
    assert!(sender.is_some() || !needs_a_sender(&message), "nobody could be answered");

    let host = sender.unwrap_or_else(|| HostId::from("h"));
    let again = python::encode(&message, &host, seq.unwrap_or(1));
    let incoming = python::open(&again, usize::MAX).expect("a frame of ours");
    if message.is_numbered() {
        assert_eq!(incoming.host(), Some(host.as_str()));
        assert_eq!(incoming.seq(), Some(seq.unwrap_or(1)));
    }
    assert_eq!(incoming.decode().expect("a frame of ours"), message);

    let mut filter = DuplicateFilter::new();
    let seq = seq.unwrap_or(1);
    assert_eq!(filter.arrive(host.as_str(), seq, data), Arrival::New { missed: 0 });
    assert!(matches!(filter.arrive(host.as_str(), seq, b"forged"), Arrival::New { .. }));
    assert_eq!(filter.arrive(host.as_str(), seq, b"forged"), Arrival::Again);
}

fn needs_a_sender(message: &Message) -> bool {
    match message {
        Message::Emit(emit) => emit.acks != Acks::None,
        Message::Callback(_)
        | Message::Disconnect { .. }
        | Message::EnterRoom { .. }
        | Message::LeaveRoom { .. }
        | Message::CloseRoom { .. } => false,
        _ => true,
    }
}

fn is_said_in_short(error: &WireError) {
    assert!(error.to_string().len() < 300 && !error.cause().is_empty());
}

const MAX: usize = 1 << 20;
