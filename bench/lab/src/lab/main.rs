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
    #[arg(long, value_delimiter = ',', default_value = "socketioxide,node,go,python")]
    peers: Vec<String>,

    /// How often
    #[arg(long, default_value_t = 3)]
    rounds: usize,

    /// Seconds measured each time
    #[arg(long, default_value_t = 4.0)]
    secs: f64,

    /// Seconds that idle clients are pinged; a ping comes every 25
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
            let server = Server::peer(peer, &self.target).ok_or_else(|| format!("no such server: {peer}"))?;
            match server.missing() {
                None => servers.push(server),
                Some(missing) => {
                    eprintln!(
                        "{peer}: not run, {} is not there: bench/peers/install.sh says why",
                        missing.display()
                    )
                }
            }
        }
        fs::create_dir_all(&self.into)?;
        let mut results = Results::begin(self.into.join("results.jsonl"), machine::describe(&servers)?)?;
        let mut failed = Vec::new();
        for scenario in scenarios {
            for round in 1..=self.rounds {
                for server in servers.iter().filter(|server| scenario.is_for(server.name)) {
                    eprintln!("{} {round}/{}: {}", scenario.name, self.rounds, server.name);
                    match lab.measure(scenario, server) {
                        Ok(line) => results.add(line)?,
                        Err(error) => failed.push(format!("{} of {}: {error}", scenario.name, server.name)),
                    }
                }
            }
        }
        if self.curves {
            curves::measure(&lab, &mut results, &mut failed)?;
        }
        report(&self.into)?;
        if failed.is_empty() { Ok(()) } else { Err(format!("no figures for {}", failed.join("; ")).into()) }
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

fn report(folder: &Path) -> Outcome<()> {
    let results = Results::read(&folder.join("results.jsonl"))?;
    fs::write(folder.join("chart.svg"), chart::draw(&results)?)?;
    let tables = tables::write(&results);
    fs::write(folder.join("RESULTS.md"), &tables)?;
    println!("{tables}");
    Ok(())
}
