//! Two nodes of a cluster, in one process so that they have one clock.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use socketio_core::Server;
use socketio_core::adapter::ClusterAdapter;
use socketio_core::adapter::broker::Broker;
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::Outcome;

pub(crate) struct Pair<B: Broker> {
    here: Server,
    there: ClusterAdapter<B>,
    /// What the other node's handler has heard: when it was sent, and how long that took.
    heard: tokio::sync::Mutex<mpsc::UnboundedReceiver<Duration>>,
    begin: Instant,
    _other: Server,
}

impl<B: Broker> Pair<B> {
    pub(crate) async fn start(url: &str, channel: &str) -> Outcome<Self> {
        let adapter = || ClusterAdapter::<B>::new(url).map(|adapter| adapter.channel(channel));
        let (ours, there) = (adapter()?, adapter()?);
        let here = Server::builder().manager(ours.clone()).build()?;
        let other = Server::builder().manager(there.clone()).build()?;
        let (begin, (sender, heard)) = (Instant::now(), mpsc::unbounded_channel());
        let sender = Arc::new(sender);
        other.of("/").on_server_event("tick", move |sent: u64| {
            let _ = sender.send(begin.elapsed().saturating_sub(Duration::from_nanos(sent)));
            async {}
        });
        timeout(PATIENCE, async {
            ours.ready().await;
            there.ready().await;
            while here.members().len() < 2 {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        })
        .await?;
        Ok(Pair { here, there, heard: heard.into(), begin, _other: other })
    }

    /// What each emit took of its caller's time, sorted.
    pub(crate) async fn emit_costs(&self, rate: u32, time: Duration) -> Outcome<Vec<Duration>> {
        let (namespace, message) = (self.here.of("/"), message());
        self.steadily(rate, time, || {
            let begin = Instant::now();
            namespace.to("all").emit("fan", &message)?;
            Ok(begin.elapsed())
        })
        .await
    }

    /// How long each event took to the other node, sorted.
    pub(crate) async fn latencies(&self, rate: u32, time: Duration) -> Outcome<Vec<Duration>> {
        let namespace = self.here.of("/");
        let sent = self.steadily(rate, time, || {
            namespace.server_side_emit("tick", self.begin.elapsed().as_nanos() as u64)?;
            Ok(Duration::ZERO)
        });
        let (mut heard, count) = (self.heard.lock().await, sent.await?.len());
        let mut latencies = Vec::with_capacity(count);
        while latencies.len() < count {
            latencies.push(timeout(PATIENCE, heard.recv()).await?.ok_or("the node is gone")?);
        }
        latencies.sort();
        Ok(latencies)
    }

    async fn steadily(
        &self,
        rate: u32,
        time: Duration,
        mut act: impl FnMut() -> Outcome<Duration>,
    ) -> Outcome<Vec<Duration>> {
        let mut ticks = interval(Duration::from_secs(1) / rate);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
        let count = u64::from(rate) * time.as_millis() as u64 / 1000;
        let mut times = Vec::new();
        for _ in 0..count {
            ticks.tick().await;
            times.push(act()?);
        }
        times.sort();
        Ok(times)
    }

    /// Frames of others that the other node has had.
    pub(crate) fn received(&self) -> u64 {
        self.there.health().frames_received
    }
}

/// What the load generator's clients say to each other, 68 bytes.
pub(crate) fn message() -> Value {
    json!({"id": 123_456, "user": "somebody", "text": "hello from the load generator"})
}

pub(crate) const PATIENCE: Duration = Duration::from_secs(300);
