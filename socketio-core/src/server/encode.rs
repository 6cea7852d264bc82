//! Packets to complete frames, ready for the queues, in the words of the client's parser.
//!
//! Each function appends one packet to an empty buffer and returns where it starts: before it is a gap left for the header. A binary
//! packet of JSON is followed by its attachments, so that whoever queues the slice queues all of it.

use std::error::Error as _;

use bytes::Bytes;

use super::msgpack::Msgpack;
use super::{Socket, watching};
use crate::adapter::Flags;
use crate::engine::{Frames, spare};
use crate::protocol::args::{EncodeError, IntoArgs, RawArgs};
use crate::protocol::frame::{self, Opcode};
use crate::protocol::packet;

/// How a client writes its packets, known from the first of them: JSON is text, msgpack is binary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Parser {
    Json,
    Msgpack(Msgpack),
}

/// Engine.IO's "message".
const MESSAGE: u8 = b'4';

/// `42["say",…]`, with an id when an ack is asked for.
pub(crate) fn event(
    out: &mut Vec<u8>,
    parser: Parser,
    namespace: &str,
    id: Option<u64>,
    name: &str,
    args: &(impl IntoArgs + ?Sized),
) -> Result<usize, EncodeError> {
    match parser {
        Parser::Json => {
            let start = begin(out);
            let attachments = packet::encode_event(out, namespace, id, name, args)?;
            Ok(finish(out, start, &attachments))
        }
        Parser::Msgpack(msgpack) => {
            let start = frame::begin(out);
            msgpack.event(out, namespace, id, name, args)?;
            Ok(frame::finish(out, start, Opcode::Binary))
        }
    }
}

/// `4312[…]`
pub(crate) fn ack(
    out: &mut Vec<u8>,
    parser: Parser,
    namespace: &str,
    id: u64,
    args: &(impl IntoArgs + ?Sized),
) -> Result<usize, EncodeError> {
    match parser {
        Parser::Json => {
            let start = begin(out);
            let attachments = packet::encode_ack(out, namespace, id, args)?;
            Ok(finish(out, start, &attachments))
        }
        Parser::Msgpack(msgpack) => {
            let start = frame::begin(out);
            msgpack.ack(out, namespace, id, args)?;
            Ok(frame::finish(out, start, Opcode::Binary))
        }
    }
}

/// `40{"sid":"…"}`
pub(crate) fn connect(out: &mut Vec<u8>, parser: Parser, namespace: &str, sid: &str) -> usize {
    match parser {
        Parser::Json => {
            let start = begin(out);
            packet::encode_connect(out, namespace, sid);
            finish(out, start, &[])
        }
        Parser::Msgpack(msgpack) => {
            let start = frame::begin(out);
            msgpack.connect(out, namespace, sid);
            frame::finish(out, start, Opcode::Binary)
        }
    }
}

/// `44{"message":"…"}`
pub(crate) fn connect_error(
    out: &mut Vec<u8>,
    parser: Parser,
    namespace: &str,
    message: &str,
    data: Option<&str>,
) -> usize {
    match parser {
        Parser::Json => {
            let start = begin(out);
            packet::encode_connect_error(out, namespace, message, data);
            finish(out, start, &[])
        }
        Parser::Msgpack(msgpack) => {
            let start = frame::begin(out);
            msgpack.connect_error(out, namespace, message, data);
            frame::finish(out, start, Opcode::Binary)
        }
    }
}

/// `41`
pub(crate) fn disconnect(out: &mut Vec<u8>, parser: Parser, namespace: &str) -> usize {
    match parser {
        Parser::Json => {
            let start = begin(out);
            packet::encode_disconnect(out, namespace);
            finish(out, start, &[])
        }
        Parser::Msgpack(msgpack) => {
            let start = frame::begin(out);
            msgpack.disconnect(out, namespace);
            frame::finish(out, start, Opcode::Binary)
        }
    }
}

/// An event for many: encoded when the first client needs it, once for each parser.
#[derive(Debug)]
pub(crate) struct Shared<'a> {
    namespace: &'a str,
    id: Option<u64>,
    name: &'a str,
    args: &'a RawArgs,
    /// Somebody watches what is sent.
    watched: bool,
    json: Option<Result<Encoded, EncodeError>>,
    msgpack: Option<Result<Encoded, EncodeError>>,
}

impl<'a> Shared<'a> {
    pub(crate) fn new(
        namespace: &'a str,
        id: Option<u64>,
        name: &'a str,
        args: &'a RawArgs,
        watched: bool,
    ) -> Self {
        Shared { namespace, id, name, args, watched, json: None, msgpack: None }
    }

    /// Queues it for a client. An event that cannot be had in its words is left out for it, counted and logged.
    #[inline]
    pub(crate) fn send_to(&mut self, socket: &Socket, flags: Flags) -> bool {
        match &self.json {
            // Nearly every client of nearly every broadcast.
            Some(Ok(encoded)) if !self.watched && socket.parser() == Parser::Json => {
                socket.offer(encoded.frames(), flags)
            }
            _ => self.encode_and_send(socket, flags),
        }
    }

    fn encode_and_send(&mut self, socket: &Socket, flags: Flags) -> bool {
        let (name, watched) = (self.name, self.watched);
        match self.frames(socket.parser()) {
            Ok(frames) => {
                let queued = socket.offer(frames, flags);
                if queued && watched {
                    watching::sent(socket, name, self.args);
                }
                queued
            }
            Err(error) => {
                let cause = error.source().map_or_else(|| error.to_string(), ToString::to_string);
                if socket.server().counting.msgpack_refused.one(&cause) {
                    tracing::error!(target: "socketio", event = name, cause, "a broadcast does not reach clients that speak msgpack; others for this reason are only counted");
                }
                false
            }
        }
    }

    /// The frames for a client that speaks so; those who come later get the same.
    fn frames(&mut self, parser: Parser) -> Result<Frames<'_>, &EncodeError> {
        let (namespace, id, name, args) = (self.namespace, self.id, self.name, self.args);
        let encoded = match parser {
            Parser::Json => &mut self.json,
            Parser::Msgpack(_) => &mut self.msgpack,
        };
        let encoded = encoded.get_or_insert_with(|| {
            let mut buffer = spare::take();
            let start = event(&mut buffer, parser, namespace, id, name, args)?;
            let frames = Frames::of(buffer.get(start..).unwrap_or_default());
            let large = if let Frames::Shared(frames) = frames { Some(frames) } else { None };
            Ok(Encoded { buffer, start, large })
        });
        encoded.as_ref().map(Encoded::frames)
    }
}

#[derive(Debug)]
struct Encoded {
    buffer: Vec<u8>,
    start: usize,
    /// Where that is cheaper than a copy for each.
    large: Option<Bytes>,
}

impl Encoded {
    fn frames(&self) -> Frames<'_> {
        match &self.large {
            Some(frames) => Frames::Shared(frames.clone()),
            None => Frames::Copied(self.buffer.get(self.start..).unwrap_or_default()),
        }
    }
}

impl Drop for Encoded {
    fn drop(&mut self) {
        spare::give(std::mem::take(&mut self.buffer));
    }
}

fn begin(out: &mut Vec<u8>) -> usize {
    let start = frame::begin(out);
    out.push(MESSAGE);
    start
}

fn finish(out: &mut Vec<u8>, start: usize, attachments: &[Bytes]) -> usize {
    let at = frame::finish(out, start, Opcode::Text);
    for attachment in attachments {
        frame::write(out, Opcode::Binary, attachment);
    }
    at
}

#[cfg(all(test, feature = "msgpack"))]
mod tests {
    use super::*;

    #[test]
    fn an_event_for_many_is_encoded_once_for_each_parser_and_not_before_it_is_needed() {
        let args = RawArgs::encode(&"x".repeat(5000)).unwrap();
        let mut shared = Shared::new("/", None, "e", &args, false);
        assert!(shared.json.is_none() && shared.msgpack.is_none());
        let json = address(shared.frames(Parser::Json).unwrap());
        assert!(shared.msgpack.is_none());
        let msgpack = address(shared.frames(super::super::msgpack::of_binary().unwrap()).unwrap());
        for _ in 0..3 {
            assert_eq!(address(shared.frames(Parser::Json).unwrap()), json);
            assert_eq!(address(shared.frames(super::super::msgpack::of_binary().unwrap()).unwrap()), msgpack);
        }
        assert_ne!(json, msgpack);
    }

    fn address(frames: Frames<'_>) -> *const u8 {
        match frames {
            Frames::Copied(bytes) => bytes.as_ptr(),
            Frames::Shared(bytes) => bytes.as_ptr(),
        }
    }
}
