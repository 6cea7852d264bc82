use super::*;

#[test]
fn a_single_frame_with_fin_is_a_message() {
    assert_eq!(read(&[client(0x81, b"a"), client(0x82, b"b")]), [text("a"), binary(b"b")]);
}

#[test]
fn a_message_goes_from_a_frame_with_an_opcode_to_a_continuation_with_fin() {
    let frames =
        [client(0x01, b"He"), client(0x00, b"l"), client(0x00, b"l"), client(0x80, b"o"), client(0x81, b"!")];
    assert_eq!(read(&frames), [text("Hello"), text("!")]);
    let frames = [client(0x02, b"\xFF"), client(0x80, b"\xFE")];
    assert_eq!(read(&frames), [binary(b"\xFF\xFE")]);
}

#[test]
fn the_type_of_a_message_is_that_of_its_first_fragment() {
    let frames = [client(0x02, b"a"), client(0x80, b"b"), client(0x01, b"a"), client(0x80, b"b")];
    assert_eq!(read(&frames), [binary(b"ab"), text("ab")]);
}

#[test]
fn fragments_of_any_size_are_joined_in_the_order_sent_empty_ones_too() {
    let long = vec![b'x'; 70_000];
    let frames = [
        client(0x02, b""),
        client(0x00, b"1"),
        client(0x00, b""),
        client(0x00, &long),
        client(0x00, b"2"),
        client(0x80, b""),
    ];
    assert_eq!(read(&frames), [binary(&[b"1", &long[..], b"2"].concat())]);
    assert_eq!(read(&[client(0x01, b""), client(0x00, b""), client(0x80, b"")]), [text("")]);
    assert_eq!(read(&[client(0x01, b""), client(0x80, b"end")]), [text("end")]);
}

#[test]
fn a_continuation_needs_something_to_continue() {
    for first in [0x00, 0x80] {
        assert_eq!(read(&[client(first, b"x")]), [Err(FrameError::NothingToContinue)]);
    }
    let frames = [client(0x81, b"whole"), client(0x80, b"x")];
    assert_eq!(read(&frames), [text("whole"), Err(FrameError::NothingToContinue)]);
    let frames = [client(0x01, b"a"), client(0x80, b"b"), client(0x80, b"c")];
    assert_eq!(read(&frames), [text("ab"), Err(FrameError::NothingToContinue)]);
    assert_eq!(FrameError::NothingToContinue.close_code(), 1002);
}

#[test]
fn fragments_of_two_messages_are_not_interleaved() {
    for first in [0x01, 0x02, 0x81, 0x82] {
        let frames = [client(0x01, b"first"), client(first, b"second")];
        assert_eq!(read(&frames), [Err(FrameError::UnfinishedMessage)]);
    }
    assert_eq!(FrameError::UnfinishedMessage.close_code(), 1002);
}

#[test]
fn control_frames_come_through_between_fragments() {
    let frames = [
        client(0x01, b"fragment1"),
        client(0x89, b"ping"),
        client(0x00, b""),
        client(0x8A, b"pong"),
        client(0x89, b""),
        client(0x80, b"fragment2"),
    ];
    let expected = [ping(b"ping"), pong(b"pong"), ping(b""), text("fragment1fragment2")];
    assert_eq!(read(&frames), expected);
}

#[test]
fn a_close_between_fragments_ends_everything() {
    let frames = [client(0x01, b"part"), client(0x88, b"\x03\xE8"), client(0x80, b"rest")];
    assert_eq!(read(&frames), [close(1000, "")]);
}
