//! One line per refused request, but not more than one a second for each cause: strangers must not fill the log.

use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::Refusal;

/// Writes refusals to the log; a line tells how many of its kind were left out before it.
#[derive(Debug, Default)]
pub(crate) struct RefusalLog {
    /// As many as there are causes, at most.
    causes: Mutex<Vec<Cause>>,
}

#[derive(Debug)]
struct Cause {
    name: &'static str,
    written: Instant,
    left_out: u64,
}

impl RefusalLog {
    pub(crate) fn log(&self, refusal: &Refusal, path: &str, client: Option<IpAddr>) {
        let Some(left_out) = self.admit(refusal.name(), Instant::now()) else {
            return;
        };
        tracing::warn!(
            target: "engineio",
            path = %shown(path),
            client = %client.map_or_else(|| "unknown".to_owned(), |address| address.to_string()),
            cause = %shown(&refusal.cause()),
            cure = refusal.cure(),
            left_out,
            "request refused"
        );
    }

    /// Whether a line may be written now, and how many were not since the last.
    pub(crate) fn admit(&self, name: &'static str, now: Instant) -> Option<u64> {
        let mut causes = self.causes.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(cause) = causes.iter_mut().find(|cause| cause.name == name) else {
            causes.push(Cause { name, written: now, left_out: 0 });
            return Some(0);
        };
        if now.saturating_duration_since(cause.written) < INTERVAL {
            cause.left_out += 1;
            return None;
        }
        cause.written = now;
        Some(std::mem::take(&mut cause.left_out))
    }
}

/// A stranger's text: not too long, on one line.
pub(crate) fn shown(text: &str) -> String {
    let mut shown: String =
        text.chars().take(LONGEST).map(|c| if c.is_control() { '\u{FFFD}' } else { c }).collect();
    if text.chars().nth(LONGEST).is_some() {
        shown.push('…');
    }
    shown
}

/// Between two lines of the same cause.
const INTERVAL: Duration = Duration::from_secs(1);
/// Characters of a value.
const LONGEST: usize = 300;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_cause_has_a_line_a_second_that_counts_those_left_out() {
        let log = RefusalLog::default();
        let start = Instant::now();
        let after = |milliseconds| start + Duration::from_millis(milliseconds);

        assert_eq!(log.admit("a", start), Some(0));
        assert_eq!(log.admit("a", after(1)), None);
        assert_eq!(log.admit("b", after(1)), Some(0), "another cause is not silenced");
        assert_eq!(log.admit("a", after(999)), None);
        assert_eq!(log.admit("a", after(1000)), Some(2));
        assert_eq!(log.admit("a", after(2000)), Some(0));
    }

    #[test]
    fn a_strangers_text_stays_short_and_on_one_line() {
        assert_eq!(shown("/socket.io/"), "/socket.io/");
        assert_eq!(shown("a\nb\u{1b}[2J"), "a\u{FFFD}b\u{FFFD}[2J");
        let long = shown(&"é".repeat(1000));
        assert_eq!(long.chars().count(), LONGEST + 1);
        assert!(long.ends_with('…'));
    }
}
