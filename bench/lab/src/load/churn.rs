//! Clients that come, say one thing, and go: what the server keeps of them. Its memory after a third of them is the level.

use std::time::{Duration, Instant};

use crate::Outcome;
use crate::arguments::Arguments;
use crate::clients::{Clients, Scenario, Silence, Step};
use crate::echo::DATA;
use crate::frames::{self, TEXT};
use crate::line::Line;
use crate::usage::{Cpu, resident_kb};

pub(crate) fn run(arguments: &Arguments) -> Outcome<Line> {
    let (pid, count) = (arguments.pid, arguments.clients());
    let mut clients = Clients::new()?;
    let mut visits = Visits { heard: Vec::new() };
    let (begin, cpu, own) = (Instant::now(), Cpu::of(pid)?, Cpu::own()?);
    let mut levels = Vec::new();
    for third in 1..=3 {
        visits.run(&mut clients, arguments, count * third / 3 - count * (third - 1) / 3)?;
        // The server notices that the last have gone.
        clients.run(&mut Silence, Duration::from_secs(1))?;
        levels.push(resident_kb(pid)? / 1024.0);
    }
    let (time, cpu, own) = (begin.elapsed(), Cpu::of(pid)? - cpu, Cpu::own()? - own);
    Ok(Line::of(arguments)
        .costs(count as u64, time, cpu, own)
        .count("at_once", AT_ONCE)
        .figure("mb_after_a_third", levels[0])
        .figure("mb_after_two_thirds", levels[1])
        .figure("mb_at_the_end", levels[2])
        .figure("growth", levels[2] / levels[0])
        .count("dead", clients.dead()))
}

struct Visits {
    /// Those whose words have come back: they may go.
    heard: Vec<usize>,
}

impl Visits {
    /// `count` clients come and go, [`AT_ONCE`] at a time.
    fn run(&mut self, clients: &mut Clients, arguments: &Arguments, count: usize) -> Outcome<()> {
        let say = format!(r#"42["echo",{DATA}]"#);
        let mut begun: Vec<usize> = Vec::new();
        let mut places: Vec<usize> = Vec::new();
        let (mut come, mut gone) = (0, 0);
        let mut progress = Instant::now();
        while gone < count {
            while come < count && come - gone < AT_ONCE {
                let place = clients.start(arguments.port, places.pop(), vec![Step::connect()])?;
                begun.push(place);
                come += 1;
            }
            clients.turn(self, Duration::from_millis(10))?;
            let (ready, waiting) = begun.into_iter().partition::<Vec<_>, _>(|&place| clients.is_ready(place));
            begun = waiting;
            for place in ready {
                frames::write(TEXT, say.as_bytes(), clients.out(place));
                clients.flush(place)?;
            }
            for place in self.heard.drain(..) {
                clients.close(place);
                places.push(place);
                gone += 1;
                progress = Instant::now();
            }
            if clients.dead() > 0 || progress.elapsed() > Duration::from_secs(30) {
                return Err(format!("{gone} of {count} came and went, {} were lost", clients.dead()).into());
            }
        }
        Ok(())
    }
}

impl Scenario for Visits {
    fn message(&mut self, client: usize, _: u8, _: &[u8], _: &mut Vec<u8>, _: Instant) {
        self.heard.push(client);
    }
}

const AT_ONCE: usize = 500;
