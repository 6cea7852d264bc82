//! Clients that only are there: what it costs to let one in, to keep it, and to ping it.

use std::time::{Duration, Instant};

use crate::Outcome;
use crate::arguments::Arguments;
use crate::clients::{Clients, Silence, Step};
use crate::line::Line;
use crate::usage::{Cpu, resident_kb};

pub(crate) fn run(arguments: &Arguments) -> Outcome<Line> {
    let (pid, count) = (arguments.pid, arguments.clients());
    let mut clients = Clients::new()?;
    // What a server makes once, for its first clients.
    clients.open(arguments.port, FIRST, 5, |_| vec![Step::connect()])?;
    clients.run(&mut Silence, Duration::from_millis(300))?;

    let (begin, cpu, own, base) = (Instant::now(), Cpu::of(pid)?, Cpu::own()?, resident_kb(pid)?);
    clients.open(arguments.port, count, arguments.at_once, |_| vec![Step::connect()])?;
    let (time, cpu, own) = (begin.elapsed(), Cpu::of(pid)? - cpu, Cpu::own()? - own);
    clients.run(&mut Silence, arguments.warm().max(Duration::from_secs(2)))?;
    let after_connect = resident_kb(pid)?;

    let (pings, idle) = (clients.pings(), Cpu::of(pid)?);
    clients.run(&mut Silence, arguments.hold())?;
    let (pings, idle) = (clients.pings() - pings, Cpu::of(pid)? - idle);
    let after_hold = resident_kb(pid)?;

    let each = |kb: f64| (kb - base) / count as f64;
    let line = Line::of(arguments)
        .figure("base_mb", base / 1024.0)
        .figure("kb_per_client", each(after_connect))
        .costs(count as u64, time, cpu, own)
        .count("dead", clients.dead());
    // They come every 25 s.
    Ok(match pings {
        0 => line,
        _ => {
            line.figure("kb_after_hold", each(after_hold)).figure("us_per_ping", idle.micros() / pings as f64)
        }
    })
}

const FIRST: usize = 20;
