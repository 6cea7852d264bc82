//! Packets as we write them, read by the official JavaScript parsers and by python's; and byte for byte as the former write
//! them.
//!
//! ```text
//! {"check":"an event with an id","type":"EVENT","nsp":"/","id":12,"data":["foo"],
//!  "text":"212[\"foo\"]","attachments":[],"same":true}
//! ```
//!
//! A table of such rows goes to `foreign/js/decoders.mjs` and `foreign/python/decoders.py`. In `data`, `{"$bytes":"AQI="}`
//! are bytes. `same` is false where JSON writers differ in how they spell a number.

use std::{fs, path::PathBuf};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use integration_tests::foreign;
use serde::{Serialize, Serializer};
use serde_json::{Value, json, value::RawValue};
use socketio_core::protocol::{
    args::{ArgsRef, ArgsWriter, EncodeError, Event, IntoArgs},
    engine::Packet as EnginePacket,
    packet::{self, Kind, Packet},
    payload::Payload,
};

#[tokio::test]
async fn javascript_reads_what_we_write_and_writes_the_same() {
    foreign::node("decoders", 0, &[&table("javascript")]).await.assert_holds();
}

#[tokio::test]
async fn python_reads_what_we_write() {
    foreign::python("decoders", 0, &[&table("python")]).await.assert_holds();
}

#[test]
fn we_read_what_we_write() {
    for row in packets() {
        let packet = Packet::parse(&row.text, 10).expect(row.check);
        assert_eq!(packet.kind.to_string(), row.kind, "{}", row.check);
        assert_eq!((packet.namespace, packet.id), (row.nsp, row.id), "{}", row.check);
        assert_eq!(packet.attachments, row.attachments.len(), "{}", row.check);
        let attachments: Vec<Bytes> =
            row.attachments.iter().map(|text| STANDARD.decode(text).expect("base64").into()).collect();
        let raw = match packet.kind {
            Kind::Event | Kind::BinaryEvent => {
                let event = Event::parse(packet.data, &attachments).expect(row.check);
                let name = serde_json::to_string(&event.name).expect("a string");
                if event.args.is_empty() { name } else { format!("{name},{}", event.args.json()) }
            }
            Kind::Ack | Kind::BinaryAck => {
                ArgsRef::parse(packet.data, &attachments).expect(row.check).json().to_owned()
            }
            _ => continue,
        };
        assert_eq!(format!("[{raw}]"), packet.data, "{}", row.check);
    }
}

#[derive(Serialize)]
struct Table {
    packets: Vec<Row>,
    payloads: Vec<Body>,
}

#[derive(Serialize)]
struct Row {
    check: &'static str,
    #[serde(rename = "type")]
    kind: String,
    nsp: &'static str,
    id: Option<u64>,
    data: Option<Box<RawValue>>,
    text: String,
    attachments: Vec<String>,
    same: bool,
}

#[derive(Serialize)]
struct Body {
    check: &'static str,
    packets: Vec<Value>,
    texts: Vec<String>,
    body: String,
}

/// Writes the table and says where.
fn table(reader: &str) -> String {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("decoders-{reader}.json"));
    let table = Table { packets: packets(), payloads: payloads() };
    fs::write(&path, serde_json::to_vec(&table).expect("the table is JSON"))
        .expect("the folder can be written");
    path.to_str().expect("the path is text").to_owned()
}

fn packets() -> Vec<Row> {
    let unicode = "ä€😀\u{0}\u{1f}\u{7f}\u{2028}\u{2029}\"\\/\u{8}\u{c}\n\r\t";
    let bytes = json!({"$bytes": "AQID/w=="});
    let empty = json!({"$bytes": ""});
    let mut rows = vec![
        row("connect, granted", Kind::Connect, "/", r#"{"sid":"wZX3oN0bSVIhsaknAAAI"}"#, |out| {
            packet::encode_connect(out, "/", "wZX3oN0bSVIhsaknAAAI");
        }),
        row("connect to a namespace, granted", Kind::Connect, "/admin", r#"{"sid":"a"}"#, |out| {
            packet::encode_connect(out, "/admin", "a");
        }),
        row("connect, refused", Kind::ConnectError, "/", &json!({"message": unicode}).to_string(), |out| {
            packet::encode_connect_error(out, "/", unicode, None);
        }),
        row("connect, refused with data", Kind::ConnectError, "/ü", r#"{"message":"","data":[1]}"#, |out| {
            packet::encode_connect_error(out, "/ü", "", Some("[1]"));
        }),
        row("disconnect", Kind::Disconnect, "/", "", |out| packet::encode_disconnect(out, "/")),
        row("disconnect from a namespace", Kind::Disconnect, "/a b", "", |out| {
            packet::encode_disconnect(out, "/a b");
        }),
        event("an event alone", "/", None, json!(["foo"])),
        event("an event in a namespace", "/admin", None, json!(["bar", null])),
        event("an event with an id", "/", Some(12), json!(["foo"])),
        event("an event with an id in a namespace", "/admin", Some(13), json!(["foo", 1])),
        event("the first id", "/", Some(0), json!(["foo"])),
        event("the largest id of JavaScript", "/", Some((1 << 53) - 1), json!(["foo"])),
        event("a namespace of digits", "/12", Some(34), json!(["5", 6])),
        event("a namespace with brackets", "/[\"a\"]", Some(1), json!(["foo"])),
        event(
            "an event with several arguments",
            "/",
            None,
            json!(["e", 1, "two", [3, [4]], {"a": {"b": []}}, true]),
        ),
        event("text of all kinds", "/größe", None, json!([unicode, unicode, {unicode: unicode}])),
        event("numbers", "/", None, json!(["n", 0, -1, 1.5, 0.1, 9_007_199_254_740_991_i64, -0.25])),
        event("bytes", "/", None, json!(["baz", bytes])),
        event("bytes in a namespace with an id", "/admin", Some(7), json!(["baz", bytes, empty])),
        event(
            "bytes at any depth",
            "/",
            Some(14),
            json!(["e", {"a": [[{"b": bytes}], empty], "c": 1}, bytes]),
        ),
        event("ten attachments", "/", None, json!(["e", vec![bytes.clone(); 10]])),
        ack("an empty ack", "/", 12, json!([])),
        ack("an ack", "/admin", 13, json!(["bar"])),
        ack("an ack of several arguments", "/", 1, json!([null, {"status": "ok"}, unicode])),
        ack("an ack with bytes", "/", 15, json!(["bar", bytes])),
        ack("an ack with bytes in a namespace", "/admin", 1, json!([[{"a": bytes}], bytes])),
        raw("half of a surrogate pair", r#""\ud83d",{"\udc00":"x"}"#),
        raw("nesting of 400 levels", &format!("{}{}", "[".repeat(400), "]".repeat(400))),
    ];
    rows.extend(
        [
            event("a large number", "/", None, json!(["n", 1e21, 1e-7, 2.0])),
            raw(
                "numbers beyond 53 bits",
                "9007199254740993,12345678901234567890123456789,-9223372036854775809",
            ),
            raw("white space", " [ 1 , { } ]\t, 2 "),
        ]
        .map(|row| Row { same: false, ..row }),
    );
    rows
}

fn payloads() -> Vec<Body> {
    let bytes = json!({"$bytes": "AQID/w=="});
    vec![
        body("one message", vec![json!({"type": "message", "data": "hello"})]),
        body("a message of all kinds of text", vec![json!({"type": "message", "data": "ä€😀\u{0}\u{1f}\n"})]),
        body("bytes", vec![json!({"type": "message", "data": bytes})]),
        body("no bytes", vec![json!({"type": "message", "data": {"$bytes": ""}})]),
        body(
            "all types",
            vec![
                json!({"type": "open", "data": "{\"sid\":\"x\"}"}),
                json!({"type": "ping"}),
                json!({"type": "ping", "data": "probe"}),
                json!({"type": "pong", "data": "probe"}),
                json!({"type": "message", "data": "2[\"é\"]"}),
                json!({"type": "message", "data": {"$bytes": "/w=="}}),
                json!({"type": "message", "data": ""}),
                json!({"type": "upgrade"}),
                json!({"type": "noop"}),
                json!({"type": "close"}),
            ],
        ),
    ]
}

fn row(
    check: &'static str,
    kind: Kind,
    nsp: &'static str,
    data: &str,
    encode: impl FnOnce(&mut Vec<u8>),
) -> Row {
    let mut out = Vec::new();
    encode(&mut out);
    let data = (!data.is_empty()).then(|| RawValue::from_string(data.into()).expect("JSON"));
    Row {
        check,
        kind: kind.to_string(),
        nsp,
        id: None,
        data,
        text: text(out),
        attachments: Vec::new(),
        same: true,
    }
}

fn event(check: &'static str, nsp: &'static str, id: Option<u64>, data: Value) -> Row {
    let raw = serde_json::value::to_raw_value(&data).expect("JSON");
    let elements = data.as_array().expect("an array");
    let name = elements[0].as_str().expect("a name");
    let mut out = Vec::new();
    let attachments = packet::encode_event(&mut out, nsp, id, name, &Several(&elements[1..])).expect(check);
    let kind = if attachments.is_empty() { Kind::Event } else { Kind::BinaryEvent };
    sent(check, kind, nsp, id, raw, out, attachments)
}

fn ack(check: &'static str, nsp: &'static str, id: u64, data: Value) -> Row {
    let raw = serde_json::value::to_raw_value(&data).expect("JSON");
    let mut out = Vec::new();
    let args = Several(data.as_array().expect("an array"));
    let attachments = packet::encode_ack(&mut out, nsp, id, &args).expect(check);
    let kind = if attachments.is_empty() { Kind::Ack } else { Kind::BinaryAck };
    sent(check, kind, nsp, Some(id), raw, out, attachments)
}

/// An ack whose arguments pass as they are.
fn raw(check: &'static str, json: &str) -> Row {
    let data = RawValue::from_string(format!("[{json}]")).expect("JSON");
    let args = ArgsRef::parse(data.get(), &[]).expect(check).to_raw();
    let mut out = Vec::new();
    let attachments = packet::encode_ack(&mut out, "/", 1, &args).expect(check);
    sent(check, Kind::Ack, "/", Some(1), data, out, attachments)
}

fn sent(
    check: &'static str,
    kind: Kind,
    nsp: &'static str,
    id: Option<u64>,
    data: Box<RawValue>,
    out: Vec<u8>,
    attachments: Vec<Bytes>,
) -> Row {
    let attachments = attachments.iter().map(|bytes| STANDARD.encode(bytes)).collect();
    Row { check, kind: kind.to_string(), nsp, id, data: Some(data), text: text(out), attachments, same: true }
}

fn body(check: &'static str, packets: Vec<Value>) -> Body {
    let mut texts = Vec::new();
    let mut body = Vec::new();
    let mut payload = Payload::new(&mut body);
    for packet in &packets {
        let data = packet["data"].as_str().unwrap_or_default();
        let bytes = bytes_of(&packet["data"]);
        let parsed = match packet["type"].as_str().expect("a type") {
            "open" => EnginePacket::Open(data),
            "close" => EnginePacket::Close,
            "ping" => EnginePacket::Ping(data),
            "pong" => EnginePacket::Pong(data),
            "upgrade" => EnginePacket::Upgrade,
            "noop" => EnginePacket::Noop,
            _ => bytes
                .as_deref()
                .map_or(EnginePacket::Message(data), |bytes| EnginePacket::Binary(bytes.into())),
        };
        let mut out = Vec::new();
        parsed.encode(&mut out);
        match &bytes {
            Some(bytes) => payload.binary(bytes),
            None => payload.text(&out),
        }
        texts.push(text(out));
    }
    Body { check, packets, texts, body: text(body) }
}

fn text(out: Vec<u8>) -> String {
    String::from_utf8(out).expect("packets are text")
}

fn bytes_of(value: &Value) -> Option<Vec<u8>> {
    let text = value.as_object()?.get("$bytes")?.as_str()?;
    Some(STANDARD.decode(text).expect("base64"))
}

/// Each an argument, with `$bytes` as bytes.
struct Several<'a>(&'a [Value]);

impl IntoArgs for Several<'_> {
    fn write_args(&self, writer: &mut ArgsWriter<'_>) -> Result<(), EncodeError> {
        self.0.iter().try_for_each(|value| writer.push(&Tagged(value)))
    }
}

struct Tagged<'a>(&'a Value);

impl Serialize for Tagged<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match (bytes_of(self.0), self.0) {
            (Some(bytes), _) => serializer.serialize_bytes(&bytes),
            (None, Value::Array(list)) => serializer.collect_seq(list.iter().map(Tagged)),
            (None, Value::Object(members)) => {
                serializer.collect_map(members.iter().map(|(key, value)| (key, Tagged(value))))
            }
            (None, value) => value.serialize(serializer),
        }
    }
}
