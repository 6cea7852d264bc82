//! Who hears what: feeds, channels, how many listen.

use std::sync::Arc;

use super::party::{
    Party, assert_heard, causes, frame, hears, hears_next, new_channel, numbered, on, within,
};
use crate::adapter::broker::{Broker, Frame};

/// What is published after `subscribe` returned is heard, and nothing from before.
pub async fn nothing_is_missed_once_subscribed<B: Broker>(options: &B::Options) {
    let channel = new_channel();
    let sender = Party::<B>::joins(options).await;
    for frame in numbered(&channel, 0..20) {
        let frame = std::slice::from_ref(&frame);
        let listener = Party::<B>::joins(options).await;
        let mut feed = listener.listens(&[&channel]).await;
        sender.says(frame).await;
        assert_heard(&hears_next(&mut feed, 1).await, frame);
        listener.leaves().await;
    }
    sender.leaves().await;
}

/// Several nodes that listen to a channel each hear all of it, the publisher among them.
pub async fn every_feed_hears_every_frame<B: Broker>(options: &B::Options) {
    let channel = new_channel();
    let mut listeners = Vec::new();
    for _ in 0..3 {
        let party = Party::<B>::joins(options).await;
        let feed = party.listens(&[&channel]).await;
        listeners.push((party, feed));
    }

    let frames = numbered(&channel, 0..300);
    let (sender, _) = &listeners[0];
    sender.says(&frames).await;
    sender.ends(&[&channel]).await;

    for (_, feed) in &mut listeners {
        assert_heard(&hears(feed, 1).await, &frames);
    }
    for (party, _) in listeners {
        party.leaves().await;
    }
}

/// A channel is its whole name, exactly: no beginning of another's, and no matter of case.
pub async fn channels_do_not_hear_each_other<B: Broker>(options: &B::Options) {
    let name = new_channel();
    let channels: [Arc<str>; 4] = [
        name.clone(),
        format!("{name}-1").into(),
        format!("{name}-10").into(),
        format!("{name}-1A").to_uppercase().into(),
    ];
    let mut listeners = Vec::new();
    for channel in &channels {
        let party = Party::<B>::joins(options).await;
        let feed = party.listens(&[channel]).await;
        listeners.push((party, feed, channel));
    }

    let sender = Party::<B>::joins(options).await;
    let frames: Vec<Frame> = (0..400)
        .zip(channels.iter().cycle())
        .map(|(number, channel)| frame(channel, number.to_string()))
        .collect();
    sender.says(&frames).await;
    for channel in &channels {
        sender.ends(&[channel]).await;
    }

    for (_, feed, channel) in &mut listeners {
        assert_heard(&hears(feed, 1).await, &on(channel, &frames));
    }
    for (party, ..) in listeners {
        party.leaves().await;
    }
    sender.leaves().await;
}

/// A feed hears all the channels it was told, and each frame bears its channel's name.
pub async fn a_feed_hears_all_its_channels<B: Broker>(options: &B::Options) {
    let channels: Vec<Arc<str>> = (0..16).map(|_| new_channel()).collect();
    let all: Vec<&Arc<str>> = channels.iter().collect();
    let (sender, listener) = (Party::<B>::joins(options).await, Party::<B>::joins(options).await);
    let mut feed = listener.listens(&all).await;

    let frames: Vec<Frame> = (0..320)
        .zip(channels.iter().cycle())
        .map(|(number, channel)| frame(channel, number.to_string()))
        .collect();
    sender.says(&frames).await;
    sender.ends(&all).await;

    let heard = hears(&mut feed, channels.len()).await;
    for channel in all {
        assert_heard(&on(channel, &heard), &on(channel, &frames));
    }
    assert_eq!(heard.len(), frames.len(), "frames on channels of others");
    sender.leaves().await;
    listener.leaves().await;
}

/// Where the broker can tell: nobody is 0; two are 2, or 1 where it only tells somebody from nobody; and 0 again once they said goodbye.
pub async fn listeners_are_counted_where_the_broker_can<B: Broker>(options: &B::Options) {
    let (channel, other) = (new_channel(), new_channel());
    let asks = Party::<B>::joins(options).await;
    let Some(nobody) = count(&asks, &channel).await else {
        asks.leaves().await;
        return;
    };
    assert_eq!(nobody, 0, "nobody listened yet");

    let (ada, bob) = (Party::<B>::joins(options).await, Party::<B>::joins(options).await);
    let (of_ada, of_bob) = (ada.listens(&[&channel]).await, bob.listens(&[&channel]).await);
    let two = count(&asks, &channel).await;
    assert!(matches!(two, Some(1 | 2)), "two listen, and {two:?} are counted");
    assert_eq!(count(&asks, &other).await, Some(0), "the other channel");

    drop((of_ada, of_bob));
    ada.leaves().await;
    bob.leaves().await;
    // A broker may take a moment to see that a connection is gone; each question is a way there and back.
    within("the count of those who left", async {
        while count(&asks, &channel).await != Some(0) {
            tokio::task::yield_now().await;
        }
    })
    .await;
    asks.leaves().await;
}

/// A goodbye takes nothing from others, and gives up what was kept for its node: it starts anew when it returns without a cursor.
pub async fn a_node_that_says_goodbye_starts_anew<B: Broker>(options: &B::Options) {
    let channel = new_channel();
    let (sender, stays) = (Party::<B>::joins(options).await, Party::<B>::joins(options).await);
    let mut feed = stays.listens(&[&channel]).await;
    let leaves = Party::<B>::joins(options).await;
    let its_feed = leaves.listens(&[&channel]).await;

    let frames = numbered(&channel, 0..30);
    let (early, late) = frames.split_at(20);
    let (unheard, missed) = early.split_at(10);
    sender.says(unheard).await;
    drop(its_feed);
    let node = leaves.leaves().await;
    sender.says(missed).await;
    let returned = Party::<B>::returns(node, options).await;
    let mut anew = returned.listens(&[&channel]).await;
    sender.says(late).await;
    sender.ends(&[&channel]).await;

    assert_heard(&hears(&mut anew, 1).await, late);
    assert_heard(&hears(&mut feed, 1).await, &frames);
    for party in [sender, stays, returned] {
        party.leaves().await;
    }
}

async fn count<B: Broker>(asks: &Party<B>, channel: &str) -> Option<usize> {
    let count = within("counting", asks.broker.subscriber_count(channel)).await;
    count.unwrap_or_else(|error| panic!("cannot count: {}", causes(&error)))
}
