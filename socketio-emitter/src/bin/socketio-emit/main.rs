//! Emits to the clients of Socket.IO servers, over the message queue that the servers share.
//!
//! ```text
//! socketio-emit redis://localhost --to lobby news '"hello"' 42
//! published 1 on socketio
//! ```

mod args; // the command line
mod arguments; // JSON and files to an event's arguments
mod broker; // which broker a URL means
mod emitting; // what is done, and what came of it
mod failure; // why not all was done

use std::error::Error;
use std::io::{BufReader, Write as _};
use std::process::ExitCode;

use clap::Parser;

use crate::args::Args;

fn main() -> ExitCode {
    let args = Args::parse();
    // Whether anybody reads what is said here changes nothing of what was done.
    match broker::emit(&args, &mut BufReader::new(std::io::stdin())) {
        Ok(report) => {
            let _ = writeln!(std::io::stdout(), "{report}");
            ExitCode::SUCCESS
        }
        Err(failure) => {
            let _ = writeln!(std::io::stderr(), "socketio-emit: {}", in_one_line(&failure));
            ExitCode::from(failure.status())
        }
    }
}

/// An error and its causes; those that say what the one before said are left out.
fn in_one_line(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.ends_with(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text
}
