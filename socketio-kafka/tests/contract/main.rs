//! What every broker must do, and what is Kafka's own.

mod link;
mod login;
mod partitions;
mod support;
mod topics;

use socketio_core::adapter::contract;
use socketio_kafka::Kafka;

#[tokio::test]
async fn kafka_does_what_every_broker_must() {
    contract::run::<Kafka>(support::options()).await;
}

#[tokio::test]
async fn kafka_does_so_with_many_partitions() {
    contract::run::<Kafka>(support::options().partitions(5)).await;
}

#[tokio::test]
async fn kafka_says_when_it_is_away() {
    contract::run_dead::<Kafka>(|address| format!("kafka://chat:{}@{address}", contract::PASSWORD)).await;
}
