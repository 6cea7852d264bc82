//! A Redis Cluster: one node is enough to reach all.

use socketio_core::adapter::broker::Broker;
use socketio_redis::{RedisError, RedisOptions};

use super::support::{channel, connect, environment, exchange, options, soon, subscribe, tls_file, told};

/// Each node by itself.
fn nodes(cluster: &str) -> Vec<RedisOptions> {
    let url = environment(cluster);
    let (scheme, hosts) = url.split_once("://").expect("a URL");
    hosts.split(',').map(|host| RedisOptions::new(&format!("{scheme}://{host}")).expect("a URL")).collect()
}

#[tokio::test]
async fn what_is_published_to_one_node_is_heard_on_each() {
    for listener in nodes("REDIS_CLUSTER_URL") {
        for publisher in nodes("REDIS_CLUSTER_URL") {
            exchange(&listener, &publisher).await;
        }
    }
}

#[tokio::test]
async fn subscribers_are_counted_over_all_nodes() {
    let channel = channel();
    let mut feeds = Vec::new();
    for node in nodes("REDIS_CLUSTER_URL") {
        let redis = connect(&node).await.expect("connected");
        feeds.push(subscribe(&redis, &channel).await);
    }
    let any = connect(&options("REDIS_CLUSTER_URL")).await.expect("connected");
    assert_eq!(soon(any.subscriber_count(channel.name())).await.expect("counted"), Some(feeds.len()));

    // A plain URL of a node of a Cluster is as good.
    let cluster = environment("REDIS_CLUSTER_NODES");
    let url = format!("redis://{}", cluster.split(',').next().expect("a node"));
    let plain = connect(&RedisOptions::new(&url).expect("a URL")).await.expect("connected");
    assert_eq!(soon(plain.subscriber_count(channel.name())).await.expect("counted"), Some(feeds.len()));
}

#[tokio::test]
async fn nodes_that_are_away_are_passed_over() {
    let nodes = environment("REDIS_CLUSTER_NODES");
    let hanging = std::net::TcpListener::bind("127.0.0.1:0").expect("a port"); // takes connections, says nothing
    let hanging = hanging.local_addr().expect("bound");
    let url = format!("redis+cluster://127.0.0.1:1,{hanging},no-such-host.invalid,{nodes}");
    let some_away = RedisOptions::new(&url).expect("a URL");
    exchange(&some_away, &options("REDIS_CLUSTER_URL")).await;
}

#[tokio::test]
async fn tls_is_for_each_node() {
    let trusting = options("REDIS_CLUSTER_TLS_URL").tls_ca(tls_file("ca.pem"));
    exchange(&trusting, &options("REDIS_CLUSTER_URL")).await;
    let channel = channel();
    let mut feeds = Vec::new();
    for node in nodes("REDIS_CLUSTER_TLS_URL") {
        let redis = connect(&node.tls_ca(tls_file("ca.pem"))).await.expect("connected");
        feeds.push(subscribe(&redis, &channel).await);
    }
    let redis = connect(&trusting).await.expect("connected");
    assert_eq!(soon(redis.subscriber_count(channel.name())).await.expect("counted"), Some(feeds.len()));
}

#[tokio::test]
async fn a_redis_of_its_own_is_no_node() {
    let url = environment("REDIS_URL").replace("redis://", "redis+cluster://");
    let error = connect(&RedisOptions::new(&url).expect("a URL")).await.expect_err("refused");
    assert!(matches!(error, RedisError::Unfit(..)), "{error:?}");
    assert!(told(&error).ends_with("is no node of a Cluster"), "{}", told(&error));
}
