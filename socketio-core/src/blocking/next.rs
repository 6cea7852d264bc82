//! What comes behind a middleware.

use std::ops::Deref;
use std::task::Poll;

use super::waiting::wait;
use crate::RawArgs;
use crate::handler::{self, Context, FromContext, HandlerError, Rejection, kind};
use crate::protocol::args::{EncodeError, IntoArgs};
use crate::server::dispatch::poll_in_place;

/// What comes behind a middleware: the next one, at last the event's handler. See [`handler::Next`].
///
/// ```no_run
/// use socketio_core::blocking::Next;
/// use socketio_core::handler::{EventName, HandlerError};
/// use socketio_core::RawArgs;
///
/// fn timing(event: EventName, next: Next) -> Result<RawArgs, HandlerError> {
///     let start = std::time::Instant::now();
///     let answer = next.run();
///     println!("{event}: {:?}", start.elapsed());
///     answer
/// }
/// # fn example(io: socketio_core::blocking::Server) {
/// io.use_event(timing);
/// # }
/// ```
#[derive(Debug)]
#[must_use = "the event ends here unless it is run"]
pub struct Next(handler::Next);

impl Next {
    /// Runs what comes behind, on this thread if it is one of the pool, and gives the handler's answer.
    ///
    /// # Errors
    ///
    /// The handler's own, to be passed on or dealt with; see [`handler::Next::run`].
    #[track_caller]
    pub fn run(self) -> Result<RawArgs, HandlerError> {
        let runtime = self.0.socket().server().engine.runtime.clone();
        let mut behind = Box::pin(self.0.run());
        // On a thread of the pool it is through at once: functions that block run inside each other.
        match poll_in_place(&mut behind) {
            Poll::Ready(answer) => answer,
            Poll::Pending => wait(&runtime, behind).unwrap_or_else(|| Err(HandlerError::silent())),
        }
    }

    /// Goes on as another event: who handles it is looked up by that name.
    pub fn with_event(self, event: &str) -> Self {
        Next(self.0.with_event(event))
    }

    /// Goes on with other arguments.
    ///
    /// # Errors
    ///
    /// They cannot be JSON.
    pub fn with_args(self, args: impl IntoArgs) -> Result<Self, EncodeError> {
        self.0.with_args(args).map(Next)
    }
}

impl Deref for Next {
    type Target = handler::Next;

    fn deref(&self) -> &handler::Next {
        &self.0
    }
}

impl FromContext<kind::Middleware> for Next {
    fn from_context(context: &mut Context<'_>) -> Result<Self, Rejection> {
        handler::Next::from_context(context).map(Next)
    }
}
