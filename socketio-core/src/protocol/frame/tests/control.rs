use super::*;

#[test]
fn a_control_frame_is_not_fragmented() {
    for first in [0x08, 0x09, 0x0A] {
        assert_eq!(read(&[client(first, b"")]), [Err(FrameError::FragmentedControl)]);
    }
    assert_eq!(FrameError::FragmentedControl.close_code(), 1002);
}

#[test]
fn a_control_frame_holds_at_most_125_bytes() {
    let longest = [b'x'; 125];
    assert_eq!(read(&[client(0x89, &longest), client(0x8A, &longest)]), [ping(&longest), pong(&longest)]);
    for length in [126, 65_536] {
        for first in [0x88, 0x89, 0x8A] {
            assert_eq!(read(&[client(first, &vec![b'x'; length])]), [Err(FrameError::LongControl)]);
        }
    }
    assert_eq!(FrameError::LongControl.close_code(), 1002);
}

#[test]
fn a_control_frame_that_is_refused_is_refused_at_its_second_byte() {
    assert_eq!(Decoder::new(LIMIT).read(&mut [0x09, 0x80]), Err(FrameError::FragmentedControl));
    assert_eq!(Decoder::new(LIMIT).read(&mut [0x89, 0xFE]), Err(FrameError::LongControl));
}

#[test]
fn a_ping_may_be_empty_or_hold_any_bytes() {
    let frames = [client(0x89, b""), client(0x89, b"\x00\xFF\xFE")];
    assert_eq!(read(&frames), [ping(b""), ping(b"\x00\xFF\xFE")]);
}

#[test]
fn a_pong_may_come_unasked() {
    assert_eq!(read(&[client(0x8A, b""), client(0x8A, b"\xFF")]), [pong(b""), pong(b"\xFF")]);
}

#[test]
fn the_message_limit_does_not_concern_control_frames() {
    let mut decoder = Decoder::new(10);
    let wire = [client(0x02, &[1; 10]), client(0x89, &[2; 125]), client(0x80, b"")].concat();
    assert_eq!(read_in_pieces(&mut decoder, &wire, 20), [ping(&[2; 125]), binary(&[1; 10])]);
}
