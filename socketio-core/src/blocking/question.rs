//! One socket that is about to be sent something, or asked, in a manner of its own.

use std::ops::Deref;
use std::time::Duration;

use super::waiting::{must_be_allowed, wait};
use crate::protocol::args::IntoArgs;
use crate::server::{self, AckError, Answer};

/// A socket that is about to be sent something, or asked, in a manner of its own: [`Socket::timeout`](super::Socket::timeout),
/// [`Socket::volatile`](super::Socket::volatile), [`Socket::compress`](super::Socket::compress). These combine.
#[derive(Clone, Debug)]
#[must_use = "nothing is sent before `emit` or `emit_with_ack`"]
pub struct Question(server::Question);

impl Question {
    pub(super) fn new(question: server::Question) -> Self {
        Question(question)
    }

    /// Sets how long the question waits for its answer.
    pub fn timeout(self, timeout: Duration) -> Self {
        Question(self.0.timeout(timeout))
    }

    /// Drops the event if the client is not ready for it; see [`server::Question::volatile`].
    pub fn volatile(self) -> Self {
        Question(self.0.volatile())
    }

    /// Whether a polling answer that carries the event may be compressed for its sake. Default: true.
    pub fn compress(self, compress: bool) -> Self {
        Question(self.0.compress(compress))
    }

    /// Sends `event` and waits for the client's answer; see [`Socket::emit_with_ack`](super::Socket::emit_with_ack).
    ///
    /// # Errors
    ///
    /// See [`AckError`].
    ///
    /// # Panics
    ///
    /// On a thread that drives async tasks; nothing was sent.
    #[track_caller]
    pub fn emit_with_ack<T: Answer + Send + 'static>(
        self,
        event: &str,
        args: impl IntoArgs,
    ) -> Result<T, AckError> {
        must_be_allowed();
        let runtime = self.0.server().engine.runtime.clone();
        wait(&runtime, self.0.emit_with_ack(event, args)).unwrap_or(Err(AckError::Disconnected))
    }

    /// Sends `event`, and has `answered` called on a thread of the pool: with the client's answer, or with what came instead of one,
    /// after `timeout` at the latest, whatever [`timeout`](Self::timeout) has said before.
    ///
    /// # Errors
    ///
    /// Nothing was sent, and `answered` is not called.
    pub fn emit_with_callback<T: Answer + Send + 'static>(
        self,
        event: &str,
        args: impl IntoArgs,
        timeout: Duration,
        answered: impl FnOnce(Result<T, AckError>) + Send + 'static,
    ) -> Result<(), AckError> {
        let server = self.0.server().clone();
        self.0.timeout(timeout).emit_with_callback(event, args, move |answer| {
            server.call_back(move || answered(answer));
        })
    }
}

impl Deref for Question {
    type Target = server::Question;

    fn deref(&self) -> &server::Question {
        &self.0
    }
}
