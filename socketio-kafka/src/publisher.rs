//! Frames out, and what the broker says to each.
//!
//! ```text
//! topic = channel    key = node id    value = the frame
//! ```

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rdkafka::error::{KafkaError as Cause, RDKafkaErrorCode};
use rdkafka::producer::{DeliveryFuture, FutureRecord, Producer as _, PurgeConfig};
use socketio_core::adapter::broker::{Frame, PublishError};
use tokio::time::timeout;

use crate::KafkaError;
use crate::link::{Client, Link, blocking};
use crate::options::KafkaOptions;
use crate::topics::{self, Producer, WAIT};

/// Publishes for one node. All its frames go to one partition of the topic for as long as the connection lives, also when partitions
/// are added: that keeps their order.
pub(crate) struct Publisher {
    outlet: Mutex<Outlet>,
    options: KafkaOptions,
    node: String,
    /// Topics known to be there, and which of their partitions is ours.
    partitions: Mutex<HashMap<Arc<str>, i32>>,
}

impl Publisher {
    pub(crate) async fn connect(options: &KafkaOptions, node: &str) -> Result<Self, KafkaError> {
        let outlet = Outlet::open(options)?;
        let Outlet { producer: asked, link } = outlet.clone();
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
        let (outlet, options, node) = (Mutex::new(outlet), options.clone(), node.to_owned());
        Ok(Publisher { outlet, options, node, partitions: Mutex::default() })
    }

    pub(crate) async fn publish(&self, frames: &[Frame]) -> Result<(), PublishError<KafkaError>> {
        let mut sent = 0;
        let mut alone = false;
        while sent < frames.len() {
            let end = if alone { sent + 1 } else { frames.len() };
            match self.attempt(&frames[sent..end], &mut sent).await {
                Ok(()) => {}
                // Which frame of a request it was, the broker does not tell.
                Err(KafkaError::Refused { .. }) if !alone => alone = true,
                Err(source) => return Err(PublishError { sent, source }),
            }
        }
        Ok(())
    }

    /// Counts in `sent` the frames that are acknowledged, from the first on.
    async fn send(&self, frames: &[Frame], sent: &mut usize) -> Result<(), KafkaError> {
        let outlet = self.outlet();
        let mut reports = Vec::with_capacity(frames.len());
        let handed_over = self.hand_over(&outlet, frames, &mut reports).await;
        for (report, frame) in reports.into_iter().zip(frames) {
            let report = report.await.map_err(|_| KafkaError::Lost { reason: "closed".to_owned() })?;
            report.map_err(|(error, _)| refused(frame, &error))?;
            *sent += 1;
        }
        handed_over
    }

    /// The same, until the link is lost or takes too long.
    async fn attempt(&self, frames: &[Frame], sent: &mut usize) -> Result<(), KafkaError> {
        let Outlet { producer, link } = self.outlet();
        let published = tokio::select! {
            biased;
            lost = link.lost() => Err(lost),
            published = timeout(PATIENCE, self.send(frames, sent)) => {
                published.unwrap_or_else(|_| Err(KafkaError::Lost { reason: link.reason() }))
            }
        };
        match &published {
            Ok(()) | Err(KafkaError::TooLarge { .. }) => {}
            Err(KafkaError::Refused { .. }) => *lock(&self.outlet) = Outlet::open(&self.options)?,
            Err(_) => {
                // What has not gone out yet must not come after what failed: the core begins again there, over a new link.
                producer.purge(PurgeConfig::default().queue().inflight());
                link.lose();
            }
        }
        published
    }

    async fn hand_over(
        &self,
        outlet: &Outlet,
        frames: &[Frame],
        reports: &mut Vec<DeliveryFuture>,
    ) -> Result<(), KafkaError> {
        let limit = self.options.frame_limit();
        for frame in frames {
            let Frame { channel, payload } = frame;
            if payload.len() > limit {
                return Err(KafkaError::TooLarge { size: payload.len(), limit });
            }
            let record = FutureRecord::to(channel).partition(self.partition(channel).await?);
            let report = outlet.producer.send_result(record.key(&self.node).payload(&payload[..]));
            reports.push(report.map_err(|(error, _)| refused(frame, &error))?);
        }
        Ok(())
    }

    /// The partition of `topic` that this node publishes to, or why there is none.
    async fn partition(&self, topic: &Arc<str>) -> Result<i32, KafkaError> {
        let known = lock(&self.partitions).get(topic).copied();
        if let Some(partition) = known {
            return Ok(partition);
        }
        let count = topics::ensure(&self.producer(), topic, &self.options).await?;
        let mut hasher = DefaultHasher::new();
        self.node.hash(&mut hasher);
        let ours =
            i32::try_from(hasher.finish() % u64::from(count.unsigned_abs())).expect("less than an i32");
        lock(&self.partitions).insert(Arc::clone(topic), ours);
        Ok(ours)
    }

    /// What is published with now.
    pub(crate) fn producer(&self) -> Producer {
        self.outlet().producer
    }

    fn outlet(&self) -> Outlet {
        lock(&self.outlet).clone()
    }
}

/// What publishes. After a frame that was refused it takes no more, so that none overtakes: another takes its place.
#[derive(Clone)]
struct Outlet {
    producer: Producer,
    link: Link,
}

impl Outlet {
    fn open(options: &KafkaOptions) -> Result<Self, KafkaError> {
        let link = Link::new();
        let producer = options.producer().create_with_context(link.clone()).map_err(KafkaError::settings)?;
        Ok(Outlet { producer: Arc::new(Client::new(producer)), link })
    }
}

fn refused(frame: &Frame, error: &Cause) -> KafkaError {
    let topic = frame.channel.to_string();
    match error.rdkafka_error_code() {
        Some(RDKafkaErrorCode::MessageSizeTooLarge) => {
            KafkaError::Refused { size: frame.payload.len(), topic }
        }
        _ => KafkaError::topic("publishing to", &topic, error),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A batch is acknowledged within this time, or taken as lost: before the core loses patience, which knows less of what went out.
const PATIENCE: Duration = Duration::from_secs(8);
