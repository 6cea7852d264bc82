//! The broker is killed and starts again, now and then.

use std::time::Duration;

use integration_tests::own_brokers::OwnBrokers;
use tokio::time::{Instant, sleep, sleep_until};

/// When it is to be killed, counted from the start.
#[derive(Clone, Debug)]
pub(crate) struct Outages(Vec<Duration>);

/// One that has been.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outage {
    killed: Instant,
    back: Instant,
}

impl Outages {
    /// Every three minutes; in a short run twice, and not at its end.
    pub(crate) fn plan(length: Duration) -> Self {
        let every =
            if length >= Duration::from_secs(600) { Duration::from_secs(180) } else { length * 3 / 10 };
        let times = (1..).map(|number| every * number);
        Outages(times.take_while(|at| *at + Duration::from_secs(20) < length).collect())
    }

    pub(crate) async fn play(&self, redis: &OwnBrokers, start: std::time::Instant) -> Vec<Outage> {
        let mut outages = Vec::new();
        for at in &self.0 {
            sleep_until(Instant::from_std(start + *at)).await;
            let killed = Instant::now();
            redis.kill("redis").await;
            sleep(Duration::from_secs(1)).await;
            redis.start_again("redis").await;
            outages.push(Outage { killed, back: Instant::now() });
        }
        outages
    }
}

impl Outage {
    /// When it began and ended.
    pub(crate) fn since(&self, start: std::time::Instant) -> (Duration, Duration) {
        let start = Instant::from_std(start);
        (self.killed - start, self.back - start)
    }

    /// Whether a message that was said then may have been on its way when the broker died, or before anybody listened again.
    pub(crate) fn may_lose(&self, said: Instant) -> bool {
        let around = Duration::from_secs(1);
        said + around > self.killed && said < self.back + around
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_run_has_some_and_a_long_one_has_them_every_three_minutes() {
        let seconds = |length| {
            Outages::plan(Duration::from_secs(length)).0.iter().map(Duration::as_secs).collect::<Vec<_>>()
        };
        assert_eq!(seconds(120), [36, 72]);
        assert_eq!(seconds(1800), [180, 360, 540, 720, 900, 1080, 1260, 1440, 1620]);
    }
}
