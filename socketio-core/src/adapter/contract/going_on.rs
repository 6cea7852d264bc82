//! Cursors: what a node hears when it comes back.

use super::party::{Party, assert_heard, hears, hears_next, new_channel, numbered};
use crate::adapter::broker::{Broker, Feed as _};

/// A feed that was cut before its first frame goes on from where it began: nothing of the time between is lost where the broker keeps
/// frames, nothing of it is heard where it does not.
pub async fn a_cursor_is_valid_before_the_first_frame<B: Broker>(options: &B::Options) {
    let channel = new_channel();
    let (sender, listener) = (Party::<B>::joins(options).await, Party::<B>::joins(options).await);
    let frames = numbered(&channel, 0..150);
    let (before, rest) = frames.split_at(50);
    let (missed, late) = rest.split_at(50);
    sender.says(before).await;
    let feed = listener.listens(&[&channel]).await;
    let cursor = feed.cursor();
    assert_eq!(cursor.is_some(), B::KEEPS, "there is a cursor; the broker keeps frames");

    let node = listener.drops_out(feed);
    sender.says(missed).await;
    let listener = Party::<B>::returns(node, options).await;
    let mut feed = listener.listens_from(&[&channel], cursor.as_ref()).await;
    sender.says(late).await;
    sender.ends(&[&channel]).await;

    assert_heard(&hears(&mut feed, 1).await, if B::KEEPS { rest } else { late });
    sender.leaves().await;
    listener.leaves().await;
}

/// A feed that was cut half-way goes on behind the last frame it yielded, and again when that one is cut: each frame is heard once
/// where the broker keeps them, and none twice where it does not.
pub async fn a_feed_goes_on_from_its_cursor<B: Broker>(options: &B::Options) {
    let channel = new_channel();
    let (sender, mut listener) = (Party::<B>::joins(options).await, Party::<B>::joins(options).await);
    let mut feed = listener.listens(&[&channel]).await;
    let (mut published, mut to_hear, mut heard) = (Vec::new(), Vec::new(), Vec::new());

    for life in 0..4 {
        let frames = numbered(&channel, life * 100..(life + 1) * 100);
        let (during, between) = frames.split_at(70);
        sender.says(during).await;
        heard.extend(hears_next(&mut feed, 40).await);
        to_hear.extend_from_slice(&during[..40]);

        let cursor = feed.cursor();
        assert_eq!(cursor.is_some(), B::KEEPS, "there is a cursor; the broker keeps frames");
        let node = listener.drops_out(feed);
        sender.says(between).await;
        published.extend(frames);
        listener = Party::<B>::returns(node, options).await;
        feed = listener.listens_from(&[&channel], cursor.as_ref()).await;
    }
    sender.ends(&[&channel]).await;

    heard.extend(hears(&mut feed, 1).await);
    assert_heard(&heard, if B::KEEPS { &published } else { &to_hear });
    sender.leaves().await;
    listener.leaves().await;
}
