//! No client speaks msgpack: the feature is off. The words of `msgpack.rs`, for a parser that cannot exist.

#![expect(dead_code, reason = "only the feature makes these")]

use bytes::Bytes;

use super::encode::Parser;
use crate::engine::Close;
use crate::protocol::args::{EncodeError, IntoArgs};
use crate::protocol::packet::Kind;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Msgpack {}

pub(crate) fn of_binary() -> Option<Parser> {
    None.map(Parser::Msgpack)
}

#[derive(Debug)]
pub(crate) struct Incoming {
    pub(crate) kind: Kind,
    pub(crate) namespace: String,
    pub(crate) id: Option<u64>,
    pub(crate) data: String,
    pub(crate) attachments: Vec<Bytes>,
}

#[derive(Debug)]
pub(crate) enum Unread {
    Value(String),
    Breach(Close),
}

impl Msgpack {
    pub(crate) fn read(self, _: &[u8], _: usize) -> Result<Incoming, Unread> {
        match self {}
    }

    pub(super) fn event(
        self,
        _: &mut Vec<u8>,
        _: &str,
        _: Option<u64>,
        _: &str,
        _: &(impl IntoArgs + ?Sized),
    ) -> Result<(), EncodeError> {
        match self {}
    }

    pub(super) fn ack(
        self,
        _: &mut Vec<u8>,
        _: &str,
        _: u64,
        _: &(impl IntoArgs + ?Sized),
    ) -> Result<(), EncodeError> {
        match self {}
    }

    pub(super) fn connect(self, _: &mut Vec<u8>, _: &str, _: &str) {
        match self {}
    }

    pub(super) fn connect_error(self, _: &mut Vec<u8>, _: &str, _: &str, _: Option<&str>) {
        match self {}
    }

    pub(super) fn disconnect(self, _: &mut Vec<u8>, _: &str) {
        match self {}
    }
}
