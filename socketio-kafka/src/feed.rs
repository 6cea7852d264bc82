//! Receiving: all partitions of the topics, also those that are added while we listen, without a consumer group.
//!
//! The feed ends with an error when a topic is deleted, when we may no longer read it, when its place there is gone (see
//! [`cursor`](crate::cursor)), when no broker can be reached, and when one that should answer does not.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream;
use rdkafka::consumer::{Consumer, StreamConsumer};
use rdkafka::error::RDKafkaErrorCode;
use rdkafka::{Message, Offset, TopicPartitionList};
use socketio_core::adapter::broker::{Feed, Frame};
use tokio::sync::mpsc;

use crate::KafkaError;
use crate::cursor::{self, Cursor};
use crate::link::{Client, Link, blocking};
use crate::options::KafkaOptions;
use crate::topics;

/// Frames of all partitions of some topics.
#[derive(Debug)]
pub struct KafkaFeed {
    records: mpsc::Receiver<Result<Record, KafkaError>>,
    cursor: Cursor,
}

#[derive(Debug)]
struct Record {
    frame: Frame,
    partition: i32,
    offset: i64,
    /// In milliseconds of Unix time.
    time: Option<i64>,
}

type Records = mpsc::Sender<Result<Record, KafkaError>>;
type Reader = Client<StreamConsumer<Link>>;
/// Topics, and how many partitions we know of.
type Topics = HashMap<Arc<str>, i32>;

impl KafkaFeed {
    pub(crate) async fn open(
        options: &KafkaOptions,
        topics: Topics,
        from: Option<Cursor>,
    ) -> Result<Self, KafkaError> {
        let link = Link::new();
        let reader = options.consumer().create_with_context(link.clone()).map_err(KafkaError::settings)?;
        let reader: Arc<Reader> = Arc::new(Client::new(reader));
        let (beginning, wanted) = (Arc::clone(&reader), topics.clone());
        let cursor = tokio::select! {
            begun = blocking(move || cursor::begin(&beginning, &wanted, from)) => begun,
            lost = link.lost() => return Err(lost),
        };
        let cursor =
            cursor.map_err(|error| KafkaError::topic("beginning to read", &names(&topics), &error))?;
        let (sender, records) = mpsc::channel(AHEAD);
        tokio::spawn(pump(reader, link, topics, sender));
        Ok(KafkaFeed { records, cursor })
    }
}

impl Stream for KafkaFeed {
    type Item = Result<Frame, KafkaError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(ready!(self.records.poll_recv(cx)).map(|record| {
            let Record { frame, partition, offset, time } = record?;
            self.cursor.advance(&frame.channel, partition, offset, time);
            Ok(frame)
        }))
    }
}

impl Feed for KafkaFeed {
    type Error = KafkaError;
    type Cursor = Cursor;

    fn cursor(&self) -> Option<Cursor> {
        Some(self.cursor.clone())
    }
}

/// Moves records over until one of the sides is gone.
async fn pump(reader: Arc<Reader>, link: Link, topics: Topics, records: Records) {
    let end = tokio::select! {
        end = read(&reader, &topics, &records) => end,
        end = watch(&reader, topics.clone()) => Some(end),
        lost = link.lost() => Some(lost),
        () = records.closed() => None,
    };
    if let Some(error) = end {
        let _ = records.send(Err(error)).await;
    }
}

/// Reads until the broker refuses, or nobody wants more.
async fn read(reader: &Reader, topics: &Topics, records: &Records) -> Option<KafkaError> {
    loop {
        let message = match reader.recv().await {
            Ok(message) => message,
            Err(error) if error.rdkafka_error_code().is_some_and(is_passing) => continue,
            Err(error) => return Some(KafkaError::topic("reading", &names(topics), &error)),
        };
        // Other than empty, no payload is a mark for the broker itself.
        let (Some(payload), Some((topic, _))) = (message.payload(), topics.get_key_value(message.topic()))
        else {
            continue;
        };
        let frame = Frame { channel: Arc::clone(topic), payload: Bytes::copy_from_slice(payload) };
        let time = cursor::time(message.timestamp());
        let record = Record { frame, partition: message.partition(), offset: message.offset(), time };
        records.send(Ok(record)).await.ok()?;
    }
}

/// Asks again and again how many partitions there are, which also shows whether anybody answers.
async fn watch(reader: &Arc<Reader>, mut topics: Topics) -> KafkaError {
    loop {
        tokio::time::sleep(PROBE).await;
        for (topic, known) in &mut topics {
            let (asked, name) = (Arc::clone(reader), Arc::clone(topic));
            let count = match blocking(move || topics::partitions(asked.client(), &name)).await {
                Ok(Some(count)) => count,
                Ok(None) => return KafkaError::Missing { topic: topic.to_string() },
                Err(error) => return error,
            };
            // From the first offset that a partition has, as it was not there when we began.
            let mut added = TopicPartitionList::new();
            let listed =
                (*known..count).try_for_each(|new| added.add_partition_offset(topic, new, Offset::Beginning));
            if count > *known
                && let Err(error) = listed.and_then(|()| reader.incremental_assign(&added))
            {
                return KafkaError::topic("reading", topic, &error);
            }
            *known = count.max(*known);
        }
    }
}

/// Errors of single connections, which librdkafka makes again, and of the group that we do not use.
fn is_passing(code: RDKafkaErrorCode) -> bool {
    use RDKafkaErrorCode as Code;
    matches!(
        code,
        Code::AllBrokersDown // the link tells
            | Code::Authentication
            | Code::BrokerTransportFailure
            | Code::CoordinatorLoadInProgress
            | Code::CoordinatorNotAvailable
            | Code::GroupAuthorizationFailed
            | Code::NotCoordinator
            | Code::OperationTimedOut
            | Code::Resolve
            | Code::SSL
    )
}

fn names(topics: &Topics) -> String {
    topics.keys().map(|topic| &**topic).collect::<Vec<_>>().join(", ")
}

/// Records that are taken from librdkafka before anybody asks.
const AHEAD: usize = 64;

/// Between two questions for the topics.
const PROBE: Duration = Duration::from_secs(5);
