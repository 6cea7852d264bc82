//! The connection as the core sees it.

use std::fmt;
use std::slice;
use std::sync::{Mutex, PoisonError};

use lapin::options::QueueDeleteOptions;
use lapin::types::ReplyCode;
use socketio_core::adapter::broker::{Blocked, Broker, Channel, Frame, PublishError};
use tokio::time::timeout;

use crate::error::AmqpError;
use crate::exchange;
use crate::feed::AmqpFeed;
use crate::options::AmqpOptions;
use crate::options::Link;
use crate::publisher::Publisher;
use crate::queue::QueueName;

/// A connection to an AMQP 0-9-1 broker, RabbitMQ for one, to publish; each feed has one of its own. A broker that is short of memory
/// takes nothing from a connection that publishes, acknowledgements included: so the queues go on being emptied.
pub struct Amqp {
    link: Link,
    options: AmqpOptions,
    node: String,
    publisher: tokio::sync::Mutex<Publisher>,
    queues: Mutex<Vec<QueueName>>,
}

impl Broker for Amqp {
    type Options = AmqpOptions;
    type Error = AmqpError;
    type Feed = AmqpFeed;

    const KEEPS: bool = true;
    // The exchange does not survive a restart of the broker, and with it go the bindings of the queues, which do.
    const FORGETS: bool = true;

    async fn connect(options: &AmqpOptions, node: &str) -> Result<Self, AmqpError> {
        Ok(Amqp {
            link: Link::open(options, node).await?,
            options: options.clone(),
            node: node.to_owned(),
            publisher: tokio::sync::Mutex::default(),
            queues: Mutex::default(),
        })
    }

    async fn publish(&self, frames: &[Frame]) -> Result<(), PublishError<AmqpError>> {
        let mut publisher = self.publisher.lock().await;
        publisher.publish(&self.link, &self.options, frames).await
    }

    async fn subscribe(&self, channels: &[Channel], from: Option<&QueueName>) -> Result<AmqpFeed, AmqpError> {
        let queue = match from {
            Some(queue) => queue.clone(),
            None => QueueName::new(&self.options.queue_prefix, channels, &self.node)?,
        };
        let link = Link::open(&self.options, &self.node).await?;
        let inlet = link.connection.create_channel().await?;
        for channel in channels {
            exchange::declare(&inlet, channel.name(), &self.options).await?;
        }
        let consumer = queue.consume(&inlet, channels, &self.options).await?;
        let mut queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        if !queues.contains(&queue) {
            queues.push(queue.clone());
        }
        drop(queues);
        Ok(AmqpFeed::new(link, inlet, consumer, queue, channels, self.options.prefetch))
    }

    fn blocked(&self) -> Blocked {
        let status = self.link.connection.status().clone();
        Blocked::new(move || status.blocked())
    }

    async fn is_heard(&self, probe: &Frame) -> Result<Option<bool>, AmqpError> {
        let mut publisher = self.publisher.lock().await;
        let run = publisher.run(&self.link, &self.options, slice::from_ref(probe), true, &mut 0).await;
        run.map(Some)
    }

    fn frame_limit(options: &AmqpOptions) -> usize {
        options.max_frame
    }

    fn refuses_frame(error: &AmqpError) -> bool {
        matches!(error, AmqpError::OverLimit(..) | AmqpError::TooLarge(..))
    }

    async fn close(&self) {
        let queues = std::mem::take(&mut *self.queues.lock().unwrap_or_else(PoisonError::into_inner));
        let goodbye = async {
            let channel = self.link.connection.create_channel().await?;
            for queue in queues {
                channel.queue_delete(queue.0, QueueDeleteOptions::default()).await?;
            }
            self.link.connection.close(SUCCESS, "closed".into()).await
        };
        // Where it fails, the queues go by themselves.
        let _ = timeout(self.options.connect_timeout, goodbye).await;
    }
}

impl fmt::Debug for Amqp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Amqp")
            .field("node", &self.node)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

const SUCCESS: ReplyCode = 200;
