use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

proptest! {
    #[test]
    fn what_a_client_says_is_read_however_it_is_fragmented_and_cut(
        messages in vec(message(), 1..8),
        cuts in vec(1_usize..40, 1..20),
    ) {
        let mut wire = Vec::new();
        let mut expected = Vec::new();
        for (said, fragments) in messages {
            send(&mut wire, &mut expected, said, &fragments);
        }
        prop_assert_eq!(read_in_pieces(&mut Decoder::new(LIMIT), &wire, wire.len()), expected.clone());

        let mut decoder = Decoder::new(LIMIT);
        let mut said = Vec::new();
        let mut rest = &wire[..];
        for &cut in cuts.iter().cycle() {
            let (piece, later) = rest.split_at(cut.min(rest.len()));
            said.extend(read_in_pieces(&mut decoder, piece, piece.len()));
            rest = later;
            if rest.is_empty() {
                break;
            }
        }
        prop_assert_eq!(said, expected);
        prop_assert_eq!(decoder.buffered(), 0);
    }

    #[test]
    fn any_bytes_say_the_same_in_one_piece_and_in_many(wire in frames_of_any_kind(), size in 1_usize..50) {
        let whole = read_in_pieces(&mut Decoder::new(200), &wire, wire.len());
        let pieces = read_in_pieces(&mut Decoder::new(200), &wire, size);
        prop_assert_eq!(whole, pieces);
    }

    #[test]
    fn what_we_write_is_found_again(payloads in vec(vec(any::<u8>(), 0..300), 0..10)) {
        use super::super::{Opcode, peek, write};
        let mut queue = Vec::new();
        for payload in &payloads {
            write(&mut queue, Opcode::Binary, payload);
        }
        let mut rest = &queue[..];
        for payload in &payloads {
            let (opcode, header, length) = peek(rest).unwrap();
            prop_assert_eq!(opcode, Opcode::Binary);
            prop_assert_eq!(&rest[header..header + length], &payload[..]);
            rest = &rest[header + length..];
        }
        prop_assert!(rest.is_empty());
    }
}

/// A message, and the sizes of the fragments it is sent in.
fn message() -> impl Strategy<Value = (Said, Vec<usize>)> {
    let said = prop_oneof![
        ".{0,60}".prop_map(Said::Text),
        vec(any::<u8>(), 0..400).prop_map(Said::Binary),
        vec(any::<u8>(), 0..=125).prop_map(Said::Ping),
        vec(any::<u8>(), 0..=125).prop_map(Said::Pong),
    ];
    (said, vec(0_usize..30, 0..6))
}

/// Appends `said` to what the client sends: a data message in fragments of these sizes, with pings between them.
fn send(wire: &mut Vec<u8>, expected: &mut Vec<Result<Said, FrameError>>, said: Said, fragments: &[usize]) {
    let (opcode, payload) = match &said {
        Said::Text(text) => (1, text.as_bytes()),
        Said::Binary(bytes) => (2, &bytes[..]),
        Said::Ping(bytes) | Said::Pong(bytes) => {
            let first = if matches!(said, Said::Ping(_)) { 0x89 } else { 0x8A };
            wire.extend(client(first, bytes));
            expected.push(Ok(said));
            return;
        }
        Said::Close(_) => unreachable!("no strategy makes one"),
    };
    let mut first = opcode;
    let mut rest = payload;
    for &size in fragments {
        let (fragment, later) = rest.split_at(size.min(rest.len()));
        wire.extend(client(first, fragment));
        if size % 3 == 0 {
            wire.extend(client(0x89, &[0xFF; 5][..size % 5]));
            expected.push(ping(&[0xFF; 5][..size % 5]));
        }
        (first, rest) = (0, later);
    }
    wire.extend(client(0x80 | first, rest));
    expected.push(Ok(said));
}

/// Frames with first bytes and payloads of any kind, mostly valid ones, and sometimes garbage at the end.
fn frames_of_any_kind() -> impl Strategy<Value = Vec<u8>> {
    let first = prop_oneof![
        8 => proptest::sample::select(&[0x00_u8, 0x80, 0x01, 0x81, 0x02, 0x82, 0x89, 0x8A][..]),
        1 => Just(0x88),
        1 => any::<u8>(),
    ];
    let payload = prop_oneof![vec(any::<u8>(), 0..20), "\\PC{0,20}".prop_map(String::into_bytes)];
    let frame = (first, payload).prop_map(|(first, payload)| client(first, &payload));
    (vec(frame, 0..8), vec(any::<u8>(), 0..20))
        .prop_map(|(frames, garbage)| [frames.concat(), garbage].concat())
}
