//! Why a frame was refused.

use crate::protocol::args::ArgsError;

/// Why a frame from the channel says nothing that can be acted on.
///
/// Each costs the one frame and no more. [`cause`](Self::cause) is what to count them by.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WireError {
    /// python-socketio up to 5.13 writes these; from 5.14 on it does not read them either.
    #[error("it is a Python pickle, as python-socketio up to 5.13 sends them: 5.14 and later send JSON")]
    Pickle,
    /// `KombuManager('redis://…')` writes these.
    #[error(
        "it is an envelope of Kombu over Redis, of python-socketio's KombuManager: on Redis use its RedisManager"
    )]
    KombuEnvelope,
    /// Larger than the caller takes.
    #[error("it has {size} bytes, more than {limit}")]
    TooBig {
        /// The bound.
        limit: usize,
        /// What it has.
        size: usize,
    },
    /// Python writes numbers that JSON has no words for, and clients could not read.
    #[error("it contains NaN or Infinity, which are no JSON")]
    NotFinite,
    /// Neither JSON nor one of the above.
    #[error("it is no JSON")]
    Json(#[source] serde_json::Error),
    /// Not UTF-8.
    #[error("it is no text")]
    NotText,
    /// JSON, but no object, or with more members than a frame has.
    #[error("it is no JSON object of at most {limit} members")]
    NoObject {
        /// The most members that are read.
        limit: usize,
    },
    /// An object without a string `method`.
    #[error("it has no `method`")]
    NoMethod,
    /// A method of somebody else's, to be ignored.
    #[error("the method `{method}` is unknown")]
    UnknownMethod {
        /// Its name, or the beginning of it.
        method: String,
    },
    /// One of the methods among members, as a later release has it.
    #[error("`{method}` has version {version}: this node knows 1")]
    Version {
        /// The method.
        method: &'static str,
        /// The version.
        version: u64,
    },
    /// A field is missing or not what it must be.
    #[error("`{field}` of `{method}` is not {expected}")]
    Field {
        /// The method, or the kind of object in it.
        method: &'static str,
        /// The field.
        field: &'static str,
        /// What it must be.
        expected: &'static str,
    },
    /// The attachments do not fit the placeholders.
    #[error("`{field}` of `{method}` and its attachments do not fit")]
    Args {
        /// The method.
        method: &'static str,
        /// The field.
        field: &'static str,
        /// Why.
        #[source]
        source: ArgsError,
    },
}

impl WireError {
    /// A word or two for a counter, and for saying it once in the log.
    #[must_use]
    pub fn cause(&self) -> &'static str {
        match self {
            WireError::Pickle => "pickle",
            WireError::KombuEnvelope => "kombu envelope",
            WireError::TooBig { .. } => "too big",
            WireError::NotFinite => "not finite",
            WireError::Json(_) => "no JSON",
            WireError::NotText => "no text",
            WireError::NoObject { .. } => "no object",
            WireError::NoMethod => "no method",
            WireError::UnknownMethod { .. } => "unknown method",
            WireError::Version { .. } => "version",
            WireError::Field { .. } => "field",
            WireError::Args { .. } => "attachments",
        }
    }
}
