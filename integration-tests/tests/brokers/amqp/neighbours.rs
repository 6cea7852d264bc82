//! What python-socketio's managers send and expect: the properties are those of its releases 5.14 to 5.18.

use bytes::Bytes;
use futures_util::StreamExt;
use lapin::BasicProperties;
use lapin::ExchangeKind;
use lapin::options::{BasicConsumeOptions, QueueDeclareOptions};
use lapin::types::FieldTable;
use socketio_core::adapter::broker::{Broker, Frame};

use super::fixture::{bind, connect, frames, options, publish, stranger, subscribe, take, unique, within};

const MESSAGE: &str = r#"{"method": "emit", "event": "msg", "data": ["h\u00e9"], "binary": false, "namespace": "/", "room": null, "skip_sid": null, "callback": null, "host_id": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}"#;

/// As Kombu and aio_pika declare the exchange.
async fn declare(stranger: &lapin::Channel, channel: &str) {
    let declared = stranger.exchange_declare(
        channel.into(),
        ExchangeKind::Fanout,
        Default::default(),
        FieldTable::default(),
    );
    declared.await.expect("it is declared, or the same one");
}

#[tokio::test]
async fn a_message_looks_like_kombus() {
    let (broker, channel, stranger) = (connect(&options()).await, unique("kombu"), stranger().await);
    // Before us.
    declare(&stranger, &channel).await;
    let mut expires = FieldTable::default();
    expires.insert("x-expires".into(), 300_000.into());
    let queue = stranger
        .queue_declare("".into(), QueueDeclareOptions::default(), expires)
        .await
        .expect("it is declared");
    bind(&stranger, &queue, &channel).await;
    let acked = BasicConsumeOptions { no_ack: true, ..Default::default() };
    let mut consumer = stranger
        .basic_consume(queue.name().clone(), "".into(), acked, FieldTable::default())
        .await
        .expect("it consumes");

    let mut batch = frames(&channel, [MESSAGE]);
    batch.push(Frame { channel: channel.clone(), payload: Bytes::from_static(b"\x80\x04\xff") });
    publish(&broker, &batch).await;

    let text = within(consumer.next()).await.expect("a message").expect("a message");
    assert_eq!((text.exchange.as_str(), text.routing_key.as_str()), (&*channel, ""));
    assert_eq!(text.data, MESSAGE.as_bytes());
    let expected = BasicProperties::default()
        .with_content_type("text/plain".into())
        .with_content_encoding("utf-8".into())
        .with_delivery_mode(2)
        .with_priority(0);
    assert_eq!(text.properties, expected);
    // Kombu's listener would break on bytes that are said to be a text.
    let bytes = within(consumer.next()).await.expect("a message").expect("a message");
    assert_eq!(bytes.properties.content_type().as_ref().map(|kind| kind.as_str()), Some("application/data"));
    assert_eq!(bytes.properties.content_encoding().as_ref().map(|kind| kind.as_str()), Some("binary"));
    stranger.queue_delete(queue.name().clone(), Default::default()).await.expect("it is deleted");
}

#[tokio::test]
async fn messages_of_kombu_and_aio_pika_are_frames() {
    let (broker, channel, stranger) = (connect(&options()).await, unique("python"), stranger().await);
    let mut feed = subscribe(&broker, &channel).await;
    // Kombu declares before each message, and it must be the same exchange.
    declare(&stranger, &channel).await;
    let kombu = BasicProperties::default()
        .with_content_type("text/plain".into())
        .with_content_encoding("utf-8".into())
        .with_headers(FieldTable::default())
        .with_delivery_mode(2)
        .with_priority(0);
    let aio_pika = BasicProperties::default()
        .with_headers(FieldTable::default())
        .with_delivery_mode(2)
        .with_priority(0)
        .with_message_id("17d1d5b32bf24f7c9ff71fab8ba6cb7e".into());
    for (routing_key, properties) in [("", kombu), ("*", aio_pika)] {
        let published = stranger.basic_publish(
            (&*channel).into(),
            routing_key.into(),
            Default::default(),
            MESSAGE.as_bytes(),
            properties,
        );
        published.await.expect("it is published").await.expect("it is published");
    }
    assert_eq!(take(&mut feed, 2).await, [MESSAGE, MESSAGE]);
    broker.close().await;
}

/// Python's Kombu manager would have to subscribe anew after each of these.
#[tokio::test]
async fn a_type_or_an_encoding_that_breaks_kombus_listener_is_only_passed_on() {
    let (broker, channel, stranger) = (connect(&options()).await, unique("types"), stranger().await);
    let mut feed = subscribe(&broker, &channel).await;
    let plain = BasicProperties::default();
    let of_type = |kind: &str, encoding: &str| {
        BasicProperties::default().with_content_type(kind.into()).with_content_encoding(encoding.into())
    };
    let pickle: &[u8] = b"\x80\x04N.";
    for (properties, body) in [
        (of_type("application/x-python-serialize", "binary"), pickle),
        (of_type("application/x-yaml", "utf-8"), MESSAGE.as_bytes()),
        (of_type("application/no-such-type", "utf-8"), MESSAGE.as_bytes()),
        (of_type("text/plain", "no-such-encoding"), MESSAGE.as_bytes()),
        (of_type("text/plain", "utf-8"), pickle),
        (plain, pickle),
    ] {
        let published =
            stranger.basic_publish((&*channel).into(), "".into(), Default::default(), body, properties);
        published.await.expect("it is published").await.expect("it is published");
    }
    let frames = within(async {
        let mut frames = Vec::new();
        while frames.len() < 6 {
            frames.push(feed.next().await.expect("the feed goes on").expect("the feed goes on").payload);
        }
        frames
    });
    let message = MESSAGE.as_bytes();
    assert_eq!(frames.await, [pickle, message, message, message, pickle, pickle]);
    broker.close().await;
}
