//! What was published, as it comes.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_core::Stream;
use redis::Msg;
use redis::aio::PubSubStream;
use socketio_core::adapter::broker::{Feed, Frame};

use crate::RedisError;
use crate::ahead::{Ahead, LARGEST};

/// A subscription, on a connection of its own. It ends with an error when that connection does.
pub struct RedisFeed {
    pub(crate) messages: PubSubStream,
    pub(crate) ahead: Arc<Ahead>,
    pub(crate) channels: Box<[Arc<str>]>,
    /// For the error at the end; `None` after it.
    pub(crate) server: Option<String>,
}

impl Stream for RedisFeed {
    type Item = Result<Frame, RedisError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Poll::Ready(message) = Pin::new(&mut self.messages).poll_next(cx) else {
            self.ahead.caught_up(cx);
            return Poll::Pending;
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
