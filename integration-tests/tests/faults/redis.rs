//! Redis keeps nothing for who does not listen at that moment: what is lost is what was on its way, and what is published in an outage
//! waits for it to end.

use std::time::Duration;

use integration_tests::brokers::{self, Proxy};
use integration_tests::own_brokers::OwnBrokers;
use integration_tests::wait::within;
use redis::aio::MultiplexedConnection;
use redis::cmd;
use socketio_redis::{Redis, RedisOptions};
use tokio::time::sleep;

use crate::common::faults_of_every_broker;
use crate::play::{PARTIES, Play};

/// What was on its way: published, and not delivered.
const ON_THE_WAY: usize = 10;
/// What others publish until a node has found another server: 2 s at 200 a second, where 0.04 s would do on a quiet machine.
const UNTIL_ELSEWHERE: usize = 400;

faults_of_every_broker!(Redis, "redis", "REDIS_URL", restarted: ON_THE_WAY, paused: ON_THE_WAY, cut: ON_THE_WAY);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_of_its_cluster_is_killed_and_starts_again_after_a_second() {
    let own = OwnBrokers::start(&["redis-cluster"]).await;
    let play = Play::<Redis>::begin(own.options("REDIS_CLUSTER_URL")).await;
    let mut listened_to = None;
    for (address, number) in own.value("REDIS_CLUSTER_NODES").split(',').zip(1..) {
        let mut question = cmd("PUBSUB");
        question.arg("NUMSUB").arg(&play.channel);
        let (_, count): (String, usize) =
            question.query_async(&mut admin(&format!("redis://{address}")).await).await.expect("counted");
        listened_to = listened_to.or((count > 0).then(|| format!("redis-cluster-{number}")));
    }
    own.kill(&listened_to.expect("one of the nodes is listened to")).await;
    sleep(Duration::from_secs(1)).await;
    play.lost(1).await;
    own.start_again("redis-cluster").await;
    let parties = play.parties_lost();
    play.end(parties, UNTIL_ELSEWHERE).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_master_is_killed_and_its_sentinels_name_another() {
    let own = OwnBrokers::start(&["redis-sentinel"]).await;
    let play = Play::<Redis>::begin(own.options("REDIS_SENTINEL_URL")).await;
    own.kill("redis-sentinel-master").await;
    play.lost(PARTIES).await;
    play.back().await;
    own.start_again("redis-sentinel").await;
    play.end(PARTIES, ON_THE_WAY).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_right_to_the_channel_is_withdrawn_and_restored() {
    let (url, user) = (brokers::url("REDIS_URL"), format!("user-{}", socketio_core::Sid::generate()));
    let mut admin = admin(&url).await;
    let mut may = async |rules: &[&str]| {
        let mut command = cmd("ACL");
        command.arg("SETUSER").arg(&user).arg(rules).exec_async(&mut admin).await.expect("set");
    };
    may(&["on", ">hunter2", "+@all", "~*", "&*"]).await;
    let options: RedisOptions = url.parse().expect("a URL");
    let play = Play::<Redis>::begin(options.user(&user).password("hunter2")).await;
    may(&["resetchannels"]).await;
    play.lost(PARTIES).await;
    may(&["&*"]).await;
    play.end(PARTIES, ON_THE_WAY).await;
    cmd("ACL").arg("DELUSER").arg(&user).exec_async(&mut admin).await.expect("deleted");
}

/// Who sees and does what an administrator does.
async fn admin(url: &str) -> MultiplexedConnection {
    let client = redis::Client::open(url).expect("a URL");
    within("Redis", client.get_multiplexed_async_connection()).await.expect("connected")
}

async fn proxied() -> (Proxy, RedisOptions) {
    let url = brokers::url("REDIS_URL");
    let proxy = Proxy::start(&url).await;
    let options = brokers::parsed(&proxy.url(&url));
    (proxy, options)
}
