//! Clients that speak msgpack: their packets in and out.

use bytes::Bytes;

use super::encode::Parser;
use crate::engine::{Close, Limit};
use crate::protocol::args::{EncodeError, IntoArgs};
use crate::protocol::msgpack::{self, MsgpackError};
use crate::protocol::packet::Kind;

/// The parser for msgpack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Msgpack;

/// The parser of a client whose first packet is binary.
pub(crate) fn of_binary() -> Option<Parser> {
    Some(Parser::Msgpack(Msgpack))
}

/// A packet of a client, all there.
#[derive(Debug)]
pub(crate) struct Incoming {
    pub(crate) kind: Kind,
    pub(crate) namespace: String,
    pub(crate) id: Option<u64>,
    pub(crate) data: String,
    pub(crate) attachments: Vec<Bytes>,
}

/// Why a message was not read.
#[derive(Debug)]
pub(crate) enum Unread {
    /// For one of its values, in these words: the connection can go on.
    Value(String),
    /// It breaks the protocol or a limit.
    Breach(Close),
}

impl Msgpack {
    pub(crate) fn read(self, message: &[u8], max_attachments: usize) -> Result<Incoming, Unread> {
        let packet = msgpack::decode(message, max_attachments).map_err(|error| match error {
            error if error.is_about_a_value() => Unread::Value(error.to_string()),
            error @ MsgpackError::TooManyAttachments { .. } => {
                Unread::Breach(Close::over_limit(Limit::Attachments, error))
            }
            error => Unread::Breach(Close::parse_error(error)),
        })?;
        Ok(Incoming {
            kind: packet.kind,
            namespace: packet.namespace,
            id: packet.id,
            data: packet.data,
            attachments: packet.attachments,
        })
    }

    pub(super) fn event(
        self,
        out: &mut Vec<u8>,
        namespace: &str,
        id: Option<u64>,
        name: &str,
        args: &(impl IntoArgs + ?Sized),
    ) -> Result<(), EncodeError> {
        msgpack::encode_event(out, namespace, id, name, args)
    }

    pub(super) fn ack(
        self,
        out: &mut Vec<u8>,
        namespace: &str,
        id: u64,
        args: &(impl IntoArgs + ?Sized),
    ) -> Result<(), EncodeError> {
        msgpack::encode_ack(out, namespace, id, args)
    }

    pub(super) fn connect(self, out: &mut Vec<u8>, namespace: &str, sid: &str) {
        msgpack::encode_connect(out, namespace, sid);
    }

    /// Data that is nested too deep for msgpack is left out, with a line in the log: the client must hear that it is refused.
    pub(super) fn connect_error(self, out: &mut Vec<u8>, namespace: &str, message: &str, data: Option<&str>) {
        if let Err(error) = msgpack::encode_connect_error(out, namespace, message, data) {
            tracing::error!(target: "socketio", %error, namespace, "a refusal's data cannot be msgpack");
            let _ = msgpack::encode_connect_error(out, namespace, message, None);
        }
    }

    pub(super) fn disconnect(self, out: &mut Vec<u8>, namespace: &str) {
        msgpack::encode_disconnect(out, namespace);
    }
}
