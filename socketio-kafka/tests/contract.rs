//! What every broker must do. What is Kafka's own: `integration-tests/tests/brokers/kafka`.

use socketio_core::adapter::contract;
use socketio_kafka::{Kafka, KafkaOptions};
use test_brokers::{Proxy, options};

#[tokio::test]
async fn kafka_does_what_every_broker_must() {
    contract::run::<Kafka>(options("KAFKA_URL")).await;
}

#[tokio::test]
async fn kafka_does_so_with_many_partitions() {
    contract::run::<Kafka>(options::<KafkaOptions>("KAFKA_URL").partitions(5)).await;
}

#[tokio::test]
async fn kafka_says_when_it_is_away() {
    contract::run_dead::<Kafka>(|address| format!("kafka://chat:{}@{address}", contract::PASSWORD)).await;
}

#[tokio::test]
async fn kafka_loses_nothing_when_its_link_is_cut() {
    let proxy = Proxy::kafka().await;
    let options = KafkaOptions::brokers([proxy.address.to_string()]).expect("a broker");
    contract::run_cut::<Kafka>(options, async || proxy.cut()).await;
}
