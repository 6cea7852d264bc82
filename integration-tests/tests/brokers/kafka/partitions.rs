//! Topics of several partitions, and of more than there were.

use std::sync::Arc;
use std::time::Duration;

use rdkafka::admin::NewPartitions;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use socketio_core::adapter::broker::Feed;

use super::support::*;

#[tokio::test]
async fn every_partition_is_heard() {
    let channel = channel();
    let mut feed = subscribe(&connect(&options().partitions(4)).await, &channel, None).await;
    for partition in 0..4 {
        produce(&channel, partition, &partition.to_string());
    }
    let mut texts = heard(&mut feed, 4).await;
    texts.sort();
    assert_eq!(texts, numbers(0..4));
}

#[tokio::test]
async fn partitions_added_under_a_feed_are_heard_from_their_beginning() {
    let channel = channel();
    let kafka = connect(&options()).await;
    let mut feed = subscribe(&kafka, &channel, None).await;
    publish(&kafka, &channel, numbers(0..1)).await;
    assert_eq!(heard(&mut feed, 1).await, numbers(0..1));

    grow(&channel, 3).await;
    produce(&channel, 2, "1");
    assert_eq!(heard(&mut feed, 1).await, numbers(1..2));
    produce(&channel, 1, "2");
    produce(&channel, 0, "3");
    let mut texts = heard(&mut feed, 2).await;
    texts.sort();
    assert_eq!(texts, numbers(2..4));
}

#[tokio::test]
async fn partitions_added_while_a_node_is_away_are_heard_from_their_beginning() {
    let channel = channel();
    let kafka = connect(&options()).await;
    let cursor = subscribe(&kafka, &channel, None).await.cursor();

    grow(&channel, 2).await;
    produce(&channel, 1, "1");
    produce(&channel, 0, "0");
    let mut feed = subscribe(&kafka, &channel, cursor.as_ref()).await;
    let mut texts = heard(&mut feed, 2).await;
    texts.sort();
    assert_eq!(texts, numbers(0..2));
}

#[tokio::test]
async fn a_sender_keeps_its_order_while_partitions_are_added() {
    let channel = channel();
    let kafka = connect(&options()).await;
    let mut feed = subscribe(&kafka, &channel, None).await;
    publish(&kafka, &channel, numbers(0..100)).await;
    grow(&channel, 7).await;
    for start in (100..1000).step_by(100) {
        publish(&kafka, &channel, numbers(start..start + 100)).await;
    }
    assert_eq!(heard(&mut feed, 1000).await, numbers(0..1000));
}

async fn grow(channel: &str, count: usize) {
    let (admin, limits) = admin();
    let grown = admin.create_partitions([&NewPartitions::new(channel, count)], &limits).await.expect("asked");
    grown[0].as_ref().expect("grown");
}

/// As python does: without a key.
fn produce(channel: &Arc<str>, partition: i32, text: &str) {
    let producer: BaseProducer = foreign().create().expect("a producer");
    producer.send(BaseRecord::<(), str>::to(channel).partition(partition).payload(text)).expect("queued");
    producer.flush(Duration::from_secs(30)).expect("published");
}
