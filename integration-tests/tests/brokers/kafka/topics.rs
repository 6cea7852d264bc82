//! Topics: made, missing, deleted, shortened.

use rdkafka::admin::{NewTopic, ResourceSpecifier, TopicReplication};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::producer::{FutureProducer, FutureRecord};
use rdkafka::{Offset, TopicPartitionList};
use socketio_core::adapter::Broadcast;
use socketio_core::adapter::broker::{Broker, Channel, Feed, Frame};
use socketio_core::adapter::publisher::Publisher;
use socketio_kafka::{Kafka, KafkaError};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::support::*;

#[tokio::test]
async fn a_missing_topic_is_made_as_the_options_say() {
    let channel = channel();
    let options = options()
        .partitions(3)
        .retention(Duration::from_secs(600))
        .topic_setting("max.message.bytes", "2000000");
    publish(&connect(&options).await, &channel, numbers(0..1)).await;

    let (admin, limits) = admin();
    let found = admin.inner().fetch_metadata(Some(&channel), Duration::from_secs(10)).expect("metadata");
    assert_eq!(found.topics()[0].partitions().len(), 3);
    let described =
        admin.describe_configs([&ResourceSpecifier::Topic(&channel)], &limits).await.expect("described");
    let settings = described[0].as_ref().expect("the topic's").entry_map().into_iter();
    let settings: std::collections::HashMap<_, _> =
        settings.map(|(name, entry)| (name.to_owned(), entry.value.clone())).collect();
    for (name, value) in [
        ("retention.ms", "600000"),
        ("segment.ms", "600000"),
        ("max.message.bytes", "2000000"),
        ("message.timestamp.type", "LogAppendTime"),
    ] {
        assert_eq!(settings[name].as_deref(), Some(value), "{name}");
    }
}

#[tokio::test]
async fn without_leave_to_make_it_a_missing_topic_is_an_error() {
    let channel = channel();
    let options = options().create_topics(false);
    let kafka = connect(&options).await;
    let error = soon("publishing", kafka.publish(&[frame(&channel, "lost")])).await.expect_err("no topic");
    assert_eq!((error.sent, error.source.to_string()), (0, format!("kafka has no topic {channel}")));
    let kafka = connect(&options).await;
    let error = soon("subscribing", kafka.subscribe(&[Channel::Exact(channel.clone())], None)).await;
    assert!(matches!(error, Err(KafkaError::Missing { .. })), "{error:?}");

    let found = admin().0.inner().fetch_metadata(None, Duration::from_secs(10)).expect("metadata");
    assert!(found.topics().iter().all(|topic| *topic.name() != *channel), "asking for it has not made it");
}

#[tokio::test]
async fn a_channel_that_cannot_be_a_topic_is_an_error_that_says_so() {
    let kafka = connect(&options()).await;
    let error = kafka.publish(&[frame(&"chat/lobby".into(), "lost")]).await.expect_err("not a topic");
    assert_eq!(error.source.to_string(), "looking up topic chat/lobby: InvalidTopic (Broker: Invalid topic)");
}

#[tokio::test]
async fn a_feed_whose_topic_is_made_again_ends_and_goes_on_at_the_beginning_of_the_new_one() {
    let channel = channel();
    let kafka = connect(&options()).await;
    let mut feed = subscribe(&kafka, &channel, None).await;
    publish(&kafka, &channel, numbers(0..10)).await;
    assert_eq!(heard(&mut feed, 10).await, numbers(0..10));

    delete(&channel).await;
    end(&mut feed).await;

    // The others are quicker than this node.
    publish(&connect(&options()).await, &channel, numbers(10..13)).await;
    let mut feed = subscribe(&connect(&options()).await, &channel, feed.cursor().as_ref()).await;
    publish(&connect(&options()).await, &channel, numbers(13..15)).await;
    assert_eq!(heard(&mut feed, 5).await, numbers(10..15));
}

#[tokio::test]
async fn a_node_whose_clock_is_years_ahead_hides_nothing_of_a_topic_that_is_made_again() {
    for stamped_by in ["LogAppendTime", "CreateTime"] {
        let channel = channel();
        let options = options()
            .topic_setting("message.timestamp.type", stamped_by)
            .topic_setting("message.timestamp.after.max.ms", i64::MAX.to_string());
        let kafka = connect(&options).await;
        let mut feed = subscribe(&kafka, &channel, None).await;
        publish(&kafka, &channel, numbers(0..9)).await;
        let year = 365 * 24 * 3600 * 1000;
        let ahead: FutureProducer = foreign().create().expect("a producer");
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("a time").as_millis();
        let record = FutureRecord::<(), _>::to(&channel).payload("9").timestamp(now as i64 + 10 * year);
        ahead.send(record, Duration::from_secs(10)).await.expect("published");
        assert_eq!(heard(&mut feed, 10).await, numbers(0..10));

        delete(&channel).await;
        end(&mut feed).await;

        publish(&connect(&options).await, &channel, numbers(10..13)).await;
        let mut feed = subscribe(&connect(&options).await, &channel, feed.cursor().as_ref()).await;
        assert_eq!(heard(&mut feed, 3).await, numbers(10..13), "{stamped_by}");
    }
}

#[tokio::test]
async fn a_topic_made_again_behind_the_back_of_a_feed_ends_it_too() {
    let channel = channel();
    let kafka = connect(&options()).await;
    let mut feed = subscribe(&kafka, &channel, None).await;
    publish(&kafka, &channel, numbers(0..20)).await;
    assert_eq!(heard(&mut feed, 20).await, numbers(0..20));

    let (admin, limits) = admin();
    delete(&channel).await;
    let again = NewTopic::new(&channel, 1, TopicReplication::Fixed(1));
    while admin.create_topics([&again], &limits).await.expect("asked")[0].is_err() {}
    publish(&connect(&options()).await, &channel, numbers(20..25)).await;

    end(&mut feed).await;
    let mut feed = subscribe(&connect(&options()).await, &channel, feed.cursor().as_ref()).await;
    assert_eq!(heard(&mut feed, 5).await, numbers(20..25));
}

#[tokio::test]
async fn what_retention_took_is_skipped() {
    let channel = channel();
    let kafka = connect(&options()).await;
    let start = subscribe(&kafka, &channel, None).await.cursor();
    publish(&kafka, &channel, numbers(0..10)).await;

    let (admin, limits) = admin();
    let mut before = TopicPartitionList::new();
    before.add_partition_offset(&channel, 0, Offset::Offset(5)).expect("an offset");
    admin.delete_records(&before, &limits).await.expect("deleted");

    let mut feed = subscribe(&kafka, &channel, start.as_ref()).await;
    publish(&kafka, &channel, numbers(10..12)).await;
    assert_eq!(heard(&mut feed, 7).await, numbers(5..12));
}

#[tokio::test]
async fn a_frame_that_the_topic_is_too_small_for_is_refused_alone_and_the_link_stays() {
    let channel = channel();
    // Less than the 20 small frames have together.
    let kafka = connect(&options().topic_setting("max.message.bytes", "1000")).await;
    let mut feed = subscribe(&kafka, &channel, None).await;
    let mut frames: Vec<Frame> = (0..20).map(|number| frame(&channel, format!("{number:0>100}"))).collect();
    frames.insert(15, frame(&channel, "x".repeat(2000)));
    let error = soon("publishing", kafka.publish(&frames)).await.expect_err("too large");
    assert_eq!((error.sent, Kafka::refuses_frame(&error.source)), (15, true), "{error:?}");
    assert_eq!(error.source.to_string(), format!("topic {channel} takes no frame of 2000 bytes"));
    soon("publishing", kafka.publish(&frames[16..])).await.expect("the link is up");
    assert_eq!(
        heard(&mut feed, 20).await,
        (0..20).map(|number| format!("{number:0>100}")).collect::<Vec<_>>()
    );
}

#[tokio::test]
async fn what_a_topic_refuses_is_dropped_and_counted_and_the_others_arrive() {
    let channel = channel();
    let options = options().topic_setting("max.message.bytes", "100000");
    let kafka = connect(&options).await;
    let mut feed = subscribe(&kafka, &channel, None).await;
    let publisher = Publisher::<Kafka>::with_options(options).channel(Arc::clone(&channel));
    let publisher = Arc::new(publisher);
    let link = tokio::spawn(publisher.run());
    let all = Broadcast::everyone(Arc::clone(&publisher), "/");
    all.emit("first", ()).expect("queued");
    all.emit("large", "x".repeat(200_000)).expect("the broker's own limit is higher");
    all.emit("second", ()).expect("queued");
    let totals =
        soon("all to be published", publisher.flush(Duration::from_secs(30))).await.expect("flushed");
    assert_eq!((totals.sent, totals.dropped), (2, 1));
    let heard = heard(&mut feed, 2).await;
    assert!(heard[0].contains("first") && heard[1].contains("second"), "{heard:?}");
    link.abort();
}

#[tokio::test]
async fn nobody_joins_a_group() {
    let channel = channel();
    let kafka = connect(&options()).await;
    let mut feed = subscribe(&kafka, &channel, None).await;
    publish(&kafka, &channel, numbers(0..1)).await;
    heard(&mut feed, 1).await;
    let consumer: BaseConsumer = foreign().create().expect("a consumer");
    let groups = consumer.fetch_group_list(None, Duration::from_secs(10)).expect("groups");
    assert!(groups.groups().iter().all(|group| group.name() != "socketio"));
}

async fn delete(channel: &str) {
    let (admin, limits) = admin();
    admin.delete_topics(&[channel], &limits).await.expect("asked")[0].as_ref().expect("deleted");
}
