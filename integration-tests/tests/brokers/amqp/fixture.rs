//! The broker that the tests meet, and the few words they are written in.

use std::error::Error;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use integration_tests::brokers::{Proxy, parsed};
use lapin::types::FieldTable;
use socketio_amqp::{Amqp, AmqpError, AmqpFeed, AmqpOptions, QueueName};
use socketio_core::Sid;
use socketio_core::adapter::broker::{Broker, Channel, Frame};
use url::Url;

pub(crate) use crate::waiting::{until, within};

/// The broker's URL.
pub(crate) fn url() -> Url {
    integration_tests::brokers::url("AMQP_URL").parse().expect("AMQP_URL is a URL")
}

pub(crate) fn options() -> AmqpOptions {
    parsed(url().as_str())
}

/// Between the broker and us.
pub(crate) async fn proxy() -> Proxy {
    Proxy::start(url().as_str()).await
}

/// The broker by way of a proxy.
pub(crate) fn through(proxy: &Proxy) -> AmqpOptions {
    parsed(&proxy.url(url().as_str()))
}

/// A name that nobody else uses.
pub(crate) fn unique(what: &str) -> Arc<str> {
    format!("{what}-{}", Sid::generate()).into()
}

pub(crate) async fn connect(options: &AmqpOptions) -> Amqp {
    connect_as(options, &Sid::generate()).await
}

pub(crate) async fn connect_as(options: &AmqpOptions, node: &Sid) -> Amqp {
    within(Amqp::connect(options, node.as_str())).await.expect("it connects")
}

pub(crate) async fn publish(broker: &Amqp, frames: &[Frame]) {
    within(broker.publish(frames)).await.expect("it is published");
}

pub(crate) async fn subscribe(broker: &Amqp, channel: &Arc<str>) -> AmqpFeed {
    within(broker.subscribe(&[Channel::Exact(channel.clone())], None)).await.expect("it subscribes")
}

/// Goes on where a feed was.
pub(crate) async fn resume(broker: &Amqp, channel: &Arc<str>, cursor: Option<&QueueName>) -> AmqpFeed {
    within(broker.subscribe(&[Channel::Exact(channel.clone())], cursor)).await.expect("it subscribes")
}

/// Frames with these texts.
pub(crate) fn frames<T: ToString>(channel: &Arc<str>, texts: impl IntoIterator<Item = T>) -> Vec<Frame> {
    let frame = |text: T| Frame { channel: channel.clone(), payload: Bytes::from(text.to_string()) };
    texts.into_iter().map(frame).collect()
}

/// The text of the next frame.
pub(crate) async fn next(
    feed: &mut (impl Stream<Item = Result<Frame, AmqpError>> + Unpin),
) -> Result<String, AmqpError> {
    let frame = within(feed.next()).await.expect("the feed goes on")?;
    Ok(String::from_utf8(frame.payload.to_vec()).expect("it is a text"))
}

/// The texts of the next frames.
pub(crate) async fn take(feed: &mut AmqpFeed, count: usize) -> Vec<String> {
    let mut texts = Vec::new();
    while texts.len() < count {
        texts.push(next(feed).await.expect("a frame"));
    }
    texts
}

/// A client of another make.
pub(crate) async fn stranger() -> lapin::Channel {
    let mut uri: lapin::uri::AMQPUri = url().as_str().parse().expect("a URL");
    if uri.vhost.is_empty() {
        uri.vhost = "/".into();
    }
    let connection = lapin::Connection::connect_uri(uri, Default::default()).await.expect("it connects");
    connection.create_channel().await.expect("it opens")
}

/// Has the queue take what comes on the channel.
pub(crate) async fn bind(stranger: &lapin::Channel, queue: &lapin::Queue, channel: &str) {
    let bound = stranger.queue_bind(
        queue.name().clone(),
        channel.into(),
        "".into(),
        Default::default(),
        FieldTable::default(),
    );
    bound.await.expect("it is bound");
}

/// How many messages wait in the queue of this name; `None` if there is none.
pub(crate) async fn waiting(queue: &str) -> Option<u32> {
    declared(queue).await.map(|queue| queue.message_count())
}

/// Whether nobody consumes from the queue.
pub(crate) async fn idle(queue: &str) -> bool {
    declared(queue).await.is_some_and(|queue| queue.consumer_count() == 0)
}

async fn declared(queue: &str) -> Option<lapin::Queue> {
    let passive = lapin::options::QueueDeclareOptions { passive: true, ..Default::default() };
    stranger().await.queue_declare(queue.into(), passive, FieldTable::default()).await.ok()
}

/// An error and its causes.
pub(crate) fn told(error: &dyn Error) -> String {
    match error.source() {
        None => error.to_string(),
        Some(cause) => format!("{error}: {}", told(cause)),
    }
}

/// Runs `test` in a process of its own, and returns what that printed; `None` if this is the one.
pub(crate) fn alone(test: &str) -> Option<String> {
    alone_by(Command::new(this()), test)
}

/// The same, with a broker of its own.
pub(crate) fn alone_with_a_broker(test: &str) -> Option<String> {
    let mut command = Command::new(SCRIPT);
    command
        .env_remove("BROKERS_PORT_BASE")
        .env_remove("AMQP_PORT")
        .args(["run", "rabbitmq", "--"])
        .arg(this());
    alone_by(command, test)
}

/// What starts brokers.
pub(crate) const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../scripts/brokers");

fn this() -> PathBuf {
    std::env::current_exe().expect("it runs")
}

fn alone_by(mut command: Command, test: &str) -> Option<String> {
    if std::env::var_os("ALONE").is_some() {
        return None;
    }
    let output = command.args(["--exact", "--nocapture", test]).env("ALONE", "1").output();
    let output = output.expect("it runs");
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && printed.contains("1 passed"), "{printed}{errors}");
    Some(printed)
}
