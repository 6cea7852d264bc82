//! A connection to a Kafka cluster: what publishes, and where feeds come from.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use socketio_core::adapter::broker::{Broker, Channel, Frame, PublishError};

use crate::KafkaError;
use crate::cursor::Cursor;
use crate::feed::KafkaFeed;
use crate::options::KafkaOptions;
use crate::publisher::Publisher;
use crate::topics;

/// A connection to a Kafka cluster, to publish; each feed has one of its own, so that a program that only publishes has no consumer.
///
/// A frame that was published has been acknowledged by all replicas in sync. All frames of a node go to one partition of the topic
/// for as long as the connection lives, also when partitions are added: that keeps their order.
pub struct Kafka {
    publisher: Publisher,
    options: KafkaOptions,
}

impl Broker for Kafka {
    type Options = KafkaOptions;
    type Error = KafkaError;
    type Feed = KafkaFeed;

    const KEEPS: bool = true;

    async fn connect(options: &KafkaOptions, node: &str) -> Result<Self, KafkaError> {
        Ok(Kafka { publisher: Publisher::connect(options, node).await?, options: options.clone() })
    }

    async fn publish(&self, frames: &[Frame]) -> Result<(), PublishError<KafkaError>> {
        self.publisher.publish(frames).await
    }

    async fn subscribe(&self, channels: &[Channel], from: Option<&Cursor>) -> Result<KafkaFeed, KafkaError> {
        let mut topics = HashMap::new();
        for channel in channels {
            let topic = Arc::from(channel.name());
            let count = topics::ensure(&self.publisher.producer(), &topic, &self.options).await?;
            topics.insert(topic, count);
        }
        KafkaFeed::open(&self.options, topics, from.cloned()).await
    }

    fn frame_limit(options: &KafkaOptions) -> usize {
        options.frame_limit()
    }

    fn refuses_frame(error: &KafkaError) -> bool {
        matches!(error, KafkaError::TooLarge { .. } | KafkaError::Refused { .. })
    }
}

impl fmt::Debug for Kafka {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kafka").field("options", &self.options).finish_non_exhaustive()
    }
}
