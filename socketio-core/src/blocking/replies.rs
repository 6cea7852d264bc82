//! Answers as they come.

use tokio::runtime::Handle;

use super::waiting::wait;
use crate::adapter::{self, Reply};

/// Answers to [`Broadcast::ask`](super::Broadcast::ask), as they come, then who was silent; an iterator whose `next` waits. It ends by
/// the question's own deadline.
#[derive(Debug)]
pub struct Replies {
    replies: Option<adapter::Replies>,
    runtime: Handle,
}

impl Replies {
    pub(super) fn new(replies: adapter::Replies, runtime: Handle) -> Self {
        Replies { replies: Some(replies), runtime }
    }
}

impl Iterator for Replies {
    type Item = Reply;

    /// # Panics
    ///
    /// On a thread that drives async tasks.
    #[track_caller]
    fn next(&mut self) -> Option<Reply> {
        let mut replies = self.replies.take()?;
        let (next, replies) = wait(&self.runtime, async move { (replies.next().await, replies) })?;
        if next.is_some() {
            self.replies = Some(replies);
        }
        next
    }
}
