//! "Packet encoding".

use super::*;

#[test]
fn the_namespace_is_only_written_if_it_is_not_the_main_one() {
    assert_eq!(header(Kind::Event, 0, "/", None), "2");
    assert_eq!(header(Kind::Event, 0, "/admin", None), "2/admin,");
    assert_eq!(parse("2/,[1]").unwrap().namespace, "/");
}

#[test]
fn a_namespace_ends_at_its_comma_or_at_the_end() {
    assert_eq!(parse("0/custom"), Ok(packet(Kind::Connect, "/custom", None, "")));
    assert_eq!(parse("1/custom"), Ok(packet(Kind::Disconnect, "/custom", None, "")));
    assert_eq!(parse("2/a/b c,1[2]"), Ok(packet(Kind::Event, "/a/b c", Some(1), "[2]")));
    assert_eq!(parse("2/über,[2]"), Ok(packet(Kind::Event, "/über", None, "[2]")));
    assert_eq!(parse("2/12,34[5]"), Ok(packet(Kind::Event, "/12", Some(34), "[5]")));
}

#[test]
fn a_query_string_behind_the_namespace_is_cut_off() {
    assert_eq!(parse("0/admin?token=1&x=/?,"), Ok(packet(Kind::Connect, "/admin", None, "")));
    assert_eq!(parse("0/admin?token=1"), Ok(packet(Kind::Connect, "/admin", None, "")));
    assert_eq!(parse("2/?a=b,[1]"), Ok(packet(Kind::Event, "/", None, "[1]")));
}

#[test]
fn attachments_are_counted_before_the_namespace() {
    let packet = parse(r#"52-/admin,7["baz"]"#).unwrap();
    assert_eq!((packet.kind, packet.attachments), (Kind::BinaryEvent, 2));
    assert_eq!((packet.namespace, packet.id, packet.data), ("/admin", Some(7), r#"["baz"]"#));
    assert_eq!(header(Kind::BinaryEvent, 2, "/admin", Some(7)), "52-/admin,7");
}

#[test]
fn a_binary_packet_without_its_count_is_refused() {
    for text in [
        "5",
        "5[1]",
        "5-[1]",
        "51[1]",
        "5/admin,[1]",
        "5x-[1]",
        "50-[1]",
        "500-[1]",
        "5-1-[1]",
        "5 1-[1]",
        "51",
        "61,-",
    ] {
        assert_eq!(parse(text), Err(PacketError::AttachmentCount), "{text}");
    }
}

#[test]
fn other_packets_have_no_count() {
    assert_eq!(parse("21-[1]"), Err(PacketError::WrongPayload { kind: Kind::Event }));
    assert_eq!(parse("11-"), Err(PacketError::UnexpectedPayload { kind: Kind::Disconnect }));
}

#[test]
fn more_attachments_than_allowed_are_refused_at_the_header() {
    assert!(Packet::parse("510-[1]", 10).is_ok());
    assert_eq!(
        Packet::parse("511-[1]", 10),
        Err(PacketError::TooManyAttachments { announced: 11, limit: 10 })
    );
    assert_eq!(
        Packet::parse("51832742252-[1]", 10),
        Err(PacketError::TooManyAttachments { announced: 1_832_742_252, limit: 10 })
    );
    let endless = format!("5{}-[1]", "9".repeat(1_000_000));
    assert_eq!(
        Packet::parse(&endless, 10),
        Err(PacketError::TooManyAttachments { announced: usize::MAX, limit: 10 })
    );
}

#[test]
fn an_id_has_as_many_digits_as_a_counter_can_have() {
    assert_eq!(parse("218446744073709551615[1]").unwrap().id, Some(u64::MAX));
    assert_eq!(header(Kind::Ack, 0, "/", Some(u64::MAX)), "318446744073709551615");
    assert_eq!(parse("218446744073709551616[1]"), Err(PacketError::IdTooLarge));
    let endless = format!("2{}[1]", "1".repeat(1_000_000));
    assert_eq!(parse(&endless), Err(PacketError::IdTooLarge));
}

#[test]
fn connection_and_disconnection_as_in_the_tables() {
    assert_eq!(parse("0/admin,").unwrap().namespace, "/admin");
    let granted = parse(r#"0/admin,{"sid":"oSO0OpakMV_3jnilAAAA"}"#).unwrap();
    assert_eq!(granted.data, r#"{"sid":"oSO0OpakMV_3jnilAAAA"}"#);
    let refused = parse(r#"4{"message":"Not authorized"}"#).unwrap();
    assert_eq!((refused.kind, refused.data), (Kind::ConnectError, r#"{"message":"Not authorized"}"#));
}

/// What the specification lists: namespace, id, name or none for an ack, strings, attachments, text.
type Row = (&'static str, Option<u64>, Option<&'static str>, &'static [&'static [u8]], &'static str);
const TABLES: [Row; 10] = [
    ("/", None, Some("foo"), &[], r#"2["foo"]"#),
    ("/admin", None, Some("bar"), &[], r#"2/admin,["bar"]"#),
    ("/", None, Some("baz"), &[b"\x01\x02\x03\x04"], r#"51-["baz",{"_placeholder":true,"num":0}]"#),
    (
        "/admin",
        None,
        Some("baz"),
        &[b"\x01\x02", b"\x03\x04"],
        r#"52-/admin,["baz",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]"#,
    ),
    ("/", Some(12), Some("foo"), &[], r#"212["foo"]"#),
    ("/", Some(12), None, &[], "312[]"),
    ("/admin", Some(13), Some("foo"), &[], r#"2/admin,13["foo"]"#),
    ("/", Some(14), Some("foo"), &[b"\x01\x02\x03\x04"], r#"51-14["foo",{"_placeholder":true,"num":0}]"#),
    ("/", Some(15), None, &[b"\x01\x02\x03\x04"], r#"61-15[{"_placeholder":true,"num":0}]"#),
    ("/admin", Some(1), None, &[b"\x01"], r#"61-/admin,1[{"_placeholder":true,"num":0}]"#),
];

#[test]
fn events_and_acks_are_written_as_in_the_tables() {
    for (namespace, id, name, bytes, text) in TABLES {
        let mut args = ArgsOf(bytes.to_vec());
        let mut out = Vec::new();
        let attachments = match name {
            Some(name) => encode_event(&mut out, namespace, id, name, &args),
            None => encode_ack(&mut out, namespace, id.unwrap(), &args),
        };
        assert_eq!(String::from_utf8(out).unwrap(), text);
        assert_eq!(attachments.unwrap(), std::mem::take(&mut args.0));
    }
}

#[test]
fn events_and_acks_are_read_as_in_the_tables() {
    for (namespace, id, name, bytes, text) in TABLES {
        let packet = parse(text).unwrap();
        assert_eq!((packet.namespace, packet.id), (namespace, id));
        assert_eq!(packet.attachments, bytes.len());
        assert_eq!(packet.kind.is_binary(), !bytes.is_empty());
        let attachments: Vec<Bytes> = bytes.iter().map(|bytes| Bytes::from_static(bytes)).collect();
        let args = match name {
            Some(name) => {
                let event = Event::parse(packet.data, &attachments).unwrap();
                assert_eq!(event.name, name);
                event.args
            }
            None => ArgsRef::parse(packet.data, &attachments).unwrap(),
        };
        assert_eq!(args.all::<Vec<Bytes>>().unwrap(), attachments);
    }
}

/// Each an argument of its own.
struct ArgsOf(Vec<&'static [u8]>);

impl crate::protocol::args::IntoArgs for ArgsOf {
    fn write_args(
        &self,
        writer: &mut crate::protocol::args::ArgsWriter<'_>,
    ) -> Result<(), crate::protocol::args::EncodeError> {
        self.0.iter().try_for_each(|bytes| writer.push(&Bytes::from_static(bytes)))
    }
}
