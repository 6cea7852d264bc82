//! The contract of a broker, on a real Redis.

mod support;

use bytes::Bytes;
use futures_util::StreamExt;
use socketio_core::adapter::broker::{Broker, Channel, Feed, Frame};
use socketio_core::adapter::contract;
use socketio_redis::{Redis, RedisError};

use crate::support::{User, channel, connect, frame, heard, options, soon, subscribe, told};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_does_what_every_broker_must() {
    contract::run::<Redis>(options("REDIS_URL")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_address_is_an_error_without_the_password() {
    contract::run_dead::<Redis>(|address| format!("redis://user:{}@{address}", contract::PASSWORD)).await;
}

#[tokio::test]
async fn a_batch_arrives_whole_and_in_order() {
    let redis = connect(&options("REDIS_URL")).await.expect("connected");
    let channel = channel();
    let mut feed = subscribe(&redis, &channel).await;
    let payloads: Vec<Bytes> = (0..5_000).map(|n| n.to_string().into()).collect();
    let frames: Vec<Frame> = payloads.iter().map(|payload| frame(&channel, payload.clone())).collect();
    soon(redis.publish(&frames)).await.expect("published");
    soon(redis.publish(&[])).await.expect("nothing is published");
    assert_eq!(heard(&mut feed, 5_000).await, payloads);
}

#[tokio::test]
async fn large_and_binary_payloads_arrive_as_they_are() {
    let redis = connect(&options("REDIS_URL")).await.expect("connected");
    let channel = channel();
    let mut feed = subscribe(&redis, &channel).await;
    let large: Bytes =
        (0..Redis::frame_limit(&options("REDIS_URL"))).map(|n| n as u8).collect::<Vec<_>>().into();
    let payloads = [large, Bytes::new(), Bytes::from_static(b"\r\n\0\xff$-1\r\n")];
    for payload in &payloads {
        soon(redis.publish(&[frame(&channel, payload.clone())])).await.expect("published");
    }
    assert!(heard(&mut feed, 3).await == payloads);
}

#[tokio::test]
async fn one_subscription_listens_to_many_channels_and_to_no_other() {
    let redis = connect(&options("REDIS_URL")).await.expect("connected");
    let (a, b, other) = (channel(), channel(), channel());
    let mut feed = soon(redis.subscribe(&[a.clone(), b.clone()], None)).await.expect("subscribed");
    assert!(feed.cursor().is_none());
    let frames = [frame(&a, "1"), frame(&other, "2"), frame(&b, "3")];
    soon(redis.publish(&frames)).await.expect("published");
    for expected in [&frames[0], &frames[2]] {
        let heard = soon(feed.next()).await.expect("the feed goes on").expect("the link is up");
        assert_eq!(heard, *expected);
    }
}

#[tokio::test]
async fn subscribers_are_counted_by_channel() {
    let redis = connect(&options("REDIS_URL")).await.expect("connected");
    let channel = channel();
    let count = async || soon(redis.subscriber_count(channel.name())).await.expect("counted");
    assert_eq!(count().await, Some(0));
    let first = subscribe(&redis, &channel).await;
    let _second = subscribe(&redis, &channel).await;
    assert_eq!(count().await, Some(2));
    drop(first);
    support::eventually(async || count().await == Some(1)).await;
}

#[tokio::test]
async fn a_feed_ends_with_an_error_when_its_link_does() {
    let mut user = User::new("+@all ~* &*").await;
    let redis = connect(&user.options).await.expect("connected");
    let channel = channel();
    let mut feed = subscribe(&redis, &channel).await;
    user.cut().await;
    let error = soon(feed.next()).await.expect("it ends with an error").expect_err("the link is gone");
    assert!(matches!(error, RedisError::Lost(..)), "{error:?}");
    assert!(soon(feed.next()).await.is_none());

    let failed = soon(redis.publish(&[frame(&channel, "lost")])).await.expect_err("that link is gone too");
    assert_eq!(failed.sent, 0);
    assert!(matches!(failed.source, RedisError::Lost(..)), "{failed:?}");
    user.delete().await;
}

#[tokio::test]
async fn a_user_needs_little_and_a_refusal_names_what_is_missing() {
    let (mine, theirs) = (channel(), channel());
    let mut user = User::new(&format!("+publish +subscribe &{}", mine.name())).await;
    let redis = connect(&user.options).await.expect("connected");
    let mut feed = subscribe(&redis, &mine).await;

    // The first of a batch got through, and is said to have.
    let batch = [frame(&mine, "1"), frame(&theirs, "2"), frame(&mine, "3")];
    let refused = soon(redis.publish(&batch)).await.expect_err("not allowed");
    assert_eq!(refused.sent, 1);
    assert!(told(&refused.source).contains("NOPERM"), "{}", told(&refused.source));
    assert_eq!(heard(&mut feed, 1).await, ["1"]);

    let refused = soon(redis.subscribe(std::slice::from_ref(&theirs), None)).await.expect_err("not allowed");
    assert!(told(&refused).contains("NOPERM"), "{}", told(&refused));
    assert_eq!(soon(redis.subscriber_count(mine.name())).await.expect("no error"), None);

    // Withdrawn: Redis ends the subscription.
    user.set("resetchannels").await;
    assert!(feed_ends(&mut feed).await);
    user.delete().await;
}

async fn feed_ends(feed: &mut socketio_redis::RedisFeed) -> bool {
    soon(feed.filter(|frame| std::future::ready(frame.is_err())).next()).await.is_some()
}

#[test]
fn an_exact_channel_is_its_name() {
    assert_eq!(Channel::Exact(support::arc("socketio")).name(), "socketio");
}
