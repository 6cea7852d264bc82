use std::collections::HashSet;
use std::mem;
use std::path::Path;

use socketio_core::adapter::wire::python::{self, MAX_FRAME};
use socketio_core::adapter::wire::{HostId, Message};

#[test]
fn every_frame_in_the_documentation_is_read_and_written_as_it_stands_there() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/wire.md");
    let page = std::fs::read_to_string(page).unwrap();
    let mut methods = HashSet::new();
    for frame in page.lines().filter(|line| line.starts_with(r#"{"method""#)) {
        let incoming = python::open(frame.as_bytes(), MAX_FRAME).unwrap();
        let host = HostId::from(incoming.host().unwrap_or_default());
        let seq = incoming.seq().unwrap_or_default();
        let message = incoming.decode().unwrap_or_else(|error| panic!("{error}: {frame}"));
        assert_eq!(String::from_utf8(python::encode(&message, &host, seq)).unwrap(), frame);
        methods.insert(mem::discriminant(&message));
        assert_eq!(message.is_numbered(), !matches!(message, Message::Callback(_)));
    }
    assert_eq!(methods.len(), 15, "an example of every method");
}
