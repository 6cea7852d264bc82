use super::super::{HEADER_MAX, Opcode, begin, close, finish, peek, write};

#[test]
fn the_examples_of_the_specification_are_written() {
    assert_eq!(written(Opcode::Text, b"Hello"), b"\x81\x05Hello");
    assert_eq!(written(Opcode::Ping, b"Hello"), b"\x89\x05Hello");
    assert_eq!(written(Opcode::Binary, &[7; 256])[..5], *b"\x82\x7E\x01\x00\x07");
    assert_eq!(written(Opcode::Binary, &[7; 65_536])[..11], *b"\x82\x7F\x00\x00\x00\x00\x00\x01\x00\x00\x07");
}

#[test]
fn a_frame_of_ours_is_whole_and_never_masked() {
    for opcode in [Opcode::Text, Opcode::Binary, Opcode::Close, Opcode::Ping, Opcode::Pong] {
        let frame = written(opcode, b"");
        assert_eq!(frame, [0x80 | opcode as u8, 0]);
    }
}

#[test]
fn a_length_takes_as_few_bytes_as_it_can() {
    for (length, header) in [(0, 2), (125, 2), (126, 4), (65_535, 4), (65_536, 10)] {
        let payload = vec![b'x'; length];
        let frame = written(Opcode::Binary, &payload);
        assert_eq!(frame.len(), header + length);
        assert_eq!(peek(&frame), Some((Opcode::Binary, header, length)));
    }
}

#[test]
fn a_pong_holds_the_bytes_of_the_ping() {
    assert_eq!(written(Opcode::Pong, b"\x00\xFFping"), b"\x8A\x06\x00\xFFping");
}

#[test]
fn a_close_frame_holds_code_and_reason() {
    let mut out = b"before".to_vec();
    close(&mut out, 1009, "too big");
    assert_eq!(out, b"before\x88\x09\x03\xF1too big");
}

#[test]
fn a_long_reason_is_cut_between_two_characters() {
    let mut out = Vec::new();
    close(&mut out, 1000, &"x".repeat(200));
    assert_eq!((out.len(), out[1]), (127, 125));

    out.clear();
    close(&mut out, 1000, &"🦀".repeat(50));
    assert_eq!(out[4..], *"🦀".repeat(30).as_bytes());
    assert_eq!(out[1], 122);
}

#[test]
fn a_header_written_last_stands_right_before_the_payload() {
    for length in [0, 5, 125, 126, 65_535, 65_536] {
        let payload = vec![b'x'; length];
        let mut out = b"earlier".to_vec();
        let start = begin(&mut out);
        out.extend_from_slice(&payload);
        let frame = finish(&mut out, start, Opcode::Text);
        assert_eq!(start, 7);
        assert!((start..=start + HEADER_MAX - 2).contains(&frame));
        assert_eq!(out[frame..], written(Opcode::Text, &payload));
        assert_eq!(out[..7], *b"earlier");
    }
}

#[test]
fn peek_walks_a_queue_and_stops_at_a_frame_that_is_not_all_there() {
    let mut queue = written(Opcode::Text, b"one");
    write(&mut queue, Opcode::Ping, b"");
    write(&mut queue, Opcode::Binary, &[2; 300]);
    let whole = queue.len();
    queue.extend_from_slice(b"\x82\x7E\x01");

    let mut at = 0;
    let mut found = Vec::new();
    while let Some((opcode, header, payload)) = peek(&queue[at..]) {
        found.push((opcode, payload));
        at += header + payload;
    }
    assert_eq!(found, [(Opcode::Text, 3), (Opcode::Ping, 0), (Opcode::Binary, 300)]);
    assert_eq!(at, whole);
}

#[test]
fn peek_needs_every_byte_and_a_frame_of_ours() {
    for length in [0, 1, 125, 126, 65_536] {
        let frame = written(Opcode::Binary, &vec![0; length]);
        assert!(peek(&frame).is_some());
        assert_eq!(peek(&frame[..frame.len() - 1]), None);
    }
    assert_eq!(peek(b""), None);
    assert_eq!(peek(b"\x81"), None);
    assert_eq!(peek(b"\x82\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"), None);
    assert_eq!(peek(b"\x83\x00"), None);
    assert_eq!(peek(b"\xC1\x00"), None);
    let masked = [&b"\x81\x80"[..], &[0; 1000]].concat();
    assert_eq!(peek(&masked), None);
}

fn written(opcode: Opcode, payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    write(&mut out, opcode, payload);
    out
}
