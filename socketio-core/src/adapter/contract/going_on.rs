//! Cursors: what a node hears when it comes back.

use std::fmt::Debug;
use std::ops::Range;

use super::party::{Party, assert_heard, hears, hears_next, new_channel, numbered};
use crate::adapter::broker::{Broker, Feed as _, Frame};

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

/// A feed that was cut half-way goes on behind the last frame it yielded, and again when that one is cut. Nothing is lost where the
/// broker keeps frames, and nothing of the time between is heard where it does not.
///
/// Each frame is heard once, with one exception: a cursor that does not move, as a queue's name, leaves the place to the broker, and
/// that may not have heard yet what was yielded last. Such frames may come once more, in their order; the core drops them.
pub async fn a_feed_goes_on_from_its_cursor<B: Broker>(options: &B::Options) {
    let channel = new_channel();
    let (sender, mut listener) = (Party::<B>::joins(options).await, Party::<B>::joins(options).await);
    let mut feed = listener.listens(&[&channel]).await;
    let mut published = Vec::new();
    let (mut cursor, mut heard, mut exactly) = (feed.cursor(), 0..0, true);

    for life in 0..4 {
        let frames = numbered(&channel, life * 100..(life + 1) * 100);
        let (during, between) = frames.split_at(70);
        if !B::KEEPS {
            heard = published.len()..published.len();
        }
        published.extend_from_slice(during);
        sender.says(during).await;
        let now = hears_next(&mut feed, 40).await;
        heard = assert_goes_on(&now, &published, heard, exactly);

        exactly = moves(cursor.as_ref(), feed.cursor().as_ref());
        cursor = feed.cursor();
        assert_eq!(cursor.is_some(), B::KEEPS, "there is a cursor; the broker keeps frames");
        let node = listener.drops_out(feed);
        published.extend_from_slice(between);
        sender.says(between).await;
        listener = Party::<B>::returns(node, options).await;
        feed = listener.listens_from(&[&channel], cursor.as_ref()).await;
    }
    sender.ends(&[&channel]).await;

    let rest = hears(&mut feed, 1).await;
    let end = if B::KEEPS { assert_goes_on(&rest, &published, heard, exactly).end } else { rest.len() };
    assert_eq!(end, if B::KEEPS { published.len() } else { 0 }, "frames at the end");
    sender.leaves().await;
    listener.leaves().await;
}

/// Whether a cursor is a place of its own; if not, the broker holds it.
pub(super) fn moves<C: Debug>(before: Option<&C>, after: Option<&C>) -> bool {
    format!("{before:?}") != format!("{after:?}")
}

/// Checks what a feed heard that goes on behind `before`, indices of `published`, and says which it heard now. If not `exactly`, frames
/// of `before` may come again.
pub(super) fn assert_goes_on(
    heard: &[Frame],
    published: &[Frame],
    before: Range<usize>,
    exactly: bool,
) -> Range<usize> {
    let mut again = before.clone().filter(|&index| !exactly && published.get(index) == heard.first());
    let start = again.next().unwrap_or(before.end);
    let end = published.len().min(start + heard.len());
    assert_heard(heard, &published[start..end]);
    start..end
}
