//! Frames to messages.

mod commands; // callback, disconnect, rooms
mod emit; // emit
mod fields; // a JSON object or list, taken apart one level
mod members; // the methods among members

use std::borrow::Cow;

pub(super) use self::fields::Fields;
use super::{foreign, method};
use crate::adapter::wire::{HostId, Message, WireError};

/// Reads a frame of at most `limit` bytes: [`open`] and [`Incoming::decode`] in one.
///
/// # Errors
///
/// It says nothing that can be acted on.
pub fn decode(frame: &[u8], limit: usize) -> Result<Message, WireError> {
    open(frame, limit)?.decode()
}

/// Checks that a frame of at most `limit` bytes is JSON, and reads whose it is; the rest is left for [`Incoming::decode`].
///
/// # Errors
///
/// It is no JSON object with a `method`, or says wrongly who sent it.
pub fn open(frame: &[u8], limit: usize) -> Result<Incoming<'_>, WireError> {
    if frame.len() > limit {
        let size = frame.len();
        return Err(WireError::TooBig { limit, size });
    }
    if foreign::is_pickle(frame) {
        return Err(WireError::Pickle);
    }
    let text = simdutf8::basic::from_utf8(frame).map_err(|_| WireError::NotText)?;
    let fields = Fields::parse("frame", text)?;
    let method = match fields.get("method") {
        Some(_) => fields.string("method").map_err(|_| WireError::NoMethod)?,
        None if foreign::is_kombu_envelope(&fields) => return Err(WireError::KombuEnvelope),
        None => return Err(WireError::NoMethod),
    };
    let mut incoming = Incoming { host: None, seq: None, method, fields };
    // In a callback it is the host that asked, and whatever number is there counts nothing.
    if incoming.method != method::CALLBACK {
        incoming.host = incoming.fields.optional("host_id", Fields::string)?;
        if incoming.host.as_ref().is_some_and(|host| host.len() > HostId::MAX) {
            return Err(incoming.fields.wrong("host_id", "at most 128 bytes"));
        }
        incoming.seq = incoming.fields.optional("seq", Fields::number)?;
    }
    Ok(incoming)
}

/// A frame that is JSON, and of which is known who sent it; what it says is not looked into before [`decode`](Self::decode).
#[derive(Debug)]
pub struct Incoming<'a> {
    host: Option<Cow<'a, str>>,
    seq: Option<u64>,
    method: Cow<'a, str>,
    fields: Fields<'a>,
}

impl Incoming<'_> {
    /// Who sent it. Not known of callbacks, and of messages made by hand.
    #[must_use]
    pub fn host(&self) -> Option<&str> {
        self.host.as_deref()
    }

    /// Its number among those of its sender, if that counts: python-socketio does not.
    #[must_use]
    pub fn seq(&self) -> Option<u64> {
        self.seq
    }

    /// Reads what it says.
    ///
    /// # Errors
    ///
    /// It says nothing that can be acted on.
    pub fn decode(self) -> Result<Message, WireError> {
        let fields = self.fields;
        match &*self.method {
            method::EMIT => emit::read(&fields.of(method::EMIT), self.seq.is_some()),
            method::CALLBACK => commands::callback(&fields.of(method::CALLBACK)),
            method::DISCONNECT => commands::disconnect(&fields.of(method::DISCONNECT)),
            method::ENTER_ROOM => commands::enter_room(&fields.of(method::ENTER_ROOM)),
            method::LEAVE_ROOM => commands::leave_room(&fields.of(method::LEAVE_ROOM)),
            method::CLOSE_ROOM => commands::close_room(&fields.of(method::CLOSE_ROOM)),
            name => match members::read(name, fields) {
                Some(message) => message,
                None => Err(WireError::UnknownMethod { method: name.chars().take(MAX_SHOWN).collect() }),
            },
        }
    }
}

/// As much of a stranger's word as a log may show.
const MAX_SHOWN: usize = 40;
