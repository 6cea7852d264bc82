//! HTTP, as far as the floor needs it: the upgrade to WebSocket, and long-polling on connections that are kept alive.

use std::mem;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sha1::{Digest as _, Sha1};

use crate::contract::{self, Packet};
use crate::frames::{self, TEXT};
use crate::{Floor, Speaks};

/// A session by long-polling.
#[derive(Default)]
pub(crate) struct Polling {
    /// A GET waits for a packet.
    waits: bool,
    /// Packets for the next GET.
    payload: Vec<u8>,
}

impl Floor {
    /// Answers whole requests at the front of `bytes`, and says how long they were.
    pub(crate) fn http(&mut self, place: usize, bytes: &[u8]) -> Option<usize> {
        let mut used = 0;
        while let Some(request) = Request::read(&bytes[used..])? {
            used += request.len;
            if let Some(key) = request.header("sec-websocket-key") {
                self.upgrade(place, key);
                break;
            }
            match (request.session()?, request.is_get()) {
                (Some(session), true) if session == place => self.fetch(session)?,
                (Some(_), true) => return None,
                (Some(session), false) => self.posted(session, place, request.body)?,
                (None, _) => {
                    self.connections[place].as_mut()?.speaks = Speaks::Http(Some(Box::default()));
                    respond(&contract::opened(place), self.out(place));
                }
            }
        }
        Some(used)
    }

    fn upgrade(&mut self, place: usize, key: &str) {
        let accept = Sha1::new().chain_update(key).chain_update(GUID).finalize();
        let out = self.out(place);
        out.extend_from_slice(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n",
        );
        out.extend_from_slice(
            format!("Sec-WebSocket-Accept: {}\r\n\r\n", BASE64_STANDARD.encode(accept)).as_bytes(),
        );
        frames::write(TEXT, &contract::opened(place), out);
        if let Some(connection) = &mut self.connections[place] {
            connection.speaks = Speaks::WebSocket;
        }
    }

    fn session(&mut self, session: usize) -> Option<&mut Polling> {
        match &mut self.connections.get_mut(session)?.as_mut()?.speaks {
            Speaks::Http(polling) => polling.as_deref_mut(),
            Speaks::WebSocket => None,
        }
    }

    fn fetch(&mut self, session: usize) -> Option<()> {
        let polling = self.session(session)?;
        if polling.payload.is_empty() {
            polling.waits = true;
            return Some(());
        }
        let payload = mem::take(&mut polling.payload);
        respond(&payload, self.out(session));
        Some(())
    }

    fn posted(&mut self, session: usize, from: usize, body: &[u8]) -> Option<()> {
        self.session(session)?;
        respond(b"ok", self.out(from));
        for packet in body.split(|byte| *byte == SEPARATOR) {
            match contract::packet(simdutf8::basic::from_utf8(packet).ok()?.as_bytes()) {
                Packet::Echo => self.hear(session, packet),
                Packet::EchoAck { id, data } => {
                    let mut answer = Vec::new();
                    contract::ack(id, data, &mut answer);
                    self.hear(session, &answer);
                }
                Packet::Connect => self.hear(session, &contract::connected(session)),
                Packet::Fan | Packet::Join { .. } | Packet::Other => {}
            }
        }
        Some(())
    }

    /// A packet for the GET that waits, or for the next.
    pub(crate) fn hear(&mut self, session: usize, packet: &[u8]) {
        let Some(polling) = self.session(session) else { return };
        if mem::take(&mut polling.waits) {
            return respond(packet, self.out(session));
        }
        if !polling.payload.is_empty() {
            polling.payload.push(SEPARATOR);
        }
        polling.payload.extend_from_slice(packet);
    }
}

struct Request<'a> {
    /// Request line and headers.
    head: &'a str,
    body: &'a [u8],
    len: usize,
}

impl<'a> Request<'a> {
    /// `Some(None)` until all of it is there.
    fn read(bytes: &'a [u8]) -> Option<Option<Self>> {
        let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else { return Some(None) };
        let head = str::from_utf8(&bytes[..end]).ok()?;
        let mut request = Request { head, body: &[], len: end + 4 };
        if !request.is_get() {
            let len: usize = request.header("content-length")?.parse().ok()?;
            let Some(body) = bytes[end + 4..].get(..len) else { return Some(None) };
            (request.body, request.len) = (body, end + 4 + len);
        }
        Some(Some(request))
    }

    fn is_get(&self) -> bool {
        self.head.starts_with("GET ")
    }

    /// Which session it is of; `Some(None)`: of none yet.
    fn session(&self) -> Option<Option<usize>> {
        let line = self.head.lines().next()?;
        let Some((_, sid)) = line.split_once("&sid=") else { return Some(None) };
        Some(Some(sid.split([' ', '&']).next()?.parse().ok()?))
    }

    fn header(&self, name: &str) -> Option<&'a str> {
        let headers = self.head.lines().skip(1).filter_map(|line| line.split_once(':'));
        headers.filter(|(at, _)| at.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim()).next()
    }
}

fn respond(body: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=UTF-8\r\nContent-Length: ");
    out.extend_from_slice(body.len().to_string().as_bytes());
    out.extend_from_slice(b"\r\n\r\n");
    out.extend_from_slice(body);
}

/// Between the packets of a payload.
const SEPARATOR: u8 = 0x1E;
/// Of RFC 6455, for `Sec-WebSocket-Accept`.
const GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

#[cfg(test)]
mod tests {
    use super::Request;

    #[test]
    fn a_request_is_read_once_its_body_is_there() {
        let bytes =
            b"POST /socket.io/?EIO=4&transport=polling&sid=0007 HTTP/1.1\r\nContent-Length: 2\r\n\r\n40GET";
        assert!(matches!(Request::read(&bytes[..bytes.len() - 4]), Some(None)));
        let request = Request::read(bytes).flatten().expect("all of it is there");
        assert_eq!(
            (request.session(), request.body, request.len),
            (Some(Some(7)), b"40".as_slice(), bytes.len() - 3)
        );
        assert!(Request::read(b"POST / HTTP/1.1\r\n\r\n").is_none(), "a body of unknown length");
    }
}
