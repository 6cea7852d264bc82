//! What a client says, in JSON or in msgpack, and what it reads in either.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use socketio_core::protocol::msgpack;
use socketio_core::protocol::packet::Kind;

use crate::namespaces::{Name, Told};

pub(crate) const ATTACHMENT: &[u8] = &[1, 2, 3];

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Words {
    Json,
    Msgpack,
}

/// A packet of the client in a namespace.
#[derive(Clone, Debug)]
pub(crate) enum Packet {
    Join(Name),
    Leave(Name),
    Up(Name, u8),
    /// An event with an attachment, which in JSON comes as [`Bytes`](Packet::Bytes): next, or later, or never.
    UpWith(Name, u8),
    /// An event that is answered.
    Ask(Name, u8),
    /// An attachment, announced or not; in msgpack it is no packet.
    Bytes,
    /// No packet in any words.
    Wrong,
}

/// A message of Engine.IO.
#[derive(Clone, Debug)]
pub(crate) enum Message {
    Text(String),
    Binary(Vec<u8>),
}

impl Message {
    /// As a packet of a polling body.
    pub(crate) fn in_payload(&self) -> String {
        match self {
            Message::Text(text) => format!("4{text}"),
            Message::Binary(bytes) => format!("b{}", BASE64_STANDARD.encode(bytes)),
        }
    }
}

impl Words {
    pub(crate) fn write(self, packet: &Packet) -> Message {
        match (self, packet) {
            (_, Packet::Bytes) => Message::Binary(ATTACHMENT.to_vec()),
            (_, Packet::Wrong) => Message::Text("9".to_owned()),
            (Words::Json, packet) => Message::Text(json(packet)),
            (Words::Msgpack, packet) => Message::Binary(map(packet)),
        }
    }
}

fn json(packet: &Packet) -> String {
    let of = |name: Name| match name {
        Name::Root => String::new(),
        other => format!("{},", other.path()),
    };
    match packet {
        Packet::Join(name) => format!("0{}", of(*name)),
        Packet::Leave(name) => format!("1{}", of(*name)),
        Packet::Up(name, number) => format!("2{}[\"up\",{number}]", of(*name)),
        Packet::UpWith(name, number) => {
            format!("51-{}[\"up with\",{number},{{\"_placeholder\":true,\"num\":0}}]", of(*name))
        }
        Packet::Ask(name, number) => format!("2{}{number}[\"ask\",{number}]", of(*name)),
        Packet::Bytes | Packet::Wrong => unreachable!("these are the same in all words"),
    }
}

/// `{type, nsp, data, id}`, as short as msgpack can have it.
fn map(packet: &Packet) -> Vec<u8> {
    let (kind, name, event, id) = match packet {
        Packet::Join(name) => (0, name, None, None),
        Packet::Leave(name) => (1, name, None, None),
        Packet::Up(name, number) => (2, name, Some(("up", number, false)), None),
        Packet::UpWith(name, number) => (2, name, Some(("up with", number, true)), None),
        Packet::Ask(name, number) => (2, name, Some(("ask", number, false)), Some(number)),
        Packet::Bytes | Packet::Wrong => unreachable!("these are the same in all words"),
    };
    let members = 2 + u8::from(event.is_some()) + u8::from(id.is_some());
    let mut out = vec![0x80 | members];
    let text = |out: &mut Vec<u8>, text: &str| {
        out.push(0xA0 | u8::try_from(text.len()).expect("a short text"));
        out.extend_from_slice(text.as_bytes());
    };
    text(&mut out, "type");
    out.push(kind);
    text(&mut out, "nsp");
    text(&mut out, name.path());
    if let Some((event, number, with)) = event {
        text(&mut out, "data");
        out.push(0x92 + u8::from(with));
        text(&mut out, event);
        out.extend([0xCC, *number]);
        if with {
            out.extend([0xC4, 3]);
            out.extend_from_slice(ATTACHMENT);
        }
    }
    if let Some(id) = id {
        text(&mut out, "id");
        out.extend([0xCC, *id]);
    }
    out
}

/// Puts together what the server says in namespaces.
#[derive(Debug)]
pub(crate) struct Ear {
    words: Words,
    pub(crate) told: Vec<Told>,
    /// The ids that it was given, in that order.
    pub(crate) ids: Vec<(Name, String)>,
    /// Whose attachment is still to come.
    half: Option<Told>,
}

impl Ear {
    pub(crate) fn new(words: Words) -> Self {
        Ear { words, told: Vec::new(), ids: Vec::new(), half: None }
    }

    pub(crate) fn hear(&mut self, message: &Message) {
        match (self.words, message) {
            (Words::Json, Message::Binary(bytes)) => {
                assert_eq!(bytes, ATTACHMENT);
                let whole = self.half.take().expect("an attachment that no packet announced");
                self.told.push(whole);
            }
            (Words::Json, Message::Text(text)) => {
                assert!(self.half.is_none(), "{text} where an attachment must follow");
                let (kind, attachments, name, id, data) = parse(text);
                let told = self.packet(kind, name, id, data);
                match attachments {
                    0 => self.told.push(told),
                    _ => self.half = Some(told),
                }
            }
            (Words::Msgpack, Message::Binary(bytes)) => {
                let packet = msgpack::decode(bytes, 1).expect("a packet of the server");
                assert!(packet.attachments.iter().all(|bytes| bytes == ATTACHMENT));
                let kind = match packet.kind {
                    Kind::Connect => '0',
                    Kind::Disconnect => '1',
                    Kind::Event | Kind::BinaryEvent => '2',
                    Kind::Ack | Kind::BinaryAck => '3',
                    Kind::ConnectError => '4',
                };
                let told = self.packet(kind, &packet.namespace, packet.id, &packet.data);
                self.told.push(told);
            }
            (Words::Msgpack, Message::Text(text)) => panic!("{text} to a client that speaks msgpack"),
        }
    }

    fn packet(&mut self, kind: char, name: &str, id: Option<u64>, data: &str) -> Told {
        let all = [Name::Root, Name::Chat, Name::News, Name::Nowhere];
        let name = *all.iter().find(|known| known.path() == name).expect("a namespace that was asked for");
        match (kind, id) {
            ('0', None) => {
                let id = data.strip_prefix("{\"sid\":\"").and_then(|rest| rest.strip_suffix("\"}"));
                self.ids.push((name, id.expect("an id").to_owned()));
                Told::Joined(name)
            }
            ('4', None) => Told::Refused(name),
            ('1', None) => Told::Left(name),
            ('2' | '5', None) => {
                let rest = data.strip_prefix("[\"down\",").expect("a `down`");
                let number = rest.split([',', ']']).next().and_then(|number| number.parse().ok());
                Told::Down(name, number.expect("a number"))
            }
            ('3', Some(id)) => {
                let number = u8::try_from(id).expect("an id of ours");
                assert_eq!(data, format!("[{number}]"));
                Told::Answer(name, number)
            }
            _ => panic!("the server said {kind} {name:?} {id:?} {data}"),
        }
    }
}

/// Kind, attachments, namespace, id, data: `51-/chat,7["down",1]`.
fn parse(text: &str) -> (char, usize, &str, Option<u64>, &str) {
    let kind = text.chars().next().expect("a kind");
    let mut rest = &text[1..];
    let mut attachments = 0;
    if kind == '5' {
        let (count, after) = rest.split_once('-').expect("a count of attachments");
        (attachments, rest) = (count.parse().expect("a number"), after);
    }
    let mut name = "/";
    if rest.starts_with('/') {
        (name, rest) = rest.split_once(',').unwrap_or((rest, ""));
    }
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let (id, data) = rest.split_at(digits);
    (kind, attachments, name, id.parse().ok(), data)
}
