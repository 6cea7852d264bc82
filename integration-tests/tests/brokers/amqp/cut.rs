//! A connection that ends, by itself or not.

use std::time::{Duration, Instant};

use futures_util::StreamExt;
use socketio_amqp::{Amqp, AmqpError};
use socketio_core::Sid;
use socketio_core::adapter::broker::{Broker, Feed};

use super::fixture::{
    alone, connect, connect_as, frames, next, options, proxy, publish, resume, subscribe, take, through,
    told, unique, until, within,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_loses_nothing_and_what_was_on_its_way_comes_again() {
    let (publisher, channel, node, proxy) =
        (connect(&options()).await, unique("cut"), Sid::generate(), proxy().await);
    let options = through(&proxy).prefetch(50);
    let mut broker = connect_as(&options, &node).await;
    let mut feed = subscribe(&broker, &channel).await;
    let cursor = feed.cursor();
    let (mut seen, mut last, mut doubled) = (0, -1, 0);
    for round in 0..10 {
        publish(&publisher, &frames(&channel, round * 100..(round + 1) * 100)).await;
        if round % 3 == 2 {
            proxy.cut();
        }
        while seen < (round + 1) * 100 {
            match within(feed.next()).await {
                Some(Ok(frame)) => {
                    let number: i64 =
                        std::str::from_utf8(&frame.payload).expect("a text").parse().expect("a number");
                    assert!(number <= last + 1, "{last} is followed by {number}");
                    doubled += i64::from(number <= last);
                    seen += i64::from(number > last);
                    last = last.max(number);
                }
                Some(Err(AmqpError::Lost(_))) | None => {
                    broker = connect_as(&options, &node).await;
                    feed = resume(&broker, &channel, cursor.as_ref()).await;
                }
                Some(Err(error)) => panic!("{error}"),
            }
        }
    }
    // What may be on its way without acknowledgement, once for each cut.
    assert!(doubled <= 3 * 50, "{doubled} came twice");
    within(broker.close()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_half_open_link_is_noticed_within_15_seconds_and_order_holds_behind_it() {
    let (publisher, channel, node, proxy) =
        (connect(&options()).await, unique("half-open"), Sid::generate(), proxy().await);
    let broker = connect_as(&through(&proxy), &node).await;
    let mut feed = subscribe(&broker, &channel).await;
    let cursor = feed.cursor();
    publish(&publisher, &frames(&channel, 0..10)).await;
    take(&mut feed, 10).await;

    proxy.hold();
    let held = Instant::now();
    // The broker still takes the link for a good one.
    publish(&publisher, &frames(&channel, 10..20)).await;
    let unheard = frames(&channel, ["unheard"]);
    let (ended, published) = within(async { tokio::join!(next(&mut feed), broker.publish(&unheard)) }).await;
    assert!(held.elapsed() < Duration::from_secs(20), "{:?}", held.elapsed());
    let ended = told(&ended.expect_err("it is gone"));
    assert!(ended.starts_with("cut off from the broker: "), "{ended}");
    assert_eq!(published.expect_err("it is gone").sent, 0);
    drop((broker, feed));

    let broker = connect_as(&options(), &node).await;
    let mut feed = resume(&broker, &channel, cursor.as_ref()).await;
    publish(&publisher, &frames(&channel, 20..30)).await;
    let expected: Vec<_> = (10..30).map(|number| number.to_string()).collect();
    let mut got = take(&mut feed, 20).await;
    // The last acknowledgement was perhaps on its way when the link was held.
    while got.first().is_some_and(|text| text.len() == 1) {
        got.remove(0);
        got.extend(take(&mut feed, 1).await);
    }
    assert_eq!(got, expected);
    broker.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_fails_what_is_published_and_tells_how_much_got_through() {
    let (channel, proxy) = (unique("published"), proxy().await);
    let broker = connect(&through(&proxy)).await;
    publish(&broker, &frames(&channel, [0])).await;
    let receiver = connect(&options()).await;
    let mut feed = subscribe(&receiver, &channel).await;
    let batch = frames(&channel, 0..200_000);
    let (published, ()) = within(async {
        tokio::join!(broker.publish(&batch), async {
            take(&mut feed, 100).await;
            proxy.cut();
        })
    })
    .await;
    let error = published.expect_err("it is cut");
    assert!(error.sent < 200_000, "{}", error.sent);
    assert!(matches!(error.source, AmqpError::Lost(_)), "{}", error.source);
    // What was confirmed is there.
    assert_eq!(
        take(&mut feed, error.sent.max(100) - 100).await.last().map(String::as_str).unwrap_or("99"),
        { (error.sent.max(100) - 1).to_string() }
    );
    receiver.close().await;
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn neither_a_silent_peer_nor_a_half_open_link_costs_a_thread_for_ever() {
    if alone("amqp::cut::neither_a_silent_peer_nor_a_half_open_link_costs_a_thread_for_ever").is_some() {
        return;
    }
    let proxy = proxy().await;
    let options = through(&proxy).connect_timeout(Duration::from_millis(300));
    let broker = connect(&options.clone().connect_timeout(Duration::from_secs(30))).await;
    proxy.hold();
    for _ in 0..3 {
        let error = within(Amqp::connect(&options, "node")).await.expect_err("nobody answers");
        assert!(error.to_string().ends_with("did not answer within 300ms"), "{error}");
    }
    assert_ne!(threads(), 0);
    drop(broker);
    until(|| async { threads() == 0 }).await;
}

/// How many threads serve connections.
#[cfg(target_os = "linux")]
fn threads() -> usize {
    let tasks = std::fs::read_dir("/proc/self/task").expect("it is Linux");
    // One that has just ended has no name.
    let names =
        tasks.flatten().map(|task| std::fs::read_to_string(task.path().join("comm")).unwrap_or_default());
    names.filter(|name| name.starts_with("lapin")).count()
}
