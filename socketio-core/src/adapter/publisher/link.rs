//! The link of a publisher: made, used, and made again.
//!
//! A batch is never given up half-way: python nodes would hear twice what is published again.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{Either, select};
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

use super::audience::Audience;
use super::writer::{Broken, backoff, connect, drain, publish_batch};
use super::{Cause, Link, State};
use crate::adapter::broker::Broker;

/// Keeps the link up until `alive` has no sender and nothing is left to publish, or that has failed.
pub(super) async fn run<B: Broker>(options: B::Options, kept: Kept<B>, mut alive: watch::Receiver<()>) {
    let state = &*kept.0;
    let queue = state.outgoing.queue();
    let audience = Audience::default();
    let mut attempts = 0_u32;
    let mut outages = 0_u64;
    loop {
        let last = alive.has_changed().is_err();
        let sent = queue.sent();
        let served = async {
            let broker = Arc::new(connect::<B>(&options, &state.outgoing).await?);
            state.up(&broker);
            if outages > 0 {
                audience.link_back::<B>(attempts);
            }
            outages += 1;
            serve(&*broker, state, &mut alive, &audience).await?;
            broker.close().await;
            Ok(())
        };
        let Err(broken) = served.await else { return };
        state.down(broken);
        if last {
            let (lost, _) = queue.len();
            if lost > 0 {
                tracing::error!(target: "socketio::cluster", lost, "the publisher has ended before all was published");
            }
            return;
        }
        // A link over which nothing goes is no success, though it comes up each time.
        attempts = if queue.sent() > sent { 0 } else { attempts.saturating_add(1) };
        // Whoever drops the publisher has one attempt more, at once.
        let _ = timeout(backoff(attempts), gone(&mut alive)).await;
    }
}

/// The link of this state is looked after; when that is dropped there is none.
pub(super) struct Kept<B: Broker>(Arc<State<B>>);

impl<B: Broker> Kept<B> {
    pub(super) fn new(state: Arc<State<B>>) -> Self {
        state.link.send_replace(Link::Connecting);
        Kept(state)
    }
}

impl<B: Broker> Drop for Kept<B> {
    fn drop(&mut self) {
        self.0.link.send_replace(Link::Down);
    }
}

/// Publishes until nothing will come any more, or the link breaks.
async fn serve<B: Broker>(
    broker: &B,
    state: &State<B>,
    alive: &mut watch::Receiver<()>,
    audience: &Audience,
) -> Result<(), Broken<B::Error>> {
    let watching = pin!(audience.watch(broker, &state.outgoing));
    let writing = pin!(write(broker, state, alive, audience));
    match select(writing, watching).await {
        Either::Left((ended, _)) => ended,
        Either::Right(_) => Ok(()), // it does not end
    }
}

async fn write<B: Broker>(
    broker: &B,
    state: &State<B>,
    alive: &mut watch::Receiver<()>,
    audience: &Audience,
) -> Result<(), Broken<B::Error>> {
    audience.wait(broker, state.outgoing.channel(), || audience.is_sure()).await;
    loop {
        if state.outgoing.queue().len().0 == 0 {
            state.outgoing.link_holds();
        }
        let batch = {
            let filled = pin!(state.outgoing.queue().batch());
            let gone = pin!(gone(alive));
            match select(filled, gone).await {
                Either::Left((batch, _)) => batch,
                Either::Right(_) => break,
            }
        };
        let begun = Instant::now();
        let published = publish_batch(broker, &state.outgoing, &batch).await;
        if published.is_err() && begun.elapsed() > SILENCE {
            audience.link_silent();
        }
        published?;
        state.outgoing.link_holds();
        state.set_fault(None);
    }
    drain(broker, &state.outgoing).await
}

/// A link that breaks says so sooner.
const SILENCE: Duration = Duration::from_secs(1);

async fn gone(alive: &mut watch::Receiver<()>) {
    while alive.changed().await.is_ok() {}
}

impl<B: Broker> State<B> {
    fn up(&self, broker: &Arc<B>) {
        self.link.send_replace(Link::Up(broker.clone()));
        if !self.outgoing.link_up() {
            tracing::info!(target: "socketio::cluster", channel = &**self.outgoing.channel(), "connected to the broker");
        }
    }

    fn down(&self, broken: Broken<B::Error>) {
        self.outgoing.link_down(&broken);
        let cause: Cause = Arc::new(broken);
        self.set_fault(Some(cause));
        self.link.send_replace(Link::Down);
    }
}
