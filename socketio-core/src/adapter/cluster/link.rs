//! The link to the broker: made, watched, and made again, for as long as the adapter lives.
//!
//! ```text
//! connect -> subscribe (from where the feed was) -> read and write, side by side -> something breaks -> wait, and again
//! ```
//!
//! Whatever breaks ends both halves: what was not published stays in the queue, the reader's place is the feed's cursor. A link is
//! broken when the broker says so, when a publish takes too long, or when this node does not hear its own heartbeat through it. A batch
//! is never given up half-way: python nodes would hear twice what is published again.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use futures_core::Stream;
use futures_util::future::{Either, select};
use tokio::sync::Notify;
use tokio::task::coop::consume_budget;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

use super::inner::Cluster;
use crate::adapter::broker::{Broker, Channel, Feed};
use crate::adapter::publisher::{
    Audience, Broken, PATIENCE, backoff, connect, drain, publish, publish_batch,
};

/// Between two heartbeats.
pub(crate) const HEARTBEAT: Duration = Duration::from_secs(2);
/// A node that has not heard its own heartbeat for this long takes its subscription as dead.
const DEAF: Duration = Duration::from_secs(15);

/// Why the link ended.
#[derive(Debug, thiserror::Error)]
enum Lost<E: std::error::Error + 'static> {
    #[error(transparent)]
    Broken(#[from] Broken<E>),
    #[error("the broker ended the subscription")]
    Ended,
    #[error("this node has not heard its own heartbeat for {DEAF:?}")]
    Deaf,
}

/// Keeps the link up until the adapter is closed.
pub(super) async fn run<B: Broker>(options: B::Options, cluster: Arc<Cluster>) {
    let audience = Audience::default();
    let mut cursor = None;
    let mut attempts = 0_u32;
    let mut outages = 0_u64;
    loop {
        match open::<B>(&options, &cluster, cursor.as_ref()).await {
            Ok((broker, mut feed)) => {
                cluster.link_up();
                if outages > 0 {
                    audience.link_back::<B>(attempts);
                }
                let up = cluster.heard_itself();
                let Some(error) = serve(&broker, &mut feed, &cluster, &audience).await else {
                    farewell(&broker, &cluster).await;
                    return;
                };
                cursor = feed.cursor().or(cursor);
                outages += 1;
                // A link over which nothing comes is no success, though it comes up each time.
                attempts = if cluster.heard_itself() > up { 0 } else { attempts.saturating_add(1) };
                cluster.link_down(&error);
            }
            Err(error) => {
                attempts = attempts.saturating_add(1);
                cluster.link_down(&error);
            }
        }
        let pause = pin!(sleep(backoff(attempts)));
        let closing = pin!(cluster.closing.notified());
        if let Either::Right(_) = select(pause, closing).await {
            return last_attempt::<B>(&options, &cluster).await;
        }
    }
}

/// The adapter is closed while the link is down: what waits has one attempt more, at once.
async fn last_attempt<B: Broker>(options: &B::Options, cluster: &Cluster) {
    if cluster.outgoing.queue().len().0 > 0
        && let Ok(broker) = connect::<B>(options, &cluster.outgoing).await
    {
        farewell(&broker, cluster).await;
    }
}

async fn open<B: Broker>(
    options: &B::Options,
    cluster: &Cluster,
    cursor: Option<&<B::Feed as Feed>::Cursor>,
) -> Result<(B, B::Feed), Broken<B::Error>> {
    let broker = connect::<B>(options, &cluster.outgoing).await?;
    let channels = [Channel::Exact(cluster.outgoing.channel().clone())];
    let subscribing = timeout(PATIENCE, broker.subscribe(&channels, cursor));
    let feed = subscribing.await.map_err(|_| Broken::Slow("subscribing"))??;
    Ok((broker, feed))
}

/// Reads and writes until one of them breaks; `None` when the adapter is closed.
async fn serve<B: Broker>(
    broker: &B,
    feed: &mut B::Feed,
    cluster: &Arc<Cluster>,
    audience: &Audience,
) -> Option<Lost<B::Error>> {
    let stop = Notify::new();
    let mut writing = pin!(write(broker, cluster, audience, &stop));
    let ended = {
        let reading = pin!(read::<B>(feed, cluster));
        let watching = pin!(audience.watch(broker, &cluster.outgoing));
        let closing = pin!(cluster.closing.notified());
        // Writing comes first: reading may use up the task's whole turn, again and again, while a backlog is there.
        match select(select(&mut writing, watching), select(reading, closing)).await {
            Either::Left((Either::Left((written, _)), _)) => return written.err().map(Lost::from),
            Either::Left((Either::Right(_), _)) => return None, // it does not end
            Either::Right((Either::Left((lost, _)), _)) => Some(lost),
            Either::Right((Either::Right(_), _)) => None,
        }
    };
    stop.notify_one();
    // Not for as long as a broker asks to wait: nobody reads meanwhile.
    let written = timeout(PATIENCE, writing).await.unwrap_or(Err(Broken::Slow("publishing")));
    ended.or(written.err().map(Lost::from))
}

/// Publishes what is left, and says goodbye.
async fn farewell<B: Broker>(broker: &B, cluster: &Cluster) {
    if drain(broker, &cluster.outgoing).await.is_ok() {
        let _ = publish(broker, &[cluster.bye()]).await;
        broker.close().await;
    }
}

async fn read<B: Broker>(feed: &mut B::Feed, cluster: &Arc<Cluster>) -> Lost<B::Error> {
    let mut watch = interval(Duration::from_secs(1));
    watch.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let mut ticked = pin!(watch.tick());
        let next = poll_fn(|cx| {
            if let std::task::Poll::Ready(frame) = Pin::new(&mut *feed).poll_next(cx) {
                return std::task::Poll::Ready(Some(frame));
            }
            ticked.as_mut().poll(cx).map(|_| None)
        });
        match next.await {
            Some(Some(Ok(frame))) => {
                cluster.receive(&frame);
                consume_budget().await; // what has piled up in an outage holds up nobody else
            }
            Some(Some(Err(error))) => return Broken::Broker(error).into(),
            Some(None) => return Lost::Ended,
            None if cluster.heard_itself().elapsed() > DEAF => return Lost::Deaf,
            None => cluster.tick(),
        }
    }
}

/// Publishes heartbeats, and what waits, until it is stopped.
async fn write<B: Broker>(
    broker: &B,
    cluster: &Cluster,
    audience: &Audience,
    stop: &Notify,
) -> Result<(), Broken<B::Error>> {
    let mut beat = interval(HEARTBEAT);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut hello = true;
    loop {
        let batch = {
            let stopped = pin!(stop.notified());
            let ticked = pin!(beat.tick());
            let filled = pin!(async {
                audience.wait(broker, cluster.outgoing.channel(), || cluster.all_are_back()).await;
                cluster.outgoing.queue().batch().await
            });
            match select(stopped, select(ticked, filled)).await {
                Either::Left(_) => return Ok(()),
                Either::Right((Either::Left(_), _)) => None,
                Either::Right((Either::Right((batch, _)), _)) => Some(batch),
            }
        };
        match batch {
            None => {
                let frame = if std::mem::take(&mut hello) { cluster.hello() } else { cluster.heartbeat() };
                publish(broker, &[frame]).await.map_err(|(_, broken)| broken)?;
            }
            Some(batch) => publish_batch(broker, &cluster.outgoing, &batch).await?,
        }
        cluster.outgoing.link_holds();
    }
}
