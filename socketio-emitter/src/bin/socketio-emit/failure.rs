//! Why not all was done.

use std::error::Error;
use std::io;
use std::path::PathBuf;

use socketio_emitter::{EmitError, PublisherError};

use crate::emitting::Report;

/// Why not all was done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("the URL is no broker's: it begins with redis://, amqp:// or kafka://, or a variant of these")]
    Scheme,
    #[error("this build knows no {scheme}://, build it with the feature `{feature}`")]
    Feature { scheme: String, feature: &'static str },
    #[error("the URL makes no sense")]
    Url(#[source] Box<dyn Error + Send + Sync>),
    #[error("{place} is not JSON; text is quoted ('\"text\"'), or --text says that all is")]
    Json {
        place: String,
        #[source]
        source: serde_json::Error,
    },
    #[error("cannot read {}", path.display())]
    File {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("cannot read the lines")]
    Input(#[source] io::Error),
    #[error("nothing was emitted")]
    Emit(#[source] EmitError),
    #[error("who listens cannot be told")]
    Check(#[source] PublisherError),
    #[error("nobody listens on {channel}: are there servers, on this channel of this broker?")]
    NobodyListens { channel: String },
    #[error("not all of {emitted} was published")]
    NotPublished {
        emitted: u64,
        #[source]
        source: PublisherError,
    },
    #[error("{dropped} of {emitted} were not published: the broker does not take them, or not in time")]
    Dropped { emitted: u64, dropped: u64 },
    /// What came of the lines before it, too.
    #[error("{before}, then this stopped it")]
    Line {
        before: Report,
        #[source]
        failure: Box<Failure>,
    },
}

impl Failure {
    /// The status with which the program ends.
    pub(crate) fn status(&self) -> u8 {
        match self {
            Failure::Scheme | Failure::Feature { .. } | Failure::Url(_) => 2,
            Failure::Json { .. } | Failure::File { .. } | Failure::Input(_) => 2,
            Failure::Emit(EmitError::Encode(_) | EmitError::ReservedEvent(_)) => 2,
            Failure::Emit(_) | Failure::Check(_) | Failure::NotPublished { .. } | Failure::Dropped { .. } => {
                1
            }
            Failure::NobodyListens { .. } => 3,
            Failure::Line { failure, .. } => failure.status(),
        }
    }
}
