//! What goes wrong in a test.

use std::fmt;
use std::time::Duration;

use crate::protocol::args::{DecodeError, EncodeError};

/// Why a test's client did not get what it wanted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TestError {
    /// The HTTP request was refused: a wrong origin, `allow_request`, no place.
    #[error("the request was answered {status}: {body}")]
    Request {
        /// The status of the answer.
        status: u16,
        /// Its body.
        body: String,
    },
    /// The namespace refused the client: `on_connect` said no, or there is no such namespace.
    #[error("the namespace refused the client: {message}")]
    Refused {
        /// What [`ConnectError`](crate::ConnectError) said.
        message: String,
        /// Its data, as JSON.
        data: Option<String>,
    },
    /// It did not come in time.
    #[error("waited {waited:?} for {what}; what came instead and was not taken: {instead:?}")]
    Timeout {
        /// What was waited for.
        what: String,
        /// How long.
        waited: Duration,
        /// The names of events that have come and that nobody has taken.
        instead: Vec<String>,
    },
    /// The client is not connected any more.
    #[error("the client is gone: {0}")]
    Ended(Ended),
    /// What came is of another shape than the test expected.
    #[error("{what}: {source}")]
    Decode {
        /// What it was: an event, an answer.
        what: String,
        /// Where it does not fit.
        source: DecodeError,
    },
    /// What was to be sent cannot be JSON; nothing was sent.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// The server did not keep to the protocol.
    #[error("the server broke the protocol: {0}")]
    Protocol(String),
}

/// How a client's connection ended, in the words of the official client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ended {
    /// The server sent it out of the namespace: `io server disconnect`.
    ByServer,
    /// It left by itself: `io client disconnect`.
    ByClient,
    /// The connection is closed: `transport close`.
    Closed,
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Ended::ByServer => "io server disconnect",
            Ended::ByClient => "io client disconnect",
            Ended::Closed => "transport close",
        })
    }
}
