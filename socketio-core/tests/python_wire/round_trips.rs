use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use bytes::Bytes;
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::value::RawValue;
use smallvec::SmallVec;
use socketio_core::adapter::wire::python::{self, MAX_FRAME};
use socketio_core::adapter::wire::{
    Acks, Answer, Ask, Callback, CallbackKey, Emit, HostId, Json, Message, Reply, Request, RoomKey,
    SocketInfo, To,
};
use socketio_core::adapter::{EventPacket, Flags, Recipients, Room, RoomList, Target};
use socketio_core::{RawArgs, Sid};

use crate::emits::number;

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(128) })]

    #[test]
    fn every_message_is_read_as_it_was_written(message in message(), host in host(), seq in any::<u64>()) {
        let frame = python::encode(&message, &host, seq);
        let incoming = python::open(&frame, MAX_FRAME).unwrap();
        let expected = message.is_numbered().then_some((host.as_str(), seq));
        prop_assert_eq!(incoming.host().zip(incoming.seq()), expected);
        prop_assert_eq!(incoming.decode().unwrap(), message);
    }

    #[test]
    fn every_frame_is_json_that_begins_with_its_method_and_ends_with_its_number(message in message(), seq in any::<u64>()) {
        let frame = String::from_utf8(python::encode(&message, &HostId::generate(), seq)).unwrap();
        let seq = if message.is_numbered() { seq } else { 0 };
        let end = format!(r#", "seq": {seq}}}"#);
        prop_assert!(frame.starts_with(r#"{"method": ""#) && frame.ends_with(&end), "{}", frame);
        let members: BTreeMap<&str, &RawValue> = serde_json::from_str(&frame).unwrap();
        prop_assert!(members.contains_key("method"));
    }

    #[test]
    fn a_frame_cut_short_or_with_a_byte_changed_is_read_or_refused(
        message in message(), host in host(), at in any::<prop::sample::Index>(), byte in any::<u8>(),
    ) {
        let mut frame = python::encode(&message, &host, 1);
        let at = at.index(frame.len());
        prop_assert!(python::decode(&frame[..at], MAX_FRAME).is_err());
        frame[at] = byte;
        let _ = python::decode(&frame, MAX_FRAME);
    }
}

fn message() -> impl Strategy<Value = Message> {
    let lease = (0..=60_000_u64).prop_map(Duration::from_millis);
    prop_oneof![
        emit().prop_map(Message::Emit),
        callback().prop_map(Message::Callback),
        (namespace(), sid()).prop_map(|(namespace, sid)| Message::Disconnect { namespace, sid }),
        (namespace(), sid(), key()).prop_map(|(namespace, sid, room)| Message::EnterRoom {
            namespace,
            sid,
            room
        }),
        (namespace(), sid(), key()).prop_map(|(namespace, sid, room)| Message::LeaveRoom {
            namespace,
            sid,
            room
        }),
        (namespace(), key()).prop_map(|(namespace, room)| Message::CloseRoom { namespace, room }),
        lease.clone().prop_map(|lease| Message::Hello { lease }),
        lease.prop_map(|lease| Message::Beat { lease }),
        Just(Message::Bye),
        (target(), rooms()).prop_map(|(target, rooms)| Message::Join { target, rooms }),
        (target(), rooms()).prop_map(|(target, rooms)| Message::Leave { target, rooms }),
        (target(), any::<bool>()).prop_map(|(target, close)| Message::DisconnectAll { target, close }),
        (namespace(), packet()).prop_map(|(namespace, packet)| Message::ServerEvent { namespace, packet }),
        request().prop_map(Message::Request),
        reply().prop_map(Message::Reply),
    ]
}

fn emit() -> impl Strategy<Value = Emit> {
    let to = prop_oneof![
        Just(To::Everyone),
        vec(key(), 0..4).prop_map(|keys| To::Rooms(SmallVec::from_vec(keys))),
    ];
    let acks = prop_oneof![
        Just(Acks::None),
        callback_key().prop_map(Acks::Callback),
        (any::<u64>(), timeout()).prop_map(|(id, timeout)| Acks::Every { id, timeout }),
    ];
    let flags = (any::<bool>(), any::<bool>()).prop_map(|(volatile, uncompressed)| {
        let mut flags = Flags::default();
        (flags.volatile, flags.uncompressed) = (volatile, uncompressed);
        flags
    });
    let packet = (packet(), flags).prop_map(|(packet, flags)| packet.with_flags(flags));
    (namespace(), to, vec(sid(), 0..4), rooms(), packet, acks).prop_map(
        |(namespace, to, skip, except, packet, acks)| Emit {
            namespace,
            to,
            skip: skip.into(),
            except,
            packet,
            acks,
        },
    )
}

fn callback() -> impl Strategy<Value = Callback> {
    (host(), callback_key(), args()).prop_map(|(host, key, args)| Callback { host, key, args })
}

fn callback_key() -> impl Strategy<Value = CallbackKey> {
    (key(), namespace(), any::<u64>()).prop_map(|(sid, namespace, id)| CallbackKey { sid, namespace, id })
}

fn request() -> impl Strategy<Value = Request> {
    let ask = prop_oneof![
        target().prop_map(Ask::Sockets),
        target().prop_map(Ask::Count),
        namespace().prop_map(|namespace| Ask::Rooms { namespace }),
        (namespace(), packet()).prop_map(|(namespace, packet)| Ask::Event { namespace, packet }),
        Just(Ask::Unknown),
    ];
    (any::<u64>(), timeout(), ask).prop_map(|(id, timeout, ask)| Request { id, timeout, ask })
}

fn reply() -> impl Strategy<Value = Reply> {
    let answer = prop_oneof![
        vec(socket(), 0..3).prop_map(Answer::Sockets),
        any::<u64>().prop_map(Answer::Count),
        vec((room(), any::<u64>()), 0..4).prop_map(Answer::Rooms),
        args().prop_map(Answer::Event),
        any::<u64>().prop_map(Answer::Asked),
        vec((sid(), args()), 0..3).prop_map(Answer::Acks),
        vec(sid(), 0..4).prop_map(Answer::Silent),
        any::<String>().prop_map(Answer::Refused),
    ];
    (host(), any::<u64>(), any::<u32>(), any::<bool>(), answer)
        .prop_map(|(host, id, piece, last, answer)| Reply { host, id, piece, last, answer })
}

fn socket() -> impl Strategy<Value = SocketInfo> {
    let pairs = || vec(any::<(String, String)>(), 0..3);
    let json = || prop::option::of(json().prop_map(|text| Json::parse(&text).unwrap()));
    let rest = (pairs(), pairs(), json(), json());
    (sid(), rooms(), any::<Option<IpAddr>>(), any::<u32>(), any::<bool>(), rest).prop_map(
        |(sid, rooms, address, time, secure, (headers, query, auth, data))| {
            let mut socket = SocketInfo::new(sid, UNIX_EPOCH + Duration::from_millis(time.into()));
            socket.rooms = rooms;
            socket.address = address;
            socket.secure = secure;
            socket.headers = headers;
            socket.query = query;
            socket.auth = auth;
            socket.data = data;
            socket
        },
    )
}

fn target() -> impl Strategy<Value = Target> {
    let recipients = prop_oneof![Just(Recipients::Everyone), rooms().prop_map(Recipients::Rooms)];
    (namespace(), recipients, rooms()).prop_map(|(namespace, recipients, except)| Target {
        namespace,
        recipients,
        except,
        local: true,
    })
}

fn packet() -> impl Strategy<Value = EventPacket> {
    (any::<String>(), args()).prop_map(|(event, args)| EventPacket::from_raw(&event, args))
}

/// Arguments as the emitting side serializes them.
fn args() -> impl Strategy<Value = RawArgs> {
    let bytes = vec(vec(any::<u8>(), 0..5).prop_map(Bytes::from), 0..3);
    (json(), any::<Vec<f64>>(), bytes).prop_map(|(json, numbers, bytes)| {
        let json = RawValue::from_string(json).unwrap();
        match numbers.len() % 3 {
            0 => RawArgs::encode(&()).unwrap(),
            1 => RawArgs::encode(&(json, bytes)).unwrap(),
            _ => RawArgs::encode(&(bytes, numbers, None::<u8>)).unwrap(),
        }
    })
}

/// JSON of some depth that holds no placeholder.
fn json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        any::<String>().prop_map(|text| serde_json::to_string(&text).unwrap()),
        any::<i128>().prop_map(|number| number.to_string()),
        Just(r#""\ud83d""#.to_owned()),
        Just("null".to_owned()),
        Just("1180591620717411303424.5e-9".to_owned()),
    ];
    leaf.prop_recursive(4, 12, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..3).prop_map(|items| format!("[{}]", items.join(","))),
            inner.prop_map(|value| format!(r#"{{"a" : {value}}}"#)),
        ]
    })
}

fn key() -> impl Strategy<Value = RoomKey> {
    prop_oneof![
        any::<String>().prop_map(RoomKey::from),
        any::<i64>().prop_map(|int| number(&int.to_string())),
        any::<bool>().prop_map(|value| number(&value.to_string())),
    ]
}

fn host() -> impl Strategy<Value = HostId> {
    "\\PC{0,32}".prop_map(|text| HostId::from(&*text))
}

fn namespace() -> impl Strategy<Value = Arc<str>> {
    "/[a-zé\"]{0,5}".prop_map(Arc::from)
}

fn rooms() -> impl Strategy<Value = RoomList> {
    vec(room(), 0..6).prop_map(RoomList::from_vec)
}

fn room() -> impl Strategy<Value = Room> {
    any::<String>().prop_map(Room::from)
}

fn sid() -> impl Strategy<Value = Sid> {
    any::<String>().prop_map(Sid::from)
}

fn timeout() -> impl Strategy<Value = Duration> {
    (0..=3_600_000_u64).prop_map(Duration::from_millis)
}
