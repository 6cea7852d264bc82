//! Frames that a broker delivers again.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::num::NonZeroU64;

use super::host::HostId;

/// Remembers the last 4,096 numbers of each host, and drops a frame that comes again.
///
/// A number alone condemns no frame: its bytes must be the same too. So who forges the numbers of another host, even those
/// that it is about to use, keeps nobody from being heard; at worst a frame of its is delivered twice.
///
/// Memory: at most 32 KiB for each of the last [`HOSTS`](Self::HOSTS) hosts.
#[derive(Debug, Default)]
pub struct DuplicateFilter {
    hosts: HashMap<HostId, Window>,
    /// Counts arrivals, to find the host that has been quiet for longest.
    now: u64,
    keys: RandomState,
}

/// What a frame is to a [`DuplicateFilter`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// It has not come before.
    New {
        /// How many numbers of its host were left out since the frame before it: lost on the way, unless they come [late](Self::Late).
        missed: u64,
    },
    /// It was left out before, and comes now.
    Late,
    /// It has come before.
    Again,
}

impl DuplicateFilter {
    /// Numbers of one host that are remembered.
    pub const NUMBERS: usize = 4096;
    /// Hosts that are remembered; beyond, a new one makes the one forgotten that was quiet for longest.
    pub const HOSTS: usize = 1024;

    /// Remembers nothing yet.
    #[must_use]
    pub fn new() -> Self {
        DuplicateFilter::default()
    }

    /// Takes note of `frame`, which says to be number `seq` of `host`.
    pub fn arrive(&mut self, host: &str, seq: u64, frame: &[u8]) -> Arrival {
        self.now += 1;
        let print = NonZeroU64::MIN | self.keys.hash_one((seq, frame));
        if let Some(window) = self.hosts.get_mut(host) {
            window.used = self.now;
            return window.arrive(seq, print);
        }
        if self.hosts.len() == Self::HOSTS {
            let quiet = self.hosts.iter().min_by_key(|(_, window)| window.used);
            if let Some(quiet) = quiet.map(|(host, _)| host.clone()) {
                self.hosts.remove(&quiet);
            }
        }
        let mut window = Window {
            // A host that is new here may have said much before.
            last: seq.wrapping_sub(1),
            used: self.now,
            prints: Vec::new(),
        };
        let arrival = window.arrive(seq, print);
        self.hosts.insert(host.into(), window);
        arrival
    }
}

#[derive(Debug)]
struct Window {
    last: u64,
    used: u64,
    /// What came last with each number, by its remainder; as long as the greatest remainder asks for.
    prints: Vec<Option<NonZeroU64>>,
}

impl Window {
    fn arrive(&mut self, seq: u64, print: NonZeroU64) -> Arrival {
        let slot = (seq % DuplicateFilter::NUMBERS as u64) as usize;
        if slot >= self.prints.len() {
            self.prints.resize((slot + 1).next_power_of_two(), None);
        }
        if self.prints[slot].replace(print) == Some(print) {
            return Arrival::Again;
        }
        let mut missed = 0;
        match seq.checked_sub(self.last) {
            Some(ahead @ 1..=MAX_AHEAD) => missed = ahead - 1,
            None if self.last - seq < DuplicateFilter::NUMBERS as u64 => return Arrival::Late,
            // One of the two was forged, and the next ones go on from the other.
            _ => {}
        }
        self.last = seq;
        Arrival::New { missed }
    }
}

/// No host is that far ahead of what was heard of it.
const MAX_AHEAD: u64 = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    const NEW: Arrival = Arrival::New { missed: 0 };

    #[test]
    fn a_frame_that_comes_again_among_the_last_4096_is_known() {
        let mut filter = DuplicateFilter::new();
        for seq in 1..=5000 {
            assert_eq!(filter.arrive("a", seq, b"x"), NEW);
        }
        for seq in 905..=5000 {
            assert_eq!(filter.arrive("a", seq, b"x"), Arrival::Again, "{seq}");
        }
        assert_eq!(filter.arrive("a", 904, b"x"), NEW, "forgotten");
        assert_eq!(filter.arrive("b", 5000, b"x"), NEW, "another host");
    }

    #[test]
    fn a_forged_number_silences_nobody() {
        let mut filter = DuplicateFilter::new();
        assert_eq!(filter.arrive("a", 1, b"one"), NEW);
        for forged in [2, 3, 4097, u64::MAX, 0] {
            filter.arrive("a", forged, b"forged");
        }
        assert!(matches!(filter.arrive("a", 2, b"two"), Arrival::New { .. }));
        assert_eq!(filter.arrive("a", 3, b"three"), NEW);
        assert_eq!(filter.arrive("a", 3, b"three"), Arrival::Again);
        assert_eq!(filter.arrive("a", 4, b"four"), NEW);
    }

    #[test]
    fn numbers_that_were_left_out_are_counted_once() {
        let mut filter = DuplicateFilter::new();
        assert_eq!(filter.arrive("a", 100, b"x"), NEW, "the first that is heard of a host");
        assert_eq!(filter.arrive("a", 104, b"x"), Arrival::New { missed: 3 });
        assert_eq!(filter.arrive("a", 105, b"x"), NEW);
        assert_eq!(filter.arrive("a", 102, b"x"), Arrival::Late);
        assert_eq!(filter.arrive("a", 106, b"x"), NEW);
        assert_eq!(filter.arrive("a", u64::MAX, b"x"), NEW, "forged");
        assert_eq!(filter.arrive("a", 107, b"x"), NEW);
        assert_eq!(filter.arrive("a", 109, b"x"), Arrival::New { missed: 1 });
    }

    #[test]
    fn hosts_are_bounded_and_the_quiet_ones_go_first() {
        let mut filter = DuplicateFilter::new();
        filter.arrive("quiet", 1, b"x");
        filter.arrive("busy", 1, b"x");
        for host in 0..DuplicateFilter::HOSTS - 1 {
            assert_eq!(filter.arrive("busy", 1, b"x"), Arrival::Again);
            filter.arrive(&host.to_string(), 1, b"x");
        }
        assert_eq!(filter.hosts.len(), DuplicateFilter::HOSTS);
        assert_eq!(filter.arrive("busy", 1, b"x"), Arrival::Again);
        assert_eq!(filter.arrive("quiet", 1, b"x"), NEW);
    }
}
