//! The command line.

use std::time::Duration;

use clap::{Parser, ValueEnum};

/// Loads a Socket.IO server that fulfils the contract in bench/README.md, and says what it cost.
#[derive(Parser)]
#[command(name = "load")]
pub(crate) struct Arguments {
    pub(crate) scenario: Scenario,

    /// Where the server listens, on 127.0.0.1
    #[arg(long)]
    pub(crate) port: u16,

    /// The server's process, whose CPU time and memory are taken, with all its children's
    #[arg(long)]
    pub(crate) pid: i32,

    /// Of the second node of a cluster
    #[arg(long, default_value_t = 0)]
    pub(crate) port2: u16,

    /// Of the second node of a cluster
    #[arg(long, default_value_t = 0)]
    pub(crate) pid2: i32,

    /// What the server is called in the line
    #[arg(long, default_value = "server")]
    pub(crate) name: String,

    /// Clients that act
    #[arg(long)]
    clients: Option<usize>,

    /// Events or broadcasts on their way at a time, of each client
    #[arg(long)]
    in_flight: Option<usize>,

    /// Clients that are connected beside, and silent
    #[arg(long, default_value_t = 0)]
    pub(crate) silent: usize,

    /// Rooms of its own that each client enters; `echo` then goes through these
    #[arg(long, default_value_t = 0)]
    pub(crate) rooms: usize,

    /// Namespaces that each client enters; `echo` then speaks in these
    #[arg(long, default_value_t = 0)]
    pub(crate) namespaces: usize,

    /// Seconds measured
    #[arg(long, default_value_t = 4.0)]
    secs: f64,

    /// Seconds before that
    #[arg(long, default_value_t = 1.0)]
    warm: f64,

    /// Seconds that idle clients answer pings
    #[arg(long, default_value_t = 30.0)]
    hold: f64,

    /// Broadcasts a second: of `cross100`, of the first part of `cross`, and of `fanout`, then by the clock
    #[arg(long)]
    pub(crate) rate: Option<u32>,

    /// Handshakes at a time
    #[arg(long, default_value_t = 50)]
    pub(crate) at_once: usize,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(crate) enum Scenario {
    Echo,
    Echo1,
    EchoAck,
    EchoBin,
    Fanout,
    Fanout1,
    Bigfan,
    Polling,
    Idle,
    Cross,
    Cross100,
    Churn,
}

impl Arguments {
    pub(crate) fn clients(&self) -> usize {
        self.clients.unwrap_or(match self.scenario {
            Scenario::Polling => 50,
            Scenario::Fanout | Scenario::Fanout1 => 500,
            Scenario::Bigfan | Scenario::Idle => 10_000,
            Scenario::Churn => 60_000,
            _ => 100,
        })
    }

    pub(crate) fn in_flight(&self) -> usize {
        self.in_flight.unwrap_or(match self.scenario {
            Scenario::Echo | Scenario::EchoAck | Scenario::EchoBin => 16,
            Scenario::Fanout => 4,
            Scenario::Cross => 64,
            _ => 1,
        })
    }

    pub(crate) fn rate_of_cross(&self) -> u32 {
        self.rate.unwrap_or(if self.scenario == Scenario::Cross100 { 100 } else { 1_000 })
    }

    pub(crate) fn secs(&self) -> Duration {
        Duration::from_secs_f64(self.secs)
    }

    pub(crate) fn warm(&self) -> Duration {
        Duration::from_secs_f64(self.warm)
    }

    pub(crate) fn hold(&self) -> Duration {
        Duration::from_secs_f64(self.hold)
    }
}
