//! Addresses where no broker is, and links that are cut.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::time::Duration;

use futures_util::StreamExt as _;
use tokio::time::Instant;

use super::going_on::{assert_goes_on, moves};
use super::party::{Party, assert_heard, causes, hears, hears_next, new_channel, numbered, within};
use crate::adapter::broker::{Broker, Feed as _};

/// What a URL of [`run_dead`](super::run_dead) has as its password.
pub const PASSWORD: &str = "pa55word-0f-the-c0ntract";

/// An address that refuses, and one that is silent, are an error within 15 s, and neither its text nor the options show the password.
pub async fn a_dead_address_is_an_error_within_15_seconds<B: Broker>(url: impl Fn(SocketAddr) -> String) {
    let silent = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let refusing = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let addresses = [&refusing, &silent].map(|listener| listener.local_addr().expect("a bound address"));
    drop(refusing);

    for (address, manner) in addresses.into_iter().zip(["refuses", "is silent"]) {
        let options: B::Options =
            url(address).parse().unwrap_or_else(|error| panic!("cannot parse the URL: {}", causes(&error)));
        let asked = Instant::now();
        let connected = within("connecting", B::connect(&options, "a-node-of-the-suites")).await;
        let waited = asked.elapsed();
        let Err(error) = connected else {
            panic!("connected to an address that {manner}");
        };
        let limit = Duration::from_secs(15);
        assert!(waited <= limit, "an address that {manner} took {waited:?}, over {limit:?}");
        for text in [causes(&error), format!("{error:?}"), format!("{options:?}")] {
            assert!(!text.is_empty(), "no word about an address that {manner}");
            assert!(!text.contains(PASSWORD), "the password shows in: {text}");
        }
    }
}

/// A feed whose link was cut ends, or yields an error, whether or not there were frames left to hear.
pub async fn a_cut_ends_the_feed<B: Broker>(options: &B::Options, cut: &impl AsyncFn()) {
    let channel = new_channel();
    let (sender, listener) = (Party::<B>::joins(options).await, Party::<B>::joins(options).await);
    let mut feed = listener.listens(&[&channel]).await;
    let frames = numbered(&channel, 0..10);
    sender.says(&frames).await;
    assert_heard(&hears_next(&mut feed, 3).await, &frames[..3]);

    cut().await;
    within("the end of a feed whose link is cut", async { while let Some(Ok(_)) = feed.next().await {} })
        .await;
}

/// A publish over a cut link is an error, at the latest when it is tried again, and not a frame that was said to be published is
/// missing afterwards (which can be seen where the broker keeps them).
pub async fn a_publish_over_a_cut_link_fails_and_counts_honestly<B: Broker>(
    options: &B::Options,
    cut: &impl AsyncFn(),
) {
    let channel = new_channel();
    let (sender, listener) = (Party::<B>::joins(options).await, Party::<B>::joins(options).await);
    let feed = listener.listens(&[&channel]).await;
    let cursor = feed.cursor();
    sender.says(&numbered(&channel, 0..10)).await;

    cut().await;
    let mut sent = 10;
    let error = within("an error over a cut link", async {
        loop {
            match sender.broker.publish(&numbered(&channel, sent..sent + 10)).await {
                Ok(()) => sent += 10,
                Err(error) => break error,
            }
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert!(error.sent <= 10, "more than the batch: {}", causes(&error));
    sent += error.sent;

    if B::KEEPS {
        let node = listener.drops_out(feed);
        let listener = Party::<B>::returns(node, options).await;
        let mut feed = listener.listens_from(&[&channel], cursor.as_ref()).await;
        let sender = Party::<B>::joins(options).await;
        sender.ends(&[&channel]).await;
        let mut heard = hears(&mut feed, 1).await;
        // More may be there than the publisher was told.
        heard.truncate(sent);
        assert_heard(&heard, &numbered(&channel, 0..sent));
        sender.leaves().await;
        listener.leaves().await;
    }
}

/// Behind a cut a feed goes on, as it does [when it was dropped](super::a_feed_goes_on_from_its_cursor): nothing is lost where the broker
/// keeps frames.
pub async fn a_feed_goes_on_behind_a_cut<B: Broker>(options: &B::Options, cut: &impl AsyncFn()) {
    let channel = new_channel();
    let (sender, listener) = (Party::<B>::joins(options).await, Party::<B>::joins(options).await);
    let mut feed = listener.listens(&[&channel]).await;
    let start = feed.cursor();
    let frames = numbered(&channel, 0..300);
    let (early, rest) = frames.split_at(100);
    let (missed, late) = rest.split_at(100);
    sender.says(early).await;
    assert_heard(&hears_next(&mut feed, 50).await, &early[..50]);

    cut().await;
    let cursor = feed.cursor();
    let exactly = moves(start.as_ref(), cursor.as_ref());
    let node = listener.drops_out(feed);
    let sender = Party::<B>::joins(options).await;
    sender.says(missed).await;
    let listener = Party::<B>::returns(node, options).await;
    let mut feed = listener.listens_from(&[&channel], cursor.as_ref()).await;
    sender.says(late).await;
    sender.ends(&[&channel]).await;

    let heard = hears(&mut feed, 1).await;
    if B::KEEPS {
        let heard = assert_goes_on(&heard, &frames, 0..50, exactly);
        assert_eq!(heard.end, frames.len(), "frames at the end");
    } else {
        assert_heard(&heard, late);
    }
    sender.leaves().await;
    listener.leaves().await;
}
