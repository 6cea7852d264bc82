//! Links that are half open, and brokers that go: through a proxy that stands where the broker says it is.

use std::time::Duration;

use futures_util::StreamExt;
use integration_tests::brokers::Proxy;
use rdkafka::mocking::MockCluster;
use socketio_core::adapter::broker::Broker;
use socketio_kafka::{Kafka, KafkaOptions};
use tokio::time::Instant;

use super::support::*;

#[tokio::test]
async fn a_half_open_link_is_noticed_within_15_seconds() {
    let proxy = Proxy::kafka().await;
    let channel = channel();
    let kafka = connect(&through(&proxy)).await;
    let mut feed = subscribe(&kafka, &channel, None).await;
    publish(&kafka, &channel, numbers(0..3)).await;
    assert_eq!(heard(&mut feed, 3).await, numbers(0..3));

    let start = Instant::now();
    proxy.hold();
    let published = async {
        let error =
            soon("publishing", kafka.publish(&[frame(&channel, "lost")])).await.expect_err("half open");
        assert_eq!(error.sent, 0);
        (start.elapsed(), error.source.to_string())
    };
    let ended = async {
        (
            soon("the feed", feed.next()).await.expect("an error").expect_err("half open").to_string(),
            start.elapsed(),
        )
    };
    let (published, ended) = tokio::join!(published, ended);
    assert!(published.0.max(ended.1) < Duration::from_secs(15), "{published:?} {ended:?}");

    let error = soon("connecting", Kafka::connect(&through(&proxy), "node")).await;
    error.expect_err("silent");
    assert!(start.elapsed() < Duration::from_secs(25), "a new connection is given up in time, too");
}

#[tokio::test]
async fn one_broker_of_three_that_goes_is_no_lost_link() {
    let cluster = MockCluster::new(3).expect("brokers in this process");
    let options = KafkaOptions::brokers(cluster.bootstrap_servers().split(',')).expect("brokers");
    let channel = channel();
    cluster.create_topic(&channel, 1, 3).expect("a topic");
    cluster.partition_leader(&channel, 0, Some(1)).expect("a leader");
    let kafka = connect(&options).await;
    let mut feed = subscribe(&kafka, &channel, None).await;
    publish(&kafka, &channel, numbers(0..10)).await;
    assert_eq!(heard(&mut feed, 10).await, numbers(0..10));

    cluster.broker_down(1).expect("gone");
    cluster.partition_leader(&channel, 0, Some(2)).expect("another leader");
    publish(&kafka, &channel, numbers(10..20)).await;
    assert_eq!(heard(&mut feed, 10).await, numbers(10..20));
}

fn through(proxy: &Proxy) -> KafkaOptions {
    KafkaOptions::brokers([proxy.address.to_string()]).expect("a broker")
}
