use bytes::Bytes;
use smallvec::SmallVec;
use socketio_core::adapter::wire::{Acks, CallbackKey, Emit, Message, RoomKey, To, python};
use socketio_core::adapter::{EventPacket, Target};
use socketio_core::protocol::args::{ArgsRef, RawArgs};

use crate::captured::{Form, captured};

captured! {
    emit_str: a_string_is_one_argument => |_| msg(r#""hello""#);
    emit_empty_str: an_empty_string_is_one_argument => |_| msg(r#""""#);
    emit_dict: a_dict_is_one_argument => |_| msg(r#"{"a": 1, "b": [1, 2.5, null, true], "c": {"d": "e"}}"#);
    emit_list: a_list_is_one_argument_in_todays_form => |form| match form {
        Form::Listed => msg(r#"[1, "two", {"three": 3}]"#),
        Form::Bare => msg(r#"1, "two", {"three": 3}"#),
    };
    emit_list_one: a_list_of_one_is_a_list_in_todays_form => |form| match form {
        Form::Listed => msg(r#"["only"]"#),
        Form::Bare => msg(r#""only""#),
    };
    emit_list_empty: an_empty_list_is_one_argument_in_todays_form => |form| match form {
        Form::Listed => msg("[]"),
        Form::Bare => msg(""),
    };
    emit_tuple: a_tuple_is_several_arguments => |_| msg(r#""first", {"k": "v"}, 3"#);
    emit_tuple_one: a_tuple_of_one_is_one_argument => |_| msg(r#""only""#);
    emit_tuple_one_list: a_tuple_of_a_list_is_that_list => |_| msg("[1, 2]");
    emit_tuple_empty: an_empty_tuple_is_no_argument => |_| msg("");
    emit_tuple_none: a_tuple_of_nones_is_as_many_nulls => |_| msg("null, null");
    emit_none: a_single_none_is_no_argument => |_| msg("");
    emit_int: an_int_is_one_argument => |_| msg("42");
    emit_bigint: an_int_beyond_64_bits_keeps_its_digits => |_| msg("1180591620717411303424");
    emit_float: a_float_keeps_its_form => |_| msg("1e+100");
    emit_bool: false_is_an_argument => |_| msg("false");
    emit_unicode: text_keeps_its_escapes_and_an_event_may_have_any_name => |_| event(
        "événement ☃",
        r#"{"\u043a\u043b\u044e\u0447": "\u5024 \ud83d\ude00", "nul": "a\u0000b", "sep": "\u2028"}"#,
        &[],
    ).into_message();
    emit_lone_surrogate: half_a_surrogate_pair_passes_through => |_| msg(r#""\ud83d""#);
    emit_bytes: bytes_are_an_attachment => |_| binary(PLACEHOLDER, &[b"\x00\x01\x02\xff"]);
    emit_bytearray: a_bytearray_is_an_attachment => |_| binary(PLACEHOLDER, &[b"\x00\x01\x02\xff"]);
    emit_bytes_empty: no_bytes_are_an_attachment_too => |_| binary(PLACEHOLDER, &[b""]);
    emit_bytes_nested: bytes_are_found_at_any_depth => |_| binary(
        concat!(
            r#"{"img": {"_placeholder": true, "num": 0}, "more": [{"_placeholder": true, "num": 1}, "#,
            r#"{"deep": {"_placeholder": true, "num": 2}}]}"#,
        ),
        &[b"\x00\x01\x02\xff", b"abc", b"\x80"],
    );
    emit_bytes_tuple: bytes_stand_beside_other_arguments => |_| binary(
        r#""meta", {"_placeholder": true, "num": 0}, {"x": {"_placeholder": true, "num": 1}}"#,
        &[b"\x00\x01\x02\xff", b"z"],
    );
    emit_placeholder_lookalike: a_dict_that_looks_like_a_placeholder_stays_one => |_| msg(PLACEHOLDER);
    emit_int_keys: keys_of_a_dict_are_strings => |_| msg(r#"{"1": "one", "2": "two"}"#);
    emit_room_str: a_room_is_a_string => |_| x(|emit| emit.to = rooms(["room1"]));
    emit_to_str: to_is_a_room => |_| x(|emit| emit.to = rooms(["room1"]));
    emit_room_list: several_rooms_are_a_list => |_| x(|emit| emit.to = rooms(["room1", "room2"]));
    emit_room_tuple: a_tuple_of_rooms_is_a_list => |_| x(|emit| emit.to = rooms(["room1", "room2"]));
    emit_room_int: a_number_can_be_a_room => |_| x(|emit| emit.to = To::Rooms([number("42")].into_iter().collect()));
    emit_room_empty_str: the_empty_room_is_nobody => |_| x(|emit| emit.to = To::Rooms(SmallVec::new()));
    emit_skip_str: one_client_is_skipped => |_| x(|emit| emit.skip.push("SidOfSkippedClient01".into()));
    emit_skip_list: several_clients_are_skipped => |_| x(|emit| emit.skip.extend(["sidA", "sidB"].map(Into::into)));
    emit_skip_tuple: a_tuple_of_skipped_clients_is_a_list =>
        |_| x(|emit| emit.skip.extend(["sidA", "sidB"].map(Into::into)));
    emit_namespace: a_namespace_has_its_name => |_| x(|emit| emit.namespace = "/chat".into());
    emit_namespace_room_skip: namespace_room_and_skipped_client_go_together => |_| {
        let mut emit = event("msg", r#"{"t": 1}"#, &[]);
        emit.namespace = "/chat".into();
        emit.to = rooms(["r"]);
        emit.skip.push("s".into());
        emit.into_message()
    };
    emit_event_empty: an_event_may_have_no_name => |_| event("", r#""x""#, &[]).into_message();
    server_emit_callback: a_callback_has_a_key_to_find_it_by => |_| asking("/", r#"{"q": 1}"#, 1);
    server_emit_callback_second: callbacks_are_numbered_by_client => |_| asking("/chat", r#"{"q": 2}"#, 2);
}

const PLACEHOLDER: &str = r#"{"_placeholder": true, "num": 0}"#;

trait IntoMessage {
    fn into_message(self) -> Message;
}

impl IntoMessage for Emit {
    fn into_message(self) -> Message {
        Message::Emit(self)
    }
}

pub(crate) fn raw(json: &str, attachments: &[&'static [u8]]) -> RawArgs {
    let attachments: Vec<Bytes> = attachments.iter().map(|bytes| Bytes::from_static(bytes)).collect();
    ArgsRef::parse(&format!("[{json}]"), &attachments).unwrap().to_raw()
}

fn event(name: &str, json: &str, attachments: &[&'static [u8]]) -> Emit {
    let packet = EventPacket::from_raw(name, raw(json, attachments));
    Emit::new(Target::everyone("/".into()), packet)
}

fn msg(json: &str) -> Message {
    event("msg", json, &[]).into_message()
}

fn binary(json: &str, attachments: &[&'static [u8]]) -> Message {
    event("msg", json, attachments).into_message()
}

fn x(change: impl FnOnce(&mut Emit)) -> Message {
    let mut emit = event("msg", r#""x""#, &[]);
    change(&mut emit);
    emit.into_message()
}

fn rooms<const N: usize>(names: [&str; N]) -> To {
    To::Rooms(names.into_iter().map(RoomKey::from).collect())
}

/// The key of a room that is a number, as frames have it.
pub(crate) fn number(json: &str) -> RoomKey {
    let frame = format!(r#"{{"method": "close_room", "room": {json}}}"#);
    match python::decode(frame.as_bytes(), 100).unwrap() {
        Message::CloseRoom { room, .. } => room,
        other => panic!("{other:?}"),
    }
}

fn asking(namespace: &str, json: &str, id: u64) -> Message {
    let sid = RoomKey::from("remoteSid0000000001");
    let mut emit = event("msg", json, &[]);
    emit.namespace = namespace.into();
    emit.to = To::Rooms([sid.clone()].into_iter().collect());
    emit.acks = Acks::Callback(CallbackKey { sid, namespace: namespace.into(), id });
    emit.into_message()
}
