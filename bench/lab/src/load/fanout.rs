//! One client speaks into a room, all that are in it hear, itself included. Broadcasts are numbered, so that those that not everybody
//! has had are known: the publisher keeps some on their way, or speaks by the clock.

use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

use crate::Outcome;
use crate::arguments::Arguments;
use crate::clients::{Clients, Scenario, Step};
use crate::frames::{self, TEXT};
use crate::line::{Line, histogram, nanos};
use crate::usage::Cpu;

pub(crate) fn run(arguments: &Arguments) -> Outcome<Line> {
    let mut clients = room(arguments)?;
    let pace = match arguments.rate {
        Some(rate) => Pace::every(Duration::from_secs(1) / rate),
        None => Pace::Window(arguments.in_flight()),
    };
    let mut fan = Fan::new(0, arguments.clients(), pace);
    clients.run(&mut fan, arguments.warm())?;
    fan.delays.clear();
    let (begin, cpu, own) = (Instant::now(), Cpu::of(arguments.pid)?, Cpu::own()?);
    clients.run(&mut fan, arguments.secs())?;
    let (time, cpu, own) = (begin.elapsed(), Cpu::of(arguments.pid)? - cpu, Cpu::own()? - own);
    let deliveries = fan.delays.len();
    let line = Line::of(arguments)
        .count("rooms", arguments.rooms * arguments.clients())
        .costs(deliveries, time, cpu, own)
        .latencies(&fan.delays);
    fan.drain(&mut clients, Duration::from_secs(5))?;
    Ok(line.count("lost", fan.missing()).count("mismatched", fan.mismatched).count("dead", clients.dead()))
}

/// One broadcast a second to a room of ten thousand; how long until the last has it.
pub(crate) fn big(arguments: &Arguments) -> Outcome<Line> {
    let mut clients = room(arguments)?;
    clients.run(&mut crate::clients::Silence, arguments.warm())?;
    let mut fan = Fan::new(0, arguments.clients(), Pace::every(Duration::from_secs(1)));
    let (begin, cpu, own) = (Instant::now(), Cpu::of(arguments.pid)?, Cpu::own()?);
    clients.run(&mut fan, arguments.secs().saturating_sub(Duration::from_millis(100)))?;
    fan.drain(&mut clients, Duration::from_secs(20))?;
    let (time, cpu, own) = (begin.elapsed(), Cpu::of(arguments.pid)? - cpu, Cpu::own()? - own);
    let mut last: Vec<f64> =
        fan.broadcasts.iter().filter_map(Heard::took).map(|took| took.as_secs_f64() * 1e3).collect();
    last.sort_by(f64::total_cmp);
    Ok(Line::of(arguments)
        .costs(fan.delays.len(), time, cpu, own)
        .latencies(&fan.delays)
        .figure("last_ms_median", last.get(last.len() / 2).copied().unwrap_or(f64::NAN))
        .figure("last_ms_max", last.last().copied().unwrap_or(f64::NAN))
        .count("lost", fan.missing())
        .count("mismatched", fan.mismatched)
        .count("dead", clients.dead()))
}

/// Clients that share a room.
fn room(arguments: &Arguments) -> Outcome<Clients> {
    let mut clients = Clients::new()?;
    clients.open(arguments.port, arguments.clients(), arguments.at_once, |number| {
        [Step::connect(), Step::join()].into_iter().chain(Step::enter(number, arguments.rooms)).collect()
    })?;
    Ok(clients)
}

/// When the publisher speaks.
pub(crate) enum Pace {
    /// As soon as fewer than so many broadcasts are on their way.
    Window(usize),
    /// By the clock, whatever has arrived.
    Clock {
        period: Duration,
        next: Instant,
    },
    Silent,
}

impl Pace {
    pub(crate) fn every(period: Duration) -> Self {
        Pace::Clock { period, next: Instant::now() }
    }
}

pub(crate) struct Fan {
    publisher: usize,
    members: usize,
    pace: Pace,
    /// The number of the first broadcast; lower ones are another's, and late.
    first: usize,
    /// By number, from the first.
    broadcasts: Vec<Heard>,
    /// Broadcasts that everybody has had.
    done: usize,
    /// From when a broadcast was due to when a member had it.
    pub(crate) delays: Histogram<u64>,
    pub(crate) mismatched: u64,
}

/// Who has had a broadcast.
struct Heard {
    sent: Instant,
    /// Members that have not.
    left: usize,
    last: Instant,
}

impl Heard {
    /// How long until all had it.
    fn took(&self) -> Option<Duration> {
        (self.left == 0).then(|| self.last - self.sent)
    }
}

impl Fan {
    pub(crate) fn new(publisher: usize, members: usize, pace: Pace) -> Self {
        Fan {
            publisher,
            members,
            pace,
            first: 0,
            broadcasts: Vec::new(),
            done: 0,
            delays: histogram(),
            mismatched: 0,
        }
    }

    pub(crate) fn numbered_from(self, first: usize) -> Self {
        Fan { first, ..self }
    }

    /// Broadcasts begun, and those that everybody has had.
    pub(crate) fn progress(&self) -> (usize, usize) {
        (self.broadcasts.len(), self.done)
    }

    /// Deliveries that have not come.
    pub(crate) fn missing(&self) -> usize {
        self.broadcasts.iter().map(|broadcast| broadcast.left).sum()
    }

    /// Says nothing more, and waits until all have everything, `patience` at most.
    pub(crate) fn drain(&mut self, clients: &mut Clients, patience: Duration) -> Outcome<()> {
        self.pace = Pace::Silent;
        let end = Instant::now() + patience;
        while self.done < self.broadcasts.len() && Instant::now() < end {
            clients.turn(self, Duration::from_millis(50))?;
        }
        Ok(())
    }

    fn publish(&mut self, clients: &mut Clients, due: Instant) {
        let packet = format!(
            r#"42["fan",{{"seq":{},"text":"hello world, this is a broadcast line"}}]"#,
            self.first + self.broadcasts.len()
        );
        frames::write(TEXT, packet.as_bytes(), clients.out(self.publisher));
        self.broadcasts.push(Heard { sent: due, left: self.members, last: due });
    }
}

impl Scenario for Fan {
    fn message(&mut self, _: usize, _: u8, payload: &[u8], _: &mut Vec<u8>, now: Instant) {
        let number = number(payload);
        if number.is_some_and(|number| number < self.first) {
            return;
        }
        let Some(broadcast) = number.and_then(|number| self.broadcasts.get_mut(number - self.first)) else {
            self.mismatched += 1;
            return;
        };
        let Some(left) = broadcast.left.checked_sub(1) else {
            self.mismatched += 1;
            return;
        };
        (broadcast.left, broadcast.last) = (left, now);
        self.done += usize::from(left == 0);
        self.delays.saturating_record(nanos(now.saturating_duration_since(broadcast.sent)));
    }

    fn turn(&mut self, clients: &mut Clients, now: Instant) -> Outcome<()> {
        match self.pace {
            Pace::Silent => return Ok(()),
            Pace::Window(window) => {
                while self.broadcasts.len() - self.done < window {
                    self.publish(clients, now);
                }
            }
            Pace::Clock { period, mut next } => {
                while next <= now {
                    self.publish(clients, next);
                    next += period;
                }
                self.pace = Pace::Clock { period, next };
            }
        }
        clients.flush(self.publisher)
    }

    fn patience(&self, now: Instant) -> Duration {
        match self.pace {
            Pace::Clock { next, .. } => next.saturating_duration_since(now),
            _ => Duration::MAX,
        }
    }
}

/// Which broadcast a packet is of.
fn number(payload: &[u8]) -> Option<usize> {
    let rest = payload.strip_prefix(br#"42["fan",{"seq":"#)?;
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit());
    Some(digits.fold(0, |number, digit| number * 10 + usize::from(digit - b'0')))
}
