//! Medians and their likes, as lines of a table.

use std::time::Duration;

/// The lines of one broker.
pub(crate) struct Figures<'a> {
    broker: &'a str,
    missed: usize,
}

impl<'a> Figures<'a> {
    pub(crate) fn of(broker: &'a str) -> Self {
        Figures { broker, missed: 0 }
    }

    /// How many are not what they should be.
    pub(crate) fn missed(&self) -> usize {
        self.missed
    }

    pub(crate) fn time(&mut self, name: &str, sorted: &[Duration], most: Option<Duration>) {
        let (median, late) = (at(sorted, 50), at(sorted, 99));
        let should = most.map(|most| (median <= most, format!("≤ {}", micros(most))));
        self.line(name, &micros(median), &micros(late), should);
    }

    pub(crate) fn rate(&mut self, name: &str, a_second: f64, least: Option<f64>) {
        let should = least.map(|least| (a_second >= least, format!("≥ {least:.0}/s")));
        self.line(name, &format!("{a_second:.0}/s"), "", should);
    }

    fn line(&mut self, name: &str, median: &str, late: &str, should: Option<(bool, String)>) {
        let verdict = match should {
            None => String::new(),
            Some((true, should)) => format!("{should}: yes"),
            Some((false, should)) => {
                self.missed += 1;
                format!("{should}: **no**")
            }
        };
        println!("| {} | {name} | {median} | {late} | {verdict} |", self.broker);
    }
}

/// The median.
pub(crate) fn figure(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn at(sorted: &[Duration], percent: usize) -> Duration {
    sorted.get(sorted.len() * percent / 100).copied().unwrap_or_default()
}

fn micros(time: Duration) -> String {
    format!("{:.1} µs", time.as_secs_f64() * 1e6)
}
