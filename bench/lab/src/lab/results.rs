//! What was measured: a line of JSON for the machine, then one for each run of a scenario. Medians and spread of these.

use std::fmt::Display;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::Outcome;
use crate::processes::Line;

pub(crate) struct Results {
    pub(crate) machine: Line,
    lines: Vec<Line>,
    file: Option<File>,
}

/// A figure over the rounds.
#[derive(Clone, Copy)]
pub(crate) struct Figure {
    pub(crate) median: f64,
    pub(crate) least: f64,
    pub(crate) most: f64,
}

impl Results {
    /// Begins a file of results, over what was there.
    pub(crate) fn begin(path: PathBuf, machine: Line) -> Outcome<Self> {
        let mut file = File::create(path)?;
        writeln!(file, "{}", Value::from(machine.clone()))?;
        Ok(Results { machine, lines: Vec::new(), file: Some(file) })
    }

    pub(crate) fn read(path: &Path) -> Outcome<Self> {
        let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let mut lines = text.lines().map(serde_json::from_str);
        let machine = lines.next().ok_or("no results yet")??;
        Ok(Results { machine, lines: lines.collect::<Result<_, _>>()?, file: None })
    }

    pub(crate) fn add(&mut self, line: Line) -> Outcome<()> {
        if let Some(file) = &mut self.file {
            writeln!(file, "{}", Value::from(line.clone()))?;
        }
        self.lines.push(line);
        Ok(())
    }

    /// Notes that a run gave no figures, and why: the others go on.
    pub(crate) fn miss(&mut self, what: &str, why: &dyn Display) -> Outcome<()> {
        eprintln!("no figures for {what}: {why}");
        // Of what a program said, the first line is what went wrong.
        let why = why.to_string().lines().next().unwrap_or_default().to_owned();
        let line = json!({ "missing": what, "why": why });
        let Value::Object(line) = line else { unreachable!("it is written as an object") };
        self.add(line)
    }

    /// What gave no figures, and why.
    pub(crate) fn missing(&self) -> impl Iterator<Item = (&str, &str)> {
        self.lines
            .iter()
            .filter_map(|line| Some((line.get("missing")?.as_str()?, line.get("why")?.as_str()?)))
    }

    /// Servers with figures of this scenario, the cheapest by `figure` first.
    pub(crate) fn servers(&self, scenario: &str, figure: &str) -> Vec<String> {
        let mut servers: Vec<String> = Vec::new();
        for line in self.of_scenario(scenario) {
            let name = line["server"].as_str().unwrap_or_default();
            if !servers.iter().any(|known| known == name) {
                servers.push(name.to_owned());
            }
        }
        let cost =
            |server: &String| self.figure(scenario, server, figure).map_or(f64::MAX, |figure| figure.median);
        servers.sort_by(|one, other| cost(one).total_cmp(&cost(other)));
        servers
    }

    pub(crate) fn figure(&self, scenario: &str, server: &str, figure: &str) -> Option<Figure> {
        let of_server = self.of_scenario(scenario).filter(|line| line["server"] == server);
        Figure::of(of_server.filter_map(|line| line.get(figure)?.as_f64()))
    }

    /// How often a server was measured.
    pub(crate) fn rounds(&self, scenario: &str, server: &str) -> usize {
        self.of_scenario(scenario).filter(|line| line["server"] == server).count()
    }

    /// The points of a curve: where they lie, and the figure there.
    pub(crate) fn curve(&self, name: &str, figure: &str) -> Vec<(f64, Figure)> {
        let mut at: Vec<f64> = self.of_scenario(name).filter_map(|line| line.get("x")?.as_f64()).collect();
        at.sort_by(f64::total_cmp);
        at.dedup();
        let point = |x: f64| {
            let there =
                self.of_scenario(name).filter(|line| line.get("x").and_then(Value::as_f64) == Some(x));
            Some((x, Figure::of(there.filter_map(|line| line.get(figure)?.as_f64()))?))
        };
        at.into_iter().filter_map(point).collect()
    }

    fn of_scenario(&self, scenario: &str) -> impl Iterator<Item = &Line> {
        self.lines.iter().filter(move |line| line.get("scenario").and_then(Value::as_str) == Some(scenario))
    }
}

impl Figure {
    fn of(values: impl Iterator<Item = f64>) -> Option<Self> {
        let mut values: Vec<f64> = values.filter(|value| value.is_finite()).collect();
        values.sort_by(f64::total_cmp);
        let (&least, &most, middle) = (values.first()?, values.last()?, values.len() / 2);
        let median = if values.len() % 2 == 1 {
            values[middle]
        } else {
            f64::midpoint(values[middle - 1], values[middle])
        };
        Some(Figure { median, least, most })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_is_the_median_with_its_spread() {
        let of = |values: &[f64]| Figure::of(values.iter().copied()).map(|it| (it.median, it.least, it.most));
        assert_eq!(of(&[3.0, 1.0, 2.0]), Some((2.0, 1.0, 3.0)));
        assert_eq!(of(&[1.0, 4.0]), Some((2.5, 1.0, 4.0)));
        assert_eq!(of(&[f64::NAN]), None, "a run without a figure is none");
    }
}
