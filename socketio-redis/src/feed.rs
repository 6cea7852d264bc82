//! What was published, as it comes.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::Stream;
use redis::Msg;
use redis::aio::{PubSub, PubSubStream};
use socketio_core::adapter::broker::{Feed, Frame};
use tokio::task::coop::{has_budget_remaining, unconstrained};

use crate::RedisError;
use crate::ahead::{Ahead, LARGEST};
use crate::fitness::until_unfit;
use crate::servers::Server;

/// A subscription, on a connection of its own. It ends with an error when that connection does, or when the server no longer passes
/// on what is published.
pub struct RedisFeed {
    messages: PubSubStream,
    ahead: Arc<Ahead>,
    channels: Box<[Arc<str>]>,
    unfit: Pin<Box<dyn Future<Output = RedisError> + Send>>,
    /// For the error at the end; `None` after it.
    server: Option<String>,
}

impl RedisFeed {
    pub(crate) fn new(
        listener: PubSub,
        ahead: Arc<Ahead>,
        channels: Box<[Arc<str>]>,
        server: Arc<Server>,
    ) -> Self {
        let name = server.commands.server.to_string();
        RedisFeed {
            messages: listener.into_on_message(),
            ahead,
            channels,
            // Asked when the queue says that it has nothing; where it says so for want of budget, there is none for this either.
            unfit: Box::pin(unconstrained(until_unfit(server))),
            server: Some(name),
        }
    }
}

impl Stream for RedisFeed {
    type Item = Result<Frame, RedisError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.server.is_none() {
            return Poll::Ready(None);
        }
        let Poll::Ready(message) = Pin::new(&mut self.messages).poll_next(cx) else {
            // Without any budget left the queue says the same, however much is in it.
            if has_budget_remaining() {
                self.ahead.caught_up(cx);
            }
            let unfit = ready!(self.unfit.as_mut().poll(cx));
            self.server = None;
            return Poll::Ready(Some(Err(unfit)));
        };

        Poll::Ready(match message {
            Some(message) => {
                self.ahead.taken();
                Some(Ok(self.frame(&message)))
            }
            None => self.server.take().map(|server| Err(self.lost(server))),
        })
    }
}

impl Feed for RedisFeed {
    type Error = RedisError;
    /// Redis keeps nothing for those who do not listen.
    type Cursor = std::convert::Infallible;

    fn cursor(&self) -> Option<Self::Cursor> {
        None
    }
}

impl RedisFeed {
    fn lost(&self, server: String) -> RedisError {
        let overrun = self.ahead.is_overrun();
        let cause = overrun.then(|| format!("a message has more than {LARGEST} bytes").into());
        RedisError::Lost(server, cause)
    }

    fn frame(&self, message: &Msg) -> Frame {
        let name = message.get_channel_name();
        let channel = self.channels.iter().find(|channel| ***channel == *name);
        Frame {
            channel: channel.cloned().unwrap_or_else(|| name.into()),
            payload: Bytes::copy_from_slice(message.get_payload_bytes()),
        }
    }
}

impl std::fmt::Debug for RedisFeed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RedisFeed")
            .field("server", &self.server)
            .field("channels", &self.channels)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

    use futures_util::StreamExt;
    use redis::RedisConnectionInfo;
    use tokio::io::{AsyncWriteExt, duplex};

    use super::{Ahead, Arc, Poll, PubSub, RedisFeed};
    use crate::played::played;

    /// Of one message, of those together that are to be heard, and of what may be underway or be read ahead.
    const MESSAGE: usize = 4 << 10;
    const ALL: usize = 32 << 20;
    const AHEAD: usize = (1 << 20) + (256 << 10);

    #[tokio::test]
    async fn a_feed_whose_taker_has_used_up_its_budget_is_read_no_further_ahead() {
        let (socket, mut redis) = duplex(64 << 10);
        let ahead = Arc::<Ahead>::default();
        let login = RedisConnectionInfo::default().set_skip_set_lib_name();
        let listener = PubSub::new(&login, ahead.bound(socket)).await.expect("greeted");
        let (server, _redis) = played().await;
        let mut feed = RedisFeed::new(listener, ahead, ["chat".into()].into(), server.into());

        let sent = Arc::new(AtomicUsize::new(0));
        let counted = sent.clone();
        tokio::spawn(async move {
            let payload = "x".repeat(MESSAGE);
            let message = format!("*3\r\n$7\r\nmessage\r\n$4\r\nchat\r\n${MESSAGE}\r\n{payload}\r\n");
            while redis.write_all(message.as_bytes()).await.is_ok() {
                counted.fetch_add(MESSAGE, SeqCst);
            }
        });

        let (mut taken, mut furthest) = (0, 0);
        poll_fn(|cx| {
            furthest = furthest.max(sent.load(SeqCst) - taken);
            // As many as the budget allows, each time.
            while let Poll::Ready(frame) = feed.poll_next_unpin(cx) {
                taken += frame.expect("the link is up").expect("the link is up").payload.len();
            }
            if taken < ALL { Poll::Pending } else { Poll::Ready(()) }
        })
        .await;
        assert!(furthest < AHEAD, "{furthest} bytes ahead of who takes them");
    }
}
