//! Errors of the server's words, one per operation.

use crate::adapter::EmitError;
use crate::protocol::args::DecodeError;

/// Why a client's answer did not come.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AckError {
    /// The client did not answer in time. Should it answer later, nobody hears it.
    #[error("the client did not answer within {0:?}")]
    Timeout(std::time::Duration),
    /// The client went away, or was gone already.
    #[error("the client is disconnected")]
    Disconnected,
    /// The client has not been let in yet: in `on_connect` it cannot be asked.
    #[error("the client is not connected yet")]
    NotConnected,
    /// So many answers are awaited from this client already.
    #[error("{limit} answers are awaited from this client already")]
    TooMany {
        /// The number allowed.
        limit: usize,
    },
    /// The answer does not fit the type that was asked for.
    #[error("the client's answer does not fit")]
    Decode(#[source] DecodeError),
    /// The question was not sent.
    #[error(transparent)]
    Emit(#[from] EmitError),
}

/// Why a room was not joined.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JoinError {
    /// The client is gone: who has left a namespace cannot be put into its rooms.
    #[error("the client is disconnected")]
    Disconnected,
    /// The socket is in as many rooms as are allowed.
    #[error("the socket is in {limit} rooms already")]
    TooManyRooms {
        /// The number allowed.
        limit: usize,
    },
}

/// Why a server was not built; each message names the option.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// `build` was called outside a Tokio runtime.
    #[error("build() needs a Tokio runtime: call it inside one, for instance in a #[tokio::main] function")]
    NoRuntime,
    /// The runtime of a blocking server cannot be had: the system gives no threads.
    #[error("the server's threads cannot be started")]
    Threads(#[source] std::io::Error),
    /// An option has a value that cannot work.
    #[error("{option}: {problem}")]
    Option {
        /// The setter's name.
        option: &'static str,
        /// What is wrong with its value.
        problem: String,
    },
}

/// Why a server does not serve.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The address cannot be listened on: it is taken, or forbidden, or no address.
    #[error("cannot listen")]
    Listen(#[source] std::io::Error),
}
