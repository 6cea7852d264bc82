use super::*;

#[test]
fn a_frame_of_a_client_that_is_not_masked_is_refused() {
    let frame = b"\x81\x05Hello".to_vec();
    assert_eq!(read(&[frame]), [Err(FrameError::Unmasked)]);
    assert_eq!(read(&[b"\x89\x00".to_vec()]), [Err(FrameError::Unmasked)]);
    assert_eq!(FrameError::Unmasked.close_code(), 1002);
}

#[test]
fn the_examples_of_the_specification_are_read() {
    let hello = b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58".to_vec();
    assert_eq!(read(&[hello]), [text("Hello")]);
    let pong_hello = b"\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58".to_vec();
    assert_eq!(read(&[pong_hello]), [pong(b"Hello")]);
    assert_eq!(read(&[client(0x01, b"Hel"), client(0x80, b"lo")]), [text("Hello")]);
    assert_eq!(read(&[client(0x82, &[7; 256])]), [binary(&[7; 256])]);
    assert_eq!(read(&[client(0x82, &[7; 65_536])]), [binary(&[7; 65_536])]);
}

#[test]
fn a_reserved_bit_is_refused_as_no_extension_is_spoken() {
    for bit in [0x40, 0x20, 0x10] {
        for opcode in [0x81, 0x82, 0x88, 0x89, 0x8A] {
            assert_eq!(read(&[client(opcode | bit, b"")]), [Err(FrameError::ReservedBits)]);
        }
    }
    assert_eq!(FrameError::ReservedBits.close_code(), 1002);
}

#[test]
fn a_reserved_opcode_is_refused() {
    for found in (3..=7).chain(11..=15) {
        let error = FrameError::ReservedOpcode { found };
        assert_eq!(error.close_code(), 1002);
        assert_eq!(read(&[client(0x80 | found, b"")]), [Err(error)]);
    }
}

#[test]
fn a_length_of_up_to_125_is_in_the_second_byte() {
    for length in [0, 1, 125] {
        let payload = vec![1; length];
        let frame = client(0x82, &payload);
        assert_eq!(frame.len(), 6 + length);
        assert_eq!(read(&[frame]), [binary(&payload)]);
    }
}

#[test]
fn a_length_of_up_to_65_535_is_in_two_more_bytes_most_significant_first() {
    for length in [126, 127, 128, 255, 256, 0x0102, 65_535] {
        let payload = vec![1; length];
        let frame = client(0x82, &payload);
        assert_eq!(frame[1..4], [0xFE, (length >> 8) as u8, length as u8]);
        assert_eq!(read(&[frame]), [binary(&payload)]);
    }
}

#[test]
fn a_longer_length_is_in_eight_more_bytes_most_significant_first() {
    for length in [65_536, 0x01_02_03] {
        let payload = vec![1; length];
        let frame = client(0x82, &payload);
        assert_eq!(frame[1..7], [0xFF, 0, 0, 0, 0, 0]);
        assert_eq!(read(&[frame]), [binary(&payload)]);
    }
}

#[test]
fn the_most_significant_bit_of_a_length_must_be_zero() {
    let mut frame = vec![0x82, 0xFF, 0x80];
    frame.extend([0; 11]);
    assert_eq!(read(&[frame]), [Err(FrameError::LengthBit)]);
    assert_eq!(FrameError::LengthBit.close_code(), 1002);
}

// Senders must use the shortest form. Microcontrollers' libraries are known that write 65,535 in eight bytes.
#[test]
fn a_length_in_more_bytes_than_it_needs_is_forgiven() {
    let medium = b"\x81\xfe\x00\x02\x00\x00\x00\x00hi".to_vec();
    let long = b"\x81\xff\x00\x00\x00\x00\x00\x00\x00\x02\x00\x00\x00\x00hi".to_vec();
    assert_eq!(read(&[medium, long]), [text("hi"), text("hi")]);
}

#[test]
fn byte_i_is_masked_by_byte_i_modulo_4_of_the_key() {
    for length in 0..40 {
        let payload: Vec<u8> = (0..length).collect();
        for key in [[0; 4], [1, 2, 3, 4], [0xFF; 4], [0, 0, 0, 0x80]] {
            assert_eq!(read(&[masked(0x82, &payload, key)]), [binary(&payload)]);
        }
    }
}

#[test]
fn the_mask_goes_on_where_a_cut_frame_stopped() {
    let payload: Vec<u8> = (0..=255).collect();
    let wire = client(0x82, &payload);
    for size in 1..30 {
        let mut decoder = Decoder::new(LIMIT);
        assert_eq!(read_in_pieces(&mut decoder, &wire, size), [binary(&payload)]);
    }
}

#[test]
fn each_frame_has_a_mask_of_its_own() {
    let frames = [masked(0x81, b"one", [1; 4]), masked(0x81, b"two", [2; 4])];
    assert_eq!(read(&frames), [text("one"), text("two")]);
}

#[test]
fn a_whole_frame_is_handed_out_where_it_stands() {
    let mut input = [client(0x81, b"Hello"), client(0x82, &[1, 2])].concat();
    let place = input.as_ptr_range();
    let mut decoder = Decoder::new(LIMIT);

    let (used, message) = decoder.read(&mut input).unwrap();
    assert_eq!(used, 11);
    let Some(Message::Text(hello)) = message else { panic!("{message:?}") };
    assert!(place.contains(&hello.as_ptr()));
    let (used, message) = decoder.read(&mut input[11..]).unwrap();
    assert_eq!((used, message), (8, Some(Message::Binary(&[1, 2]))));
    assert_eq!(decoder.read(&mut []), Ok((0, None)));
    assert_eq!(decoder.buffered(), 0);
}

#[test]
fn after_an_error_everything_is_ignored() {
    let mut decoder = Decoder::new(LIMIT);
    let wire = [client(0x81, b"before"), client(0x83, b""), client(0x81, b"after")].concat();
    let error = Err(FrameError::ReservedOpcode { found: 3 });
    assert_eq!(read_in_pieces(&mut decoder, &wire, 1), [text("before"), error]);
    assert_eq!(read_in_pieces(&mut decoder, &client(0x81, b"after"), 100), []);
}
