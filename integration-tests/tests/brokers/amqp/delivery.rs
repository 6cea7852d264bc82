//! What arrives, in which order, and what waits for a node that is away.

use socketio_core::Sid;
use socketio_core::adapter::broker::{Broker, Channel, Feed};

use super::fixture::{
    connect, connect_as, frames, idle, next, options, publish, resume, stranger, subscribe, take, unique,
    until, waiting, within,
};

#[tokio::test]
async fn a_hundred_channels_fit_into_one_feed() {
    let broker = connect(&options().exchange_auto_delete(true)).await;
    let names: Vec<_> = (0..100).map(|_| unique("many")).collect();
    let channels: Vec<_> = names.iter().cloned().map(Channel::Exact).collect();
    let mut feed = within(broker.subscribe(&channels, None)).await.expect("it subscribes");
    for (number, name) in names.iter().enumerate() {
        publish(&broker, &frames(name, [number])).await;
    }
    let expected: Vec<_> = (0..100).map(|number| number.to_string()).collect();
    assert_eq!(take(&mut feed, 100).await, expected);
    broker.close().await;
}

#[tokio::test]
async fn what_was_taken_does_not_come_again() {
    let (publisher, channel, node) = (connect(&options()).await, unique("taken"), Sid::generate());
    let broker = connect_as(&options(), &node).await;
    let mut feed = subscribe(&broker, &channel).await;
    let cursor = feed.cursor();
    publish(&publisher, &frames(&channel, 0..99)).await;
    take(&mut feed, 99).await;
    // All of them are taken when another one is asked for.
    let hundredth = frames(&channel, [99]);
    let (hundredth, ()) = tokio::join!(next(&mut feed), publish(&publisher, &hundredth));
    assert_eq!(hundredth.expect("a frame"), "99");
    // And this one was perhaps not: nobody asked for more.
    drop((feed, broker));

    let broker = connect_as(&options(), &node).await;
    let mut feed = resume(&broker, &channel, cursor.as_ref()).await;
    publish(&publisher, &frames(&channel, [100])).await;
    assert_eq!(take(&mut feed, 2).await, ["99", "100"]);
    broker.close().await;
}

#[tokio::test]
async fn a_clean_close_leaves_no_queue() {
    let (broker, channel) = (connect(&options()).await, unique("close"));
    let feed = subscribe(&broker, &channel).await;
    let queue = feed.cursor().expect("a cursor").to_string();
    assert_eq!(waiting(&queue).await, Some(0));
    within(broker.close()).await;
    assert_eq!(waiting(&queue).await, None);
}

#[tokio::test]
async fn a_queue_goes_by_itself_when_its_node_does_not_come_back() {
    let options = options().queue_expires(std::time::Duration::from_secs(4));
    let (publisher, broker, channel) = (connect(&options).await, connect(&options).await, unique("expires"));
    drop((subscribe(&broker, &channel).await, broker));
    // Asking for the queue itself would keep it.
    let probe = frames(&channel, ["probe"]).remove(0);
    until(|| async { within(publisher.is_heard(&probe)).await.expect("it tells") == Some(false) }).await;
}

#[tokio::test]
async fn a_full_queue_drops_the_oldest() {
    let (publisher, channel, node) = (connect(&options()).await, unique("full"), Sid::generate());
    let small = options().queue_max_bytes(50);
    let broker = connect_as(&small, &node).await;
    let cursor = subscribe(&broker, &channel).await.cursor();
    drop(broker);
    until(|| async { idle(&format!("socketio.{channel}.{node}")).await }).await;
    publish(&publisher, &frames(&channel, 1_000_000_000_u64..1_000_000_010)).await;

    let broker = connect_as(&small, &node).await;
    let mut feed = resume(&broker, &channel, cursor.as_ref()).await;
    let expected: Vec<_> = (1_000_000_005_u64..1_000_000_010).map(|number| number.to_string()).collect();
    assert_eq!(take(&mut feed, 5).await, expected);
    broker.close().await;
}

#[tokio::test]
async fn a_feed_whose_queue_was_deleted_says_so_and_can_be_had_again() {
    let (broker, channel) = (connect(&options()).await, unique("deleted"));
    let mut feed = subscribe(&broker, &channel).await;
    let cursor = feed.cursor().expect("a cursor");
    let queue = cursor.to_string();
    stranger().await.queue_delete(queue.as_str().into(), Default::default()).await.expect("it is deleted");
    let error = next(&mut feed).await.expect_err("the feed ends");
    assert_eq!(error.to_string(), format!("the queue `{queue}` is gone"));

    let mut feed = resume(&broker, &channel, Some(&cursor)).await;
    publish(&broker, &frames(&channel, ["again"])).await;
    assert_eq!(take(&mut feed, 1).await, ["again"]);
    broker.close().await;
}
