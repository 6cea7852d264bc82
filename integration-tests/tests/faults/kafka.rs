//! Kafka keeps everything: nothing is lost, whatever happens.

use std::time::Duration;

use integration_tests::brokers::{self, Proxy};
use integration_tests::own_brokers::OwnBrokers;
use integration_tests::wait::within;
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions};
use socketio_kafka::{Kafka, KafkaOptions};
use tokio::time::{Instant, sleep, sleep_until};

use crate::play::{PARTIES, Play};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_killed_and_starts_again_after_a_second() {
    let own = OwnBrokers::start(&["kafka"]).await;
    let play = Play::<Kafka>::begin(own.options("KAFKA_URL")).await;
    own.kill("kafka").await;
    sleep(Duration::from_secs(1)).await;
    own.start_again("kafka").await;
    play.lost(PARTIES).await;
    play.end(PARTIES, 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_stopped_and_starts_again() {
    let own = OwnBrokers::start(&["kafka"]).await;
    let play = Play::<Kafka>::begin(own.options("KAFKA_URL")).await;
    own.stop("kafka").await;
    play.lost(PARTIES).await;
    own.start_again("kafka").await;
    play.end(PARTIES, 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_hangs_for_20_s() {
    let own = OwnBrokers::start(&["kafka"]).await;
    let play = Play::<Kafka>::begin(own.options("KAFKA_URL")).await;
    own.pause("kafka").await;
    let until = Instant::now() + Duration::from_secs(20);
    sleep(Duration::from_secs(15)).await;
    play.ask_in_vain().await;
    sleep_until(until).await;
    own.resume("kafka").await;
    play.lost(PARTIES).await;
    play.end(PARTIES, 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_not_there_at_first() {
    let own = OwnBrokers::start(&["kafka"]).await;
    own.kill("kafka").await;
    let mut play = Play::<Kafka>::begin_without_a_broker(own.options("KAFKA_URL")).await;
    own.start_again("kafka").await;
    play.back().await;
    play.join();
    play.end(PARTIES, 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_link_is_reset() {
    let (proxy, options) = proxied().await;
    let play = Play::<Kafka>::begin(options).await;
    proxy.cut();
    play.lost(PARTIES).await;
    play.end(PARTIES, 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_link_is_half_open() {
    let (proxy, options) = proxied().await;
    let play = Play::<Kafka>::begin(options).await;
    proxy.hold();
    let noticed = play.lost(PARTIES).await;
    assert!(noticed < Duration::from_secs(15), "noticed after {noticed:?}");
    proxy.release();
    play.end(PARTIES, 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_topic_is_deleted_and_made_again() {
    let play = Play::<Kafka>::begin(brokers::options("KAFKA_URL")).await;
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", brokers::url("KAFKA_BROKERS"));
    let admin: AdminClient<_> = config.create().expect("a client");
    let deleted =
        within("the topic to be deleted", admin.delete_topics(&[&play.channel], &AdminOptions::new()));
    deleted.await.expect("answered").remove(0).expect("deleted");
    play.lost(PARTIES).await;
    play.end(PARTIES, UNHEARD).await;
}

/// Whoever deletes a topic deletes what was in it; and a new one that grows past the place of the old before a node is back is read
/// from that place on.
const UNHEARD: usize = usize::MAX;

async fn proxied() -> (Proxy, KafkaOptions) {
    let proxy = Proxy::kafka().await;
    let options = brokers::parsed(&proxy.url(&brokers::url("KAFKA_URL")));
    (proxy, options)
}
