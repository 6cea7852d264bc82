use serde_json::json;

use super::*;

fn written(encode: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut out = b"before".to_vec();
    encode(&mut out);
    assert_eq!(&out[..6], b"before");
    out.split_off(6)
}

fn event(args: &RawArgs) -> Vec<u8> {
    written(|out| encode_event(out, "/", None, "e", args).unwrap())
}

#[test]
fn every_packet_of_the_server_has_its_members_and_no_others() {
    let connect = written(|out| encode_connect(out, "/", "abc"));
    assert_eq!(plain(&connect), json!({"type": 0, "data": {"sid": "abc"}, "nsp": "/"}));
    let disconnect = written(|out| encode_disconnect(out, "/admin"));
    assert_eq!(plain(&disconnect), json!({"type": 1, "nsp": "/admin"}));
    let event = written(|out| encode_event(out, "/", Some(7), "say", &("a", 1)).unwrap());
    assert_eq!(plain(&event), json!({"type": 2, "data": ["say", "a", 1], "nsp": "/", "id": 7}));
    let ack = written(|out| encode_ack(out, "/", 7, &()).unwrap());
    assert_eq!(plain(&ack), json!({"type": 3, "data": [], "nsp": "/", "id": 7}));
    let refusal = written(|out| encode_connect_error(out, "/", "no", Some("[1]")).unwrap());
    assert_eq!(plain(&refusal), json!({"type": 4, "data": {"message": "no", "data": [1]}, "nsp": "/"}));
    let silent = written(|out| encode_connect_error(out, "/", "no", None).unwrap());
    assert_eq!(plain(&silent), json!({"type": 4, "data": {"message": "no"}, "nsp": "/"}));
}

#[test]
fn numbers_keep_what_msgpack_can_hold() {
    let numbers = |json: &str| {
        let args = RawArgs::encode(&serde_json::from_str::<Box<serde_json::value::RawValue>>(json).unwrap());
        let message = event(&args.unwrap());
        decode(&message, 0).unwrap().data
    };
    for (json, back) in [
        ("0", "0"),
        ("-1", "-1"),
        ("-0", "-0.0"),
        ("9007199254740993", "9007199254740993"),
        ("18446744073709551615", "18446744073709551615"),
        ("-9223372036854775808", "-9223372036854775808"),
        ("18446744073709551616", "1.8446744073709552e+19"),
        ("1.0", "1.0"),
        ("0.1", "0.1"),
        ("5e-324", "5e-324"),
        ("1e400", "null"),
    ] {
        assert_eq!(numbers(json), format!(r#"["e",{back}]"#), "{json}");
    }
}

#[test]
fn bytes_stand_where_they_belong() {
    let args =
        RawArgs::encode(&("a", bytes(b"\x01"), json!({"_placeholder": false}), (bytes(b""), 1))).unwrap();
    let data = b"\x95\xa1e\xa1a\xc4\x01\x01\x81\xac_placeholder\xc2\x92\xc4\x00\x01";
    assert_eq!(event(&args), [&b"\x83\xa4type\x02\xa4data"[..], data, b"\xa3nsp\xa1/"].concat());
}

#[test]
fn what_only_looks_like_a_placeholder_stays_a_map() {
    let value = json!({"_placeholder": true, "num": 0});
    assert_eq!(plain(&event(&raw(&value)))["data"][1], value);
}

#[test]
fn texts_lose_their_escapes_and_half_a_surrogate_pair_its_meaning() {
    let args = RawArgs::encode(
        &serde_json::from_str::<Box<serde_json::value::RawValue>>(r#""\u00e4\ud83d\ude00\n\ud83d""#).unwrap(),
    );
    let text = plain(&event(&args.unwrap()))["data"][1].as_str().unwrap().to_owned();
    assert!(text.starts_with("ä😀\n\u{FFFD}"), "{text:?}");
}

#[test]
fn what_cannot_be_written_leaves_no_trace() {
    let mut out = b"before".to_vec();
    let keys = std::collections::HashMap::from([((1, 2), 3)]);
    assert!(encode_event(&mut out, "/", None, "e", &keys).is_err());
    assert!(encode_connect_error(&mut out, "/", "no", Some("[")).is_err());
    assert_eq!(out, b"before");
}
