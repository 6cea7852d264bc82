//! The link to the broker: made, watched, and made again, for as long as the adapter lives.
//!
//! ```text
//! connect -> subscribe (from where the feed was) -> read and write, side by side -> something breaks -> wait, and again
//! ```
//!
//! Whatever breaks ends both halves: the writer's batch stays in the queue, the reader's place is the feed's cursor. A link is broken
//! when the broker says so, when a publish takes too long, or when this node does not hear its own heartbeat through it.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_core::Stream;
use futures_util::future::{Either, select};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};

use super::inner::Cluster;
use crate::adapter::broker::{Broker, Channel, Feed};
use crate::adapter::publisher::{Broken, PATIENCE, backoff, connect, drain, publish, publish_batch};

/// Between two heartbeats.
pub(crate) const HEARTBEAT: Duration = Duration::from_secs(2);
/// A node that has not heard its own heartbeat for this long takes its subscription as dead.
const DEAF: Duration = Duration::from_secs(15);
/// After an outage of a broker that keeps nothing, publishes wait this long at most for those who listened before.
const RETURN: Duration = Duration::from_secs(6);

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

/// Keeps the link up until the task is aborted.
pub(super) async fn run<B: Broker>(options: B::Options, cluster: Arc<Cluster>) {
    let mut cursor = None;
    let mut attempts = 0_u32;
    let mut outages = 0_u64;
    loop {
        match open::<B>(&options, &cluster, cursor.as_ref()).await {
            Ok((broker, mut feed)) => {
                cluster.link_up();
                attempts = 0;
                let Some(error) = serve(&broker, &mut feed, &cluster, outages > 0).await else {
                    farewell(&broker, &cluster).await;
                    return;
                };
                cursor = feed.cursor().or(cursor);
                outages += 1;
                cluster.link_down(&error);
            }
            Err(error) => cluster.link_down(&error),
        }
        let pause = std::pin::pin!(sleep(backoff(attempts)));
        let closing = std::pin::pin!(cluster.closing.notified());
        if let Either::Right(_) = select(pause, closing).await {
            return;
        }
        attempts = attempts.saturating_add(1);
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
    after_outage: bool,
) -> Option<Lost<B::Error>> {
    let reading = std::pin::pin!(read::<B>(feed, cluster));
    let writing = std::pin::pin!(write(broker, cluster, after_outage));
    let closing = std::pin::pin!(cluster.closing.notified());
    match select(select(reading, writing), closing).await {
        Either::Left((Either::Left((lost, _)), _)) => Some(lost),
        Either::Left((Either::Right((broken, _)), _)) => Some(broken.into()),
        Either::Right(_) => None,
    }
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
        let mut ticked = std::pin::pin!(watch.tick());
        let next = poll_fn(|cx| {
            if let std::task::Poll::Ready(frame) = Pin::new(&mut *feed).poll_next(cx) {
                return std::task::Poll::Ready(Some(frame));
            }
            ticked.as_mut().poll(cx).map(|_| None)
        });
        match next.await {
            Some(Some(Ok(frame))) => cluster.receive(&frame),
            Some(Some(Err(error))) => return Broken::Broker(error).into(),
            Some(None) => return Lost::Ended,
            None if cluster.heard_itself().elapsed() > DEAF => return Lost::Deaf,
            None => cluster.tick(),
        }
    }
}

async fn write<B: Broker>(broker: &B, cluster: &Cluster, after_outage: bool) -> Broken<B::Error> {
    let mut beat = interval(HEARTBEAT);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // Where the broker keeps nothing, the first to come back would publish to nobody.
    let mut hold = (after_outage && !B::KEEPS).then(|| Instant::now() + RETURN);
    let mut hello = true;
    loop {
        if hold.is_some_and(|until| Instant::now() >= until || cluster.all_are_back()) {
            hold = None;
        }
        let batch = {
            let ticked = std::pin::pin!(beat.tick());
            let ready = std::pin::pin!(async {
                match hold {
                    // Looks again when the others have had time to say hello.
                    Some(_) => {
                        sleep(Duration::from_millis(100)).await;
                        None
                    }
                    None => Some(cluster.outgoing.queue().batch().await),
                }
            });
            match select(ticked, ready).await {
                Either::Left(_) => None,
                Either::Right((Some(batch), _)) => Some(batch),
                Either::Right((None, _)) => continue,
            }
        };
        let published = match batch {
            None => {
                let frame = if std::mem::take(&mut hello) { cluster.hello() } else { cluster.heartbeat() };
                publish(broker, &[frame]).await.map_err(|(_, broken)| broken)
            }
            Some(batch) => publish_batch(broker, &cluster.outgoing, &batch).await,
        };
        if let Err(broken) = published {
            return broken;
        }
    }
}
