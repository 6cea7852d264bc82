//! The book against what it speaks of: its links, its `Cargo.toml` lines, the messages it quotes, and its programs against real clients.

mod chapters; // links, languages, what is in the table of contents
mod compatibility; // which versions were tried
mod manifests; // lines for a Cargo.toml
mod messages; // what the troubleshooting chapter quotes
mod names; // what the migration tables call ours
mod page; // a chapter, read
mod programs; // the whole programs, run
