//! The load generator: one thread, one epoll, frames made beforehand. Prints one line of JSON, see [`mod@line`].
//!
//! ```text
//! load echo --name ours --port 3000 --pid 4711
//! {"scenario":"echo","server":"ours","clients":100,…,"cpu_us":0.61,…}
//! ```
//!
//! It is in a process of its own, so that the server has its descriptors and its core for itself.

mod arguments; // the command line
mod churn; // clients that come and go
mod clients; // many WebSocket clients on one epoll
mod cross; // from one node to the clients of another
mod echo; // each client hears its own words
mod fanout; // one client speaks, all hear
mod frames; // WebSocket frames, as far as this needs them
mod idle; // clients that only are there
mod line; // what was measured, as JSON
mod polling; // HTTP long-polling
mod socket; // connections from many addresses
mod usage; // CPU time and memory of a server

use std::error::Error;

use clap::Parser;

use crate::arguments::{Arguments, Scenario};

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let arguments = Arguments::parse();
    socket::raise_the_limit_of_open_files()?;
    let line = match arguments.scenario {
        Scenario::Echo | Scenario::Echo1 | Scenario::EchoAck | Scenario::EchoBin => echo::run(&arguments)?,
        Scenario::Fanout | Scenario::Fanout1 => fanout::run(&arguments)?,
        Scenario::Bigfan => fanout::big(&arguments)?,
        Scenario::Polling => polling::run(&arguments)?,
        Scenario::Idle => idle::run(&arguments)?,
        Scenario::Cross | Scenario::Cross100 => cross::run(&arguments)?,
        Scenario::Churn => churn::run(&arguments)?,
    };
    println!("{line}");
    Ok(())
}
