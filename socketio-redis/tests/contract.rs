//! What every broker must do, by each of the ways to one. What is Redis's own: `integration-tests/tests/brokers/redis`.

use socketio_core::adapter::contract;
use socketio_redis::{Protocol, Redis, RedisOptions};
use test_brokers::{Proxy, options, parsed, url};

#[tokio::test]
async fn redis_does_what_every_broker_must() {
    contract::run::<Redis>(options("REDIS_URL")).await;
}

#[tokio::test]
async fn redis_does_so_with_the_later_protocol() {
    contract::run::<Redis>(options::<RedisOptions>("REDIS_URL").protocol(Protocol::Resp3)).await;
}

/// Not the facts that a new listener hears nothing from before: what one node of a Cluster has, the others have a little later.
#[tokio::test]
async fn a_cluster_does_what_a_broker_must_that_takes_its_time() {
    let cluster = &options("REDIS_CLUSTER_URL");
    contract::frames_of_a_sender_arrive_in_order::<Redis>(cluster).await;
    contract::a_batch_arrives_whole::<Redis>(cluster).await;
    contract::senders_keep_their_order_side_by_side::<Redis>(cluster).await;
    contract::every_byte_comes_through::<Redis>(cluster).await;
    contract::a_frame_over_the_limit_does_not_cut_the_link::<Redis>(cluster).await;
    contract::every_feed_hears_every_frame::<Redis>(cluster).await;
    contract::channels_do_not_hear_each_other::<Redis>(cluster).await;
    contract::a_feed_hears_all_its_channels::<Redis>(cluster).await;
    contract::listeners_are_counted_where_the_broker_can::<Redis>(cluster).await;
}

#[tokio::test]
async fn redis_says_when_it_is_away() {
    contract::run_dead::<Redis>(|address| format!("redis://app:{}@{address}", contract::PASSWORD)).await;
    contract::run_dead::<Redis>(|address| format!("rediss://app:{}@{address}", contract::PASSWORD)).await;
    contract::run_dead::<Redis>(|address| format!("redis+cluster://{address},127.0.0.1:1")).await;
    contract::run_dead::<Redis>(|address| format!("redis+sentinel://{address},127.0.0.1:1")).await;
}

#[tokio::test]
async fn redis_says_when_its_link_is_cut() {
    let redis = url("REDIS_URL");
    let proxy = Proxy::start(&redis).await;
    contract::run_cut::<Redis>(parsed(&proxy.url(&redis)), async || proxy.cut()).await;
}
