use super::*;

#[test]
fn a_close_frame_may_be_empty() {
    assert_eq!(read(&[client(0x88, b"")]), [Ok(Said::Close(None))]);
}

#[test]
fn a_close_frame_starts_with_a_code_of_two_bytes_most_significant_first() {
    assert_eq!(read(&[client(0x88, b"\x03\xE9")]), [close(1001, "")]);
    assert_eq!(read(&[client(0x88, b"\x03")]), [Err(FrameError::CloseLength)]);
    assert_eq!(FrameError::CloseLength.close_code(), 1002);
}

#[test]
fn a_reason_in_utf_8_may_follow_the_code() {
    let payload = [b"\x03\xE8", "auf Wiedersehen, Jürgen".as_bytes()].concat();
    assert_eq!(read(&[client(0x88, &payload)]), [close(1000, "auf Wiedersehen, Jürgen")]);
    let longest = [b"\x03\xE8", &[b'*'; 123][..]].concat();
    assert_eq!(read(&[client(0x88, &longest)]), [close(1000, &"*".repeat(123))]);
}

#[test]
fn a_reason_that_is_not_utf_8_is_refused() {
    for reason in [&b"\xCE\xBA\xE1\xBD\xB9\xED\xA0\x80edited"[..], b"\xFF", b"half \xC3"] {
        let payload = [b"\x03\xE8", reason].concat();
        assert_eq!(read(&[client(0x88, &payload)]), [Err(FrameError::Utf8)]);
    }
}

#[test]
fn codes_of_the_protocol_of_the_registry_of_libraries_and_of_applications_are_valid() {
    let protocol = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011];
    let registry = [1012, 1013, 1014];
    let others = [3000, 3999, 4000, 4999];
    for code in protocol.into_iter().chain(registry).chain(others) {
        assert_eq!(read(&[client(0x88, &u16::to_be_bytes(code))]), [close(code, "")]);
    }
}

#[test]
fn codes_that_are_reserved_or_unknown_are_refused() {
    for code in [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535] {
        let error = FrameError::CloseCode { code };
        assert_eq!(error.close_code(), 1002);
        assert_eq!(read(&[client(0x88, &code.to_be_bytes())]), [Err(error)]);
    }
}

#[test]
fn nothing_is_read_after_a_close_frame() {
    let mut decoder = Decoder::new(LIMIT);
    let wire = [client(0x88, b"\x03\xE8"), client(0x81, b"late"), vec![0xFF; 9]].concat();
    assert_eq!(read_in_pieces(&mut decoder, &wire, wire.len()), [close(1000, "")]);
    assert_eq!(read_in_pieces(&mut decoder, &client(0x89, b"later"), 3), []);
    assert_eq!(decoder.buffered(), 0);
}
