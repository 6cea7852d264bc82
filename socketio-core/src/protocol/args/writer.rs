//! Arguments on their way out, written once and in place.

use bytes::Bytes;
use serde::Serialize;

use super::serialize::{Sink, Spread};

/// What can be emitted, and sent as an ack.
///
/// Every [`Serialize`] can, and [`RawArgs`](super::RawArgs):
///
/// | value | arguments |
/// | --- | --- |
/// | `()`, and `serde_json::Value::Null`, which serializes as it | none |
/// | a tuple `(1, "a")` | one per element: `1,"a"` |
/// | an array `[1, 2]` | one per element, as serde knows arrays as tuples: a `[u8; 32]` is 32 arguments |
/// | `Ok(value)`, `Err(value)` | those of `value`: nobody outside Rust should see `{"Ok":…}` |
/// | anything else | one: `Vec`, struct, tuple struct, `Option` (`None` is `null`), string, number, … |
///
/// **Bytes** travel as attachments, at any depth, wherever serde meets bytes: [`Bytes`], and what `serde_bytes` marks. A
/// `Vec<u8>` is a list of numbers.
///
/// An object of the form `{"_placeholder":true,"num":0}` among the values is written as it is. Beside attachments the
/// receiver takes it for one of them, or refuses the packet; the protocol has no escape for it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be sent to a client",
    label = "not `Serialize`",
    note = "send a value that is `Serialize` (`#[derive(serde::Serialize)]`), a tuple of them for several arguments, `()` for none"
)]
pub trait IntoArgs {
    /// Appends the arguments.
    ///
    /// # Errors
    ///
    /// The value cannot be JSON; nothing of it has been appended.
    fn write_args(&self, writer: &mut ArgsWriter<'_>) -> Result<(), EncodeError>;
}

impl<T: Serialize + ?Sized> IntoArgs for T {
    fn write_args(&self, writer: &mut ArgsWriter<'_>) -> Result<(), EncodeError> {
        writer.undo_on_error(|sink| self.serialize(Spread::new(sink, &mut None)))
    }
}

/// The payload of an event or ack under construction, at the end of a buffer.
///
/// Nothing lies between a value and the buffer. Dropped before [`finish`](Self::finish), also by a panic, it takes back what
/// it wrote.
///
/// ```
/// use socketio_core::protocol::args::{ArgsWriter, IntoArgs};
///
/// let mut out = b"2".to_vec();
/// let mut writer = ArgsWriter::event(&mut out, "moved");
/// ("piece", (3, 4)).write_args(&mut writer)?;
/// assert!(writer.finish().is_empty());
/// assert_eq!(out, br#"2["moved","piece",[3,4]]"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct ArgsWriter<'o> {
    out: &'o mut Vec<u8>,
    attachments: Vec<Bytes>,
    /// Whether the next element needs no comma.
    empty: bool,
    /// Where `out` is cut if this is dropped.
    rewind: usize,
}

impl<'o> ArgsWriter<'o> {
    /// Begins an event: `["name"`.
    #[must_use]
    pub fn event(out: &'o mut Vec<u8>, name: &str) -> Self {
        let mut writer = Self::ack(out);
        serde_json::to_writer(&mut *writer.out, name).expect("a string is JSON, and a Vec takes all bytes");
        writer.empty = false;
        writer
    }

    /// Begins an ack: `[`.
    #[must_use]
    pub fn ack(out: &'o mut Vec<u8>) -> Self {
        let rewind = out.len();
        out.push(b'[');
        ArgsWriter { out, attachments: Vec::new(), empty: true, rewind }
    }

    /// Appends one argument, be it a tuple or not.
    ///
    /// # Errors
    ///
    /// The value cannot be JSON; nothing of it has been appended.
    pub fn push(&mut self, value: &(impl Serialize + ?Sized)) -> Result<(), EncodeError> {
        self.undo_on_error(|mut sink| sink.push(value))
    }

    /// What has been attached so far.
    #[must_use]
    pub fn attachments(&self) -> &[Bytes] {
        &self.attachments
    }

    /// Ends the array and yields the attachments, in the order of their numbers.
    #[must_use = "attachments must follow the packet"]
    pub fn finish(mut self) -> Vec<Bytes> {
        self.out.push(b']');
        self.rewind = self.out.len();
        std::mem::take(&mut self.attachments)
    }

    /// Moves the place that `out` is cut at, to take what stands before the array along.
    pub(in crate::protocol) fn rewind_to(mut self, start: usize) -> Self {
        self.rewind = start;
        self
    }

    /// Appends arguments that are JSON already, commas between them.
    pub(super) fn push_json(&mut self, json: &[u8]) {
        self.sink().begin_element();
        self.out.extend_from_slice(json);
    }

    pub(super) fn attach(&mut self, attachments: &[Bytes]) {
        self.attachments.extend_from_slice(attachments);
    }

    fn sink(&mut self) -> Sink<'_> {
        Sink { out: self.out, attachments: &mut self.attachments, empty: &mut self.empty }
    }

    fn undo_on_error(
        &mut self,
        write: impl FnOnce(Sink<'_>) -> Result<(), serde_json::Error>,
    ) -> Result<(), EncodeError> {
        let (length, attached, empty) = (self.out.len(), self.attachments.len(), self.empty);
        write(self.sink()).map_err(|source| {
            self.out.truncate(length);
            self.attachments.truncate(attached);
            self.empty = empty;
            EncodeError { source }
        })
    }
}

impl Drop for ArgsWriter<'_> {
    fn drop(&mut self) {
        self.out.truncate(self.rewind);
    }
}

/// Why a value cannot be emitted: its [`Serialize`] failed, or it has keys that are no strings, or a client that speaks msgpack
/// would have to take more levels than [`msgpack`](crate::protocol) allows.
#[derive(Debug, thiserror::Error)]
#[error("the arguments cannot be JSON, or not msgpack for a client that speaks it")]
pub struct EncodeError {
    #[source]
    source: serde_json::Error,
}

impl EncodeError {
    pub(in crate::protocol) fn custom(cause: impl std::fmt::Display) -> Self {
        EncodeError { source: serde::ser::Error::custom(cause) }
    }
}
