use super::*;
use crate::protocol::packet::{Kind, PacketError};

#[test]
fn every_type_of_packet_is_read_whatever_the_order_of_its_members() {
    let connect = decode(b"\x83\xa4type\x00\xa4data\x81\xa5token\xa1t\xa3nsp\xa6/admin", 10).unwrap();
    assert_eq!(
        (connect.kind, &*connect.namespace, &*connect.data),
        (Kind::Connect, "/admin", r#"{"token":"t"}"#)
    );
    let disconnect = decode(b"\x82\xa3nsp\xa1/\xa4type\x01", 10).unwrap();
    assert_eq!((disconnect.kind, &*disconnect.data), (Kind::Disconnect, ""));
    let event = decode(b"\x84\xa2id\x07\xa4data\x92\xa1e\x01\xa4type\x02\xa3nsp\xa1/", 10).unwrap();
    assert_eq!((event.kind, event.id, &*event.data), (Kind::Event, Some(7), r#"["e",1]"#));
    let ack = decode(b"\x84\xa4type\x03\xa4data\x90\xa3nsp\xa1/\xa2id\xcd\x01\x00", 10).unwrap();
    assert_eq!((ack.kind, ack.id, &*ack.data), (Kind::Ack, Some(256), "[]"));
}

#[test]
fn what_javascript_and_python_write_for_nothing_is_nothing() {
    // JavaScript: {type: 0, data: undefined, options: {compress: true}, nsp: "/", id: undefined}
    let javascript =
        b"\x85\xa4type\x00\xa4data\xd4\x00\x00\xa7options\x81\xa8compress\xc3\xa3nsp\xa1/\xa2id\xd4\x00\x00";
    let python = b"\x83\xa4type\x00\xa4data\xc0\xa3nsp\xa1/";
    for message in [&javascript[..], python] {
        let packet = decode(message, 10).unwrap();
        assert_eq!((packet.kind, packet.id, &*packet.data), (Kind::Connect, None, ""));
    }
}

#[test]
fn values_become_what_json_writers_make_of_them() {
    for (msgpack, json) in [
        (&b"\x92\xa1e\xc0"[..], r#"["e",null]"#),
        (b"\x93\xa1e\xc2\xc3", r#"["e",false,true]"#),
        (b"\x95\xa1e\x7f\xff\xd3\x80\x00\x00\x00\x00\x00\x00\x00\xcf\xff\xff\xff\xff\xff\xff\xff\xff",
         r#"["e",127,-1,-9223372036854775808,18446744073709551615]"#),
        (b"\x93\xa1e\xca\x3f\xc0\x00\x00\xcb\x40\x09\x21\xfb\x54\x44\x2d\x18", r#"["e",1.5,3.141592653589793]"#),
        (b"\x94\xa1e\xcb\x7f\xf0\x00\x00\x00\x00\x00\x00\xcb\x7f\xf8\x00\x00\x00\x00\x00\x00\xca\xff\x80\x00\x00",
         r#"["e",null,null,null]"#),
        (b"\x92\xa1e\xa4\"\\\n\x00", r#"["e","\"\\\n\u0000"]"#),
        (b"\x92\xa1e\xa4\xf0\x9f\x98\x80", r#"["e","😀"]"#),
        (b"\x92\xa1e\x83\x01\x02\xc0\x03\xc3\x04", r#"["e",{"1":2,"null":3,"true":4}]"#),
        (b"\x93\xa1e\xd4\x00\x00\x82\xa1a\xd4\x00\x00\xa1b\x01", r#"["e",null,{"b":1}]"#),
        (b"\x92\xa1e\x81\xa1a\xd4\x00\x00", r#"["e",{}]"#),
        (b"\x94\xa1e\x90\x80\xdd\x00\x00\x00\x01\x05", r#"["e",[],{},[5]]"#),
    ] {
        assert_eq!(json_of(msgpack).as_deref(), Ok(json));
    }
}

#[test]
fn bytes_become_attachments_in_their_order() {
    let data = b"\x93\xa1e\xc4\x02\x01\x02\x81\xa1b\xc5\x00\x00";
    let packet = decode(&event_with(data), 10).unwrap();
    let first = r#"{"_placeholder":true,"num":0}"#;
    let second = r#"{"_placeholder":true,"num":1}"#;
    assert_eq!(packet.data, format!(r#"["e",{first},{{"b":{second}}}]"#));
    assert_eq!(packet.attachments, [bytes(&[1, 2]), bytes(&[])]);
    assert_eq!(packet.kind, Kind::Event);
}

#[test]
fn a_namespaces_query_is_cut_off_as_with_json() {
    assert_eq!(decode(b"\x82\xa4type\x00\xa3nsp\xa6/a?b=1", 10).unwrap().namespace, "/a");
}

#[test]
fn a_packet_of_the_wrong_shape_is_a_breach_of_the_protocol() {
    for (message, error) in [
        (&b"\x82\xa4type\x05\xa3nsp\xa1/"[..], "its type is none of 0 to 4"),
        (b"\x82\xa4type\xff\xa3nsp\xa1/", "its type is none of 0 to 4"),
        (b"\x81\xa3nsp\xa1/", "its type is none of 0 to 4"),
        (b"\x81\xa4type\x00", "its namespace is no text"),
        (b"\x82\xa4type\x00\xa3nsp\x01", "its namespace is no text"),
        (b"\x84\xa4type\x02\xa3nsp\xa1/\xa4data\x91\xa1e\xa2id\xff", "its id is no number"),
        (
            b"\x83\xa4type\x00\xa3nsp\xa1/\xa4data\x81\xa1b\xc4\x00",
            "bytes in a packet that is no event and no ack",
        ),
    ] {
        let found = decode(message, 10).unwrap_err();
        assert!(matches!(found, MsgpackError::NoPacket(cause) if cause == error), "{found}");
        assert!(!found.is_about_a_value());
    }
    let without_data = decode(b"\x82\xa4type\x02\xa3nsp\xa1/", 10).unwrap_err();
    assert_eq!(without_data, PacketError::MissingPayload { kind: Kind::Event }.into());
    let without_id = decode(b"\x83\xa4type\x03\xa3nsp\xa1/\xa4data\x90", 10).unwrap_err();
    assert_eq!(without_id, PacketError::MissingId { kind: Kind::Ack }.into());
    for message in [
        &b""[..],
        b"\x01",
        b"\xc1",
        b"\x90",
        b"\x82\xa4type\x00",
        b"\x82\xa4type\x01\xa3nsp\xa1/\x00",
        b"\x83\xa4type\x00\xa4type\x00\xa3nsp\xa1/",
    ] {
        assert!(matches!(decode(message, 10), Err(MsgpackError::Malformed(_))), "{message:?}");
    }
}
