//! Owned arguments: kept, queued, or sent on as they came.

use std::sync::Arc;

use bytes::Bytes;

use super::{
    borrowed::{self, ArgsError, ArgsRef},
    placeholder,
    writer::{ArgsWriter, EncodeError, IntoArgs},
};

/// Arguments that are JSON text already, and their attachments. A clone shares both.
///
/// Emitted again they are the same bytes: numbers keep all their digits, and any depth is fine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawArgs {
    /// Without the brackets.
    json: Arc<str>,
    attachments: Vec<Bytes>,
}

impl RawArgs {
    /// Encodes a value as it would be emitted.
    ///
    /// # Errors
    ///
    /// It cannot be JSON.
    pub fn encode(value: &(impl IntoArgs + ?Sized)) -> Result<Self, EncodeError> {
        let mut out = Vec::new();
        let mut writer = ArgsWriter::ack(&mut out);
        value.write_args(&mut writer)?;
        let attachments = writer.finish();
        let json = std::str::from_utf8(&out[1..out.len() - 1]).map_err(EncodeError::custom)?;
        Ok(RawArgs { json: json.into(), attachments })
    }

    /// The arguments without the brackets around them: `1,"a",{…}`.
    #[must_use]
    pub fn json(&self) -> &str {
        &self.json
    }

    /// The bytes that the placeholders stand for, in the order of their numbers.
    #[must_use]
    pub fn attachments(&self) -> &[Bytes] {
        &self.attachments
    }

    /// Takes them apart, for decoding.
    ///
    /// # Errors
    ///
    /// What a [`Serialize`](serde::Serialize) wrote as raw JSON was none, or contained an object that looks like a
    /// placeholder. Arguments that came from a client never fail.
    pub fn as_ref(&self) -> Result<ArgsRef<'_>, ArgsError> {
        ArgsRef::new(&self.json, borrowed::split_bare(&self.json)?, &self.attachments)
    }

    pub(super) fn from_parts(json: &str, attachments: Vec<Bytes>) -> Self {
        RawArgs { json: json.into(), attachments }
    }
}

/// No arguments.
impl Default for RawArgs {
    fn default() -> Self {
        RawArgs { json: "".into(), attachments: Vec::new() }
    }
}

impl IntoArgs for RawArgs {
    fn write_args(&self, writer: &mut ArgsWriter<'_>) -> Result<(), EncodeError> {
        write(&self.json, &self.attachments, writer)
    }
}

impl IntoArgs for &RawArgs {
    fn write_args(&self, writer: &mut ArgsWriter<'_>) -> Result<(), EncodeError> {
        (*self).write_args(writer)
    }
}

impl IntoArgs for ArgsRef<'_> {
    fn write_args(&self, writer: &mut ArgsWriter<'_>) -> Result<(), EncodeError> {
        write(self.text, self.attachments, writer)
    }
}

fn write(json: &str, attachments: &[Bytes], writer: &mut ArgsWriter<'_>) -> Result<(), EncodeError> {
    if json.is_empty() {
        return Ok(());
    }
    let before = writer.attachments().len();
    if before == 0 || attachments.is_empty() {
        writer.push_json(json.as_bytes());
    } else {
        // Behind others the attachments have other numbers.
        let mut moved = Vec::with_capacity(json.len() + 8);
        let mut copied = 0;
        for place in placeholder::find(json, attachments.len()).map_err(EncodeError::custom)? {
            moved.extend_from_slice(&json.as_bytes()[copied..place.start]);
            placeholder::write(&mut moved, before + place.num).map_err(EncodeError::custom)?;
            copied = place.end;
        }
        moved.extend_from_slice(&json.as_bytes()[copied..]);
        writer.push_json(&moved);
    }
    writer.attach(attachments);
    Ok(())
}
