//! A connection to a Kafka cluster: publishing, and where feeds come from.
//!
//! ```text
//! topic = channel    key = node id    value = the frame
//! ```

use std::collections::HashMap;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rdkafka::error::KafkaError as Cause;
use rdkafka::producer::{DeliveryFuture, FutureRecord, Producer as _, PurgeConfig};
use socketio_core::adapter::broker::{Broker, Channel, Frame, PublishError};
use tokio::time::timeout;

use crate::KafkaError;
use crate::cursor::Cursor;
use crate::feed::KafkaFeed;
use crate::link::{Client, Link, blocking};
use crate::options::KafkaOptions;
use crate::topics::{self, Producer, WAIT};

/// A connection to a Kafka cluster, to publish; each feed has one of its own, so that a program that only publishes has no consumer.
///
/// A frame that was published has been acknowledged by all replicas in sync. All frames of a node go to one partition of the topic
/// for as long as the connection lives, also when partitions are added: that keeps their order.
pub struct Kafka {
    producer: Producer,
    link: Link,
    options: KafkaOptions,
    node: String,
    /// Topics known to be there, and which of their partitions is ours.
    partitions: Mutex<HashMap<Arc<str>, i32>>,
}

impl Kafka {
    /// Counts in `sent` the frames that are acknowledged, from the first on.
    async fn send(&self, frames: &[Frame], sent: &mut usize) -> Result<(), KafkaError> {
        let mut reports = Vec::with_capacity(frames.len());
        let handed_over = self.hand_over(frames, &mut reports).await;
        for (report, frame) in reports.into_iter().zip(frames) {
            let report = report.await.map_err(|_| KafkaError::Lost { reason: "closed".to_owned() })?;
            report.map_err(|(error, _)| refused(&frame.channel, &error))?;
            *sent += 1;
        }
        handed_over
    }

    async fn hand_over(&self, frames: &[Frame], reports: &mut Vec<DeliveryFuture>) -> Result<(), KafkaError> {
        let limit = self.options.frame_limit();
        for Frame { channel, payload } in frames {
            if payload.len() > limit {
                return Err(KafkaError::TooLarge { size: payload.len(), limit });
            }
            let record = FutureRecord::to(channel).partition(self.partition(channel).await?);
            let report = self.producer.send_result(record.key(&self.node).payload(&payload[..]));
            reports.push(report.map_err(|(error, _)| refused(channel, &error))?);
        }
        Ok(())
    }

    /// The partition of `topic` that this node publishes to, or why there is none.
    async fn partition(&self, topic: &Arc<str>) -> Result<i32, KafkaError> {
        let known = self.known().get(topic).copied();
        if let Some(partition) = known {
            return Ok(partition);
        }
        let count = topics::ensure(&self.producer, topic, &self.options).await?;
        let mut hasher = DefaultHasher::new();
        self.node.hash(&mut hasher);
        let ours =
            i32::try_from(hasher.finish() % u64::from(count.unsigned_abs())).expect("less than an i32");
        self.known().insert(Arc::clone(topic), ours);
        Ok(ours)
    }

    fn known(&self) -> MutexGuard<'_, HashMap<Arc<str>, i32>> {
        self.partitions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Broker for Kafka {
    type Options = KafkaOptions;
    type Error = KafkaError;
    type Feed = KafkaFeed;

    const KEEPS: bool = true;

    async fn connect(options: &KafkaOptions, node: &str) -> Result<Self, KafkaError> {
        let link = Link::new();
        let producer = options.producer().create_with_context(link.clone()).map_err(KafkaError::settings)?;
        let producer: Producer = Arc::new(Client::new(producer));
        let asked = Arc::clone(&producer);
        let cluster = tokio::select! {
            cluster = blocking(move || asked.client().fetch_cluster_id(WAIT)) => cluster,
            _ = link.lost() => None,
        };
        if cluster.is_none() {
            return Err(KafkaError::Unreachable {
                brokers: options.names().to_owned(),
                reason: link.reason(),
            });
        }
        let (options, node, partitions) = (options.clone(), node.to_owned(), Mutex::default());
        Ok(Kafka { producer, link, options, node, partitions })
    }

    async fn publish(&self, frames: &[Frame]) -> Result<(), PublishError<KafkaError>> {
        let mut sent = 0;
        let published = tokio::select! {
            biased;
            lost = self.link.lost() => Err(lost),
            published = timeout(PATIENCE, self.send(frames, &mut sent)) => {
                published.unwrap_or_else(|_| Err(KafkaError::Lost { reason: self.link.reason() }))
            }
        };
        let Err(source) = published else { return Ok(()) };
        if !matches!(source, KafkaError::TooLarge { .. }) {
            // What has not gone out yet must not come after what failed: the core begins again there, over a new link.
            self.producer.purge(PurgeConfig::default().queue().inflight());
            self.link.lose();
        }
        Err(PublishError { sent, source })
    }

    async fn subscribe(&self, channels: &[Channel], from: Option<&Cursor>) -> Result<KafkaFeed, KafkaError> {
        let mut topics = HashMap::new();
        for channel in channels {
            let topic = Arc::from(channel.name());
            let count = topics::ensure(&self.producer, &topic, &self.options).await?;
            topics.insert(topic, count);
        }
        KafkaFeed::open(&self.options, topics, from.cloned()).await
    }

    fn frame_limit(options: &KafkaOptions) -> usize {
        options.frame_limit()
    }
}

impl fmt::Debug for Kafka {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kafka")
            .field("options", &self.options)
            .field("node", &self.node)
            .finish_non_exhaustive()
    }
}

fn refused(topic: &str, error: &Cause) -> KafkaError {
    KafkaError::topic("publishing to", topic, error)
}

/// A batch is acknowledged within this time, or taken as lost: before the core loses patience, which knows less of what went out.
const PATIENCE: Duration = Duration::from_secs(8);
