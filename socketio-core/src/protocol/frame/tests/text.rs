use super::*;

#[test]
fn a_text_message_is_utf_8() {
    let greek = "Hello-µ@ßöäüàá-UTF-8!! κόσμε 🦀";
    assert_eq!(read(&[client(0x81, greek.as_bytes()), client(0x81, b"")]), [text(greek), text("")]);
    for invalid in INVALID {
        assert_eq!(read(&[client(0x81, invalid)]), [Err(FrameError::Utf8)], "{invalid:x?}");
        assert_eq!(
            read(&[client(0x01, invalid), client(0x80, b"")]),
            [Err(FrameError::Utf8)],
            "{invalid:x?}"
        );
    }
    assert_eq!(FrameError::Utf8.close_code(), 1007);
}

#[test]
fn the_last_code_points_are_text_and_non_characters_too() {
    for character in ["\u{10FFFF}", "\u{FFFF}", "\u{FFFE}", "\u{D7FF}", "\u{E000}", "\0"] {
        assert_eq!(read(&[client(0x81, character.as_bytes())]), [text(character)]);
    }
}

#[test]
fn a_fragment_may_end_within_a_character_but_not_the_message() {
    let crab = "🦀".as_bytes();
    for cut in 1..4 {
        let (head, tail) = crab.split_at(cut);
        assert_eq!(read(&[client(0x01, head), client(0x80, tail)]), [text("🦀")]);
        assert_eq!(read(&[client(0x01, b"x"), client(0x80, head)]), [Err(FrameError::Utf8)]);
        assert_eq!(read(&[client(0x81, head)]), [Err(FrameError::Utf8)]);
    }
    let bytes = crab.chunks(1).map(|byte| client(0x00, byte));
    let frames: Vec<_> = [client(0x01, b"")].into_iter().chain(bytes).chain([client(0x80, b"")]).collect();
    assert_eq!(read(&frames), [text("🦀")]);
}

#[test]
fn a_ping_within_a_character_does_not_hurt_it() {
    let frames = [client(0x01, b"\xC3"), client(0x89, b"\xFF"), client(0x80, b"\xA4")];
    assert_eq!(read(&frames), [ping(b"\xFF"), text("ä")]);
}

#[test]
fn text_that_cannot_become_utf_8_any_more_is_refused_before_its_end_comes() {
    let mut decoder = Decoder::new(LIMIT);
    let wire = client(0x01, b"fine so far \xED\xA0\x80");
    assert_eq!(read_in_pieces(&mut decoder, &wire, wire.len()), [Err(FrameError::Utf8)]);

    let mut decoder = Decoder::new(LIMIT);
    let mut wire = client(0x81, &[&b"x\xF4\x90"[..], &[b'x'; 1000]].concat());
    wire.truncate(8 + 3);
    assert_eq!(read_in_pieces(&mut decoder, &wire, wire.len()), [Err(FrameError::Utf8)]);
}

#[test]
fn a_binary_message_holds_any_bytes() {
    for bytes in INVALID {
        assert_eq!(read(&[client(0x82, bytes)]), [binary(bytes)]);
        assert_eq!(read(&[client(0x02, bytes), client(0x80, b"\xFF")]), [binary(&[bytes, b"\xFF"].concat())]);
    }
}

/// Stray and missing continuation bytes, overlong forms, surrogates, beyond U+10FFFF, bytes that never occur.
const INVALID: [&[u8]; 11] = [
    b"\x80",
    b"a\xBF",
    b"\xC3",
    b"\xE2\x82",
    b"\xF0\x9F\xA6",
    b"\xC0\xAF",
    b"\xE0\x80\xAF",
    b"\xED\xA0\x80",
    b"\xED\xB0\x80",
    b"\xF4\x90\x80\x80",
    b"\xFE\xFE\xFF\xFF",
];
