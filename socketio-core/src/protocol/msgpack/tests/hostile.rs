use std::error::Error as _;

use super::*;

#[test]
fn extensions_are_refused_for_what_they_are() {
    // A Date of JavaScript, a timestamp, one of python's, in every size, as value and as key.
    for (data, tag) in [
        (&b"\x92\xa1e\xd7\x00\x00\x00\x01\x8f\x00\x00\x00\x00"[..], 0),
        (b"\x92\xa1e\xd6\xff\x00\x00\x00\x00", -1),
        (b"\x92\xa1e\xc7\x03\x05abc", 5),
        (b"\x92\xa1e\xc9\x00\x00\x00\x00\x7f", 127),
        (b"\x92\xa1e\xd4\x01\x00", 1),
        (b"\x92\xa1e\x81\xa1k\x91\xd5\x02ab", 2),
        (b"\x92\xa1e\x81\xd4\x03\x00\x01", 3),
    ] {
        let error = json_of(data).unwrap_err();
        assert_eq!(error, MsgpackError::Extension { tag });
        assert!(error.is_about_a_value());
    }
}

#[test]
fn a_text_that_is_no_utf_8_is_not_taken_for_bytes() {
    for length in [1, 31, 32, 255, 256, 65_535, 65_536] {
        let text = vec![0xFF; length];
        let header = match length {
            0..32 => vec![0xA0 | length as u8],
            32..256 => vec![0xD9, length as u8],
            256..65_536 => [&[0xDA][..], &(length as u16).to_be_bytes()].concat(),
            _ => [&[0xDB][..], &(length as u32).to_be_bytes()].concat(),
        };
        let value = [&b"\x92\xa1e"[..], &header, &text].concat();
        assert_eq!(json_of(&value), Err(MsgpackError::Text), "{length}");
        let key = [&b"\x92\xa1e\x81"[..], &header, &text, b"\x01"].concat();
        assert_eq!(json_of(&key), Err(MsgpackError::Text), "{length}");
        let header = match length {
            0..256 => vec![0xC4, length as u8],
            256..65_536 => [&[0xC5][..], &(length as u16).to_be_bytes()].concat(),
            _ => [&[0xC6][..], &(length as u32).to_be_bytes()].concat(),
        };
        let value = [&b"\x92\xa1e"[..], &header, &text].concat();
        assert_eq!(decode(&event_with(&value), 1).unwrap().attachments, [text]);
    }
}

#[test]
fn keys_that_json_cannot_have_are_refused() {
    for key in [&b"\xc4\x01a"[..], b"\x90", b"\x80"] {
        let data = [b"\x92\xa1e\x81", key, b"\x01"].concat();
        assert_eq!(json_of(&data), Err(MsgpackError::Key));
    }
}

#[test]
fn a_map_that_looks_like_a_placeholder_is_refused_beside_bytes_and_harmless_without() {
    let alone = b"\x92\xa1e\x82\xac_placeholder\xc3\xa3num\x00";
    assert_eq!(json_of(alone).as_deref(), Ok(r#"["e",{"_placeholder":true,"num":0}]"#));
    let beside = [&b"\x93\xa1e\xc4\x01\x00"[..], &alone[3..]].concat();
    assert_eq!(json_of(&beside), Err(MsgpackError::Placeholder));
    let before = [&b"\x93\xa1e"[..], &alone[3..], b"\xc4\x01\x00"].concat();
    assert_eq!(json_of(&before), Err(MsgpackError::Placeholder));
}

#[test]
fn attachments_have_a_limit() {
    let list = |count: u8| [&[0x90 | (count + 1)][..], b"\xa1e", &b"\xc4\x00".repeat(count.into())].concat();
    assert!(json_of(&list(10)).is_ok());
    let error = json_of(&list(11)).unwrap_err();
    assert_eq!(error, MsgpackError::TooManyAttachments { limit: 10 });
    assert!(!error.is_about_a_value());
}

#[test]
fn lengths_that_promise_gigabytes_are_refused_where_the_message_ends() {
    for data in [
        &b"\xdd\xff\xff\xff\xff"[..],
        b"\xdd\xff\xff\xff\xff\xa1e",
        b"\x92\xa1e\xdf\xff\xff\xff\xff",
        b"\x92\xa1e\xc6\xff\xff\xff\xff",
        b"\x92\xa1e\xdb\xff\xff\xff\xffabc",
        b"\x92\xa1e\xc9\xff\xff\xff\xff\x01",
        b"\x92\xa1e\xc8\xff\xff\x01",
    ] {
        assert!(matches!(json_of(data), Err(MsgpackError::Malformed(_))), "{data:x?}");
    }
}

#[test]
fn nesting_is_as_deep_as_the_limit_and_no_deeper() {
    let nested = |levels: usize| [&b"\x92\xa1e"[..], &b"\x91".repeat(levels - 2), b"\x90"].concat();
    assert!(json_of(&nested(MAX_DEPTH)).is_ok());
    let error = json_of(&nested(MAX_DEPTH + 1)).unwrap_err();
    assert_eq!(error, MsgpackError::TooDeep);
    assert!(error.is_about_a_value());

    let json = |levels: usize| {
        let text = format!("{}{}", "[".repeat(levels - 1), "]".repeat(levels - 1));
        RawArgs::encode(&serde_json::value::RawValue::from_string(text).unwrap()).unwrap()
    };
    let mut out = Vec::new();
    encode_event(&mut out, "/", None, "e", &json(MAX_DEPTH)).unwrap();
    assert!(decode(&out, 0).is_ok());
    let error = encode_event(&mut out, "/", None, "e", &json(MAX_DEPTH + 1)).unwrap_err();
    assert!(error.source().unwrap().to_string().contains("deeper than 128 levels"), "{error:?}");
}

#[test]
fn a_million_levels_are_an_error_in_either_direction_and_the_stack_does_not_move() {
    let levels = 1_000_000;
    let lists = [&b"\x92\xa1e"[..], &b"\x91".repeat(levels), b"\xc0"].concat();
    let maps = [&b"\x92\xa1e"[..], &b"\x81\xa1k".repeat(levels), b"\xc0"].concat();
    let keys = [&b"\x92\xa1e"[..], &b"\x81".repeat(levels)].concat();
    let ignored = [&b"\x83\xa4type\x02\xa3nsp\xa1/\xa1x"[..], &b"\x91".repeat(levels), b"\xc0"].concat();
    let text = format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    let args = RawArgs::encode(&serde_json::value::RawValue::from_string(text).unwrap()).unwrap();
    on_a_small_stack(move || {
        assert_eq!(json_of(&lists), Err(MsgpackError::TooDeep));
        assert_eq!(json_of(&maps), Err(MsgpackError::TooDeep));
        assert_eq!(json_of(&keys), Err(MsgpackError::Key));
        assert_eq!(decode(&ignored, 0), Err(MsgpackError::TooDeep));
        assert!(encode_event(&mut Vec::new(), "/", None, "e", &args).is_err());
        assert!(encode_ack(&mut Vec::new(), "/", 1, &args).is_err());
        assert!(encode_connect_error(&mut Vec::new(), "/", "no", Some(args.json())).is_err());
    });
}

/// Reading recurses, up to its limit; a million levels of the leanest recursion would need many times as much.
fn on_a_small_stack(test: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new().stack_size(1 << 20).spawn(test).unwrap().join().unwrap();
}
