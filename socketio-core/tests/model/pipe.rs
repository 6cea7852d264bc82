//! One connection of a client, through a pipe in memory: what is written is what the server reads, HTTP or frames.
//!
//! The pipe is narrow, so that the server's writes are stuck soon when the client takes nothing.

use std::sync::{Arc, Mutex};

use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use socketio_core::Server;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex, split};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

/// Dropped, it is cut.
pub(crate) struct Pipe {
    /// What the client has to say, however much the server takes.
    saying: mpsc::UnboundedSender<Vec<u8>>,
    got: Arc<Mutex<Got>>,
    /// Whether the client takes what comes.
    flowing: watch::Sender<bool>,
    tasks: [JoinHandle<()>; 2],
}

const WIDTH: usize = 512;

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
    pub(crate) fn open(io: &Server, request: &str) -> Pipe {
        let (near, far) = duplex(WIDTH);
        let service = TowerToHyperService::new(io.service());
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(far), service).with_upgrades());
        let (mut reader, mut writer) = split(near);
        let (saying, mut said) = mpsc::unbounded_channel::<Vec<u8>>();
        let writing = tokio::spawn(async move {
            while let Some(bytes) = said.recv().await {
                // A peer that has closed is no error: what it said before tells.
                let _ = writer.write_all(&bytes).await;
            }
        });
        let got = Arc::<Mutex<Got>>::default();
        let (flowing, mut flows) = watch::channel(true);
        let reading = tokio::spawn({
            let got = got.clone();
            async move {
                let mut buffer = [0; 4096];
                while flows.wait_for(|flows| *flows).await.is_ok() {
                    let read = tokio::select! {
                        biased;
                        _ = flows.changed() => continue,
                        read = reader.read(&mut buffer) => read,
                    };
                    let Ok(length @ 1..) = read else { break };
                    got.lock().unwrap().bytes.extend_from_slice(&buffer[..length]);
                }
                got.lock().unwrap().ended = true;
            }
        });
        let pipe = Pipe { saying, got, flowing, tasks: [reading, writing] };
        pipe.write(request.as_bytes());
        pipe
    }

    pub(crate) fn write(&self, bytes: &[u8]) {
        let _ = self.saying.send(bytes.to_vec());
    }

    /// The client takes nothing, or everything again.
    pub(crate) fn flow(&self, flows: bool) {
        self.flowing.send_replace(flows);
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
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

/// A frame of a client, masked with zeros.
pub(crate) fn frame(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let length = u8::try_from(payload.len()).ok().filter(|&length| length < 126).expect("a short frame");
    [&[0x80 | opcode, 0x80 | length, 0, 0, 0, 0], payload].concat()
}
