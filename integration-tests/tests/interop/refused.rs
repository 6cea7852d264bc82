//! Managers of python's that speak another wire.

use integration_tests::brokers;
use integration_tests::cluster::{Member, Node};
use integration_tests::python_party::{PythonParty, Style};
use integration_tests::wait::until;
use serde_json::json;
use socketio_core::Sid;
use socketio_redis::Redis;

/// Its messages are on another channel, too: a node has to be put there to hear them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kombu_over_redis_is_counted_and_the_link_stays() {
    let (url, channel) = (brokers::url("REDIS_URL"), format!("test-{}", Sid::generate()));
    let node = Node::<Redis>::start(brokers::parsed(&url), &format!("/0.{channel}")).await;
    let mut client = Member::connect(node.running.port).await;
    let mut worker = PythonParty::writer(Style::Threads, &format!("kombu+{url}"), &channel).await;
    for number in 1..=3 {
        worker.does("emit", json!(["news", number]), json!({})).await;
    }
    until("three refusals", || {
        let health = node.adapter.health();
        if health.frames_refused == 3 && health.subscribed { Ok(()) } else { Err(health) }
    })
    .await;
    let mut worker = PythonParty::writer(Style::Threads, &url, &format!("/0.{channel}")).await;
    worker.does("emit", json!(["news", "by RedisManager"]), json!({})).await;
    client.got(&[r#"42["news","by RedisManager"]"#]).await;
}
