//! Where to go on: known for each partition from the moment of subscribing, before any frame came.
//!
//! ```text
//! topic socketio, partition 0:   … 41 42 43 44|            subscribed: next is 45
//!                                … 41 42 43 44 45 46|      two frames came, the link broke, the cursor says 47
//!                                   low ..= next ..= high  still there: go on at 47
//! ```
//!
//! Where the cursor's place is gone:
//!
//! - Its frames are older than the topic's retention, `next < low`: on at `low`; what is missing shows in the senders' numbers.
//! - A partition that the cursor does not know was added meanwhile: from its beginning.
//! - The topic is another one of the same name, or the cluster lost its end, `next > high`: on at the first frame that is younger
//!   than the last one seen, so that a new topic is read from its beginning, and an old one is not read twice. Times are those that
//!   the frames bear: the broker's own where it stamps them (`LogAppendTime`, as in topics that we make), else their senders', or ours
//!   where a sender's clock is ahead of it.
//!
//! A topic that was made again and has already grown past the cursor's place cannot be told from the old one: what is before that
//! place is missed.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rdkafka::consumer::{Consumer, StreamConsumer};
use rdkafka::error::{KafkaError as Cause, KafkaResult, RDKafkaErrorCode};
use rdkafka::{Offset, Timestamp, TopicPartitionList};

use crate::link::Link;
use crate::topics::WAIT;

/// The offset of the next frame in each partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    next: Offsets,
    /// The time that the last frame bears, in milliseconds of Unix time; before any came, when we began.
    seen: i64,
}

type Offsets = HashMap<(Arc<str>, i32), i64>;

impl Cursor {
    /// A frame came from `offset`, and bears this time, if any.
    pub(crate) fn advance(&mut self, topic: &Arc<str>, partition: i32, offset: i64, time: Option<i64>) {
        self.next.insert((Arc::clone(topic), partition), offset + 1);
        self.seen = time.unwrap_or(self.seen);
    }
}

/// The time of a frame, in milliseconds of Unix time; a sender ahead of its time would hide all that comes until then.
pub(crate) fn time(of: Timestamp) -> Option<i64> {
    match of {
        Timestamp::LogAppendTime(broker) => Some(broker),
        Timestamp::CreateTime(sender) => Some(sender.min(now())),
        Timestamp::NotAvailable => None,
    }
}

/// Finds out where to begin in each partition, and begins there. Blocks.
pub(crate) fn begin(
    consumer: &StreamConsumer<Link>,
    topics: &HashMap<Arc<str>, i32>,
    from: Option<Cursor>,
) -> KafkaResult<Cursor> {
    let places =
        topics.iter().flat_map(|(topic, count)| (0..*count).map(|partition| (topic.clone(), partition)));
    let places: Vec<(Arc<str>, i32)> = places.collect();
    let high = query(consumer, &places, Offset::End)?;
    let cursor = match from {
        None => Cursor { next: high, seen: now() },
        Some(Cursor { next, seen }) => {
            let low = query(consumer, &places, Offset::Beginning)?;
            let younger = Offset::Offset(seen.saturating_sub(SKEW).max(0));
            let mut resumed = Offsets::new();
            for place in places {
                let (low, high) = (low[&place], high[&place]);
                let offset = match next.get(&place) {
                    Some(next) if *next > high => {
                        let found = query(consumer, std::slice::from_ref(&place), younger)?[&place];
                        if found < 0 { high } else { found }
                    }
                    Some(next) => low.max(*next),
                    None => low,
                };
                resumed.insert(place, offset);
            }
            Cursor { next: resumed, seen }
        }
    };
    let mut assignment = TopicPartitionList::new();
    for ((topic, partition), offset) in &cursor.next {
        assignment.add_partition_offset(topic, *partition, Offset::Offset(*offset))?;
    }
    consumer.assign(&assignment)?;
    Ok(cursor)
}

/// The offsets at a time: the beginning, the end, or milliseconds of Unix time; -1 where nothing is that young.
fn query(consumer: &StreamConsumer<Link>, places: &[(Arc<str>, i32)], time: Offset) -> KafkaResult<Offsets> {
    let deadline = Instant::now() + WAIT;
    loop {
        match query_once(consumer, places, time) {
            // Asked too early: a topic that was just made, and a broker that has just gone or come, have no leaders for a moment.
            Err(error) if !is_final(&error) && Instant::now() < deadline => {
                std::thread::sleep(Duration::from_millis(50));
            }
            found => return found,
        }
    }
}

fn query_once(
    consumer: &StreamConsumer<Link>,
    places: &[(Arc<str>, i32)],
    time: Offset,
) -> KafkaResult<Offsets> {
    let mut asked = TopicPartitionList::new();
    for (topic, partition) in places {
        // The request has the time in the offset's place; the beginning and the end are times to it.
        asked.add_partition_offset(topic, *partition, time)?;
    }
    let mut found: Offsets = places.iter().map(|place| (place.clone(), -1)).collect();
    for answer in consumer.offsets_for_times(asked, WAIT)?.elements() {
        answer.error()?;
        found.insert((answer.topic().into(), answer.partition()), answer.offset().to_raw().unwrap_or(-1));
    }
    Ok(found)
}

fn is_final(error: &Cause) -> bool {
    error.rdkafka_error_code() == Some(RDKafkaErrorCode::TopicAuthorizationFailed)
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// By how much the clocks of two nodes, or of two brokers, may differ, in milliseconds.
const SKEW: i64 = 10_000;
