//! Why an operation was not taken.

use crate::protocol::args::EncodeError;

/// Why something was not emitted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EmitError {
    /// The arguments cannot be JSON: a `Serialize` failed, or a map has keys that are no strings.
    #[error("the arguments cannot be encoded")]
    Encode(#[from] EncodeError),
    /// The libraries keep this event's name for themselves.
    #[error("{0:?} is a reserved event name")]
    ReservedEvent(String),
    /// The client is gone from this namespace.
    #[error("the client is disconnected")]
    Disconnected,
    /// The client does not read: what waits for it is over `max_outgoing`, and its connection is being closed.
    #[error("the client's outgoing queue is full, its connection is closed")]
    QueueFull,
    /// The event is volatile and the client not ready for it: it was dropped.
    #[error("the client is not ready, and the event is volatile")]
    NotReady,
    /// The adapter could not take the operation.
    #[error(transparent)]
    Adapter(#[from] AdapterError),
}

/// Why an adapter could not do its part.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AdapterError {
    /// It has not been started, or its server is gone.
    #[error("the adapter has no server")]
    NoServer,
    /// The broker takes no frames of this size.
    #[error("a frame of {size} bytes is too large for the broker, which takes {limit}")]
    TooLarge {
        /// The frame's size in bytes.
        size: usize,
        /// The largest one that the broker takes.
        limit: usize,
    },
    /// A publisher has to be started, and cannot be here.
    #[error(
        "nothing publishes: there is no Tokio runtime here; use the emitter inside one, or the blocking one"
    )]
    NoRuntime,
    /// Whatever it uses failed.
    #[error("the adapter failed")]
    Other(#[source] Box<dyn std::error::Error + Send + Sync>),
}
