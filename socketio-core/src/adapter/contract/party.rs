//! The parties of a fact: nodes with their connections, the frames they publish and those they hear.

use std::error::Error;
use std::future::Future;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt as _;

use crate::Sid;
use crate::adapter::broker::{Broker, Channel, Feed, Frame};

/// A node and its connection. Dropped, it is cut off; see [`leave`](Self::leave).
pub(super) struct Party<B> {
    node: String,
    pub(super) broker: B,
}

impl<B: Broker> Party<B> {
    /// A node that was never there before.
    pub(super) async fn joins(options: &B::Options) -> Self {
        Self::returns(Sid::generate().to_string(), options).await
    }

    /// The node of this name once more.
    pub(super) async fn returns(node: String, options: &B::Options) -> Self {
        let broker = within("connecting", B::connect(options, &node)).await;
        let broker = broker.unwrap_or_else(|error| panic!("cannot connect: {}", causes(&error)));
        Party { node, broker }
    }

    pub(super) async fn listens(&self, channels: &[&Arc<str>]) -> B::Feed {
        self.listens_from(channels, None).await
    }

    pub(super) async fn listens_from(
        &self,
        channels: &[&Arc<str>],
        cursor: Option<&<B::Feed as Feed>::Cursor>,
    ) -> B::Feed {
        let channels: Vec<Channel> = channels.iter().map(|&name| Channel::Exact(name.clone())).collect();
        let feed = within("subscribing", self.broker.subscribe(&channels, cursor)).await;
        feed.unwrap_or_else(|error| panic!("cannot subscribe: {}", causes(&error)))
    }

    pub(super) async fn says(&self, frames: &[Frame]) {
        let published = within("publishing", self.broker.publish(frames)).await;
        published.unwrap_or_else(|error| {
            panic!("a batch of {} was not published: {}", frames.len(), causes(&error));
        });
    }

    /// The last word on each of `channels`, which [`hears`] waits for.
    pub(super) async fn ends(&self, channels: &[&Arc<str>]) {
        let ends: Vec<Frame> = channels.iter().map(|channel| frame(channel, END)).collect();
        self.says(&ends).await;
    }

    /// Loses the connection, whatever was under way on it. Its node may return.
    pub(super) fn drops_out(self, feed: B::Feed) -> String {
        drop(feed);
        self.node
    }

    /// Says goodbye, and leaves nothing behind; its node may return.
    pub(super) async fn leaves(self) -> String {
        within("saying goodbye", self.broker.close()).await;
        self.node
    }
}

/// What comes until each of `channels` channels has ended.
pub(super) async fn hears<F>(feed: &mut F, channels: usize) -> Vec<Frame>
where
    F: Feed<Error: Error>,
{
    let mut heard = Vec::new();
    let mut ended = 0;
    while ended < channels {
        let next = within(&format!("a frame behind {} others", heard.len()), feed.next()).await;
        let frame = hears_well(next);
        if frame.payload == END {
            ended += 1;
        } else {
            heard.push(frame);
        }
    }
    heard
}

/// The next `count` frames.
pub(super) async fn hears_next<F>(feed: &mut F, count: usize) -> Vec<Frame>
where
    F: Feed<Error: Error>,
{
    let mut heard = Vec::new();
    while heard.len() < count {
        let next = within(&format!("frame {} of {count}", heard.len()), feed.next()).await;
        heard.push(hears_well(next));
    }
    heard
}

fn hears_well<E: Error>(next: Option<Result<Frame, E>>) -> Frame {
    match next {
        Some(Ok(frame)) => frame,
        Some(Err(error)) => panic!("the feed failed: {}", causes(&error)),
        None => panic!("the feed ended"),
    }
}

/// A channel that nobody used before, in letters that every broker takes.
pub(super) fn new_channel() -> Arc<str> {
    format!("contract-{}", Sid::generate()).into()
}

pub(super) fn frame(channel: &Arc<str>, payload: impl Into<Bytes>) -> Frame {
    Frame { channel: channel.clone(), payload: payload.into() }
}

/// Frames that say `0`, `1`, `2`, …
pub(super) fn numbered(channel: &Arc<str>, numbers: Range<usize>) -> Vec<Frame> {
    numbers.map(|number| frame(channel, number.to_string())).collect()
}

/// Those of `frames` that are on `channel`.
pub(super) fn on(channel: &Arc<str>, frames: &[Frame]) -> Vec<Frame> {
    let on_it = frames.iter().filter(|frame| frame.channel == *channel);
    on_it.cloned().collect()
}

/// Compares what was heard with what should have been, and shows the first difference.
#[track_caller]
pub(super) fn assert_heard(heard: &[Frame], published: &[Frame]) {
    let length = heard.len().max(published.len());
    let differs = (0..length).find(|&index| heard.get(index) != published.get(index));
    if let Some(index) = differs {
        panic!(
            "heard {} frames, of {} to be heard; where {} was due came {}",
            heard.len(),
            published.len(),
            shown(published.get(index)),
            shown(heard.get(index)),
        );
    }
}

fn shown(frame: Option<&Frame>) -> String {
    let Some(Frame { channel, payload }) = frame else {
        return "the end".to_owned();
    };
    let beginning = payload.get(..payload.len().min(40)).unwrap_or_default();
    format!("\"{}\" ({} bytes, on {channel})", beginning.escape_ascii(), payload.len())
}

/// Waits for `work`, within a deadline that only what hangs can miss.
pub(super) async fn within<T>(what: &str, work: impl Future<Output = T>) -> T {
    let done = tokio::time::timeout(DEADLINE, work).await;
    done.unwrap_or_else(|_| panic!("{what}: nothing within {DEADLINE:?}"))
}

/// An error with all its causes.
pub(super) fn causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

const DEADLINE: Duration = Duration::from_secs(60);

const END: &[u8] = b"the end of this channel";
