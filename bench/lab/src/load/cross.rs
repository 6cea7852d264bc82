//! From a client of one node to a hundred of another, through a broker: at a steady rate for the latency, then as much as goes with a
//! window of broadcasts on their way.

use std::time::{Duration, Instant};

use crate::Outcome;
use crate::arguments::Arguments;
use crate::clients::{Clients, Silence, Step};
use crate::fanout::{Fan, Pace};
use crate::line::Line;
use crate::usage::Cpu;

pub(crate) fn run(arguments: &Arguments) -> Outcome<Line> {
    let members = arguments.clients();
    let mut clients = Clients::new()?;
    clients.open(arguments.port2, members, arguments.at_once, |_| vec![Step::connect(), Step::join()])?;
    clients.open(arguments.port, 1, 1, |_| vec![Step::connect()])?;
    let mut next = Measuring { arguments, clients, publisher: members };
    next.until_the_nodes_hear_each_other()?;

    let steady = next.measure(Pace::every(Duration::from_secs(1) / arguments.rate))?;
    let most = next.measure(Pace::Window(arguments.in_flight()))?;
    let deliveries = |of: &Measured| of.fan.delays.len() as f64;
    Ok(Line::of(arguments)
        .count("rate", arguments.rate)
        .latencies(&steady.fan.delays)
        .figure("steady_publisher_us", steady.here.micros() / steady.published as f64)
        .figure("steady_cpu_us", (steady.here.micros() + steady.there.micros()) / deliveries(&steady))
        .figure("per_s", deliveries(&most) / most.time.as_secs_f64())
        .figure("cpu_us", (most.here.micros() + most.there.micros()) / deliveries(&most))
        .figure("publisher_us", most.here.micros() / most.published as f64)
        .figure("member_us", most.there.micros() / deliveries(&most))
        .count("lost", steady.lost + most.lost)
        .count("mismatched", steady.fan.mismatched + most.fan.mismatched)
        .count("dead", next.clients.dead()))
}

struct Measuring<'a> {
    arguments: &'a Arguments,
    clients: Clients,
    publisher: usize,
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

impl Measuring<'_> {
    fn fan(&self, pace: Pace) -> Fan {
        Fan::new(self.publisher, self.arguments.clients(), pace)
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
        fan.drain(&mut self.clients, Duration::from_secs(2))
    }

    fn measure(&mut self, pace: Pace) -> Outcome<Measured> {
        let arguments = self.arguments;
        let usage = || Outcome::Ok((Cpu::of(arguments.pid)?, Cpu::of(arguments.pid2)?));
        // The numbers begin again: what is late of those before has to be past.
        self.clients.run(&mut Silence, Duration::from_millis(500))?;
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
        let lost = fan.missing();
        Ok(Measured { fan, here: after.0 - before.0, there: after.1 - before.1, time, published, lost })
    }
}
