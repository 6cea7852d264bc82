//! What was measured, as one line of JSON: figures by name. Figures are per unit, which bench/README.md gives for each scenario.

use std::fmt;
use std::time::Duration;

use hdrhistogram::Histogram;
use serde_json::{Map, Value};

use crate::arguments::Arguments;
use crate::usage::Cpu;

pub(crate) struct Line(Map<String, Value>);

impl Line {
    pub(crate) fn of(arguments: &Arguments) -> Self {
        use clap::ValueEnum as _;
        let scenario = arguments.scenario.to_possible_value().expect("none is hidden");
        let line = Line(Map::new()).text("scenario", scenario.get_name()).text("server", &arguments.name);
        line.count("clients", arguments.clients()).count("in_flight", arguments.in_flight())
    }

    fn text(mut self, name: &str, value: &str) -> Self {
        self.0.insert(name.to_owned(), value.into());
        self
    }

    pub(crate) fn count(mut self, name: &str, value: impl TryInto<u64>) -> Self {
        self.0.insert(name.to_owned(), value.try_into().unwrap_or(u64::MAX).into());
        self
    }

    /// To four digits, which is more than any of it is good for.
    pub(crate) fn figure(mut self, name: &str, value: f64) -> Self {
        let rounded = format!("{value:.3e}").parse::<f64>().unwrap_or(value);
        self.0.insert(name.to_owned(), rounded.into());
        self
    }

    /// What the server's CPU did for each of `units`, in `time`.
    pub(crate) fn costs(self, units: u64, time: Duration, server: Cpu, own: Cpu) -> Self {
        let (units, secs) = (units as f64, time.as_secs_f64());
        self.figure("per_s", units / secs)
            .figure("cpu_us", server.micros() / units)
            .figure("user_us", server.user * 1e6 / units)
            .figure("sys_us", server.system * 1e6 / units)
            .figure("server_cpu_pct", server.micros() / secs / 1e4)
            .figure("load_cpu_pct", own.micros() / secs / 1e4)
    }

    /// Latencies in nanoseconds.
    pub(crate) fn latencies(self, latencies: &Histogram<u64>) -> Self {
        let micros = |quantile| latencies.value_at_quantile(quantile) as f64 / 1e3;
        self.figure("p50_us", micros(0.5)).figure("p99_us", micros(0.99))
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Value::from(self.0.clone()))
    }
}

/// Up to a minute, in nanoseconds, to three digits.
pub(crate) fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, 60_000_000_000, 3).expect("bounds that are known to fit")
}

pub(crate) fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
