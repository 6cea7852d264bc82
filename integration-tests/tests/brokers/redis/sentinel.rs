//! The master that Sentinels name, also after it has changed.

use futures_util::StreamExt;
use socketio_core::adapter::broker::Broker;
use socketio_core::adapter::publisher::Publisher;
use socketio_redis::{Redis, RedisOptions};
use tokio::sync::Mutex;

use super::support::{
    admin, channel, connect, environment, eventually, exchange, options, soon, subscribe, told,
};

/// One test at a time: one of them changes the master.
static ALONE: Mutex<()> = Mutex::const_new(());

#[tokio::test]
async fn the_master_exchanges() {
    let _alone = ALONE.lock().await;
    exchange(&options("REDIS_SENTINEL_URL"), &options("REDIS_SENTINEL_URL")).await;
}

#[tokio::test]
async fn the_service_is_the_channel_unless_the_url_names_one() {
    let _alone = ALONE.lock().await;
    let sentinels = environment("REDIS_SENTINELS");
    let unnamed = RedisOptions::new(&format!("redis+sentinel://{sentinels}")).expect("a URL");
    let named = Redis::for_channel(unnamed.clone(), &environment("REDIS_SENTINEL_MASTER"));
    exchange(&named, &options("REDIS_SENTINEL_URL")).await;

    // It is said later than the URL.
    let emitter =
        Publisher::<Redis>::with_options(unnamed.clone()).channel(environment("REDIS_SENTINEL_MASTER"));
    let link = tokio::spawn(emitter.run());
    soon(emitter.ready()).await;
    link.abort();

    let error = connect(&Redis::for_channel(unnamed, "chat")).await.expect_err("no such service");
    assert!(told(&error).ends_with("knows no service `chat`"), "{}", told(&error));
    let named = Redis::for_channel(options("REDIS_SENTINEL_URL"), "chat");
    exchange(&named, &options("REDIS_SENTINEL_URL")).await;
}

#[tokio::test]
async fn sentinels_that_are_away_are_passed_over() {
    let _alone = ALONE.lock().await;
    let url = environment("REDIS_SENTINEL_URL").replace("redis+sentinel://", "redis+sentinel://127.0.0.1:1,");
    exchange(&RedisOptions::new(&url).expect("a URL"), &options("REDIS_SENTINEL_URL")).await;
}

#[tokio::test]
async fn what_cannot_pass_on_messages_is_refused() {
    let _alone = ALONE.lock().await;
    let sentinels = environment("REDIS_SENTINELS");
    let sentinel = format!("redis://{}", sentinels.split(',').next().expect("a Sentinel"));
    let error = connect(&RedisOptions::new(&sentinel).expect("a URL")).await.expect_err("a Sentinel");
    assert!(told(&error).contains("has to begin with redis+sentinel://"), "{}", told(&error));

    let mut sentinel = admin(&sentinel).await;
    let mut question = redis::cmd("SENTINEL");
    question.arg("REPLICAS").arg(environment("REDIS_SENTINEL_MASTER"));
    let replicas: Vec<std::collections::HashMap<String, String>> =
        soon(question.query_async(&mut sentinel)).await.expect("answered");
    let replica = format!("redis://{}:{}", replicas[0]["ip"], replicas[0]["port"]);
    let error = connect(&RedisOptions::new(&replica).expect("a URL")).await.expect_err("a replica");
    assert!(told(&error).ends_with("is a replica"), "{}", told(&error));
}

#[tokio::test]
async fn a_failover_ends_the_feed_and_the_next_connection_goes_to_the_new_master() {
    let _alone = ALONE.lock().await;
    let options = options("REDIS_SENTINEL_URL");
    let sentinels = environment("REDIS_SENTINELS");
    let mut sentinel = admin(&format!("redis://{}", sentinels.split(',').next().expect("a Sentinel"))).await;
    let before = connect(&options).await.expect("connected");
    let mut feed = subscribe(&before, &channel()).await;

    let mut failover = redis::cmd("SENTINEL");
    failover.arg("FAILOVER").arg(environment("REDIS_SENTINEL_MASTER"));
    // Refused while an earlier one is settling.
    eventually(async || failover.exec_async(&mut sentinel).await.is_ok()).await;
    soon(feed.next()).await.expect("it ends with an error").expect_err("the old master cuts its clients");

    let server = |redis: &Redis| format!("{redis:?}");
    eventually(async || connect(&options).await.is_ok_and(|after| server(&after) != server(&before))).await;
    exchange(&options, &options).await;
}
