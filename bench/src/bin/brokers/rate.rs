//! Emits a second, from the first to the end of a flush.

use std::time::{Duration, Instant};

use socketio_core::adapter::broker::Broker;
use socketio_emitter::Emitter;

use crate::Outcome;
use crate::nodes::{PATIENCE, Pair, message};

/// Emits of one round.
pub(crate) const EMITS: usize = 50_000;
/// Room for all of a round.
const QUEUE: usize = 64 << 20;

pub(crate) async fn ours<B: Broker>(url: &str, channel: &str, pair: &Pair<B>) -> Outcome<f64> {
    let emitter = Emitter::<B>::new(url)?.channel(channel).max_queued(QUEUE).max_queue_age(PATIENCE);
    emitter.ready().await?;
    let (room, message, before) = (emitter.to("all"), message(), pair.received());
    let begin = Instant::now();
    for emitted in 0..EMITS {
        room.emit("fan", &message)?;
        if emitted % 1000 == 999 {
            tokio::task::yield_now().await;
        }
    }
    let totals = emitter.flush(PATIENCE).await?;
    let rate = EMITS as f64 / begin.elapsed().as_secs_f64();
    if totals.dropped > 0 {
        return Err(format!("{} frames were dropped", totals.dropped).into());
    }
    let arriving = async {
        while pair.received() < before + EMITS as u64 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, arriving).await?;
    Ok(rate)
}
