use std::time::{Duration, Instant};

use socketio_core::adapter::wire::python::{self, MAX_FRAME};
use socketio_core::adapter::wire::{Acks, Ask, Emit, HostId, Message, To, WireError};

use crate::emits::number;

#[test]
fn what_harms_python_nodes_is_an_error_of_one_frame() {
    for (frame, cause) in [
        ("5", "no object"),
        ("true", "no object"),
        ("null", "no object"),
        (r#""method""#, "no object"),
        (r#"["method"]"#, "no object"),
        (r#"{"method": "close_room", "room": null, "namespace": "/"}"#, "field"),
        (r#"{"method": "close_room", "namespace": "/"}"#, "field"),
        (r#"{"method": "leave_room", "sid": "s", "room": null, "namespace": "/"}"#, "field"),
        (r#"{"method": "enter_room", "sid": "s", "room": null, "namespace": "/"}"#, "field"),
        (r#"{"method": "enter_room", "sid": "s", "room": {}, "namespace": "/"}"#, "field"),
        (r#"{"method": "disconnect", "sid": ["s"], "namespace": "/"}"#, "field"),
        (r#"{"method": "disconnect", "sid": "s", "namespace": 5}"#, "field"),
        (
            r#"{"method": "callback", "host_id": null, "sid": "s", "namespace": "/", "id": 1, "args": []}"#,
            "field",
        ),
        (
            r#"{"method": "callback", "host_id": "h", "sid": "s", "namespace": "/", "id": -1, "args": []}"#,
            "field",
        ),
        (
            r#"{"method": "callback", "host_id": "h", "sid": "s", "namespace": "/", "id": 1, "args": {}}"#,
            "field",
        ),
    ] {
        assert_eq!(refused(frame).cause(), cause, "{frame}");
    }
}

#[test]
fn an_emit_whose_fields_have_other_types_is_an_error() {
    for fields in [
        r#""event": null"#,
        r#""event": 5"#,
        r#""event": "\ud83d""#,
        r#""event": "e", "binary": 1"#,
        r#""event": "e", "binary": true"#,
        r#""event": "e", "binary": true, "data": []"#,
        r#""event": "e", "binary": true, "data": {}"#,
        r#""event": "e", "binary": true, "data": [[], 5]"#,
        r#""event": "e", "binary": true, "data": [[], "no base64"]"#,
        r#""event": "e", "binary": true, "data": [[], "AA"]"#,
        r#""event": "e", "namespace": []"#,
        r#""event": "e", "room": {}"#,
        r#""event": "e", "room": [null]"#,
        r#""event": "e", "room": [["a"]]"#,
        r#""event": "e", "room": "\udc00""#,
        r#""event": "e", "skip_sid": {}"#,
        r#""event": "e", "skip_sid": [["a"]]"#,
        r#""event": "e", "except": "a""#,
        r#""event": "e", "except": [5]"#,
        r#""event": "e", "host_id": 5"#,
        r#""event": "e", "seq": -1"#,
        r#""event": "e", "seq": "1""#,
        r#""event": "e", "seq": 18446744073709551616"#,
    ] {
        let error = refused(&format!(r#"{{"method": "emit", {fields}}}"#));
        assert_eq!(error.cause(), "field", "{fields}: {error}");
    }
    for data in [r#"[[{"_placeholder": true, "num": 1}], "AA=="]"#, r#"[["unused"], "AA=="]"#] {
        let error =
            refused(&format!(r#"{{"method": "emit", "event": "e", "binary": true, "data": {data}}}"#));
        assert_eq!(error.cause(), "attachments", "{data}: {error}");
    }
}

#[test]
fn an_emit_made_by_hand_needs_an_event_and_no_more() {
    let emit = emit(r#""event": "e""#);
    assert_eq!((emit.packet.event(), emit.packet.args().json()), ("e", ""));
    assert_eq!((&*emit.namespace, emit.to), ("/", To::Everyone));
    assert!(emit.skip.is_empty() && emit.except.is_empty());
    assert_eq!(emit.acks, Acks::None);
}

#[test]
fn order_spaces_escapes_and_other_members_do_not_matter_and_of_doubles_the_last_counts() {
    let frame = "\n{ \"host_id\" : \"h\",\t\"data\":[1 , 2], \"event\":\"no\",\r\n\"x\":{\"y\":[]}, \
                 \"ev\\u0065nt\":\"\\u0065\",\"method\":\"emit\"} ";
    let incoming = python::open(frame.as_bytes(), MAX_FRAME).unwrap();
    assert_eq!(incoming.host(), Some("h"));
    let Message::Emit(emit) = incoming.decode().unwrap() else {
        panic!("no emit");
    };
    assert_eq!((emit.packet.event(), emit.packet.args().json()), ("e", "1 , 2"));
}

#[test]
fn a_callback_that_nobody_could_answer_is_left_out_and_the_event_delivered() {
    for callback in [
        r#""callback": 5, "host_id": "h""#,
        r#""callback": [], "host_id": "h""#,
        r#""callback": ["s", "/"], "host_id": "h""#,
        r#""callback": ["s", "/", 1, 1], "host_id": "h""#,
        r#""callback": [null, "/", 1], "host_id": "h""#,
        r#""callback": ["s", 5, 1], "host_id": "h""#,
        r#""callback": ["s", "/", "1"], "host_id": "h""#,
        r#""callback": ["s", "/", 1]"#,
        r#""acks": {"v": 2, "id": 1, "timeout": 1}, "host_id": "h""#,
        r#""acks": {"v": 1, "id": 1, "timeout": 1}"#,
        r#""acks": {"v": 1, "id": 1, "timeout": 9000000}, "host_id": "h""#,
        r#""acks": 5, "host_id": "h""#,
    ] {
        assert_eq!(emit(&format!(r#""event": "e", {callback}"#)).acks, Acks::None, "{callback}");
    }
}

#[test]
fn a_callback_comes_back_as_it_was() {
    let emit = emit(r#""event": "e", "host_id": "h", "callback": [42, "", 9007199254740993]"#);
    let Acks::Callback(key) = emit.acks else {
        panic!("no callback");
    };
    assert_eq!((&key.sid, &*key.namespace, key.id), (&number("42"), "", 9_007_199_254_740_993));
    let answer = Message::Callback(socketio_core::adapter::wire::Callback {
        host: "h".into(),
        key,
        args: Default::default(),
    });
    assert_eq!(
        String::from_utf8(python::encode(&answer, &HostId::generate(), 1)).unwrap(),
        r#"{"method": "callback", "host_id": "h", "sid": 42, "namespace": "", "id": 9007199254740993, "args": [], "seq": 0}"#
    );
}

#[test]
fn numbers_and_booleans_are_rooms_by_their_text_and_skip_nobody() {
    for literal in ["42", "-1", "1.50", "1e3", "true", "false", "123456789012345678901234567890"] {
        assert_eq!(number(literal).room(), &literal);
        assert!(number(literal).is_literal());
    }
    let emit = emit(r#""event": "e", "room": [1, "1", true], "skip_sid": ["s", null, 5, true]"#);
    let target = emit.target();
    assert_eq!(format!("{:?}", target.recipients), r#"Rooms([Room("1"), Room("1"), Room("true")])"#);
    assert_eq!(target.except.as_slice(), ["s"]);
}

#[test]
fn skipped_clients_are_exceptions_beside_rooms() {
    let emit = emit(r#""event": "e", "room": [], "skip_sid": "s", "except": ["r"]"#);
    assert_eq!(emit.to, To::Rooms(Default::default()), "nobody, never everybody");
    assert_eq!(emit.target().except.as_slice(), ["r", "s"]);
}

#[test]
fn a_single_null_of_ours_is_an_argument() {
    let theirs = emit(r#""event": "e", "data": [null], "host_id": "h""#);
    assert_eq!(theirs.packet.args().json(), "");
    let ours = emit(r#""event": "e", "data": [null], "host_id": "h", "seq": 1"#);
    assert_eq!(ours.packet.args().json(), "null");
}

#[test]
fn no_depth_touches_the_stack() {
    let depth = 1_000_000;
    let (open, close) = ("[".repeat(depth), "]".repeat(depth));
    let deep = emit(&format!(r#""event": "e", "data": [{open}{close}]"#));
    assert_eq!(deep.packet.args().json().len(), 2 * depth);
    let objects = r#"{"a":"#.repeat(depth);
    for field in
        ["event", "data", "namespace", "room", "skip_sid", "callback", "host_id", "acks", "except", "x"]
    {
        for (open, close) in [(&*open, &*close), (&*open, ""), (&*objects, "")] {
            let frame = format!(r#"{{"method": "emit", "event": "e", "{field}": {open}{close}}}"#);
            let _ = python::decode(frame.as_bytes(), MAX_FRAME);
        }
    }
    refused(&open);
    refused(&objects);
}

#[test]
fn sizes_are_bounded() {
    let error = python::decode(b"{}", 1).unwrap_err();
    assert!(matches!(error, WireError::TooBig { limit: 1, size: 2 }), "{error}");
    let many = r#""a","#.repeat(100_001);
    let rooms = many.strip_suffix(',').unwrap();
    assert_eq!(
        refused(&format!(r#"{{"method": "emit", "event": "e", "room": [{rooms}]}}"#)).cause(),
        "field"
    );
    let members = r#""a": 1, "#.repeat(65);
    assert_eq!(refused(&format!(r#"{{{members}"method": "emit"}}"#)).cause(), "no object");
    let long = "h".repeat(129);
    assert_eq!(
        refused(&format!(r#"{{"method": "emit", "event": "e", "host_id": "{long}"}}"#)).cause(),
        "field"
    );
    let WireError::UnknownMethod { method } = refused(&format!(r#"{{"method": "{long}"}}"#)) else {
        panic!("known");
    };
    assert_eq!(method.len(), 40);
}

#[test]
fn a_frame_of_many_small_parts_is_read_in_time() {
    let start = Instant::now();
    for part in [r#""\u0000","#, "1,", "{},", r#"{"_placeholder":true,"num":0},"#] {
        let parts = part.repeat(2_000_000 / part.len());
        let data = parts.strip_suffix(',').unwrap();
        emit(&format!(r#""event": "e", "data": [{data}]"#));
        let _ = python::decode(
            format!(r#"{{"method": "emit", "event": "e", "binary": true, "data": [[{data}], "AA=="]}}"#)
                .as_bytes(),
            MAX_FRAME,
        );
    }
    assert!(start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());
}

#[test]
fn methods_among_members_need_a_version_a_sender_and_a_number() {
    let beat = |fields: &str| format!(r#"{{"method": "cluster_beat", "lease": 6000{fields}}}"#);
    let whole = beat(r#", "v": 1, "host_id": "h", "seq": 1"#);
    assert!(matches!(python::decode(whole.as_bytes(), MAX_FRAME), Ok(Message::Beat { .. })));
    for (fields, cause) in [
        (r#", "host_id": "h", "seq": 1"#, "field"),
        (r#", "v": 2, "host_id": "h", "seq": 1"#, "version"),
        (r#", "v": 1, "seq": 1"#, "field"),
        (r#", "v": 1, "host_id": null, "seq": 1"#, "field"),
        (r#", "v": 1, "host_id": "h""#, "field"),
        (r#", "v": 1, "host_id": "h", "seq": 1, "lease": 60001"#, "field"),
    ] {
        assert_eq!(refused(&beat(fields)).cause(), cause, "{fields}");
    }
}

#[test]
fn a_question_of_a_later_release_can_be_refused_at_once() {
    let frame = r#"{"method": "cluster_request", "v": 1, "id": 3, "timeout": 10, "ask": "new", "host_id": "h", "seq": 1}"#;
    let Message::Request(request) = python::decode(frame.as_bytes(), MAX_FRAME).unwrap() else {
        panic!("no request");
    };
    assert_eq!((request.id, request.ask), (3, Ask::Unknown));
}

#[test]
fn a_time_that_no_clock_has_is_an_error_or_a_time() {
    for time in ["0", "18446744073709551615"] {
        let frame = format!(
            r#"{{"method": "cluster_reply", "v": 1, "to_host": "h", "id": 1, "piece": 0, "last": true, "sockets": [{{"sid": "s", "rooms": [], "address": null, "time": {time}, "secure": true, "headers": [], "query": []}}], "host_id": "h", "seq": 1}}"#
        );
        let _ = python::decode(frame.as_bytes(), MAX_FRAME);
    }
}

fn emit(fields: &str) -> Emit {
    match python::decode(format!(r#"{{"method": "emit", {fields}}}"#).as_bytes(), MAX_FRAME) {
        Ok(Message::Emit(emit)) => emit,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn refused(frame: &str) -> WireError {
    python::decode(frame.as_bytes(), MAX_FRAME).expect_err(frame.get(..200).unwrap_or(frame))
}
