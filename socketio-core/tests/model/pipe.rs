//! One connection of a client, through a pipe in memory: what is written is what the server reads, HTTP or frames.

use std::sync::{Arc, Mutex};

use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use socketio_core::Server;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, WriteHalf, duplex, split};
use tokio::task::JoinHandle;

/// Dropped, it is cut.
pub(crate) struct Pipe {
    writer: WriteHalf<DuplexStream>,
    got: Arc<Mutex<Got>>,
    reading: JoinHandle<()>,
}

#[derive(Default)]
struct Got {
    bytes: Vec<u8>,
    ended: bool,
}

/// A frame of the server.
#[derive(Debug, PartialEq)]
pub(crate) enum Frame {
    Text(String),
    Binary(Vec<u8>),
    Pong,
    Close,
}

impl Pipe {
    /// Connects and writes `request`.
    pub(crate) async fn open(io: &Server, request: String) -> Pipe {
        let (near, far) = duplex(1 << 16);
        let service = TowerToHyperService::new(io.service());
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(far), service).with_upgrades());
        let (mut reader, writer) = split(near);
        let got = Arc::<Mutex<Got>>::default();
        let reading = tokio::spawn({
            let got = got.clone();
            async move {
                let mut buffer = [0; 4096];
                while let Ok(length @ 1..) = reader.read(&mut buffer).await {
                    got.lock().unwrap().bytes.extend_from_slice(&buffer[..length]);
                }
                got.lock().unwrap().ended = true;
            }
        });
        let mut pipe = Pipe { writer, got, reading };
        pipe.write(request.as_bytes()).await;
        pipe
    }

    /// A peer that has closed is no error: what it said before tells.
    pub(crate) async fn write(&mut self, bytes: &[u8]) {
        let _ = self.writer.write_all(bytes).await;
    }

    /// Status and body, once the answer is whole; a 101 leaves the frames behind it.
    pub(crate) fn answer(&mut self) -> Option<(u16, String)> {
        let mut got = self.got.lock().unwrap();
        let text = String::from_utf8_lossy(&got.bytes).into_owned();
        let (head, body) = text.split_once("\r\n\r\n")?;
        let status = head.split(' ').nth(1)?.parse().expect("a status");
        if status == 101 {
            let length = head.len() + 4;
            got.bytes.drain(..length);
            return Some((status, String::new()));
        }
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap_or("0");
        (body.len() == length.parse::<usize>().expect("a length")).then(|| (status, body.to_owned()))
    }

    /// The frames that came since.
    pub(crate) fn frames(&mut self) -> Vec<Frame> {
        let mut got = self.got.lock().unwrap();
        let mut frames = Vec::new();
        while let [first, second, ..] = got.bytes[..] {
            let (start, length) = match second {
                126 if got.bytes.len() < 4 => break,
                126 => (4, usize::from(u16::from_be_bytes([got.bytes[2], got.bytes[3]]))),
                short => (2, usize::from(short)),
            };
            if got.bytes.len() < start + length {
                break;
            }
            let frame: Vec<u8> = got.bytes.drain(..start + length).skip(start).collect();
            frames.push(match first {
                0x81 => Frame::Text(String::from_utf8(frame).expect("text is UTF-8")),
                0x82 => Frame::Binary(frame),
                0x88 => Frame::Close,
                0x8A => Frame::Pong,
                other => panic!("a frame that begins with {other:#x}"),
            });
        }
        frames
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.got.lock().unwrap().ended
    }
}

impl Drop for Pipe {
    fn drop(&mut self) {
        self.reading.abort();
    }
}

/// A frame of a client, masked with zeros.
pub(crate) fn frame(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let length = u8::try_from(payload.len()).ok().filter(|&length| length < 126).expect("a short frame");
    [&[0x80 | opcode, 0x80 | length, 0, 0, 0, 0], payload].concat()
}
