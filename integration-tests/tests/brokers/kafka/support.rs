//! What the tests share: a real Kafka, from the environment that `scripts/brokers` sets, and parties on it.
//!
//! ```text
//! KAFKA_URL             everybody may do everything
//! KAFKA_SASL_URL        so may app, who logs in with a password; guest:guest-secret may do nothing
//! KAFKA_TLS_BROKERS     with a certificate that the one in BROKERS_CA has signed
//! KAFKA_PROXY_LISTEN    what a listener of the broker is told to be its address: a proxy of ours stands there
//! KAFKA_PROXY_UPSTREAM  where that listener is
//! ```

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
pub(crate) use integration_tests::brokers::variable as environment;
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions};
use rdkafka::client::DefaultClientContext;
use socketio_core::Sid;
use socketio_core::adapter::broker::{Broker, Channel, Frame};
use socketio_kafka::{Cursor, Kafka, KafkaFeed, KafkaOptions};

pub(crate) fn options() -> KafkaOptions {
    integration_tests::brokers::options("KAFKA_URL")
}

/// A channel that nobody had before.
pub(crate) fn channel() -> Arc<str> {
    format!("test-{}", Sid::generate()).into()
}

pub(crate) async fn connect(options: &KafkaOptions) -> Kafka {
    let node = Sid::generate();
    soon("connecting", Kafka::connect(options, &node)).await.expect("connected")
}

pub(crate) async fn subscribe(kafka: &Kafka, channel: &Arc<str>, from: Option<&Cursor>) -> KafkaFeed {
    let channels = [Channel::Exact(Arc::clone(channel))];
    soon("subscribing", kafka.subscribe(&channels, from)).await.expect("subscribed")
}

pub(crate) async fn publish(kafka: &Kafka, channel: &Arc<str>, texts: impl IntoIterator<Item = String>) {
    let frames: Vec<Frame> = texts.into_iter().map(|text| frame(channel, text)).collect();
    soon("publishing", kafka.publish(&frames)).await.expect("published");
}

pub(crate) fn frame(channel: &Arc<str>, text: impl Into<String>) -> Frame {
    Frame { channel: Arc::clone(channel), payload: text.into().into() }
}

/// The next `count` frames, as texts.
pub(crate) async fn heard(feed: &mut KafkaFeed, count: usize) -> Vec<String> {
    let mut texts = Vec::new();
    while texts.len() < count {
        let frame = soon("a frame", feed.next()).await.expect("the feed goes on").expect("the link is up");
        texts.push(String::from_utf8(frame.payload.to_vec()).expect("text"));
    }
    texts
}

/// What the feed ends with.
pub(crate) async fn end(feed: &mut KafkaFeed) -> String {
    let end = soon("the end of a feed", async {
        loop {
            if let Err(error) = feed.next().await.expect("an error before the end") {
                break error;
            }
        }
    });
    let error = end.await.to_string();
    assert!(feed.next().await.is_none(), "nothing comes after {error}");
    error
}

pub(crate) fn numbers(range: std::ops::Range<usize>) -> Vec<String> {
    range.map(|number| number.to_string()).collect()
}

pub(crate) async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(60), future)
        .await
        .unwrap_or_else(|_| panic!("{what} takes too long"))
}

/// Kafka as another program sees it.
pub(crate) fn foreign() -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", environment("KAFKA_URL").trim_start_matches("kafka://"));
    config
}

pub(crate) fn admin() -> (AdminClient<DefaultClientContext>, AdminOptions) {
    let limits = AdminOptions::new().operation_timeout(Some(Duration::from_secs(10)));
    (foreign().create().expect("an admin client"), limits)
}
