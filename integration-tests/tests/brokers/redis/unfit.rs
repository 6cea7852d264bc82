//! Servers that stop passing on what is published, while the links to them stay.

use std::time::Duration;

use futures_util::StreamExt;
use integration_tests::own_brokers::OwnBrokers;
use integration_tests::wait::within_time;
use socketio_redis::{RedisError, RedisOptions};

use super::support::{admin, channel, connect, soon, subscribe, told};

#[tokio::test]
async fn a_feed_ends_when_its_server_is_made_a_replica() {
    let own = OwnBrokers::start(&["redis"]).await;
    let url = own.value("REDIS_URL");
    ends(&RedisOptions::new(url).expect("a URL"), "is a replica", async || {
        let mut command = redis::cmd("REPLICAOF");
        command.arg("127.0.0.1").arg(1);
        soon(command.exec_async(&mut admin(url).await)).await.expect("made a replica");
    })
    .await;
}

#[tokio::test]
async fn a_feed_ends_when_its_node_is_cut_off_from_its_cluster() {
    let own = OwnBrokers::start(&["redis-cluster"]).await;
    let first = own.value("REDIS_CLUSTER_NODES").split(',').next().expect("a node");
    let options = RedisOptions::new(&format!("redis+cluster://{first}")).expect("a URL");
    ends(&options, "is cut off from most of its Cluster", async || {
        own.kill("redis-cluster-2").await;
        own.kill("redis-cluster-3").await;
    })
    .await;
}

/// A feed ends with this error after that has happened.
async fn ends(options: &RedisOptions, error: &str, happens: impl AsyncFnOnce()) {
    let redis = connect(options).await.expect("connected");
    let mut feed = subscribe(&redis, &channel()).await;
    happens().await;
    // It is asked twice, five seconds apart, once its Cluster has noticed.
    let ended = within_time(Duration::from_secs(60), "the end of the feed", feed.next()).await;
    let unfit = ended.expect("it ends with an error").expect_err("unfit");
    assert!(matches!(unfit, RedisError::Unfit(..)) && told(&unfit).ends_with(error), "{unfit:?}");
    assert!(soon(feed.next()).await.is_none());
    assert_eq!(told(&connect(options).await.expect_err("still so")), told(&unfit));
}
