//! An event as a test's client got it.

use std::fmt;
use std::sync::Arc;

use super::error::TestError;
use super::link::Link;
use crate::protocol::args::{IntoArgs, RawArgs};
use crate::protocol::packet;
use crate::server::Answer;

/// An event that the server sent.
pub struct Event {
    name: String,
    args: RawArgs,
    id: Option<u64>,
    link: Arc<Link>,
}

impl Event {
    pub(super) fn new(name: String, args: RawArgs, id: Option<u64>, link: Arc<Link>) -> Self {
        Event { name, args, id, link }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its arguments as a `T`: one argument is the value itself, several are a tuple, none is `()`. Bytes come as `bytes::Bytes`, and
    /// [`RawArgs`] takes everything as it came.
    ///
    /// # Errors
    ///
    /// [`TestError::Decode`]: they are of another shape.
    pub fn args<T: Answer>(&self) -> Result<T, TestError> {
        decode(&self.args, || format!("the event {:?}", self.name))
    }

    /// Whether the server waits for an answer.
    #[must_use]
    pub fn wants_ack(&self) -> bool {
        self.id.is_some()
    }

    /// Answers it: a tuple is several arguments, `()` none. Does nothing if the server asked for none.
    ///
    /// # Errors
    ///
    /// [`TestError::Ended`], [`TestError::Encode`]: nothing was sent. [`TestError::Timeout`]: the server does not read, and the client is
    /// of no use any more.
    pub async fn ack(self, args: impl IntoArgs) -> Result<(), TestError> {
        let Some(id) = self.id else { return Ok(()) };
        self.link.send(|out| packet::encode_ack(out, &self.link.namespace, id, &args)).await
    }
}

/// Reads arguments, or says whose they were.
pub(super) fn decode<T: Answer>(args: &RawArgs, what: impl Fn() -> String) -> Result<T, TestError> {
    let args = args.as_ref().map_err(|error| TestError::Protocol(error.to_string()))?;
    T::from_args(&args).map_err(|source| TestError::Decode { what: what(), source })
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event").field("name", &self.name).field("args", &self.args).finish_non_exhaustive()
    }
}
