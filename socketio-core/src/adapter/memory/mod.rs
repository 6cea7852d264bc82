//! Several servers in one process: a broker that is a log in memory.
//!
//! A hub has a name, and whoever connects to that name shares it. [`Memory`] keeps nothing for a feed that is away, as Redis's
//! pub/sub; [`MemoryLog`] goes on from where the feed was, as Kafka. Each connection goes over a line, so that a test can cut one
//! server off and leave the others alone: [`MemoryHub`] holds the switches.
//!
//! ```text
//! memory://shop      the hub `shop`
//! memory://shop/a    the same hub, over the line `a`
//! ```
//!
//! A hub holds the newest frames of all its channels, up to a number of bytes ([`MemoryHub::hold`]). A publisher never waits for a feed:
//! one that is too slow loses its link, and what it missed. It lives as long as its options, its handles and its connections.

mod hub; // the log, and the switches of its lines

use std::fmt;
use std::pin::Pin;
use std::str::FromStr;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_core::Stream;

pub use self::hub::MemoryHub;
use self::hub::{Hub, Link, Listener};
use super::broker::{Blocked, Broker, Channel, Feed, Frame, PublishError};

/// A broker in this process that keeps nothing for a feed that is away.
pub type Memory = MemoryBroker<false>;

/// A broker in this process whose feeds go on from where they were.
pub type MemoryLog = MemoryBroker<true>;

/// A connection to a hub, see [`Memory`] and [`MemoryLog`].
#[derive(Debug)]
pub struct MemoryBroker<const KEEPS: bool> {
    link: Link,
    frame_limit: usize,
}

impl<const KEEPS: bool> Broker for MemoryBroker<KEEPS> {
    type Options = MemoryOptions;
    type Error = MemoryError;
    type Feed = MemoryFeed<KEEPS>;

    const KEEPS: bool = KEEPS;

    async fn connect(options: &MemoryOptions, _node: &str) -> Result<Self, MemoryError> {
        let link = Link::over(&options.hub, &options.line);
        if link.open().await?.faults(&link.line).refuses {
            return Err(MemoryError::Refused);
        }
        let frame_limit = options.frame_limit;
        Ok(MemoryBroker { link, frame_limit })
    }

    async fn publish(&self, frames: &[Frame]) -> Result<(), PublishError<MemoryError>> {
        let not_sent = |source| PublishError { sent: 0, source };
        let published = self.link.open_to_publish().await.map_err(not_sent)?.publish(
            frames,
            &self.link.line,
            self.frame_limit,
        );
        self.link.hub.wake(); // the feeds, now that the log is unlocked
        published
    }

    fn blocked(&self) -> Blocked {
        let link = self.link.clone();
        Blocked::new(move || {
            let log = link.hub.lock();
            link.is_up(&log) && log.faults(&link.line).blocks
        })
    }

    async fn subscribe(
        &self,
        channels: &[Channel],
        from: Option<&u64>,
    ) -> Result<MemoryFeed<KEEPS>, MemoryError> {
        let mut log = self.link.open().await?;
        let listener = log.listen(&self.link, channels);
        let next = match from {
            // What the hub has let go of meanwhile is lost.
            Some(&from) if KEEPS => from.clamp(log.first(), log.end()),
            _ => log.end(),
        };
        let ended = false;
        Ok(MemoryFeed { listener, next, ended })
    }

    async fn subscriber_count(&self, channel: &str) -> Result<Option<usize>, MemoryError> {
        Ok(Some(self.link.open().await?.listeners(channel)))
    }

    fn frame_limit(options: &MemoryOptions) -> usize {
        options.frame_limit
    }
}

/// Frames of a hub as they come, see [`Memory`] and [`MemoryLog`].
#[derive(Debug)]
pub struct MemoryFeed<const KEEPS: bool> {
    listener: Arc<Listener>,
    /// Index of the next frame to look at.
    next: u64,
    ended: bool,
}

impl<const KEEPS: bool> Stream for MemoryFeed<KEEPS> {
    type Item = Result<Frame, MemoryError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let feed = self.get_mut();
        if feed.ended {
            return Poll::Ready(None);
        }
        let link = &feed.listener.link;
        let mut log = link.hub.lock();
        let lost = if !link.is_up(&log) {
            MemoryError::Cut
        } else if feed.next < log.first() {
            MemoryError::Behind(log.first() - feed.next)
        } else if log.faults(&link.line).pauses {
            return log.wait(cx);
        } else {
            while let Some(frame) = log.get(feed.next) {
                feed.next += 1;
                if feed.listener.hears(&frame.channel) {
                    return Poll::Ready(Some(Ok(frame.clone())));
                }
            }
            return log.wait(cx);
        };
        feed.ended = true;
        Poll::Ready(Some(Err(lost)))
    }
}

impl<const KEEPS: bool> Feed for MemoryFeed<KEEPS> {
    type Error = MemoryError;
    /// How many frames the hub had seen.
    type Cursor = u64;

    fn cursor(&self) -> Option<u64> {
        KEEPS.then_some(self.next)
    }
}

/// Which hub, over which line: `memory://shop/a`.
#[derive(Clone)]
pub struct MemoryOptions {
    hub: Arc<Hub>,
    line: Arc<str>,
    frame_limit: usize,
}

impl MemoryOptions {
    /// The largest payload that is taken, in bytes. Default: no limit.
    #[must_use]
    pub fn frame_limit(mut self, bytes: usize) -> Self {
        self.frame_limit = bytes;
        self
    }
}

impl FromStr for MemoryOptions {
    type Err = MemoryError;

    fn from_str(url: &str) -> Result<Self, MemoryError> {
        let place = url.strip_prefix("memory://").ok_or(MemoryError::Url)?;
        let (hub, line) = place.split_once('/').unwrap_or((place, ""));
        if hub.is_empty() || place.contains(['@', '?', '#']) || line.contains('/') {
            return Err(MemoryError::Url);
        }
        Ok(MemoryHub::named(hub).line(line).options())
    }
}

impl fmt::Debug for MemoryOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "memory://{}/{}", self.hub.name, self.line)
    }
}

/// What a [`MemoryBroker`] can fail with.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MemoryError {
    /// The URL has another form. It is not repeated here: it may be another broker's, with a password in it.
    #[error("the URL is not memory://HUB or memory://HUB/LINE")]
    Url,
    /// [`MemoryHub::refuse`].
    #[error("the hub refuses connections")]
    Refused,
    /// [`MemoryHub::cut`].
    #[error("the link was cut")]
    Cut,
    /// The feed was read more slowly than others published.
    #[error("the feed fell {0} frames behind the oldest that the hub holds")]
    Behind(u64),
    /// [`MemoryOptions::frame_limit`].
    #[error("a frame of {length} bytes is over the limit of {limit}")]
    TooLarge {
        /// Bytes of the payload.
        length: usize,
        /// Bytes that are taken.
        limit: usize,
    },
}

#[cfg(test)]
mod tests;
