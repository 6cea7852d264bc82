//! Frames out of a node's queue.
//!
//! A frame is acknowledged when the next one is asked for: many with one acknowledgement while many wait. What is not returns to the
//! queue when the connection ends, and so the queue's name is all that a cursor has to hold.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use lapin::options::BasicAckOptions;
use lapin::types::DeliveryTag;
use lapin::{Channel, Consumer};
use socketio_core::adapter::broker::{self, Feed, Frame};

use crate::error::AmqpError;
use crate::options::Link;
use crate::queue::QueueName;

/// What a node's queue keeps and gets.
pub struct AmqpFeed {
    link: Link,
    channel: Channel,
    consumer: Consumer,
    queue: QueueName,
    names: Vec<Arc<str>>,
    /// So many frames are acknowledged at once: the broker never has to wait for it.
    batch: DeliveryTag,
    yielded: DeliveryTag,
    acknowledged: DeliveryTag,
    /// One at a time: in another order they are an error.
    acknowledging: Option<Acknowledging>,
}

type Acknowledging = Pin<Box<dyn Future<Output = lapin::Result<()>> + Send>>;

impl Feed for AmqpFeed {
    type Error = AmqpError;
    type Cursor = QueueName;

    fn cursor(&self) -> Option<QueueName> {
        Some(self.queue.clone())
    }
}

impl Stream for AmqpFeed {
    type Item = Result<Frame, AmqpError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        this.acknowledge(this.batch, cx);
        let Poll::Ready(delivered) = Pin::new(&mut this.consumer).poll_next(cx) else {
            this.acknowledge(1, cx);
            return Poll::Pending;
        };
        Poll::Ready(match delivered {
            Some(Ok(delivery)) => {
                this.yielded = delivery.delivery_tag;
                let channel = this.name(delivery.exchange.as_str());
                Some(Ok(Frame { channel, payload: delivery.data.into() }))
            }
            Some(Err(error)) => Some(Err(error.into())),
            None if this.link.connection.status().connected() => {
                Some(Err(AmqpError::Deleted(this.queue.to_string())))
            }
            None => None,
        })
    }
}

impl AmqpFeed {
    pub(crate) fn new(
        link: Link,
        channel: Channel,
        consumer: Consumer,
        queue: QueueName,
        channels: &[broker::Channel],
        prefetch: u16,
    ) -> Self {
        AmqpFeed {
            link,
            channel,
            consumer,
            queue,
            names: channels.iter().map(|channel| channel.name().into()).collect(),
            batch: DeliveryTag::from(prefetch / 4).max(1),
            yielded: 0,
            acknowledged: 0,
            acknowledging: None,
        }
    }

    fn name(&self, exchange: &str) -> Arc<str> {
        let known = self.names.iter().find(|name| &***name == exchange);
        known.cloned().unwrap_or_else(|| exchange.into())
    }

    /// Acknowledges what was yielded, if it is `least` frames or more.
    fn acknowledge(&mut self, least: DeliveryTag, cx: &mut Context<'_>) {
        if self.poll_acknowledging(cx).is_ready() && self.yielded >= self.acknowledged + least {
            let (channel, last) = (self.channel.clone(), self.yielded);
            let options = BasicAckOptions { multiple: true };
            self.acknowledging = Some(Box::pin(async move { channel.basic_ack(last, options).await }));
            self.acknowledged = last;
            let _ = self.poll_acknowledging(cx);
        }
    }

    fn poll_acknowledging(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let Some(acknowledging) = &mut self.acknowledging {
            // Where it fails, the consumer ends as well, with the reason.
            let _ = ready!(acknowledging.as_mut().poll(cx));
            self.acknowledging = None;
        }
        Poll::Ready(())
    }
}

impl fmt::Debug for AmqpFeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AmqpFeed")
            .field("queue", &self.queue)
            .field("yielded", &self.yielded)
            .finish_non_exhaustive()
    }
}
