//! From a client of one node to a hundred of another, through a broker: at a steady rate for the latency, then, but for `cross100`, as
//! much as goes with a window of broadcasts on their way.

use std::time::{Duration, Instant};

use crate::Outcome;
use crate::arguments::{Arguments, Scenario};
use crate::clients::{Clients, Step};
use crate::fanout::{Fan, Pace};
use crate::line::Line;
use crate::usage::Cpu;

pub(crate) fn run(arguments: &Arguments) -> Outcome<Line> {
    let members = arguments.clients();
    let mut clients = Clients::new()?;
    clients.open(arguments.port2, members, arguments.at_once, |_| vec![Step::connect(), Step::join()])?;
    clients.open(arguments.port, 1, 1, |_| vec![Step::connect()])?;
    let mut next = Measuring { arguments, clients, publisher: members, numbered: 0 };
    next.until_the_nodes_hear_each_other()?;

    let rate = arguments.rate_of_cross();
    let steady = next.measure(Pace::every(Duration::from_secs(1) / rate))?;
    let line = Line::of(arguments).count("rate", rate).latencies(&steady.fan.delays);
    if arguments.scenario == Scenario::Cross100 {
        return Ok(steady.costs(line).faults(&[&steady], &next.clients));
    }
    let most = next.measure(Pace::Window(arguments.in_flight()))?;
    let line = line.figure("steady_cpu_us", steady.cpu_us());
    Ok(most.costs(line).faults(&[&steady, &most], &next.clients))
}

struct Measuring<'a> {
    arguments: &'a Arguments,
    clients: Clients,
    publisher: usize,
    /// Broadcasts so far: the numbers go on, so that what is late is of its own.
    numbered: usize,
}

struct Measured {
    fan: Fan,
    /// Of the node that publishes, and of the other.
    here: Cpu,
    there: Cpu,
    time: Duration,
    published: usize,
    lost: usize,
}

impl Measured {
    fn cpu_us(&self) -> f64 {
        (self.here.micros() + self.there.micros()) / self.fan.delays.len() as f64
    }

    fn costs(&self, line: Line) -> Line {
        let deliveries = self.fan.delays.len() as f64;
        line.figure("per_s", deliveries / self.time.as_secs_f64())
            .figure("cpu_us", self.cpu_us())
            .figure("publisher_us", self.here.micros() / self.published as f64)
            .figure("member_us", self.there.micros() / deliveries)
    }
}

impl Line {
    fn faults(self, parts: &[&Measured], clients: &Clients) -> Self {
        self.count("lost", parts.iter().map(|part| part.lost).sum::<usize>())
            .count("mismatched", parts.iter().map(|part| part.fan.mismatched).sum::<u64>())
            .count("dead", clients.dead())
    }
}

impl Measuring<'_> {
    fn fan(&self, pace: Pace) -> Fan {
        Fan::new(self.publisher, self.arguments.clients(), pace).numbered_from(self.numbered)
    }

    fn until_the_nodes_hear_each_other(&mut self) -> Outcome<()> {
        let begin = Instant::now();
        let mut fan = self.fan(Pace::every(Duration::from_millis(200)));
        while fan.progress().1 == 0 {
            if begin.elapsed() > Duration::from_secs(20) {
                return Err("nothing came from one node to the other".into());
            }
            self.clients.turn(&mut fan, Duration::from_millis(50))?;
        }
        fan.drain(&mut self.clients, Duration::from_secs(2))?;
        self.numbered += fan.progress().0;
        Ok(())
    }

    fn measure(&mut self, pace: Pace) -> Outcome<Measured> {
        let arguments = self.arguments;
        let usage = || Outcome::Ok((Cpu::of(arguments.pid)?, Cpu::of(arguments.pid2)?));
        let mut fan = self.fan(pace);
        self.clients.run(&mut fan, arguments.warm())?;
        fan.delays.clear();
        let (begin, before, published) = (Instant::now(), usage()?, fan.progress().0);
        self.clients.run(&mut fan, arguments.secs())?;
        let (time, after, published) = (begin.elapsed(), usage()?, fan.progress().0 - published);
        // Later deliveries are not of this time.
        let delays = fan.delays.clone();
        fan.drain(&mut self.clients, Duration::from_secs(20))?;
        fan.delays = delays;
        self.numbered += fan.progress().0;
        let lost = fan.missing();
        Ok(Measured { fan, here: after.0 - before.0, there: after.1 - before.1, time, published, lost })
    }
}
