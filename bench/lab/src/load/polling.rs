//! HTTP long-polling: each client keeps a GET open on one connection and posts on another, both kept alive.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use rustix::buffer::spare_capacity;
use rustix::event::{Timespec, epoll};

use crate::arguments::Arguments;
use crate::echo::DATA;
use crate::line::{Line, histogram, nanos};
use crate::usage::Cpu;
use crate::{Outcome, socket};

pub(crate) fn run(arguments: &Arguments) -> Outcome<Line> {
    let mut polling = Polling::open(arguments)?;
    let begin = Instant::now();
    while !polling.clients.iter().all(|client| client.state == State::In) {
        if begin.elapsed() > Duration::from_secs(30) {
            return Err("not all clients came in".into());
        }
        polling.turn()?;
    }
    polling.run(arguments.warm())?;
    polling.heard.clear();
    let (begin, cpu, own) = (Instant::now(), Cpu::of(arguments.pid)?, Cpu::own()?);
    polling.run(arguments.secs())?;
    let (time, cpu, own) = (begin.elapsed(), Cpu::of(arguments.pid)? - cpu, Cpu::own()? - own);
    Ok(Line::of(arguments)
        .costs(polling.heard.len(), time, cpu, own)
        .latencies(&polling.heard)
        .count("mismatched", polling.mismatched))
}

struct Polling {
    epoll: std::os::fd::OwnedFd,
    port: u16,
    clients: Vec<Client>,
    /// What a client posts, and the packet that it hears for each part of it.
    body: String,
    answer: String,
    in_flight: usize,
    heard: Histogram<u64>,
    mismatched: u64,
}

struct Client {
    get: Connection,
    post: Connection,
    /// The request that fetches what there is.
    fetch: String,
    sid: String,
    state: State,
    /// Posted, and not answered yet.
    posting: bool,
    /// Echoes that have not come.
    awaited: usize,
    pong: bool,
    sent: Instant,
}

#[derive(PartialEq, Eq)]
enum State {
    Handshake,
    Connecting,
    In,
}

struct Connection {
    stream: TcpStream,
    unread: Vec<u8>,
}

impl Polling {
    fn open(arguments: &Arguments) -> Outcome<Self> {
        let (port, in_flight) = (arguments.port, arguments.in_flight());
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        let mut clients = Vec::new();
        for number in 0..arguments.clients() {
            let connection = |way: usize| {
                let stream = socket::connect(port, 0)?;
                let key = epoll::EventData::new_u64((number * 2 + way) as u64);
                epoll::add(&epoll, &stream, key, epoll::EventFlags::IN)?;
                Outcome::Ok(Connection { stream, unread: Vec::new() })
            };
            let mut get = connection(0)?;
            get.send(&fetch(port, ""))?;
            let post = connection(1)?;
            let (fetch, sid) = (String::new(), String::new());
            let state = State::Handshake;
            clients.push(Client {
                get,
                post,
                fetch,
                sid,
                state,
                posting: false,
                awaited: 0,
                pong: false,
                sent: Instant::now(),
            });
        }
        let answer = format!(r#"42["echo",{DATA}]"#);
        let body = vec![answer.as_str(); in_flight].join(SEPARATOR);
        Ok(Polling { epoll, port, clients, body, answer, in_flight, heard: histogram(), mismatched: 0 })
    }

    fn run(&mut self, time: Duration) -> Outcome<()> {
        let end = Instant::now() + time;
        while Instant::now() < end {
            self.turn()?;
        }
        Ok(())
    }

    fn turn(&mut self) -> Outcome<()> {
        let timeout = Timespec::try_from(Duration::from_millis(50))?;
        let mut events: Vec<epoll::Event> = Vec::with_capacity(256);
        epoll::wait(&self.epoll, spare_capacity(&mut events), Some(&timeout))?;
        for event in events {
            let key = usize::try_from(event.data.u64())?;
            self.take(key / 2, key % 2 == 1)?;
        }
        Ok(())
    }

    fn take(&mut self, number: usize, posted: bool) -> Outcome<()> {
        let client = &mut self.clients[number];
        let connection = if posted { &mut client.post } else { &mut client.get };
        connection.read()?;
        let now = Instant::now();
        while let Some(body) = connection_of(&mut self.clients[number], posted).answer()? {
            if posted {
                self.clients[number].posting = false;
            } else {
                self.hear(number, &body, now)?;
            }
        }
        self.speak(number, now)
    }

    fn hear(&mut self, number: usize, body: &[u8], now: Instant) -> Outcome<()> {
        let client = &mut self.clients[number];
        if client.state == State::Handshake {
            let opening: serde_json::Value =
                serde_json::from_slice(body.strip_prefix(b"0").ok_or("no handshake")?)?;
            client.sid = opening["sid"].as_str().ok_or("no sid")?.to_owned();
            client.fetch = fetch(self.port, &client.sid);
            client.state = State::Connecting;
            client.posting = true;
            client.post.send(&post(self.port, &client.sid, "40"))?;
        } else {
            for packet in body.split(|byte| *byte == SEPARATOR.as_bytes()[0]) {
                match packet {
                    b"2" => client.pong = true,
                    _ if packet.starts_with(b"40") => client.state = State::In,
                    _ => {
                        self.mismatched += u64::from(packet != self.answer.as_bytes());
                        client.awaited = client.awaited.saturating_sub(1);
                        self.heard.saturating_record(nanos(now - client.sent));
                    }
                }
            }
        }
        client.get.send(&client.fetch)
    }

    fn speak(&mut self, number: usize, now: Instant) -> Outcome<()> {
        let client = &mut self.clients[number];
        if client.state != State::In || client.posting || client.awaited > 0 {
            return Ok(());
        }
        let pong = if std::mem::take(&mut client.pong) { "\u{1e}3" } else { "" };
        (client.posting, client.awaited, client.sent) = (true, self.in_flight, now);
        client.post.send(&post(self.port, &client.sid, &format!("{}{pong}", self.body)))
    }
}

fn connection_of(client: &mut Client, posted: bool) -> &mut Connection {
    if posted { &mut client.post } else { &mut client.get }
}

impl Connection {
    fn send(&mut self, request: &str) -> Outcome<()> {
        // It is small, and the one before was answered: it fits.
        Ok(self.stream.write_all(request.as_bytes())?)
    }

    fn read(&mut self) -> Outcome<()> {
        let mut bytes = [0; 1 << 14];
        match self.stream.read(&mut bytes) {
            Ok(0) => Err("the server ended a connection that was to be kept alive".into()),
            Ok(len) => {
                self.unread.extend_from_slice(&bytes[..len]);
                Ok(())
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// The body of the next answer, when all of it has come.
    fn answer(&mut self) -> Outcome<Option<Vec<u8>>> {
        let Some(end) = find(&self.unread, b"\r\n\r\n") else { return Ok(None) };
        let head = str::from_utf8(&self.unread[..end])?.to_ascii_lowercase();
        if !head.starts_with("http/1.1 200") {
            return Err(format!("the server answers {}", String::from_utf8_lossy(&self.unread)).into());
        }
        let header = |name: &str| {
            head.lines()
                .filter_map(|line| line.split_once(':'))
                .find(|(at, _)| *at == name)
                .map(|(_, value)| value.trim())
        };
        let rest = &self.unread[end + 4..];
        let Some((body, used)) = (match header("content-length") {
            Some(len) => {
                let len = len.parse()?;
                rest.get(..len).map(|body| (body.to_vec(), len))
            }
            None if header("transfer-encoding") == Some("chunked") => chunks(rest),
            None => return Err("an answer of unknown length".into()),
        }) else {
            return Ok(None);
        };
        self.unread.drain(..end + 4 + used);
        Ok(Some(body))
    }
}

/// The body whose chunks stand at the front of `bytes`, and their length.
fn chunks(bytes: &[u8]) -> Option<(Vec<u8>, usize)> {
    let (mut body, mut at) = (Vec::new(), 0);
    loop {
        let line = find(&bytes[at..], b"\r\n")?;
        let size = str::from_utf8(&bytes[at..at + line]).ok()?;
        let len = usize::from_str_radix(size.split(';').next()?.trim(), 16).ok()?;
        let begin = at + line + 2;
        body.extend_from_slice(bytes.get(begin..begin + len)?);
        at = begin + len + 2;
        bytes.get(..at)?;
        if len == 0 {
            return Some((body, at));
        }
    }
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

fn fetch(port: u16, sid: &str) -> String {
    let sid = if sid.is_empty() { String::new() } else { format!("&sid={sid}") };
    format!("GET /socket.io/?EIO=4&transport=polling{sid} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n")
}

fn post(port: u16, sid: &str, body: &str) -> String {
    format!(
        "POST /socket.io/?EIO=4&transport=polling&sid={sid} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\
         Content-Type: text/plain;charset=UTF-8\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// Between the packets of a payload.
const SEPARATOR: &str = "\u{1e}";

#[cfg(test)]
mod tests {
    #[test]
    fn a_body_in_chunks_is_whole_with_its_last_chunk() {
        let bytes = b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\nHTTP/1.1";
        assert_eq!(super::chunks(bytes), Some((b"abcde".to_vec(), 24)));
        assert_eq!(super::chunks(&bytes[..23]), None);
    }
}
