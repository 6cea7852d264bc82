//! Kafka keeps everything: nothing is lost, whatever happens.

use std::time::Duration;

use integration_tests::brokers::{self, Proxy};
use integration_tests::own_brokers::OwnBrokers;
use integration_tests::wait::within;
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions};
use socketio_kafka::{Kafka, KafkaOptions};
use tokio::time::sleep;

use crate::common::faults_of_every_broker;
use crate::play::{PARTIES, Play};

faults_of_every_broker!(Kafka, "kafka", "KAFKA_URL", restarted: 0, paused: 0, cut: 0);

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
