//! Each client keeps events on their way and hears its own words: `echo` as events, `echo_ack` as acks, `echo_bin` with 1 KiB of bytes.
//! What comes back has to be what was sent, to the byte; acks in the order of their events.

use std::collections::VecDeque;
use std::time::Instant;

use hdrhistogram::Histogram;

use crate::Outcome;
use crate::arguments::{Arguments, Scenario};
use crate::clients::{self, Clients, Silence, Step};
use crate::frames::{self, BINARY, TEXT};
use crate::line::{Line, histogram, nanos};
use crate::usage::Cpu;

pub(crate) fn run(arguments: &Arguments) -> Outcome<Line> {
    let mut clients = Clients::new()?;
    clients.open(arguments.port, arguments.clients(), arguments.at_once, |number| {
        let mut steps = vec![Step::connect()];
        steps.extend(Step::enter(number, arguments.rooms));
        for namespace in namespaces(arguments, number) {
            steps.push(Step::new(&format!("40{namespace}"), &format!("40{namespace}")));
        }
        steps
    })?;
    clients.open(arguments.port, arguments.silent, arguments.at_once, |_| vec![Step::connect()])?;
    clients.run(&mut Silence, arguments.warm() / 4)?;

    let mut echo = Echo::new(arguments);
    for client in 0..arguments.clients() {
        for _ in 0..arguments.in_flight() {
            echo.speakers[client].say(clients.out(client), Instant::now());
        }
        clients.flush(client)?;
    }
    clients.run(&mut echo, arguments.warm())?;
    echo.heard.clear();
    let (begin, cpu, own) = (Instant::now(), Cpu::of(arguments.pid)?, Cpu::own()?);
    clients.run(&mut echo, arguments.secs())?;
    let (time, cpu, own) = (begin.elapsed(), Cpu::of(arguments.pid)? - cpu, Cpu::own()? - own);

    Ok(Line::of(arguments)
        .count("silent", arguments.silent)
        .count("rooms", arguments.rooms * arguments.clients())
        .count("namespaces", arguments.namespaces * arguments.clients())
        .costs(echo.heard.len(), time, cpu, own)
        .latencies(&echo.heard)
        .count("mismatched", echo.mismatched)
        .count("reordered", echo.reordered)
        .count("dead", clients.dead()))
}

struct Echo {
    acks: bool,
    binary: bool,
    speakers: Vec<Speaker>,
    heard: Histogram<u64>,
    mismatched: u64,
    reordered: u64,
}

/// What one client has to say: one thing after the other, and then again.
struct Speaker {
    requests: Vec<Vec<u8>>,
    /// What each request is answered.
    answers: Vec<Vec<u8>>,
    next: usize,
    /// Which requests wait for their answer, and since when.
    sent: VecDeque<(usize, Instant)>,
}

impl Echo {
    fn new(arguments: &Arguments) -> Self {
        let speakers = (0..arguments.clients()).map(|number| Speaker::new(arguments, number)).collect();
        let (acks, binary) =
            (arguments.scenario == Scenario::EchoAck, arguments.scenario == Scenario::EchoBin);
        Echo { acks, binary, speakers, heard: histogram(), mismatched: 0, reordered: 0 }
    }

    /// Which of the requests that wait `payload` answers: the first, unless it is an ack that says otherwise.
    fn answered(&self, speaker: &Speaker, payload: &[u8]) -> Option<usize> {
        if !self.acks {
            return Some(0);
        }
        let digits = payload.get(2..)?.iter().take_while(|byte| byte.is_ascii_digit());
        let id = digits.fold(0, |id, digit| id * 10 + usize::from(digit - b'0'));
        speaker.sent.iter().position(|(request, _)| *request == id)
    }
}

impl clients::Scenario for Echo {
    fn message(&mut self, client: usize, opcode: u8, payload: &[u8], out: &mut Vec<u8>, now: Instant) {
        if self.binary && opcode != BINARY {
            return;
        }
        let Some(speaker) = self.speakers.get(client) else { return };
        let Some(position) = self.answered(speaker, payload) else {
            self.mismatched += 1;
            return;
        };
        self.reordered += u64::from(position > 0);
        let speaker = &mut self.speakers[client];
        let Some((request, sent)) = speaker.sent.remove(position) else {
            self.mismatched += 1;
            return;
        };
        self.mismatched += u64::from(payload != speaker.answers[request]);
        self.heard.saturating_record(nanos(now - sent));
        speaker.say(out, now);
    }
}

impl Speaker {
    fn new(arguments: &Arguments, number: usize) -> Self {
        let text =
            |packet: String, answer: String| (frames::made(TEXT, packet.as_bytes()), answer.into_bytes());
        let echo = format!(r#"["echo",{DATA}]"#);
        let (requests, answers) = match arguments.scenario {
            // Twice as many ids as are on their way, so that none is used by two at a time.
            Scenario::EchoAck => (0..arguments.in_flight() * 2)
                .map(|id| text(format!(r#"42{id}["echo_ack",{DATA}]"#), format!("43{id}[{DATA}]")))
                .unzip(),
            Scenario::EchoBin => {
                let bytes: Vec<u8> = (0..1024_u32).map(|at| (at * 7) as u8).collect();
                let mut request = frames::made(TEXT, br#"451-["echo",{"_placeholder":true,"num":0}]"#);
                frames::write(BINARY, &bytes, &mut request);
                (vec![request], vec![bytes])
            }
            _ if arguments.rooms > 0 => (number * arguments.rooms..(number + 1) * arguments.rooms)
                .map(|room| text(format!(r#"42["say",{room},{DATA}]"#), format!("42{echo}")))
                .unzip(),
            _ if arguments.namespaces > 0 => namespaces(arguments, number)
                .map(|namespace| text(format!("42{namespace}{echo}"), format!("42{namespace}{echo}")))
                .unzip(),
            _ => [text(format!("42{echo}"), format!("42{echo}"))].into_iter().unzip(),
        };
        Speaker { requests, answers, next: 0, sent: VecDeque::new() }
    }

    fn say(&mut self, out: &mut Vec<u8>, now: Instant) {
        out.extend_from_slice(&self.requests[self.next]);
        self.sent.push_back((self.next, now));
        self.next = (self.next + 1) % self.requests.len();
    }
}

/// As they stand in packets: `/n-7,`.
fn namespaces(arguments: &Arguments, client: usize) -> impl Iterator<Item = String> {
    let first = client * arguments.namespaces;
    (first..first + arguments.namespaces).map(|number| format!("/n-{number},"))
}

/// 68 bytes, like a line of a chat.
pub(crate) const DATA: &str = r#"{"id":123456,"text":"hello world, this is a chat line","user":"al"}"#;
