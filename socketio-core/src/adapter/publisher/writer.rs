//! How frames get to the broker, for nodes and emitters alike: attempts with pauses between them, each with an end.

use std::error::Error;
use std::pin::pin;
use std::time::Duration;

use tokio::time::{Instant, timeout};

use super::outgoing::{Outgoing, causes};
use super::queue::Batch;
use crate::adapter::broker::{Broker, Frame};

/// Pauses between attempts grow from the first to the second. The first is short: a queue of which one server fails goes on without
/// whoever was connected to that one.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(20), Duration::from_secs(5));
/// Connecting, subscribing and publishing a batch take at most this long each.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);
/// How soon it is noticed that the broker asks to wait.
const LOOK: Duration = Duration::from_secs(1);

/// Why a link did not come up, or does not take frames any more.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Broken<E: Error + 'static> {
    #[error(transparent)]
    Broker(#[from] E),
    #[error("{0} took longer than {PATIENCE:?}")]
    Slow(&'static str),
}

pub(crate) async fn connect<B: Broker>(
    options: &B::Options,
    outgoing: &Outgoing,
) -> Result<B, Broken<B::Error>> {
    let connecting = timeout(PATIENCE, B::connect(options, outgoing.id().as_str()));
    let broker = connecting.await.map_err(|_| Broken::Slow("connecting"))??;
    outgoing.set_blocked(broker.blocked());
    Ok(broker)
}

/// Publishes `batch`; what the broker has leaves the queue, the rest stays.
pub(crate) async fn publish_batch<B: Broker>(
    broker: &B,
    outgoing: &Outgoing,
    batch: &Batch,
) -> Result<(), Broken<B::Error>> {
    let (sent, broken) = match publish(broker, &batch.frames).await {
        Ok(()) => {
            outgoing.queue().published(batch, batch.frames.len());
            return Ok(());
        }
        Err(failed) => failed,
    };
    outgoing.queue().published(batch, sent);
    match broken {
        Broken::Broker(error) if B::refuses_frame(&error) => {
            outgoing.queue().refused(batch, sent);
            let cause = causes(&error);
            tracing::error!(target: "socketio::cluster", cause, "an operation is dropped: the broker does not take it");
            Ok(())
        }
        broken => Err(broken),
    }
}

/// Publishes what is left, to be done with it: also with a broker that asks to wait.
pub(crate) async fn drain<B: Broker>(broker: &B, outgoing: &Outgoing) -> Result<(), Broken<B::Error>> {
    while let Some(batch) = outgoing.queue().front() {
        let publishing = timeout(PATIENCE, publish_batch(broker, outgoing, &batch));
        publishing.await.map_err(|_| Broken::Slow("publishing"))??;
    }
    Ok(())
}

/// Publishes frames that wait in no queue. An error comes with how many of them the broker has. A broker that asks to wait is waited
/// for, with the link up and the rest in the queue.
pub(crate) async fn publish<B: Broker>(
    broker: &B,
    frames: &[Frame],
) -> Result<(), (usize, Broken<B::Error>)> {
    let mut publishing = pin!(broker.publish(frames));
    let (mut until, mut waits) = (Instant::now() + PATIENCE, false);
    loop {
        match timeout(LOOK, publishing.as_mut()).await {
            Ok(published) => {
                if waits {
                    tracing::info!(target: "socketio::cluster", "the broker takes operations again");
                }
                return published.map_err(|error| (error.sent, Broken::Broker(error.source)));
            }
            Err(_) if broker.blocked().now() => {
                if !std::mem::replace(&mut waits, true) {
                    tracing::warn!(target: "socketio::cluster", "the broker is short of memory or disk and takes nothing: operations wait");
                }
                until = Instant::now() + PATIENCE;
            }
            Err(_) if Instant::now() >= until => return Err((0, Broken::Slow("publishing"))),
            Err(_) => {}
        }
    }
}

/// Doubled with each attempt, and never the same for two nodes.
pub(crate) fn backoff(attempts: u32) -> Duration {
    let (first, last) = BACKOFF;
    let pause = first.saturating_mul(1 << attempts.min(10)).min(last);
    let mut random = [0; 1];
    let _ = getrandom::fill(&mut random);
    pause.mul_f64(0.5 + f64::from(random[0]) / 512.0)
}
