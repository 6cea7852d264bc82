//! What is published: its order, its batches, its bytes.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::join;

use super::party::{Party, assert_heard, frame, hears, hears_next, new_channel, numbered, on, within};
use crate::adapter::broker::{Broker, Frame};

/// The frames of one connection arrive in the order of its publishes, however they were cut into batches.
pub async fn frames_of_a_sender_arrive_in_order<B: Broker>(options: &B::Options) {
    let channel = new_channel();
    let (sender, listener) = (Party::<B>::joins(options).await, Party::<B>::joins(options).await);
    let mut feed = listener.listens(&[&channel]).await;

    let frames = numbered(&channel, 0..1_000);
    let mut rest = frames.as_slice();
    for size in [1, 1, 2, 1, 3, 1, 5, 8, 1, 13, 21].into_iter().cycle() {
        let (batch, later) = rest.split_at(size.min(rest.len()));
        sender.says(batch).await;
        rest = later;
        if rest.is_empty() {
            break;
        }
    }
    sender.ends(&[&channel]).await;

    assert_heard(&hears(&mut feed, 1).await, &frames);
    sender.leaves().await;
    listener.leaves().await;
}

/// A batch of 0, 1 or 1,000 frames, on one channel or mixed on several, arrives whole, and in order on each channel.
pub async fn a_batch_arrives_whole<B: Broker>(options: &B::Options) {
    let channels = [new_channel(), new_channel(), new_channel()];
    let [first, second, third] = &channels;
    let (sender, listener) = (Party::<B>::joins(options).await, Party::<B>::joins(options).await);
    let mut feed = listener.listens(&[first, second, third]).await;

    let mut published = numbered(first, 0..1);
    sender.says(&published).await;
    sender.says(&[]).await;
    let thousand = numbered(second, 0..1_000);
    sender.says(&thousand).await;
    published.extend(thousand);
    let mixed: Vec<Frame> = (1_000..2_000)
        .zip(channels.iter().cycle())
        .map(|(number, channel)| frame(channel, number.to_string()))
        .collect();
    sender.says(&mixed).await;
    published.extend(mixed);
    sender.ends(&[first, second, third]).await;

    let heard = hears(&mut feed, 3).await;
    for channel in &channels {
        assert_heard(&on(channel, &heard), &on(channel, &published));
    }
    assert_eq!(heard.len(), published.len(), "frames on channels of others");
    sender.leaves().await;
    listener.leaves().await;
}

/// Two connections that publish at the same time each keep their order.
pub async fn senders_keep_their_order_side_by_side<B: Broker>(options: &B::Options) {
    let channel = new_channel();
    let (ada, bob) = (Party::<B>::joins(options).await, Party::<B>::joins(options).await);
    let listener = Party::<B>::joins(options).await;
    let mut feed = listener.listens(&[&channel]).await;

    let (of_ada, of_bob) = (signed(&channel, 'a', 0..500), signed(&channel, 'b', 0..500));
    join(says_in_batches(&ada, &of_ada), says_in_batches(&bob, &of_bob)).await;
    join(ada.ends(&[&channel]), bob.ends(&[&channel])).await;

    let heard = hears(&mut feed, 2).await;
    let (a, b): (Vec<Frame>, Vec<Frame>) =
        heard.into_iter().partition(|frame| frame.payload.starts_with(b"a"));
    assert_heard(&a, &of_ada);
    assert_heard(&b, &of_bob);
    for party in [ada, bob, listener] {
        party.leaves().await;
    }
}

/// A payload is any bytes, none of them special, and may be empty: the core publishes no such frame, but others on the channel can, and
/// that must not end a feed.
pub async fn every_byte_comes_through<B: Broker>(options: &B::Options) {
    let channel = new_channel();
    let (sender, listener) = (Party::<B>::joins(options).await, Party::<B>::joins(options).await);
    let mut feed = listener.listens(&[&channel]).await;

    let bytes = || 0..=u8::MAX;
    let mut frames = vec![
        frame(&channel, bytes().collect::<Vec<u8>>()),
        frame(&channel, bytes().rev().collect::<Vec<u8>>()),
        frame(&channel, ""),
        frame(&channel, "\r\n\r\n"),
    ];
    frames.extend(bytes().map(|byte| frame(&channel, vec![byte])));
    sender.says(&frames).await;
    sender.ends(&[&channel]).await;

    assert_heard(&hears(&mut feed, 1).await, &frames);
    sender.leaves().await;
    listener.leaves().await;
}

/// A frame of 1,000,000 bytes, or of the limit where that is less, arrives between its neighbours.
pub async fn a_megabyte_comes_through<B: Broker>(options: &B::Options) {
    let channel = new_channel();
    let (sender, listener) = (Party::<B>::joins(options).await, Party::<B>::joins(options).await);
    let mut feed = listener.listens(&[&channel]).await;

    let large = noise(B::frame_limit(options).min(1_000_000));
    let frames = [
        frame(&channel, "before"),
        frame(&channel, large.clone()),
        frame(&channel, "between"),
        frame(&channel, large),
        frame(&channel, "behind"),
    ];
    sender.says(&frames).await;
    sender.ends(&[&channel]).await;

    assert_heard(&hears(&mut feed, 1).await, &frames);
    sender.leaves().await;
    listener.leaves().await;
}

/// A frame of just [`Broker::frame_limit`] arrives. One byte more, which the core never publishes, is refused, and `sent` counts only what
/// was published before it, or it arrives; in either case the connection works on. Not tried with a limit of 64 MB and more.
pub async fn a_frame_over_the_limit_does_not_cut_the_link<B: Broker>(options: &B::Options) {
    let limit = B::frame_limit(options);
    if limit >= 64_000_000 {
        return;
    }
    let channel = new_channel();
    let (sender, listener) = (Party::<B>::joins(options).await, Party::<B>::joins(options).await);
    let mut feed = listener.listens(&[&channel]).await;

    let largest = [frame(&channel, noise(limit))];
    sender.says(&largest).await;
    // Before there is more: a broker may cut off who leaves too much unheard.
    assert_heard(&hears_next(&mut feed, 1).await, &largest);

    let batch = [frame(&channel, "before"), frame(&channel, noise(limit + 1))];
    let published = within("publishing too much", sender.broker.publish(&batch)).await;
    // What was refused is not there. What was before it may be, though the error does not count it, but never the other way round.
    let (least, most) = match published {
        Ok(()) => (2, 2),
        Err(error) => (error.sent, 1),
    };
    assert!(least <= most, "the frame that was refused counts as sent");
    sender.ends(&[&channel]).await;

    let heard = hears(&mut feed, 1).await;
    assert_heard(&heard, &batch[..heard.len().clamp(least, most)]);
    sender.leaves().await;
    listener.leaves().await;
}

/// Frames that say `a0`, `a1`, `a2`, …
fn signed(channel: &Arc<str>, name: char, numbers: Range<usize>) -> Vec<Frame> {
    numbers.map(|number| frame(channel, format!("{name}{number}"))).collect()
}

async fn says_in_batches<B: Broker>(sender: &Party<B>, frames: &[Frame]) {
    for batch in frames.chunks(10) {
        sender.says(batch).await;
    }
}

/// Bytes without a pattern that a broker could lose its place in.
fn noise(length: usize) -> Bytes {
    let mut state = 1_u32;
    let bytes = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    });
    bytes.take(length).collect()
}
