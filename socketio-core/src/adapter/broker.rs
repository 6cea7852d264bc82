//! The seam to message queues: what a backend crate implements, and all it has to know.
//!
//! A [`Broker`] is one connection, for as long as that connection lives. It carries frames and never retries, encodes or matches
//! requests: reconnecting, resubscribing from where the feed was, batching, buffering and liveness are written once, in the cluster
//! adapter above.
//!
//! What differs between queues is in the feed's cursor: nothing where the queue keeps nothing (Redis pub/sub), one offset per partition
//! (Kafka), the name of a queue that outlives the connection (AMQP).

use std::error::Error;
use std::fmt::{self, Debug};
use std::future::Future;
use std::str::FromStr;
use std::sync::Arc;

use bytes::Bytes;
use futures_core::Stream;

/// Bytes on a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The channel's name, for instance `socketio`.
    pub channel: Arc<str>,
    /// What is published: opaque here, any bytes, or none.
    pub payload: Bytes,
}

/// What is listened to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Channel {
    /// The channel of this name.
    Exact(Arc<str>),
}

impl Channel {
    /// The channel's name.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Channel::Exact(name) => name,
        }
    }
}

/// A connection to a message queue, for as long as that connection lives.
///
/// When it fails, the core drops it, connects again with backoff, and subscribes from the last cursor it was given.
pub trait Broker: Debug + Send + Sync + Sized + 'static {
    /// Connection settings, as given in a URL. `Debug` shows no password.
    type Options: FromStr<Err = Self::Error> + Clone + Debug + Send + Sync;
    /// Its text names the cause and no password.
    type Error: Error + Send + Sync;
    /// What [`subscribe`](Self::subscribe) yields.
    type Feed: Feed<Error = Self::Error>;

    /// Whether the queue keeps frames for a listener that is away for a moment.
    const KEEPS: bool;

    /// Whether the queue may forget who listens, be it that it starts again: then publishes that were held during an outage wait until
    /// those who listened before listen again. Default: where it keeps nothing.
    const FORGETS: bool = !Self::KEEPS;

    /// Completes settings that are taken from the channel where the URL does not say (python-socketio names a Sentinel's service after
    /// it). The core calls it once, before it connects. Default: nothing is.
    #[must_use]
    fn for_channel(options: Self::Options, channel: &str) -> Self::Options {
        let _ = channel;
        options
    }

    /// Opens the connection. `node` is the sender's [`HostId`](crate::adapter::wire::HostId), 32 hexadecimal digits, the same for each
    /// connection of its life: a name for a queue of its own, or a key that keeps its frames in order.
    ///
    /// # Errors
    ///
    /// The queue is away, or refuses: the core tries again, and logs the text once.
    fn connect(options: &Self::Options, node: &str)
    -> impl Future<Output = Result<Self, Self::Error>> + Send;

    /// Hands `frames` to the queue, in order: whatever was waiting, so that one round trip carries many. Returns when the queue has
    /// them (AMQP: confirmed, Kafka: acknowledged).
    ///
    /// # Errors
    ///
    /// [`PublishError::sent`] says how many of them, from the first on, the queue surely has.
    fn publish(&self, frames: &[Frame])
    -> impl Future<Output = Result<(), PublishError<Self::Error>>> + Send;

    /// Receives what is published to `channels`, by this connection or others: from now on, or from `from`.
    ///
    /// When it returns, nothing that is published later can be missed. A connection has one feed at a time.
    ///
    /// # Errors
    ///
    /// The queue refuses, or the connection is gone.
    fn subscribe(
        &self,
        channels: &[Channel],
        from: Option<&<Self::Feed as Feed>::Cursor>,
    ) -> impl Future<Output = Result<Self::Feed, Self::Error>> + Send;

    /// Whether the queue asks its publishers to wait. While it does, publishing may take as long as it likes. Default: it never does.
    fn blocked(&self) -> Blocked {
        Blocked::default()
    }

    /// How many listen to `channel`, over all nodes of the queue; `None` where the queue cannot tell.
    ///
    /// # Errors
    ///
    /// The connection is gone.
    fn subscriber_count(
        &self,
        channel: &str,
    ) -> impl Future<Output = Result<Option<usize>, Self::Error>> + Send {
        let _ = channel;
        async { Ok(None) }
    }

    /// Whether anybody listens to the channel of `probe`, a frame that listeners ignore, where only publishing it can tell; `None` where
    /// that cannot either. Default: what [`subscriber_count`](Self::subscriber_count) says, and nothing is published.
    ///
    /// # Errors
    ///
    /// The connection is gone, or the queue refuses.
    fn is_heard(&self, probe: &Frame) -> impl Future<Output = Result<Option<bool>, Self::Error>> + Send {
        async { Ok(self.subscriber_count(&probe.channel).await?.map(|count| count > 0)) }
    }

    /// The largest payload the queue takes, in bytes. The core publishes no larger one; who does so all the same must not lose the link.
    /// Default: no limit.
    #[must_use]
    fn frame_limit(options: &Self::Options) -> usize {
        let _ = options;
        usize::MAX
    }

    /// Whether `error`, of [`publish`](Self::publish), is about one frame that can never get out, and leaves the connection as it was:
    /// what follows it can be published. Default: no, the connection is taken for lost.
    #[must_use]
    fn refuses_frame(error: &Self::Error) -> bool {
        let _ = error;
        false
    }

    /// Says goodbye: what was kept for this node alone is given up. Errors are of no use to anybody.
    fn close(&self) -> impl Future<Output = ()> + Send {
        async {}
    }
}

/// Whether a queue that is short of memory or disk asks its publishers to wait; their links are in order meanwhile. It can be looked at
/// for as long as one likes.
#[derive(Clone, Default)]
pub struct Blocked(Option<Arc<dyn Fn() -> bool + Send + Sync>>);

impl Blocked {
    /// It does while `is_blocked` says so.
    pub fn new(is_blocked: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        Blocked(Some(Arc::new(is_blocked)))
    }

    /// Whether it does now.
    #[must_use]
    pub fn now(&self) -> bool {
        self.0.as_ref().is_some_and(|is_blocked| is_blocked())
    }
}

impl fmt::Debug for Blocked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Blocked").field(&self.now()).finish()
    }
}

/// Frames as they come. It ends, or yields an error, when the connection is lost.
pub trait Feed: Stream<Item = Result<Frame, <Self as Feed>::Error>> + Send + Unpin {
    /// That of its broker.
    type Error;
    /// A place in the stream of frames, to go on from after the connection was lost.
    type Cursor: Clone + Debug + Send + Sync;

    /// Behind the last frame that was yielded; valid from the moment of subscribing, before any frame came. `None` where the queue
    /// keeps nothing. Where it only names a queue that knows the place itself, that may yield once more what was yielded last.
    fn cursor(&self) -> Option<Self::Cursor>;
}

/// Why a batch was not published whole.
#[derive(Debug, thiserror::Error)]
#[error("{sent} frames of the batch were published")]
pub struct PublishError<E: Error + 'static> {
    /// Frames that the queue surely has, from the first on.
    pub sent: usize,
    /// What happened to the next one.
    #[source]
    pub source: E,
}
