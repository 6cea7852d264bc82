//! How fast somebody may do something: token buckets, and what happens to who is faster.

use std::time::Duration;

use super::heartbeat::Millis;

/// So many a second; after a pause, a burst of twice as many unless [`burst`](Self::burst) says otherwise.
///
/// ```
/// use socketio_core::server::Rate;
///
/// let rate = Rate::per_second(100).burst(1_000).cut();
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    per_second: u64,
    burst: u64,
    cuts: bool,
}

impl Rate {
    /// Allows `count` a second. Who is faster waits.
    #[must_use]
    pub fn per_second(count: u64) -> Self {
        Rate { per_second: count, burst: count.saturating_mul(2), cuts: false }
    }

    /// Allows so many at once after a pause.
    #[must_use]
    pub fn burst(mut self, count: u64) -> Self {
        self.burst = count;
        self
    }

    /// Ends the connection of who is faster, instead of letting it wait.
    #[must_use]
    pub fn cut(mut self) -> Self {
        self.cuts = true;
        self
    }

    pub(crate) fn cuts(&self) -> bool {
        self.cuts
    }

    pub(crate) fn is_nothing(&self) -> bool {
        self.per_second == 0 || self.burst == 0
    }
}

/// What is left of a [`Rate`] at a moment. May go into debt: who has taken too much waits until it is paid.
#[derive(Debug)]
pub(crate) struct Bucket {
    rate: Rate,
    /// In thousandths.
    tokens: i64,
    filled: Millis,
}

impl Bucket {
    pub(crate) fn new(rate: Rate, now: Millis) -> Self {
        Bucket { rate, tokens: thousandths(rate.burst), filled: now }
    }

    /// Takes `count`; how long to wait before the next, nothing where no debt is.
    pub(crate) fn take(&mut self, count: u64, now: Millis) -> Option<Duration> {
        self.fill(now);
        self.tokens = self.tokens.saturating_sub(thousandths(count));
        self.debt()
    }

    /// Takes one if it is there.
    pub(crate) fn take_one(&mut self, now: Millis) -> bool {
        self.fill(now);
        let there = self.tokens >= 1000;
        if there {
            self.tokens -= 1000;
        }
        there
    }

    fn fill(&mut self, now: Millis) {
        let passed = now.saturating_sub(self.filled);
        self.filled = now;
        // A thousandth of a token per millisecond and token a second.
        let more = i64::try_from(passed.saturating_mul(self.rate.per_second)).unwrap_or(i64::MAX);
        self.tokens = self.tokens.saturating_add(more).min(thousandths(self.rate.burst));
    }

    fn debt(&self) -> Option<Duration> {
        let debt = u64::try_from(self.tokens.saturating_neg()).ok().filter(|&debt| debt > 0)?;
        Some(Duration::from_millis(debt.div_ceil(self.rate.per_second.max(1))))
    }
}

fn thousandths(count: u64) -> i64 {
    i64::try_from(count.saturating_mul(1000)).unwrap_or(i64::MAX)
}

/// What one connection may send, in packets and in bytes.
#[derive(Debug)]
pub(crate) struct Throttle {
    packets: Option<Bucket>,
    bytes: Option<Bucket>,
}

/// Which of the two was passed, and by how much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Excess {
    pub(crate) bytes: bool,
    pub(crate) cuts: bool,
    pub(crate) wait: Duration,
}

impl Throttle {
    /// `None` where nothing is limited.
    pub(crate) fn new(packets: Option<Rate>, bytes: Option<Rate>, now: Millis) -> Option<Self> {
        let bucket = |rate: Rate| Bucket::new(rate, now);
        (packets.is_some() || bytes.is_some())
            .then(|| Throttle { packets: packets.map(bucket), bytes: bytes.map(bucket) })
    }

    /// So much has come.
    pub(crate) fn take(&mut self, packets: u64, bytes: u64, now: Millis) -> Option<Excess> {
        let excess = |bucket: &mut Option<Bucket>, count, bytes| {
            let bucket = bucket.as_mut()?;
            let wait = bucket.take(count, now)?;
            Some(Excess { bytes, cuts: bucket.rate.cuts(), wait })
        };
        let packets = excess(&mut self.packets, packets, false);
        let bytes = excess(&mut self.bytes, bytes, true);
        match (packets, bytes) {
            (Some(packets), Some(bytes)) if packets.cuts == bytes.cuts => {
                Some(if packets.wait >= bytes.wait { packets } else { bytes })
            }
            (Some(one), Some(other)) => Some(if one.cuts { one } else { other }),
            (one, other) => one.or(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_and_then_the_rate() {
        let mut bucket = Bucket::new(Rate::per_second(10).burst(3), 0);
        for _ in 0..3 {
            assert_eq!(bucket.take(1, 0), None);
        }
        assert_eq!(bucket.take(1, 0), Some(Duration::from_millis(100)));
        assert_eq!(bucket.take(1, 100), Some(Duration::from_millis(100)));
        assert_eq!(bucket.take(1, 300), None);
    }

    #[test]
    fn a_long_pause_gives_no_more_than_the_burst() {
        let mut bucket = Bucket::new(Rate::per_second(10).burst(2), 0);
        assert!(bucket.take_one(1_000_000) && bucket.take_one(1_000_000));
        assert!(!bucket.take_one(1_000_000));
        assert!(bucket.take_one(1_000_100));
    }

    #[test]
    fn a_cut_goes_before_a_wait_and_the_longer_wait_counts() {
        let mut throttle =
            Throttle::new(Some(Rate::per_second(1).burst(1)), Some(Rate::per_second(10).burst(10).cut()), 0)
                .unwrap();
        let excess = throttle.take(2, 30, 0).unwrap();
        assert!(excess.bytes && excess.cuts);

        let mut throttle =
            Throttle::new(Some(Rate::per_second(1).burst(1)), Some(Rate::per_second(10).burst(10)), 0)
                .unwrap();
        let excess = throttle.take(2, 15, 0).unwrap();
        assert_eq!((excess.bytes, excess.wait), (false, Duration::from_secs(1)));
        assert!(Throttle::new(None, None, 0).is_none());
    }

    #[test]
    fn a_rate_of_any_size_does_not_overflow() {
        let mut bucket = Bucket::new(Rate::per_second(u64::MAX), 0);
        assert_eq!(bucket.take(u64::MAX, u64::MAX), None);
        let mut bucket = Bucket::new(Rate::per_second(1).burst(1), 0);
        assert!(bucket.take(u64::MAX, 5).is_some());
    }
}
