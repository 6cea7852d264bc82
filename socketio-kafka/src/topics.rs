//! A channel is a topic of its name: looked up, and made when it is missing.

use std::sync::Arc;
use std::time::Duration;

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::{self, ClientContext};
use rdkafka::error::{KafkaError as Cause, RDKafkaErrorCode};
use rdkafka::producer::{FutureProducer, Producer as _};

use crate::KafkaError;
use crate::error::words;
use crate::link::{Client, Link, blocking};
use crate::options::KafkaOptions;

/// One question to a broker may take this long: less than the core waits for the step it is part of.
pub(crate) const WAIT: Duration = Duration::from_secs(4);

/// The client of a [`Kafka`](crate::Kafka).
pub(crate) type Producer = Arc<Client<FutureProducer<Link>>>;

/// How many partitions `topic` has; `None` when it is not there. Blocks.
pub(crate) fn partitions<C: ClientContext>(
    client: &client::Client<C>,
    topic: &str,
) -> Result<Option<i32>, KafkaError> {
    let metadata = client.fetch_metadata(Some(topic), WAIT);
    let metadata = metadata.map_err(|error| KafkaError::Lost { reason: words(&error) })?;
    let found = metadata.topics().first();
    match found.and_then(|found| found.error()).map(RDKafkaErrorCode::from) {
        // The second: a topic that has just been made, before its partitions have leaders.
        Some(RDKafkaErrorCode::UnknownTopicOrPartition | RDKafkaErrorCode::LeaderNotAvailable) => Ok(None),
        Some(code) => Err(KafkaError::topic("looking up", topic, &Cause::MetadataFetch(code))),
        None => {
            let count = found.map_or(0, |found| found.partitions().len());
            Ok(i32::try_from(count).ok().filter(|count| *count > 0))
        }
    }
}

/// How many partitions `topic` has, once it is there: made, if need be and if `options` let us.
pub(crate) async fn ensure(
    producer: &Producer,
    topic: &Arc<str>,
    options: &KafkaOptions,
) -> Result<i32, KafkaError> {
    let count = async || {
        let (producer, topic) = (Arc::clone(producer), Arc::clone(topic));
        blocking(move || partitions(producer.client(), &topic)).await
    };
    if let Some(count) = count().await? {
        return Ok(count);
    }
    if options.topic.create {
        create(topic, options).await?;
        // The broker that made it tells the others.
        for _ in 0..100 {
            if let Some(count) = count().await? {
                return Ok(count);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    Err(KafkaError::Missing { topic: topic.to_string() })
}

async fn create(topic: &str, options: &KafkaOptions) -> Result<(), KafkaError> {
    let refused = |reason| KafkaError::Create { topic: topic.to_owned(), reason };
    let wanted = &options.topic;
    let mut new = NewTopic::new(topic, wanted.partitions, TopicReplication::Fixed(wanted.replication));
    new.config = wanted.settings.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let client = options.client().create_with_context(Link::new()).map_err(KafkaError::settings)?;
    let client: Client<AdminClient<Link>> = Client::new(client);
    let limits = AdminOptions::new().request_timeout(Some(WAIT)).operation_timeout(Some(WAIT));
    let made = client.create_topics([&new], &limits).await;
    match made.map_err(|error| refused(words(&error)))?.pop() {
        Some(Err((_, code))) if code != RDKafkaErrorCode::TopicAlreadyExists => {
            Err(refused(code.to_string()))
        }
        _ => Ok(()),
    }
}
