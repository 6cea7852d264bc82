//! A JSON object under construction, spaced and escaped as Python's `json.dumps` does it.

use std::io;

use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::Formatter;

use crate::adapter::wire::RoomKey;

/// An object at the end of a buffer.
pub(super) struct Object<'o> {
    out: &'o mut Vec<u8>,
    empty: bool,
}

impl<'o> Object<'o> {
    pub(super) fn open(out: &'o mut Vec<u8>) -> Self {
        out.push(b'{');
        Object { out, empty: true }
    }

    pub(super) fn close(self) {
        self.out.push(b'}');
    }

    pub(super) fn string(&mut self, name: &'static str, value: &str) {
        self.name(name);
        write_string(self.out, value);
    }

    pub(super) fn number(&mut self, name: &'static str, value: u64) {
        self.literal(name, &value.to_string());
    }

    /// What is JSON already.
    pub(super) fn literal(&mut self, name: &'static str, json: &str) {
        self.name(name);
        self.out.extend_from_slice(json.as_bytes());
    }

    pub(super) fn key(&mut self, name: &'static str, value: &RoomKey) {
        self.name(name);
        write_key(self.out, value);
    }

    pub(super) fn list(&mut self, name: &'static str, write: impl FnOnce(&mut List<'_>)) {
        self.name(name);
        write_list(self.out, write);
    }

    pub(super) fn object(&mut self, name: &'static str, write: impl FnOnce(&mut Object<'_>)) {
        self.name(name);
        write_object(self.out, write);
    }

    fn name(&mut self, name: &'static str) {
        separate(self.out, &mut self.empty);
        write_string(self.out, name);
        self.out.extend_from_slice(b": ");
    }
}

/// A list at the end of a buffer.
pub(super) struct List<'o> {
    out: &'o mut Vec<u8>,
    empty: bool,
}

impl List<'_> {
    pub(super) fn string(&mut self, value: &str) {
        separate(self.out, &mut self.empty);
        write_string(self.out, value);
    }

    pub(super) fn number(&mut self, value: u64) {
        self.json(&[&value.to_string()]);
    }

    pub(super) fn key(&mut self, value: &RoomKey) {
        separate(self.out, &mut self.empty);
        write_key(self.out, value);
    }

    /// What is JSON already, in parts; several elements are fine, and so are none.
    pub(super) fn json(&mut self, parts: &[&str]) {
        separate(self.out, &mut self.empty);
        for part in parts {
            self.out.extend_from_slice(part.as_bytes());
        }
    }

    pub(super) fn list(&mut self, write: impl FnOnce(&mut List<'_>)) {
        separate(self.out, &mut self.empty);
        write_list(self.out, write);
    }

    pub(super) fn object(&mut self, write: impl FnOnce(&mut Object<'_>)) {
        separate(self.out, &mut self.empty);
        write_object(self.out, write);
    }
}

fn separate(out: &mut Vec<u8>, empty: &mut bool) {
    if !std::mem::take(empty) {
        out.extend_from_slice(b", ");
    }
}

fn write_list(out: &mut Vec<u8>, write: impl FnOnce(&mut List<'_>)) {
    out.push(b'[');
    write(&mut List { out, empty: true });
    out.push(b']');
}

fn write_object(out: &mut Vec<u8>, write: impl FnOnce(&mut Object<'_>)) {
    let mut object = Object::open(out);
    write(&mut object);
    object.close();
}

fn write_key(out: &mut Vec<u8>, key: &RoomKey) {
    if key.is_literal() {
        out.extend_from_slice(key.room().as_str().as_bytes());
    } else {
        write_string(out, key.room().as_str());
    }
}

fn write_string(out: &mut Vec<u8>, text: &str) {
    let mut json = Serializer::with_formatter(out, Ascii);
    text.serialize(&mut json).expect("a string is JSON, and a Vec takes all bytes");
}

/// Escapes all that is not ASCII, as `json.dumps` does.
struct Ascii;

impl Formatter for Ascii {
    fn write_string_fragment<W: io::Write + ?Sized>(
        &mut self,
        out: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut rest = fragment;
        while let Some((at, char)) = rest.char_indices().find(|(_, char)| !char.is_ascii()) {
            out.write_all(rest.as_bytes().get(..at).unwrap_or_default())?;
            for unit in char.encode_utf16(&mut [0; 2]) {
                write!(out, "\\u{unit:04x}")?;
            }
            rest = rest.get(at + char.len_utf8()..).unwrap_or_default();
        }
        out.write_all(rest.as_bytes())
    }
}
