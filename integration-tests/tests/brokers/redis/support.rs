//! What the tests share: users, and an exchange that shows that a link works.

use std::error::Error;

use bytes::Bytes;
use futures_util::StreamExt;
pub(crate) use integration_tests::brokers::variable as environment;
use socketio_core::Sid;
use socketio_core::adapter::broker::{Broker, Channel, Frame};
use socketio_redis::{Redis, RedisError, RedisFeed, RedisOptions};

pub(crate) use crate::waiting::{until as eventually, within as soon};

pub(crate) fn options(name: &str) -> RedisOptions {
    integration_tests::brokers::options(name)
}

/// A file that `scripts/brokers` made for TLS.
pub(crate) fn tls_file(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/{name}", environment("BROKERS_TLS_FILES"))).expect("scripts/brokers made it")
}

pub(crate) async fn connect(options: &RedisOptions) -> Result<Redis, RedisError> {
    soon(Redis::connect(options, "node of the test")).await
}

/// A channel of one's own.
pub(crate) fn channel() -> Channel {
    Channel::Exact(format!("test-{}", Sid::generate()).into())
}

pub(crate) fn frame(channel: &Channel, payload: impl Into<Bytes>) -> Frame {
    Frame { channel: channel.name().into(), payload: payload.into() }
}

pub(crate) async fn subscribe(redis: &Redis, channel: &Channel) -> RedisFeed {
    soon(redis.subscribe(std::slice::from_ref(channel), None)).await.expect("subscribed")
}

/// The next `count` payloads.
pub(crate) async fn heard(feed: &mut RedisFeed, count: usize) -> Vec<Bytes> {
    let frames = feed.by_ref().take(count).map(|frame| frame.expect("the link is up").payload);
    soon(frames.collect()).await
}

/// One connection hears what another publishes.
pub(crate) async fn exchange(listener: &RedisOptions, publisher: &RedisOptions) {
    let channel = channel();
    let mut feed = subscribe(&connect(listener).await.expect("connected"), &channel).await;
    let publisher = connect(publisher).await.expect("connected");
    let frames = ["one", "two", "three"].map(|payload| frame(&channel, payload));
    soon(publisher.publish(&frames)).await.expect("published");
    assert_eq!(heard(&mut feed, 3).await, ["one", "two", "three"]);
}

/// An error with all that led to it.
pub(crate) fn told(error: &dyn Error) -> String {
    match error.source() {
        Some(cause) => format!("{error}: {}", told(cause)),
        None => error.to_string(),
    }
}

/// A plain connection, to see and do what an administrator does.
pub(crate) async fn admin(url: &str) -> redis::aio::MultiplexedConnection {
    let client = redis::Client::open(url).expect("a URL");
    soon(client.get_multiplexed_async_connection()).await.expect("connected")
}

/// A user of Redis's access control lists who may do what `rules` say.
pub(crate) struct User {
    pub(crate) name: String,
    pub(crate) options: RedisOptions,
    admin: redis::aio::MultiplexedConnection,
}

impl User {
    pub(crate) async fn new(rules: &str) -> User {
        let mut user = User {
            name: format!("user-{}", Sid::generate()),
            options: options("REDIS_URL"),
            admin: admin(&environment("REDIS_URL")).await,
        };
        user.options = user.options.user(&user.name).password("hunter2");
        user.set(&format!("on >hunter2 {rules}")).await;
        user
    }

    pub(crate) async fn set(&mut self, rules: &str) {
        let mut command = redis::cmd("ACL");
        command.arg("SETUSER").arg(&self.name).arg(rules.split(' ').collect::<Vec<_>>());
        soon(command.exec_async(&mut self.admin)).await.expect("set");
    }

    pub(crate) async fn cut(&mut self) {
        let mut command = redis::cmd("CLIENT");
        command.arg("KILL").arg("USER").arg(&self.name);
        soon(command.exec_async(&mut self.admin)).await.expect("cut");
    }

    /// What Redis keeps for the user's subscriptions, in bytes.
    pub(crate) async fn bytes_that_wait(&mut self) -> usize {
        let mut command = redis::cmd("CLIENT");
        command.arg("LIST").arg("TYPE").arg("pubsub");
        let clients: String = soon(command.query_async(&mut self.admin)).await.expect("listed");
        let field = |line: &str, name: &str| -> Option<String> {
            line.split(' ').find_map(|field| field.strip_prefix(name).map(str::to_owned))
        };
        let ours = clients.lines().filter(|line| field(line, "user=").as_ref() == Some(&self.name));
        ours.filter_map(|line| field(line, "omem=")?.parse::<usize>().ok()).sum()
    }

    pub(crate) async fn delete(mut self) {
        let mut command = redis::cmd("ACL");
        command.arg("DELUSER").arg(&self.name);
        soon(command.exec_async(&mut self.admin)).await.expect("deleted");
    }
}
