//! A Redis Cluster: one node is enough to reach all.

use integration_tests::brokers::Proxy;
use socketio_core::adapter::broker::Broker;
use socketio_redis::{RedisError, RedisOptions};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};

use super::support::{
    channel, connect, environment, eventually, exchange, options, soon, subscribe, tls_file, told,
};

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
async fn nodes_that_the_url_does_not_name_are_tried_once_they_were_seen() {
    let [first, others @ ..] = &nodes("REDIS_CLUSTER_URL")[..] else { panic!("no nodes") };
    let cluster = environment("REDIS_CLUSTER_NODES");
    let url = format!("redis+cluster://{}", cluster.split(',').next().expect("a node"));
    let proxy = Proxy::start(&url).await;
    let options = RedisOptions::new(&proxy.url(&url)).expect("a URL");
    connect(&options.clone()).await.expect("connected");

    let address = proxy.address;
    drop(proxy);
    eventually(async || TcpStream::connect(address).await.is_err()).await;
    exchange(&options, first).await;
    exchange(&others[0], &options).await;
}

#[tokio::test]
async fn a_name_that_leads_to_another_node_each_time_spoils_no_count() {
    let channel = channel();
    let listening = connect(&nodes("REDIS_CLUSTER_URL")[0]).await.expect("connected");
    let _feed = subscribe(&listening, &channel).await;

    let balancer = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("redis+cluster://{}", balancer.local_addr().expect("bound"));
    tokio::spawn(async move {
        for node in environment("REDIS_CLUSTER_NODES").split(',').cycle() {
            let (mut client, _) = balancer.accept().await.expect("accepted");
            let mut node = TcpStream::connect(node).await.expect("connected");
            tokio::spawn(async move { copy_bidirectional(&mut client, &mut node).await });
        }
    });
    let redis = connect(&RedisOptions::new(&url).expect("a URL")).await.expect("connected");
    for _ in 0..3 {
        assert_eq!(soon(redis.subscriber_count(channel.name())).await.expect("counted"), Some(1));
    }
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
