//! What an error says, and what it leaves behind.

use std::collections::BTreeMap;

use super::*;

#[test]
fn what_cannot_be_encoded_leaves_the_buffer_as_it_was() {
    let mut out = b"before".to_vec();
    let unfit = (Bytes::from_static(b"x"), BTreeMap::from([((1, 2), 3)]));
    assert!(encode_event(&mut out, "/a", None, "e", &unfit).is_err());
    assert_eq!(out, b"before");
    assert!(encode_ack(&mut out, "/a", 1, &unfit).is_err());
    assert_eq!(out, b"before");
}

#[test]
fn a_panic_while_encoding_leaves_the_buffer_as_it_was() {
    struct Bomb;
    impl serde::Serialize for Bomb {
        fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            panic!("boom")
        }
    }
    let mut out = b"before".to_vec();
    let attempt = std::panic::AssertUnwindSafe(|| encode_event(&mut out, "/a", None, "e", &(1, Bomb)));
    assert!(std::panic::catch_unwind(attempt).is_err());
    assert_eq!(out, b"before");
}

#[test]
fn errors_say_what_is_wrong() {
    let said = |text| parse(text).unwrap_err().to_string();
    assert_eq!(said("abc"), "unknown packet type 'a'");
    assert_eq!(said("599-[1]"), "99 attachments announced, 10 allowed");
    assert_eq!(said("3[]"), "ACK without an id");
    assert_eq!(said("2"), "EVENT without a payload");
    assert_eq!(said("1{}"), "DISCONNECT with a payload");
    assert_eq!(said("4[]"), "CONNECT_ERROR with a payload of the wrong shape");
}
