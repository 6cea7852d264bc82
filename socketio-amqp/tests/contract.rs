//! What every broker must do. What is AMQP's own: `integration-tests/tests/brokers/amqp`.

use socketio_amqp::Amqp;
use socketio_core::adapter::contract;
use test_brokers::{Proxy, options, parsed, url};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn amqp_does_what_every_broker_must() {
    contract::run::<Amqp>(options("AMQP_URL")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn amqp_says_when_it_is_away() {
    contract::run_dead::<Amqp>(|address| format!("amqp://user:{}@{address}", contract::PASSWORD)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn amqp_loses_nothing_when_its_link_is_cut() {
    let amqp = url("AMQP_URL");
    let proxy = Proxy::start(&amqp).await;
    contract::run_cut::<Amqp>(parsed(&proxy.url(&amqp)), async || proxy.cut()).await;
}
