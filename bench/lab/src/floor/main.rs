//! The floor: the least that a server can do which fulfils the contract of bench/README.md, so that what it costs is what the kernel
//! costs on this machine. It is no server for anybody to use: one thread and one epoll, packets told apart by their first bytes,
//! one clock that pings everybody at once, one list of members for the one room.
//!
//! ```text
//! epoll → read each that has something → answers and broadcasts into buffers → one write for each that has something to hear
//! ```
//!
//! By long-polling it answers `echo` and `echo_ack`, as no more is measured there.

mod contract; // packets, by their first bytes
mod frames; // WebSocket frames: unmasked in place, written bare
mod http; // the upgrade, and long-polling

use std::error::Error;
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};
use std::{env, mem};

use rustix::buffer::spare_capacity;
use rustix::event::{Timespec, epoll};
use socket2::{Domain, Socket, Type};

use crate::contract::Packet;
use crate::frames::{BINARY, CLOSE, PING, PONG, TEXT};
use crate::http::Polling;

fn main() -> Result<(), Box<dyn Error>> {
    let port = env::var("PORT")?.parse()?;
    Ok(Floor::listen(port)?.run()?)
}

struct Floor {
    epoll: OwnedFd,
    listener: TcpListener,
    connections: Vec<Option<Connection>>,
    /// Places in `connections` that are empty.
    free: Vec<usize>,
    /// The members of the room `all`.
    room: Vec<usize>,
    /// Connections that have something to hear, each once.
    speaking: Vec<usize>,
    buffer: Vec<u8>,
}

struct Connection {
    stream: TcpStream,
    speaks: Speaks,
    /// The beginning of a frame or request whose rest is still to come.
    unread: Vec<u8>,
    out: Vec<u8>,
    /// It is among those of `speaking`.
    speaking: bool,
    /// The kernel would not take all of `out`.
    waits_to_write: bool,
}

enum Speaks {
    /// A session by long-polling lives in the connection on which it was opened, and on which its GETs come.
    Http(Option<Box<Polling>>),
    WebSocket,
}

impl Floor {
    fn listen(port: u16) -> io::Result<Self> {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        socket.set_reuse_address(true)?;
        socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)).into())?;
        socket.listen(4096)?;
        socket.set_nonblocking(true)?;
        let (epoll, listener) = (epoll::create(epoll::CreateFlags::CLOEXEC)?, TcpListener::from(socket));
        epoll::add(&epoll, &listener, epoll::EventData::new_u64(LISTENER), epoll::EventFlags::IN)?;
        let (connections, free, room, speaking) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Ok(Floor { epoll, listener, connections, free, room, speaking, buffer: vec![0; BUFFER] })
    }

    fn run(mut self) -> io::Result<()> {
        let second = Timespec { tv_sec: 1, tv_nsec: 0 };
        let mut events: Vec<epoll::Event> = Vec::with_capacity(256);
        let mut pinged = Instant::now();
        loop {
            events.clear();
            rustix::io::retry_on_intr(|| {
                epoll::wait(&self.epoll, spare_capacity(&mut events), Some(&second))
            })?;
            if pinged.elapsed() >= PING_INTERVAL {
                pinged = Instant::now();
                self.ping();
            }
            for event in &events {
                match event.data.u64() {
                    LISTENER => self.accept()?,
                    place => self.serve(place as usize, event.flags),
                }
            }
            self.speak();
        }
    }

    fn accept(&mut self) -> io::Result<()> {
        loop {
            let stream = match self.listener.accept() {
                Ok((stream, _)) => stream,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            };
            stream.set_nonblocking(true)?;
            stream.set_nodelay(true)?;
            let place = self.free.pop().unwrap_or_else(|| {
                self.connections.push(None);
                self.connections.len() - 1
            });
            epoll::add(&self.epoll, &stream, key(place), epoll::EventFlags::IN)?;
            self.connections[place] = Some(Connection {
                stream,
                speaks: Speaks::Http(None),
                unread: Vec::new(),
                out: Vec::new(),
                speaking: false,
                waits_to_write: false,
            });
        }
    }

    fn ping(&mut self) {
        for place in 0..self.connections.len() {
            match self.connections[place].as_mut().map(|connection| &connection.speaks) {
                Some(Speaks::WebSocket) => frames::write(TEXT, b"2", self.out(place)),
                Some(Speaks::Http(Some(_))) => self.hear(place, b"2"),
                _ => {}
            }
        }
    }

    fn serve(&mut self, place: usize, flags: epoll::EventFlags) {
        if self.connections[place].is_none() {
            return;
        }
        if flags.contains(epoll::EventFlags::OUT) {
            self.out(place);
        }
        if flags.difference(epoll::EventFlags::OUT).is_empty() {
            return;
        }
        let mut buffer = mem::take(&mut self.buffer);
        if self.read(place, &mut buffer).is_none() {
            self.close(place);
        }
        self.buffer = buffer;
    }

    /// `None`: it has gone, or says what nobody here understands.
    fn read(&mut self, place: usize, buffer: &mut [u8]) -> Option<()> {
        let connection = self.connections[place].as_mut()?;
        let before = connection.unread.len();
        buffer[..before].copy_from_slice(&connection.unread);
        let came = match connection.stream.read(&mut buffer[before..]) {
            Ok(0) => return None,
            Ok(len) => len,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Some(()),
            Err(_) => return None,
        };
        let bytes = &mut buffer[..before + came];
        let mut used = 0;
        if matches!(connection.speaks, Speaks::Http(_)) {
            used = self.http(place, bytes)?;
        }
        if matches!(self.connections[place].as_ref()?.speaks, Speaks::WebSocket) {
            used += self.frames(place, &mut bytes[used..])?;
        }
        let unread = &mut self.connections[place].as_mut()?.unread;
        unread.clear();
        unread.extend_from_slice(&bytes[used..]);
        Some(())
    }

    /// Answers whole frames at the front of `bytes`, and says how long they were.
    fn frames(&mut self, place: usize, bytes: &mut [u8]) -> Option<usize> {
        let (mut used, mut broadcasts, mut joins) = (0, Vec::new(), false);
        let out = self.out(place);
        while let Some((opcode, payload, len)) = frames::read(&mut bytes[used..])? {
            used += len;
            match opcode {
                TEXT => match contract::packet(simdutf8::basic::from_utf8(payload).ok()?.as_bytes()) {
                    Packet::Echo => frames::write(TEXT, payload, out),
                    Packet::Fan => frames::write(TEXT, payload, &mut broadcasts),
                    Packet::EchoAck { id, data } => {
                        frames::head(TEXT, 3 + id.len() + data.len(), out);
                        contract::ack(id, data, out);
                    }
                    Packet::Join { id } => {
                        joins = true;
                        frames::head(TEXT, 4 + id.len(), out);
                        contract::ack(id, b"]", out);
                    }
                    Packet::Connect => frames::write(TEXT, &contract::connected(place), out),
                    Packet::Other => {}
                },
                // An attachment, which only `echo` has.
                BINARY => frames::write(BINARY, payload, out),
                PING => frames::write(PONG, payload, out),
                CLOSE => return None,
                _ => {}
            }
        }
        if joins && !self.room.contains(&place) {
            self.room.push(place);
        }
        if !broadcasts.is_empty() {
            let room = mem::take(&mut self.room);
            for &member in &room {
                self.out(member).extend_from_slice(&broadcasts);
            }
            self.room = room;
        }
        Some(used)
    }

    /// What a connection will hear at the end of this turn.
    fn out(&mut self, place: usize) -> &mut Vec<u8> {
        let connection = self.connections[place].as_mut().expect("who is gone is in no list");
        if !mem::replace(&mut connection.speaking, true) {
            self.speaking.push(place);
        }
        &mut connection.out
    }

    fn speak(&mut self) {
        let mut speaking = mem::take(&mut self.speaking);
        for place in speaking.drain(..) {
            let connection = self.connections[place].as_mut();
            if connection.is_some_and(|connection| connection.flush(&self.epoll, place).is_err()) {
                self.close(place);
            }
        }
        self.speaking = speaking;
    }

    fn close(&mut self, place: usize) {
        // Dropped, it is closed, and so out of the epoll.
        if self.connections[place].take().is_some() {
            self.free.push(place);
            self.room.retain(|member| *member != place);
            self.speaking.retain(|speaking| *speaking != place);
        }
    }
}

impl Connection {
    fn flush(&mut self, epoll: &OwnedFd, place: usize) -> io::Result<()> {
        self.speaking = false;
        if self.out.is_empty() {
            return Ok(());
        }
        let sent = match self.stream.write(&self.out) {
            Ok(len) => len,
            Err(error) if error.kind() == ErrorKind::WouldBlock => 0,
            Err(error) => return Err(error),
        };
        match sent == self.out.len() {
            true if self.out.capacity() > KEPT => self.out = Vec::new(),
            true => self.out.clear(),
            false => _ = self.out.drain(..sent),
        }
        if self.waits_to_write == self.out.is_empty() {
            self.waits_to_write = !self.out.is_empty();
            let writable =
                if self.waits_to_write { epoll::EventFlags::OUT } else { epoll::EventFlags::empty() };
            epoll::modify(epoll, &self.stream, key(place), epoll::EventFlags::IN | writable)?;
        }
        Ok(())
    }
}

fn key(place: usize) -> epoll::EventData {
    epoll::EventData::new_u64(place as u64)
}

const LISTENER: u64 = u64::MAX;
const PING_INTERVAL: Duration = Duration::from_secs(25);
/// Twice the longest frame that is understood.
const BUFFER: usize = 1 << 17;
/// What a connection keeps of a buffer that has been sent.
const KEPT: usize = 1 << 14;
