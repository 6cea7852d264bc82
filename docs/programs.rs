//! The whole programs of the book, each by the name of its chapter: `cargo run -p socketio-book -- rooms`.
//!
//! They listen on 127.0.0.1:3000 and look for Redis where it usually is, as the book says, unless `ADDRESS` and `REDIS_URL` say
//! otherwise.

use std::env;
use std::process::ExitCode;

include!(concat!(env!("OUT_DIR"), "/programs.rs"));

fn main() -> ExitCode {
    let wanted = env::args().nth(1).unwrap_or_default();
    run(&wanted).unwrap_or_else(|| {
        println!("{}", NAMES.join("\n"));
        ExitCode::from(if wanted.is_empty() { 0 } else { 2 })
    })
}

fn address() -> &'static str {
    setting("ADDRESS", "127.0.0.1:3000")
}

#[allow(dead_code, reason = "for as long as a program of the book uses Redis")]
fn redis() -> &'static str {
    setting("REDIS_URL", "redis://localhost")
}

fn setting(name: &str, otherwise: &'static str) -> &'static str {
    env::var(name).map_or(otherwise, |value| value.leak())
}
