//! The sentences of socket.io-protocol 5 that concern packets, in its order, and what breaks them.

use bytes::Bytes;
use proptest::prelude::*;

use super::*;
use crate::protocol::args::{ArgsRef, Event};

fn packet(kind: Kind, namespace: &str, id: Option<u64>, data: &'static str) -> Packet<'static> {
    Packet {
        kind,
        attachments: 0,
        namespace: String::from(namespace).leak(),
        id,
        data,
    }
}

fn parse(text: &str) -> Result<Packet<'_>, PacketError> {
    Packet::parse(text, 10)
}

fn header(kind: Kind, attachments: usize, namespace: &str, id: Option<u64>) -> String {
    let mut out = Vec::new();
    encode_header(&mut out, kind, attachments, namespace, id);
    String::from_utf8(out).unwrap()
}

fn written(encode: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut out = Vec::new();
    encode(&mut out);
    String::from_utf8(out).unwrap()
}

mod exchange {
    use super::*;

    #[test]
    fn a_packet_has_a_type_a_namespace_and_perhaps_a_payload_and_an_id() {
        assert_eq!(parse("0"), Ok(packet(Kind::Connect, "/", None, "")));
        assert_eq!(
            parse(r#"2/admin,13["foo"]"#),
            Ok(packet(Kind::Event, "/admin", Some(13), r#"["foo"]"#))
        );
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
        assert_eq!(
            parse(r#"0"123""#),
            Err(PacketError::WrongPayload { kind: Kind::Connect })
        );
        assert_eq!(
            parse("0null"),
            Err(PacketError::WrongPayload { kind: Kind::Connect })
        );
        assert_eq!(
            parse("0/admin,true"),
            Err(PacketError::WrongPayload { kind: Kind::Connect })
        );
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
        assert_eq!(
            parse("4[1]"),
            Err(PacketError::WrongPayload {
                kind: Kind::ConnectError
            })
        );
        assert_eq!(
            parse("4"),
            Err(PacketError::MissingPayload {
                kind: Kind::ConnectError
            })
        );
    }

    #[test]
    fn the_payload_of_an_event_is_mandatory() {
        for text in ["2", "2/admin,", "212", "2/admin", r#"2/["foo"]"#, "2 \n"] {
            assert_eq!(
                parse(text),
                Err(PacketError::MissingPayload { kind: Kind::Event }),
                "{text}"
            );
        }
        assert_eq!(
            parse("51-"),
            Err(PacketError::MissingPayload {
                kind: Kind::BinaryEvent
            })
        );
    }

    #[test]
    fn the_payload_of_an_event_is_an_array() {
        for text in ["2{}", r#"2"foo""#, "2null", "2-1", "2x", "2]", "2é"] {
            assert_eq!(
                parse(text),
                Err(PacketError::WrongPayload { kind: Kind::Event }),
                "{text}"
            );
        }
        assert_eq!(
            parse("51-{}"),
            Err(PacketError::WrongPayload {
                kind: Kind::BinaryEvent
            })
        );
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
        assert_eq!(
            parse(r#"212["foo"]"#),
            Ok(packet(Kind::Event, "/", Some(12), r#"["foo"]"#))
        );
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
        assert_eq!(
            parse(r#"312["bar"]"#),
            Ok(packet(Kind::Ack, "/", Some(12), r#"["bar"]"#))
        );
        assert_eq!(
            parse(r#"3["bar"]"#),
            Err(PacketError::MissingId { kind: Kind::Ack })
        );
        assert_eq!(
            parse("61-[]"),
            Err(PacketError::MissingId {
                kind: Kind::BinaryAck
            })
        );
    }

    #[test]
    fn the_payload_of_an_ack_is_a_possibly_empty_array() {
        let packet = parse("312[]").unwrap();
        assert!(ArgsRef::parse(packet.data, &[]).unwrap().is_empty());
        assert_eq!(parse("312"), Err(PacketError::MissingPayload { kind: Kind::Ack }));
        assert_eq!(parse("312{}"), Err(PacketError::WrongPayload { kind: Kind::Ack }));
        assert_eq!(
            parse("312null"),
            Err(PacketError::WrongPayload { kind: Kind::Ack })
        );
        assert_eq!(
            parse("61-12"),
            Err(PacketError::MissingPayload {
                kind: Kind::BinaryAck
            })
        );
    }

    #[test]
    fn either_side_ends_a_namespace_with_disconnect() {
        assert_eq!(parse("1"), Ok(packet(Kind::Disconnect, "/", None, "")));
        assert_eq!(
            parse("1/admin,"),
            Ok(packet(Kind::Disconnect, "/admin", None, ""))
        );
        assert_eq!(written(|out| encode_disconnect(out, "/")), "1");
        assert_eq!(written(|out| encode_disconnect(out, "/admin")), "1/admin,");
    }

    #[test]
    fn disconnect_has_no_payload() {
        for text in ["1{}", "1[]", "1\"\"", "1/admin,[]", "1 "] {
            assert_eq!(
                parse(text),
                Err(PacketError::UnexpectedPayload {
                    kind: Kind::Disconnect
                }),
                "{text}"
            );
        }
    }
}

mod encoding {
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
        assert_eq!(
            parse("1/custom"),
            Ok(packet(Kind::Disconnect, "/custom", None, ""))
        );
        assert_eq!(
            parse("2/a/b c,1[2]"),
            Ok(packet(Kind::Event, "/a/b c", Some(1), "[2]"))
        );
        assert_eq!(parse("2/über,[2]"), Ok(packet(Kind::Event, "/über", None, "[2]")));
        assert_eq!(
            parse("2/12,34[5]"),
            Ok(packet(Kind::Event, "/12", Some(34), "[5]"))
        );
    }

    #[test]
    fn a_query_string_behind_the_namespace_is_cut_off() {
        assert_eq!(
            parse("0/admin?token=1&x=/?,"),
            Ok(packet(Kind::Connect, "/admin", None, ""))
        );
        assert_eq!(
            parse("0/admin?token=1"),
            Ok(packet(Kind::Connect, "/admin", None, ""))
        );
        assert_eq!(parse("2/?a=b,[1]"), Ok(packet(Kind::Event, "/", None, "[1]")));
    }

    #[test]
    fn attachments_are_counted_before_the_namespace() {
        let packet = parse(r#"52-/admin,7["baz"]"#).unwrap();
        assert_eq!((packet.kind, packet.attachments), (Kind::BinaryEvent, 2));
        assert_eq!(
            (packet.namespace, packet.id, packet.data),
            ("/admin", Some(7), r#"["baz"]"#)
        );
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
        assert_eq!(
            parse("21-[1]"),
            Err(PacketError::WrongPayload { kind: Kind::Event })
        );
        assert_eq!(
            parse("11-"),
            Err(PacketError::UnexpectedPayload {
                kind: Kind::Disconnect
            })
        );
    }

    #[test]
    fn more_attachments_than_allowed_are_refused_at_the_header() {
        assert!(Packet::parse("510-[1]", 10).is_ok());
        assert_eq!(
            Packet::parse("511-[1]", 10),
            Err(PacketError::TooManyAttachments {
                announced: 11,
                limit: 10
            })
        );
        assert_eq!(
            Packet::parse("51832742252-[1]", 10),
            Err(PacketError::TooManyAttachments {
                announced: 1_832_742_252,
                limit: 10
            })
        );
        let endless = format!("5{}-[1]", "9".repeat(1_000_000));
        assert_eq!(
            Packet::parse(&endless, 10),
            Err(PacketError::TooManyAttachments {
                announced: usize::MAX,
                limit: 10
            })
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
        assert_eq!(
            (refused.kind, refused.data),
            (Kind::ConnectError, r#"{"message":"Not authorized"}"#)
        );
    }

    /// What the specification lists: namespace, id, name or none for an ack, strings, attachments, text.
    type Row = (
        &'static str,
        Option<u64>,
        Option<&'static str>,
        &'static [&'static [u8]],
        &'static str,
    );
    const TABLES: [Row; 10] = [
        ("/", None, Some("foo"), &[], r#"2["foo"]"#),
        ("/admin", None, Some("bar"), &[], r#"2/admin,["bar"]"#),
        (
            "/",
            None,
            Some("baz"),
            &[b"\x01\x02\x03\x04"],
            r#"51-["baz",{"_placeholder":true,"num":0}]"#,
        ),
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
        (
            "/",
            Some(14),
            Some("foo"),
            &[b"\x01\x02\x03\x04"],
            r#"51-14["foo",{"_placeholder":true,"num":0}]"#,
        ),
        (
            "/",
            Some(15),
            None,
            &[b"\x01\x02\x03\x04"],
            r#"61-15[{"_placeholder":true,"num":0}]"#,
        ),
        (
            "/admin",
            Some(1),
            None,
            &[b"\x01"],
            r#"61-/admin,1[{"_placeholder":true,"num":0}]"#,
        ),
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
            self.0
                .iter()
                .try_for_each(|bytes| writer.push(&Bytes::from_static(bytes)))
        }
    }
}

mod failures {
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
}

fn kinds() -> impl Strategy<Value = Kind> {
    (0..=6_u8).prop_map(|digit| Kind::from_digit(char::from(b'0' + digit)).unwrap())
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(
        kind in kinds(), attachments in 1..=10_usize, name in "(/[^,?]{0,12})?", id in any::<Option<u64>>(),
    ) {
        let namespace = if name.is_empty() { "/" } else { &name };
        let (id, data) = match kind {
            Kind::Connect | Kind::ConnectError => (id, r#"{"a":1}"#),
            Kind::Disconnect => (id, ""),
            Kind::Event | Kind::BinaryEvent => (id, r#"["e"]"#),
            Kind::Ack | Kind::BinaryAck => (id.or(Some(0)), "[]"),
        };
        let attachments = if kind.is_binary() { attachments } else { 0 };
        let text = header(kind, attachments, namespace, id) + data;
        prop_assert_eq!(parse(&text), Ok(Packet { kind, attachments, namespace, id, data }));
    }

    #[test]
    fn no_text_makes_it_panic(text in "[0-9]{0,3}-?(/[a-z?]{0,3},?)?[0-9]{0,22}\\PC{0,20}", limit in any::<usize>()) {
        let _ = Packet::parse(&text, limit);
    }
}
