//! "Exchange protocol".

use super::*;

#[test]
fn a_packet_has_a_type_a_namespace_and_perhaps_a_payload_and_an_id() {
    assert_eq!(parse("0"), Ok(packet(Kind::Connect, "/", None, "")));
    assert_eq!(parse(r#"2/admin,13["foo"]"#), Ok(packet(Kind::Event, "/admin", Some(13), r#"["foo"]"#)));
}

#[test]
fn there_are_seven_types() {
    let texts = ["0", "1", "2[1]", "30[]", "4{}", "51-[1]", "61-0[]"];
    let kinds = [
        Kind::Connect,
        Kind::Disconnect,
        Kind::Event,
        Kind::Ack,
        Kind::ConnectError,
        Kind::BinaryEvent,
        Kind::BinaryAck,
    ];
    for (text, kind) in texts.into_iter().zip(kinds) {
        assert_eq!(parse(text).unwrap().kind, kind);
        assert_eq!(header(kind, 0, "/", None).as_bytes()[0], text.as_bytes()[0]);
    }
}

#[test]
fn other_types_are_refused() {
    assert_eq!(parse("7"), Err(PacketError::UnknownType { found: '7' }));
    assert_eq!(parse("abc"), Err(PacketError::UnknownType { found: 'a' }));
    assert_eq!(parse("é"), Err(PacketError::UnknownType { found: 'é' }));
    assert_eq!(parse("٣[]"), Err(PacketError::UnknownType { found: '٣' }));
    assert_eq!(parse(" 2[\"foo\"]"), Err(PacketError::UnknownType { found: ' ' }));
    assert_eq!(parse(""), Err(PacketError::Empty));
}

#[test]
fn a_client_asks_for_a_namespace_with_connect() {
    assert_eq!(parse("0"), Ok(packet(Kind::Connect, "/", None, "")));
    assert_eq!(parse("0/admin,"), Ok(packet(Kind::Connect, "/admin", None, "")));
    assert_eq!(
        parse(r#"0/admin,{"token":"123"}"#),
        Ok(packet(Kind::Connect, "/admin", None, r#"{"token":"123"}"#))
    );
}

#[test]
fn the_payload_of_connect_is_an_object_or_array() {
    assert!(parse("0[1]").is_ok());
    assert_eq!(parse(r#"0"123""#), Err(PacketError::WrongPayload { kind: Kind::Connect }));
    assert_eq!(parse("0null"), Err(PacketError::WrongPayload { kind: Kind::Connect }));
    assert_eq!(parse("0/admin,true"), Err(PacketError::WrongPayload { kind: Kind::Connect }));
}

#[test]
fn the_server_grants_with_the_session_id_in_the_payload() {
    assert_eq!(
        written(|out| encode_connect(out, "/", "wZX3oN0bSVIhsaknAAAI")),
        r#"0{"sid":"wZX3oN0bSVIhsaknAAAI"}"#
    );
    assert_eq!(
        written(|out| encode_connect(out, "/admin", "oSO0OpakMV_3jnilAAAA")),
        r#"0/admin,{"sid":"oSO0OpakMV_3jnilAAAA"}"#
    );
}

#[test]
fn the_server_refuses_with_connect_error_and_an_object_that_holds_the_message() {
    assert_eq!(
        written(|out| encode_connect_error(out, "/", "Not authorized", None)),
        r#"4{"message":"Not authorized"}"#
    );
    assert_eq!(
        written(|out| encode_connect_error(out, "/random", "Invalid namespace", None)),
        r#"4/random,{"message":"Invalid namespace"}"#
    );
    assert_eq!(
        written(|out| encode_connect_error(out, "/", "a \"b\"\n", Some(r#"{"code":7}"#))),
        r#"4{"message":"a \"b\"\n","data":{"code":7}}"#
    );
}

#[test]
fn the_payload_of_connect_error_is_an_object_or_in_version_4_a_string() {
    assert!(parse(r#"4{"message":"no"}"#).is_ok());
    assert!(parse(r#"4"no""#).is_ok());
    assert_eq!(parse("4[1]"), Err(PacketError::WrongPayload { kind: Kind::ConnectError }));
    assert_eq!(parse("4"), Err(PacketError::MissingPayload { kind: Kind::ConnectError }));
}

#[test]
fn the_payload_of_an_event_is_mandatory() {
    for text in ["2", "2/admin,", "212", "2/admin", r#"2/["foo"]"#, "2 \n"] {
        assert_eq!(parse(text), Err(PacketError::MissingPayload { kind: Kind::Event }), "{text}");
    }
    assert_eq!(parse("51-"), Err(PacketError::MissingPayload { kind: Kind::BinaryEvent }));
}

#[test]
fn the_payload_of_an_event_is_an_array() {
    for text in ["2{}", r#"2"foo""#, "2null", "2-1", "2x", "2]", "2é"] {
        assert_eq!(parse(text), Err(PacketError::WrongPayload { kind: Kind::Event }), "{text}");
    }
    assert_eq!(parse("51-{}"), Err(PacketError::WrongPayload { kind: Kind::BinaryEvent }));
    let whole = parse("2[\"foo\"").unwrap();
    assert!(Event::parse(whole.data, &[]).is_err());
}

#[test]
fn the_payload_of_an_event_is_not_empty() {
    let packet = parse("2[]").unwrap();
    assert!(Event::parse(packet.data, &[]).is_err());
    let packet = parse("2[ ]").unwrap();
    assert!(Event::parse(packet.data, &[]).is_err());
}

#[test]
fn an_event_may_ask_for_an_acknowledgement_by_an_id() {
    assert_eq!(parse(r#"212["foo"]"#), Ok(packet(Kind::Event, "/", Some(12), r#"["foo"]"#)));
    assert_eq!(parse(r#"20["foo"]"#).unwrap().id, Some(0));
    assert_eq!(parse(r#"2["foo"]"#).unwrap().id, None);
}

#[test]
fn an_id_is_an_integer() {
    let wrong = Err(PacketError::WrongPayload { kind: Kind::Event });
    assert_eq!(parse(r#"2abc["foo"]"#), wrong);
    assert_eq!(parse(r#"2-1["foo"]"#), wrong);
    assert_eq!(parse(r#"21.5["foo"]"#), wrong);
    assert_eq!(parse(r#"21e3["foo"]"#), wrong);
}

#[test]
fn an_ack_has_the_id_of_its_event() {
    assert_eq!(parse(r#"312["bar"]"#), Ok(packet(Kind::Ack, "/", Some(12), r#"["bar"]"#)));
    assert_eq!(parse(r#"3["bar"]"#), Err(PacketError::MissingId { kind: Kind::Ack }));
    assert_eq!(parse("61-[]"), Err(PacketError::MissingId { kind: Kind::BinaryAck }));
}

#[test]
fn the_payload_of_an_ack_is_a_possibly_empty_array() {
    let packet = parse("312[]").unwrap();
    assert!(ArgsRef::parse(packet.data, &[]).unwrap().is_empty());
    assert_eq!(parse("312"), Err(PacketError::MissingPayload { kind: Kind::Ack }));
    assert_eq!(parse("312{}"), Err(PacketError::WrongPayload { kind: Kind::Ack }));
    assert_eq!(parse("312null"), Err(PacketError::WrongPayload { kind: Kind::Ack }));
    assert_eq!(parse("61-12"), Err(PacketError::MissingPayload { kind: Kind::BinaryAck }));
}

#[test]
fn either_side_ends_a_namespace_with_disconnect() {
    assert_eq!(parse("1"), Ok(packet(Kind::Disconnect, "/", None, "")));
    assert_eq!(parse("1/admin,"), Ok(packet(Kind::Disconnect, "/admin", None, "")));
    assert_eq!(written(|out| encode_disconnect(out, "/")), "1");
    assert_eq!(written(|out| encode_disconnect(out, "/admin")), "1/admin,");
}

#[test]
fn disconnect_has_no_payload() {
    for text in ["1{}", "1[]", "1\"\"", "1/admin,[]", "1 "] {
        assert_eq!(parse(text), Err(PacketError::UnexpectedPayload { kind: Kind::Disconnect }), "{text}");
    }
}
