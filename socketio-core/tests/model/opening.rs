//! How a client comes in: the requests of a handshake, and the first namespace.

use socketio_core::Server;

use crate::clock::settle;
use crate::namespaces::Name;
use crate::pipe::{Frame, Pipe, frame};
use crate::words::{Message, Packet, Words};

/// The session's id, once the client is in the first namespace.
pub(crate) async fn open_polling(io: &Server, words: Words) -> (String, Option<Pipe>) {
    let ask = async |method: &str, sid: &str, body: &str| {
        let mut pipe = Pipe::open(io, &(head(method, "polling", sid, body.len()) + body));
        settle().await;
        pipe.answer().expect("an answer")
    };
    let (_, open) = ask("GET", "", "").await;
    let sid = sid(&open);
    let query = format!("&sid={sid}");
    let join = words.write(&Packet::Join(Name::Root)).in_payload();
    assert_eq!(ask("POST", &query, &join).await, (200, "ok".to_owned()));
    assert_eq!(ask("GET", &query, "").await.0, 200);
    (sid, None)
}

/// The same, and its WebSocket.
pub(crate) async fn open_websocket(io: &Server, words: Words) -> (String, Option<Pipe>) {
    let mut pipe = Pipe::open(io, &head("GET", "websocket", "", 0));
    settle().await;
    assert_eq!(pipe.answer().expect("an answer").0, 101);
    settle().await;
    let Some(Frame::Text(open)) = pipe.frames().pop() else { panic!("no open packet") };
    pipe.write(&framed(&words.write(&Packet::Join(Name::Root))));
    settle().await;
    assert!(matches!(&pipe.frames()[..], [Frame::Text(_) | Frame::Binary(_)]));
    (sid(&open), Some(pipe))
}

pub(crate) fn head(method: &str, transport: &str, query: &str, length: usize) -> String {
    let more = match transport {
        "websocket" => {
            "connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
             sec-websocket-key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n"
        }
        _ => "connection: close\r\n",
    };
    let target = format!("/socket.io/?EIO=4&transport={transport}{query}");
    format!("{method} {target} HTTP/1.1\r\nhost: h\r\ncontent-length: {length}\r\n{more}\r\n")
}

/// A message on a WebSocket.
pub(crate) fn framed(message: &Message) -> Vec<u8> {
    match message {
        Message::Text(text) => frame(0x1, format!("4{text}").as_bytes()),
        Message::Binary(bytes) => frame(0x2, bytes),
    }
}

fn sid(open: &str) -> String {
    let sid = open.strip_prefix("0{\"sid\":\"").and_then(|rest| rest.split('"').next());
    sid.expect("an open packet").to_owned()
}
