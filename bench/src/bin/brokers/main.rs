//! What each broker gives, all in one run: `REDIS_URL`, `AMQP_URL` and `KAFKA_URL` say where they are; those that are not set are
//! left out. `SECS` and `ROUNDS` set how long each figure is taken.
//!
//! ```text
//! emit       what `namespace.to("all").emit(…)` costs its caller, at 1,000 a second
//! latency    from one node's emit to another node's handler, at 100 and at 1,000 a second
//! rate       emits a second from the first emit to the end of `flush`, of an emitter, with a node that listens
//! bare       the same frames by a publisher made of lapin alone
//! ```

mod bare; // a publisher without us
mod figures; // medians, and what they should be
mod nodes; // two of our nodes, and what goes between them
mod rate; // how many get through

use std::error::Error;
use std::time::Duration;

use socketio_amqp::Amqp;
use socketio_core::adapter::broker::Broker;
use socketio_kafka::Kafka;
use socketio_redis::Redis;

use crate::figures::{Figures, figure};
use crate::nodes::Pair;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

#[tokio::main]
async fn main() -> Outcome<()> {
    println!("| broker | figure | median | p99 | should be |\n| --- | --- | --- | --- | --- |");
    let mut missed = 0;
    if let Ok(url) = std::env::var("REDIS_URL") {
        missed += of::<Redis>("redis", &url, Some(LEAST)).await?;
    }
    if let Ok(url) = std::env::var("AMQP_URL") {
        missed += of::<Amqp>("amqp", &url, None).await?;
    }
    if let Ok(url) = std::env::var("KAFKA_URL") {
        missed += of::<Kafka>("kafka", &url, Some(LEAST)).await?;
    }
    println!("{missed} figures are not what they should be");
    Ok(())
}

/// Emits a second that should get through, where the broker alone does not decide.
const LEAST: f64 = 20_000.0;

/// All figures of one broker; how many are not what they should be.
async fn of<B: Broker>(broker: &str, url: &str, least: Option<f64>) -> Outcome<usize> {
    let channel = format!("bench-{}", socketio_core::Sid::generate());
    let pair = Pair::<B>::start(url, &channel).await?;
    let time = Duration::from_secs(setting("SECS", 4));

    let mut figures = Figures::of(broker);
    let costs = pair.emit_costs(1000, time).await?;
    figures.time("emit", &costs, Some(Duration::from_micros(50)));
    for rate in [100, 1000] {
        figures.time(&format!("latency at {rate}/s"), &pair.latencies(rate, time).await?, None);
    }
    let (mut ours, mut bares) = (Vec::new(), Vec::new());
    for _ in 0..setting("ROUNDS", 3) {
        ours.push(rate::ours::<B>(url, &channel, &pair).await?);
        if broker == "amqp" {
            bares.push(bare::rate(url, &channel).await?);
        }
    }
    let bare = (!bares.is_empty()).then(|| figure(&mut bares));
    figures.rate("rate", figure(&mut ours), least.or(bare.map(|bare| bare / 1.3)));
    if let Some(bare) = bare {
        figures.rate("bare lapin", bare, None);
    }
    Ok(figures.missed())
}

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(default)
}
