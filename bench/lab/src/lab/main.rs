//! Runs Socket.IO servers one after the other on one core, each against the load generator on another, in turn, round after round; and
//! makes of what these printed the tables of `RESULTS.md` and a chart.
//!
//! ```text
//! lab run --rounds 3 --secs 4 echo fanout     appends to bench/results.jsonl, then reports
//! lab report                                  bench/RESULTS.md and bench/chart.svg from it
//! ```

mod chart; // all scenarios beside the peers, as SVG
mod curves; // what a unit costs as something grows
mod machine; // where, and of which versions, it was measured
mod processes; // servers and the load, each on its core
mod results; // lines of JSON, medians, spread
mod scenarios; // what is measured, and what it should be
mod servers; // those that can be measured
mod tables; // RESULTS.md

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::{Args, Parser, Subcommand};

use crate::processes::Lab;
use crate::results::Results;
use crate::scenarios::{SCENARIOS, Scenario};
use crate::servers::Server;

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Measures Socket.IO servers beside each other. Runs in the repository's folder; `make bench` builds what it needs.
#[derive(Parser)]
#[command(name = "lab")]
struct Options {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Measures, and reports
    Run(Run),
    /// Makes tables and chart of what was measured last
    Report,
}

#[derive(Args)]
struct Run {
    /// What is measured; everything unless it is said
    scenarios: Vec<String>,

    /// Servers beside ours
    #[arg(long, value_delimiter = ',', default_value = "floor,socketioxide,node,go,python")]
    peers: Vec<String>,

    /// How often
    #[arg(long, default_value_t = 3)]
    rounds: usize,

    /// Seconds measured each time
    #[arg(long, default_value_t = 4.0)]
    secs: f64,

    /// Seconds that idle clients are pinged, in the first round; a ping comes every 25
    #[arg(long, default_value_t = 30.0)]
    hold: f64,

    /// Also ours alone: what a unit costs as connections, rooms, namespaces, nodes grow, and clients that come and go
    #[arg(long)]
    curves: bool,

    /// The core of the server, and that of everything else
    #[arg(long, value_delimiter = ',', default_value = "0,1")]
    cores: Vec<usize>,

    /// Where the programs were built
    #[arg(long, default_value = "target")]
    target: PathBuf,

    /// Where the results go
    #[arg(long, default_value = "bench")]
    into: PathBuf,
}

fn main() -> Outcome<()> {
    match Options::parse().command {
        Command::Run(run) => run.measure(),
        Command::Report => report(Path::new("bench")),
    }
}

impl Run {
    fn measure(&self) -> Outcome<()> {
        let scenarios = self.scenarios()?;
        let lab = Lab::new(self)?;
        let mut servers = vec![Server::ours(&self.target)];
        for peer in &self.peers {
            servers.push(Server::peer(peer, &self.target).ok_or_else(|| format!("no such server: {peer}"))?);
        }
        fs::create_dir_all(&self.into)?;
        let mut results = Results::begin(self.into.join("results.jsonl"), machine::describe(&servers)?)?;
        for server in &servers {
            if let Some(file) = server.missing() {
                results.miss(server.name, &format!("there is no {}", file.display()))?;
            }
        }
        servers.retain(|server| server.missing().is_none());
        let begin = Instant::now();
        for scenario in scenarios {
            let servers = servers.iter().filter(|server| scenario.is_for(server.name)).collect::<Vec<_>>();
            timed(scenario.name, || self.take_turns(&lab, scenario, &servers, &mut results))?;
        }
        if self.curves {
            curves::measure(&lab, self.rounds, &mut results)?;
        }
        eprintln!("--- all of it: {:.0} s", begin.elapsed().as_secs_f64());
        report(&self.into)?;
        match results.missing().count() {
            0 => Ok(()),
            some => Err(format!(
                "{some} runs gave no figures: {} names them",
                self.into.join("RESULTS.md").display()
            )
            .into()),
        }
    }

    /// Each server once, and all of them again, round after round.
    fn take_turns(
        &self,
        lab: &Lab,
        scenario: &Scenario,
        servers: &[&Server],
        results: &mut Results,
    ) -> Outcome<()> {
        let rounds = self.rounds * scenario.rounds;
        for round in 1..=rounds {
            for server in servers {
                eprintln!("{} {round}/{rounds}: {}", scenario.name, server.name);
                // Pings are waited for once: they cost the same in every round, and it takes half a minute.
                let hold = if round == 1 { self.hold } else { 0.0 };
                match lab.measure(scenario, server, hold) {
                    Ok(line) => results.add(line)?,
                    Err(error) => {
                        results
                            .miss(&format!("{} of {}, round {round}", scenario.name, server.name), &error)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn scenarios(&self) -> Outcome<Vec<&'static Scenario>> {
        if self.scenarios.is_empty() {
            return Ok(SCENARIOS.iter().collect());
        }
        let find = |name: &String| {
            let known = SCENARIOS.iter().find(|scenario| scenario.name == name);
            known.ok_or_else(|| format!("no such scenario: {name}").into())
        };
        self.scenarios.iter().filter(|name| *name != "none").map(find).collect()
    }
}

/// Says how long a part took.
fn timed<T>(part: &str, run: impl FnOnce() -> Outcome<T>) -> Outcome<T> {
    let begin = Instant::now();
    let outcome = run();
    eprintln!("--- {part}: {:.0} s", begin.elapsed().as_secs_f64());
    outcome
}

fn report(folder: &Path) -> Outcome<()> {
    let results = Results::read(&folder.join("results.jsonl"))?;
    if let Some(chart) = chart::draw(&results)? {
        fs::write(folder.join("chart.svg"), chart)?;
    }
    let tables = tables::write(&results);
    fs::write(folder.join("RESULTS.md"), &tables)?;
    println!("{tables}");
    Ok(())
}
