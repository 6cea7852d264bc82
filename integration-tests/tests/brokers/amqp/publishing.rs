//! What is confirmed, and what is refused.

use bytes::Bytes;
use lapin::ExchangeKind;
use lapin::options::QueueDeclareOptions;
use lapin::types::FieldTable;
use socketio_amqp::AmqpError;
use socketio_core::adapter::broker::{Broker, Channel, Frame};

use super::fixture::{
    bind, connect, frames, options, publish, stranger, subscribe, take, told, unique, within,
};

#[tokio::test]
async fn an_exchange_of_another_kind_is_an_error_and_the_link_goes_on() {
    let (broker, taken, free) = (connect(&options()).await, unique("taken"), unique("free"));
    let stranger = stranger().await;
    let declared = stranger.exchange_declare(
        (&*taken).into(),
        ExchangeKind::Direct,
        Default::default(),
        FieldTable::default(),
    );
    declared.await.expect("it is declared");

    let says = format!(
        "cannot declare the exchange `{taken}`: PRECONDITION_FAILED - inequivalent arg 'type' for exchange '{taken}' in vhost '/'"
    );
    let error = within(broker.publish(&frames(&taken, ["a"]))).await.expect_err("it is refused");
    assert_eq!(error.sent, 0);
    assert!(told(&error.source).starts_with(&says), "{}", told(&error.source));
    let error =
        within(broker.subscribe(&[Channel::Exact(taken.clone())], None)).await.expect_err("it is refused");
    assert!(told(&error).starts_with(&says), "{}", told(&error));

    let mut feed = subscribe(&broker, &free).await;
    publish(&broker, &frames(&free, ["b"])).await;
    assert_eq!(take(&mut feed, 1).await, ["b"]);
    stranger.exchange_delete((&*taken).into(), Default::default()).await.expect("it is deleted");
    broker.close().await;
}

#[tokio::test]
async fn an_exchange_that_survives_a_restart_can_be_asked_for() {
    let (plain, durable) = (connect(&options()).await, connect(&options().exchange_durable(true)).await);
    let channel = unique("durable");
    publish(&durable, &frames(&channel, ["a"])).await;
    let error = within(plain.publish(&frames(&channel, ["b"]))).await.expect_err("it is refused");
    assert!(told(&error.source).contains("inequivalent arg 'durable'"), "{}", told(&error.source));
    let found = connect(&options().exchange_passive(true)).await;
    publish(&found, &frames(&channel, ["c"])).await;
    stranger().await.exchange_delete((&*channel).into(), Default::default()).await.expect("it is deleted");
}

#[tokio::test]
async fn a_frame_over_the_limit_is_refused_and_those_before_it_are_out() {
    let broker = connect(&options().max_frame(300_000)).await;
    let channel = unique("limit");
    let mut feed = subscribe(&broker, &channel).await;
    let mut batch =
        frames(&channel, ["a".to_owned(), "b".repeat(300_000), "c".repeat(300_001), "d".to_owned()]);
    let error = within(broker.publish(&batch)).await.expect_err("it is refused");
    assert_eq!(error.sent, 2);
    assert_eq!(told(&error.source), "a frame of 300001 bytes is over the limit of 300000");
    publish(&broker, &batch.split_off(3)).await;
    let lengths: Vec<_> = take(&mut feed, 3).await.iter().map(String::len).collect();
    assert_eq!(lengths, [1, 300_000, 1]);
    broker.close().await;
}

#[tokio::test]
async fn a_frame_over_the_brokers_own_limit_is_refused_and_the_link_goes_on() {
    let broker = connect(&options().max_frame(usize::MAX)).await;
    let channel = unique("brokers-limit");
    let mut feed = subscribe(&broker, &channel).await;
    // RabbitMQ takes 16 MiB since version 4, 128 MiB before.
    let large = Frame { channel: channel.clone(), payload: Bytes::from(vec![b'x'; (128 << 20) + 1]) };
    let mut batch = frames(&channel, ["a"]);
    batch.push(large);
    batch.extend(frames(&channel, ["b", "c"]));
    let error = within(broker.publish(&batch)).await.expect_err("it is refused");
    assert_eq!(error.sent, 1);
    assert!(matches!(error.source, AmqpError::TooLarge(134_217_729, _)), "{}", error.source);
    publish(&broker, &batch[2..]).await;
    assert_eq!(take(&mut feed, 3).await, ["a", "b", "c"]);
    broker.close().await;
}

#[tokio::test]
async fn a_message_that_a_queue_turns_down_was_not_sent() {
    let (broker, channel, stranger) = (connect(&options()).await, unique("nack"), stranger().await);
    publish(&broker, &frames(&channel, ["declares"])).await;
    let mut full = FieldTable::default();
    full.insert("x-max-length".into(), 2.into());
    full.insert("x-overflow".into(), lapin::types::AMQPValue::LongString("reject-publish".into()));
    let exclusive = QueueDeclareOptions { exclusive: true, ..Default::default() };
    let queue = stranger.queue_declare("".into(), exclusive, full).await.expect("it is declared");
    bind(&stranger, &queue, &channel).await;
    let error = within(broker.publish(&frames(&channel, 0..10))).await.expect_err("it is refused");
    assert!(matches!(error.source, AmqpError::NotTaken), "{}", error.source);
    assert_eq!(error.sent, 2);
}

#[tokio::test]
async fn a_channel_that_nobody_listens_to_is_told_from_one_that_is_heard() {
    let (broker, listener, channel) = (connect(&options()).await, connect(&options()).await, unique("heard"));
    let probe = frames(&channel, ["probe"]).remove(0);
    assert_eq!(within(broker.is_heard(&probe)).await.expect("it tells"), Some(false));
    let mut feed = subscribe(&listener, &channel).await;
    assert_eq!(within(broker.is_heard(&probe)).await.expect("it tells"), Some(true));
    publish(&broker, &frames(&channel, ["b"])).await;
    assert_eq!(take(&mut feed, 2).await, ["probe", "b"]);
    within(listener.close()).await;
    assert_eq!(within(broker.is_heard(&probe)).await.expect("it tells"), Some(false));
}

#[tokio::test]
async fn an_exchange_that_was_deleted_is_declared_again() {
    let (broker, channel) = (connect(&options()).await, unique("gone"));
    publish(&broker, &frames(&channel, ["a"])).await;
    stranger().await.exchange_delete((&*channel).into(), Default::default()).await.expect("it is deleted");
    within(broker.publish(&frames(&channel, ["b"]))).await.expect_err("there is no exchange");
    publish(&broker, &frames(&channel, ["c"])).await;
}

#[tokio::test]
async fn a_name_that_amqp_cannot_hold_is_an_error() {
    let (broker, long) = (connect(&options()).await, "x".repeat(256).into());
    let error = within(broker.publish(&frames(&long, ["a"]))).await.expect_err("it is refused");
    assert!(told(&error.source).contains("exceeds maximum length of 255 bytes"), "{}", told(&error.source));
    let error = within(broker.subscribe(&[Channel::Exact(long)], None)).await.expect_err("it is refused");
    assert!(told(&error).contains("exceeds maximum length of 255 bytes"), "{}", told(&error));
}
