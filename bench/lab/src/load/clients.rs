//! Many WebSocket clients on one epoll. Each goes through the steps that lead in, and then belongs to the scenario:
//!
//! ```text
//! GET /socket.io/… → 101   40 → 40{…}   steps, such as 420["join"] → 430[]   ready
//! ```

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use rustix::buffer::spare_capacity;
use rustix::event::{Timespec, epoll};

use crate::{Outcome, frames, socket};

/// What a scenario does with clients that are in.
pub(crate) trait Scenario {
    /// A message came that is no ping. What is put into `out` is sent to the server.
    fn message(&mut self, client: usize, opcode: u8, payload: &[u8], out: &mut Vec<u8>, now: Instant);

    /// All that had come has been seen: it may speak with any client.
    fn turn(&mut self, _clients: &mut Clients, _now: Instant) -> Outcome<()> {
        Ok(())
    }

    /// When it wants its turn at the latest, though nothing comes.
    fn patience(&self, _now: Instant) -> Duration {
        Duration::MAX
    }
}

/// Clients that say nothing.
pub(crate) struct Silence;

impl Scenario for Silence {
    fn message(&mut self, _: usize, _: u8, _: &[u8], _: &mut Vec<u8>, _: Instant) {}
}

/// What a client sends to get in, and the beginning of the answer that it waits for.
#[derive(Clone)]
pub(crate) struct Step {
    frame: Vec<u8>,
    answer: Vec<u8>,
}

impl Step {
    pub(crate) fn new(packet: &str, answer: &str) -> Self {
        Step { frame: frames::made(frames::TEXT, packet.as_bytes()), answer: answer.into() }
    }

    /// Into the default namespace.
    pub(crate) fn connect() -> Self {
        Self::new("40", "40")
    }

    /// Into rooms that are the n-th client's alone.
    pub(crate) fn enter(number: usize, rooms: usize) -> Option<Self> {
        (rooms > 0).then(|| Self::new(&format!(r#"420["enter",{},{rooms}]"#, number * rooms), "430"))
    }

    /// Into the room that everybody shares.
    pub(crate) fn join() -> Self {
        Self::new(r#"420["join"]"#, "430")
    }
}

pub(crate) struct Clients {
    epoll: OwnedFd,
    all: Vec<Client>,
    events: Vec<epoll::Event>,
    scratch: Vec<u8>,
    /// Connections made so far.
    made: usize,
    /// Clients that are in.
    ready: usize,
    /// Clients whose connection the server ended.
    dead: usize,
    pings: u64,
}

struct Client {
    /// `None`: it is gone.
    stream: Option<TcpStream>,
    state: State,
    steps: std::vec::IntoIter<Step>,
    /// The beginning of a frame whose rest is still to come.
    unread: Vec<u8>,
    out: Vec<u8>,
    waits_to_write: bool,
}

enum State {
    /// Waits for the answer to the upgrade.
    Http,
    /// Waits for the handshake of Engine.IO.
    Handshake,
    /// Waits for this answer.
    Step(Vec<u8>),
    Ready,
}

impl Clients {
    pub(crate) fn new() -> Outcome<Self> {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        let (events, scratch) = (Vec::with_capacity(512), vec![0; 1 << 18]);
        Ok(Clients { epoll, all: Vec::new(), events, scratch, made: 0, ready: 0, dead: 0, pings: 0 })
    }

    /// `count` more clients, of which `at_once` are on their way in at a time; returns when all are in. `steps` are those of the n-th.
    pub(crate) fn open(
        &mut self,
        port: u16,
        count: usize,
        at_once: usize,
        mut steps: impl FnMut(usize) -> Vec<Step>,
    ) -> Outcome<()> {
        let (begin, ready, first) = (Instant::now(), self.ready, self.all.len());
        while self.ready < ready + count {
            let opened = self.all.len() - first;
            for number in opened..count.min(self.ready - ready + at_once) {
                self.start(port, None, steps(number))?;
            }
            self.turn(&mut Silence, Duration::from_millis(10))?;
            if self.dead > 0 {
                return Err(format!("{} clients lost their connection while they came in", self.dead).into());
            }
            if begin.elapsed() > PATIENCE {
                return Err(format!("only {} of {count} clients came in", self.ready - ready).into());
            }
        }
        Ok(())
    }

    /// Another client on its way in, in the place of one that is gone, or in a new one.
    pub(crate) fn start(&mut self, port: u16, place: Option<usize>, steps: Vec<Step>) -> Outcome<usize> {
        let stream = socket::connect(port, self.made)?;
        self.made += 1;
        let place = place.unwrap_or(self.all.len());
        epoll::add(&self.epoll, &stream, key(place), epoll::EventFlags::IN)?;
        let client = Client {
            stream: Some(stream),
            state: State::Http,
            steps: steps.into_iter(),
            unread: Vec::new(),
            out: upgrade(port),
            waits_to_write: false,
        };
        match self.all.get_mut(place) {
            Some(old) => *old = client,
            None => self.all.push(client),
        }
        self.flush(place)?;
        Ok(place)
    }

    /// Ends a client from its side.
    pub(crate) fn close(&mut self, place: usize) {
        self.end(place);
    }

    pub(crate) fn is_ready(&self, place: usize) -> bool {
        matches!(self.all[place], Client { stream: Some(_), state: State::Ready, .. })
    }

    pub(crate) fn dead(&self) -> usize {
        self.dead
    }

    /// Pings answered.
    pub(crate) fn pings(&self) -> u64 {
        self.pings
    }

    /// What a client has to say, once `flush` is called.
    pub(crate) fn out(&mut self, place: usize) -> &mut Vec<u8> {
        &mut self.all[place].out
    }

    /// Runs for `time`.
    pub(crate) fn run(&mut self, scenario: &mut impl Scenario, time: Duration) -> Outcome<()> {
        let end = Instant::now() + time;
        loop {
            let now = Instant::now();
            let left = end.saturating_duration_since(now);
            if left.is_zero() {
                return Ok(());
            }
            self.turn(scenario, left.min(scenario.patience(now)).min(Duration::from_millis(50)))?;
        }
    }

    /// Waits for something to come, no longer than `timeout`, and sees to all of it.
    pub(crate) fn turn(&mut self, scenario: &mut impl Scenario, timeout: Duration) -> Outcome<()> {
        let timeout = Timespec::try_from(timeout)?;
        self.events.clear();
        epoll::wait(&self.epoll, spare_capacity(&mut self.events), Some(&timeout))?;
        for at in 0..self.events.len() {
            let event = self.events[at];
            let (place, flags) = (usize::try_from(event.data.u64())?, event.flags);
            if flags.contains(epoll::EventFlags::OUT) {
                self.flush(place)?;
            }
            if flags.difference(epoll::EventFlags::OUT).is_empty() {
                continue;
            }
            self.read(scenario, place)?;
            if !self.all[place].waits_to_write {
                self.flush(place)?;
            }
        }
        scenario.turn(self, Instant::now())
    }

    fn read(&mut self, scenario: &mut impl Scenario, place: usize) -> Outcome<()> {
        let client = &mut self.all[place];
        let Some(stream) = &mut client.stream else { return Ok(()) };
        let len = match stream.read(&mut self.scratch) {
            Ok(0) => return self.lose(place),
            Ok(len) => len,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
            Err(_) => return self.lose(place),
        };
        let (now, scratch) = (Instant::now(), std::mem::take(&mut self.scratch));
        let alive = if client.unread.is_empty() {
            let used = self.take(scenario, place, &scratch[..len], now)?;
            used.inspect(|&used| self.all[place].unread.extend_from_slice(&scratch[used..len])).is_some()
        } else {
            let mut unread = std::mem::take(&mut client.unread);
            unread.extend_from_slice(&scratch[..len]);
            let used = self.take(scenario, place, &unread, now)?;
            used.inspect(|&used| {
                unread.drain(..used);
                self.all[place].unread = unread;
            })
            .is_some()
        };
        self.scratch = scratch;
        if alive { Ok(()) } else { self.lose(place) }
    }

    /// Takes whole frames from the front of `bytes`, and says how long they were; `None`: the server said farewell.
    fn take(
        &mut self,
        scenario: &mut impl Scenario,
        place: usize,
        bytes: &[u8],
        now: Instant,
    ) -> Outcome<Option<usize>> {
        let client = &mut self.all[place];
        let mut used = 0;
        if matches!(client.state, State::Http) {
            let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else {
                return Ok(Some(0));
            };
            if !bytes.starts_with(b"HTTP/1.1 101") {
                return Err(format!("no upgrade: {}", String::from_utf8_lossy(&bytes[..end])).into());
            }
            client.state = State::Handshake;
            used = end + 4;
        }
        while let Some((opcode, payload, len)) = frames::read(&bytes[used..]) {
            used += len;
            match opcode {
                frames::CLOSE => return Ok(None),
                frames::PING => frames::write(frames::PONG, payload, &mut client.out),
                frames::PONG => {}
                _ if payload == b"2" => {
                    self.pings += 1;
                    frames::write(frames::TEXT, b"3", &mut client.out);
                }
                _ => match &client.state {
                    State::Ready => scenario.message(place, opcode, payload, &mut client.out, now),
                    State::Step(answer) if !payload.starts_with(answer) => {}
                    _ => {
                        client.next_step();
                        self.ready += usize::from(matches!(client.state, State::Ready));
                    }
                },
            }
        }
        Ok(Some(used))
    }

    /// Sends what is in `out`, as much of it as can be.
    pub(crate) fn flush(&mut self, place: usize) -> Outcome<()> {
        let client = &mut self.all[place];
        let Some(stream) = &mut client.stream else { return Ok(()) };
        let len = match client.out.as_slice() {
            [] => 0,
            out => match stream.write(out) {
                Ok(len) => len,
                Err(error) if error.kind() == ErrorKind::WouldBlock => 0,
                Err(_) => return self.lose(place),
            },
        };
        client.out.drain(..len);
        if client.waits_to_write == client.out.is_empty() {
            client.waits_to_write = !client.out.is_empty();
            let flags = if client.waits_to_write {
                epoll::EventFlags::IN | epoll::EventFlags::OUT
            } else {
                epoll::EventFlags::IN
            };
            epoll::modify(&self.epoll, stream, key(place), flags)?;
        }
        Ok(())
    }

    fn lose(&mut self, place: usize) -> Outcome<()> {
        if self.end(place) {
            self.dead += 1;
        }
        Ok(())
    }

    fn end(&mut self, place: usize) -> bool {
        self.ready -= usize::from(self.is_ready(place));
        // Closing takes it out of the epoll.
        self.all[place].stream.take().is_some()
    }
}

impl Client {
    fn next_step(&mut self) {
        self.state = match self.steps.next() {
            Some(step) => {
                self.out.extend_from_slice(&step.frame);
                State::Step(step.answer)
            }
            None => State::Ready,
        };
    }
}

fn upgrade(port: u16) -> Vec<u8> {
    format!(
        "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    .into_bytes()
}

fn key(place: usize) -> epoll::EventData {
    epoll::EventData::new_u64(place as u64)
}

const PATIENCE: Duration = Duration::from_secs(300);
