use super::*;

#[test]
fn a_message_of_exactly_the_limit_passes() {
    let mut decoder = Decoder::new(300);
    let wire = [client(0x82, &[1; 300]), client(0x02, &[1; 150]), client(0x80, &[1; 150])].concat();
    let said = read_in_pieces(&mut decoder, &wire, wire.len());
    assert_eq!(said, [binary(&[1; 300]), binary(&[1; 300])]);
}

#[test]
fn a_message_over_the_limit_is_refused_at_its_header() {
    let mut decoder = Decoder::new(300);
    let header = client(0x82, &[1; 301])[..8].to_vec();
    let error = FrameError::TooBig { limit: 300, size: 301 };
    assert_eq!(read_in_pieces(&mut decoder, &header, 8), [Err(error.clone())]);
    assert_eq!(error.close_code(), 1009);
    assert_eq!(error.to_string(), "message of 301 bytes or more, limit is 300");
}

#[test]
fn the_limit_is_for_the_sum_of_the_fragments() {
    let mut decoder = Decoder::new(300);
    let last = client(0x80, &[1; 150])[..8].to_vec();
    let wire = [client(0x02, &[1; 150]), client(0x00, b"x"), client(0x89, b"ping"), last].concat();
    let error = Err(FrameError::TooBig { limit: 300, size: 301 });
    assert_eq!(read_in_pieces(&mut decoder, &wire, wire.len()), [ping(b"ping"), error]);
    assert_eq!(decoder.buffered(), 0);
}

#[test]
fn the_largest_length_there_is_does_not_overflow_the_sum() {
    let length = u64::MAX >> 1;
    let header = [&[0x80, 0xFF][..], &length.to_be_bytes(), &[0; 4]].concat();
    let error = FrameError::TooBig { limit: LIMIT, size: length + 4 };
    assert_eq!(read(&[client(0x01, b"part"), header]), [Err(error)]);
}

// Where it is not linear, this takes minutes.
#[test]
fn a_long_text_in_small_pieces_takes_linear_time_wherever_they_cut_its_characters() {
    let long = format!("ab{}", "🦀".repeat(200_000));
    for size in [1, 4] {
        let mut decoder = Decoder::new(LIMIT);
        assert_eq!(read_in_pieces(&mut decoder, &client(0x81, long.as_bytes()), size), [text(&long)]);
    }
}

#[test]
fn a_header_that_announces_much_costs_nothing() {
    let mut decoder = Decoder::new(1 << 30);
    let mut wire = vec![0x82, 0xFF];
    wire.extend((1_u64 << 29).to_be_bytes());
    wire.extend([0; 4]);
    assert_eq!(read_in_pieces(&mut decoder, &wire, wire.len()), []);
    assert_eq!(decoder.buffered(), 0);
    assert_eq!(read_in_pieces(&mut decoder, &[0; 1000], 1000), []);
    assert!(decoder.buffered() <= 2000);
}

#[test]
fn a_million_empty_fragments_cost_nothing() {
    let mut decoder = Decoder::new(100);
    assert_eq!(read_in_pieces(&mut decoder, &client(0x01, b"start,"), 100), []);
    let empty = client(0x00, b"").repeat(1000);
    for _ in 0..1000 {
        assert_eq!(read_in_pieces(&mut decoder, &empty, empty.len()), []);
    }
    assert!(decoder.buffered() < 100);
    assert_eq!(read_in_pieces(&mut decoder, &client(0x80, b"end"), 100), [text("start,end")]);
}

#[test]
fn memory_goes_when_the_message_is_out() {
    let mut decoder = Decoder::new(LIMIT);
    let wire = client(0x82, &[7; 500_000]);
    assert_eq!(read_in_pieces(&mut decoder, &wire[..400_000], 65_536), []);
    assert!(decoder.buffered() >= 399_986);
    assert_eq!(read_in_pieces(&mut decoder, &wire[400_000..], 65_536), [binary(&[7; 500_000])]);
    assert_eq!(decoder.buffered(), 0);
}

#[test]
fn a_ping_that_came_in_two_pieces_leaves_nothing() {
    let mut decoder = Decoder::new(LIMIT);
    assert_eq!(read_in_pieces(&mut decoder, &client(0x89, b"ping"), 7), [ping(b"ping")]);
    assert_eq!(decoder.buffered(), 0);
    let wire = [client(0x02, b"half"), client(0x89, b"ping")].concat();
    assert_eq!(read_in_pieces(&mut decoder, &wire, 17), [ping(b"ping")]);
    assert_eq!(read_in_pieces(&mut decoder, &client(0x80, b"way"), 100), [binary(b"halfway")]);
}

#[test]
fn a_decoder_is_small_and_a_header_that_is_half_way_takes_no_memory() {
    assert!(size_of::<Decoder>() <= 96, "{}", size_of::<Decoder>());
    let mut decoder = Decoder::new(LIMIT);
    let wire = client(0x82, &[7; 70_000]);
    assert_eq!(read_in_pieces(&mut decoder, &wire[..13], 13), []);
    assert_eq!(decoder.buffered(), 0);
    assert_eq!(read_in_pieces(&mut decoder, &wire[13..], 1 << 20), [binary(&[7; 70_000])]);
}
