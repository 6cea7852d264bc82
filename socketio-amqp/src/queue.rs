//! The queue of a node, which outlives its connections.
//!
//! ```text
//! socketio.socketio.0d5f4c1e9b7a4f0c8d2e6a3b5c7f9e10     prefix, channel, node; bound to the channel's exchange
//! durable, x-expires 300000, x-max-length-bytes 67108864, x-overflow drop-head, x-single-active-consumer
//! ```

use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};

use lapin::options::{BasicConsumeOptions, BasicQosOptions, QueueBindOptions};
use lapin::types::{FieldTable, ShortString};
use lapin::{Channel, Consumer};
use socketio_core::adapter::broker;

use crate::error::{AmqpError, cause};
use crate::options::AmqpOptions;

/// The queue from which to go on: what a node has not acknowledged, and what came while it was away, is in there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueName(pub(crate) ShortString);

impl QueueName {
    pub(crate) fn new(prefix: &str, channels: &[broker::Channel], node: &str) -> Result<Self, AmqpError> {
        let names: Vec<_> = channels.iter().map(broker::Channel::name).collect();
        let mut name = format!("{prefix}.{}.{node}", names.join("+"));
        if name.len() > LONGEST {
            // Only this process has to find it again.
            let mut hash = DefaultHasher::new();
            names.hash(&mut hash);
            name = format!("{prefix}.{:016x}.{node}", hash.finish());
        }
        let short = ShortString::try_new(name.as_str());
        short.map(QueueName).map_err(|error| AmqpError::Queue(name, error.into()))
    }

    /// Declares the queue, or finds it as it was left, and consumes from it. The exchanges are there.
    pub(crate) async fn consume(
        &self,
        channel: &Channel,
        channels: &[broker::Channel],
        options: &AmqpOptions,
    ) -> Result<Consumer, AmqpError> {
        let consumer = async {
            let (name, nothing) = (|| self.0.clone(), ShortString::default);
            channel.queue_declare(name(), options.queue, options.queue_arguments.clone()).await?;
            for exchange in channels.iter().map(|channel| channel.name().into()) {
                let (options, arguments) = (QueueBindOptions::default(), FieldTable::default());
                channel.queue_bind(name(), exchange, nothing(), options, arguments).await?;
            }
            channel.basic_qos(options.prefetch, BasicQosOptions::default()).await?;
            let (options, arguments) = (BasicConsumeOptions::default(), FieldTable::default());
            channel.basic_consume(name(), nothing(), options, arguments).await
        };
        consumer.await.map_err(|error| AmqpError::Queue(self.to_string(), cause(error)))
    }
}

impl fmt::Display for QueueName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// AMQP's limit of a name, in bytes.
const LONGEST: usize = 255;
