//! WebSocket frames: the same messages however the input is cut, no more memory than the limit allows, and what we
//! frame is read back.
//!
//! Input: a limit (in units of 8 bytes), the size of the pieces, then bytes of a client.

use socketio_core::protocol::frame::{self, Decoder, FrameError, Message, Opcode};

pub fn run(data: &[u8]) {
    let Some((&[limit, piece], wire)) = data.split_first_chunk() else {
        return;
    };
    let limit = usize::from(limit) * 8;
    let piece = usize::from(piece).max(1);

    let whole = transcript(limit, wire, wire.len().max(1));
    for size in [piece, 1] {
        assert_eq!(whole, transcript(limit, wire, size), "in pieces of {size}");
    }
    for event in whole.iter().flatten() {
        let limit = if event.0.is_control() { 125 } else { limit };
        assert!(event.1.len() <= limit);
    }
    a_message_survives_fragments(&wire[..wire.len().min(200)], piece);
    a_frame_of_ours_is_found_again(wire);
}

/// A message as its opcode and payload, so that it outlives the buffers.
type Event = (Opcode, Vec<u8>);

fn transcript(limit: usize, wire: &[u8], piece: usize) -> Vec<Result<Event, FrameError>> {
    let mut decoder = Decoder::new(limit);
    let mut events = Vec::new();
    for input in wire.to_vec().chunks_mut(piece) {
        let mut at = 0;
        loop {
            match decoder.read(&mut input[at..]) {
                Ok((used, Some(message))) => {
                    events.push(Ok(event(message)));
                    at += used;
                }
                Ok((used, None)) => {
                    assert_eq!(at + used, input.len(), "without a message all input is used");
                    break;
                }
                Err(error) => {
                    assert!([1002, 1007, 1009].contains(&error.close_code()));
                    events.push(Err(error));
                    at = input.len();
                }
            }
        }
        assert!(
            decoder.buffered() <= 2 * (limit + 125) + 8,
            "{} bytes for a limit of {limit}",
            decoder.buffered()
        );
    }
    if let Some(end) = events.iter().position(|event| matches!(event, Err(_) | Ok((Opcode::Close, _)))) {
        assert_eq!(end + 1, events.len(), "something came after the end");
    }
    events
}

fn event(message: Message<'_>) -> Event {
    match message {
        Message::Text(text) => (Opcode::Text, text.into()),
        Message::Binary(bytes) => (Opcode::Binary, bytes.into()),
        Message::Ping(bytes) => (Opcode::Ping, bytes.into()),
        Message::Pong(bytes) => (Opcode::Pong, bytes.into()),
        Message::Close(None) => (Opcode::Close, Vec::new()),
        Message::Close(Some((code, reason))) => {
            (Opcode::Close, [&code.to_be_bytes(), reason.as_bytes()].concat())
        }
    }
}

fn a_message_survives_fragments(payload: &[u8], size: usize) {
    let opcode = if std::str::from_utf8(payload).is_ok() { Opcode::Text } else { Opcode::Binary };
    let key = [0x9A, 0x00, 0xFF, size as u8];
    let mut wire = Vec::new();
    let mut expected = Vec::new();
    let mut kind = opcode;
    for fragment in payload.chunks(size) {
        masked(&mut wire, false, kind, fragment, key);
        masked(&mut wire, true, Opcode::Ping, &fragment[..fragment.len().min(3)], key);
        expected.push(Ok((Opcode::Ping, fragment[..fragment.len().min(3)].to_vec())));
        kind = Opcode::Continuation;
    }
    masked(&mut wire, true, kind, b"", key);
    expected.push(Ok((opcode, payload.to_vec())));
    for piece in [wire.len(), 7] {
        assert_eq!(transcript(payload.len(), &wire, piece), expected);
    }
}

fn a_frame_of_ours_is_found_again(payload: &[u8]) {
    let mut queue = Vec::new();
    frame::write(&mut queue, Opcode::Binary, payload);
    let start = frame::begin(&mut queue);
    queue.extend_from_slice(payload);
    let second = frame::finish(&mut queue, start, Opcode::Binary);
    let (first, second) = (&queue[..start], &queue[second..]);
    assert_eq!(first, second);
    let (opcode, header, length) = frame::peek(first).expect("a whole frame");
    assert_eq!((opcode, length, &first[header..]), (Opcode::Binary, payload.len(), payload));
    let _ = frame::peek(payload);
}

/// One frame of a client.
fn masked(out: &mut Vec<u8>, fin: bool, opcode: Opcode, payload: &[u8], key: [u8; 4]) {
    let start = out.len();
    frame::write(out, opcode, payload);
    let header = out.len() - start - payload.len();
    out[start] &= if fin { 0xFF } else { 0x7F };
    out[start + 1] |= 0x80;
    out.splice(start + header..start + header, key);
    for (byte, key) in out[start + header + 4..].iter_mut().zip(key.iter().cycle()) {
        *byte ^= key;
    }
}
