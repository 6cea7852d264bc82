//! RabbitMQ keeps what is published in the nodes' queues, also when it crashes: at a cut of the link nothing is lost. Its exchange, and
//! who is bound to it, it forgets when it starts again.

use std::time::Duration;

use integration_tests::brokers::{self, Proxy};
use integration_tests::own_brokers::OwnBrokers;
use integration_tests::wait::within;
use lapin::options::QueueDeleteOptions;
use lapin::types::FieldTable;
use lapin::{Channel, Connection, ConnectionProperties};
use socketio_amqp::{Amqp, AmqpOptions};
use tokio::time::sleep;

use crate::common::faults_of_every_broker;
use crate::play::{PARTIES, Play};

/// At a restart: what is published to the exchange before all are bound to it again.
const UNBOUND: usize = 300;

faults_of_every_broker!(Amqp, "rabbitmq", "AMQP_URL", restarted: UNBOUND, paused: 0, cut: 0);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_queue_of_a_node_is_deleted() {
    let play = Play::<Amqp>::begin(brokers::options("AMQP_URL")).await;
    admin().await.queue_delete(queue(&play).into(), QueueDeleteOptions::default()).await.expect("deleted");
    play.lost(1).await;
    play.end(1, UNHEARD).await;
}

/// Nobody tells the node: it misses its own heartbeat.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_queue_of_a_node_is_unbound() {
    let play = Play::<Amqp>::begin(brokers::options("AMQP_URL")).await;
    let (queue, exchange) = (queue(&play).into(), play.channel.as_str().into());
    admin().await.queue_unbind(queue, exchange, "".into(), FieldTable::default()).await.expect("unbound");
    let noticed = play.lost(1).await;
    assert!(noticed > Duration::from_secs(8) && noticed < Duration::from_secs(25), "after {noticed:?}");
    play.end(1, UNHEARD).await;
}

/// What was in the queue, and what is published before the exchange leads to it again: as much as was said in that time.
const UNHEARD: usize = usize::MAX;

/// The queue of the first node.
fn queue(play: &Play<Amqp>) -> String {
    format!("socketio.{}.{}", play.channel, play.nodes[0].adapter.id())
}

/// Who does what an administrator does.
async fn admin() -> Channel {
    let url = format!("{}/%2f", brokers::url("AMQP_URL"));
    let connection = within("RabbitMQ", Connection::connect(&url, ConnectionProperties::default())).await;
    connection.expect("connected").create_channel().await.expect("opened")
}

async fn proxied() -> (Proxy, AmqpOptions) {
    let url = brokers::url("AMQP_URL");
    let proxy = Proxy::start(&url).await;
    let options = brokers::parsed(&proxy.url(&url));
    (proxy, options)
}
