//! The connection behind a test's client: a task that reads, and what the client shares with it.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::io::AsyncWriteExt as _;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::timeout;

use super::error::{Ended, TestError};
use super::event::Event;
use super::pipe::{self, Reader, Writer};
use crate::protocol::args::{self, ArgsRef, EncodeError, RawArgs};
use crate::protocol::engine;
use crate::protocol::frame::Opcode;
use crate::protocol::packet::{Kind, Packet};

/// What the client and the task that reads share.
pub(super) struct Link {
    pub(super) namespace: Box<str>,
    writer: tokio::sync::Mutex<Writer>,
    next_id: AtomicU64,
    asked: Mutex<HashMap<u64, oneshot::Sender<RawArgs>>>,
    /// The answer to CONNECT, until it has come.
    entering: Mutex<Option<oneshot::Sender<Result<String, TestError>>>>,
    ended: watch::Sender<Option<Ended>>,
    deadline: Duration,
}

impl Link {
    pub(super) fn new(
        namespace: &str,
        writer: Writer,
        deadline: Duration,
    ) -> (Arc<Self>, oneshot::Receiver<Result<String, TestError>>) {
        let (entering, entered) = oneshot::channel();
        let link = Link {
            namespace: namespace.into(),
            writer: tokio::sync::Mutex::new(writer),
            next_id: AtomicU64::new(0),
            asked: Mutex::default(),
            entering: Mutex::new(Some(entering)),
            ended: watch::Sender::new(None),
            deadline,
        };
        (Arc::new(link), entered)
    }

    /// Sends a Socket.IO packet and its attachments.
    pub(super) async fn send(
        &self,
        encode: impl FnOnce(&mut Vec<u8>) -> Result<Vec<Bytes>, EncodeError>,
    ) -> Result<(), TestError> {
        let mut packet = b"4".to_vec();
        let attachments = encode(&mut packet)?;
        let mut frames = Vec::new();
        pipe::write(&mut frames, Opcode::Text, &packet);
        for attachment in attachments {
            pipe::write(&mut frames, Opcode::Binary, &attachment);
        }
        self.write(&frames).await
    }

    /// Sends one frame.
    pub(super) async fn send_frame(&self, opcode: Opcode, payload: &[u8]) -> Result<(), TestError> {
        let mut frame = Vec::new();
        pipe::write(&mut frame, opcode, payload);
        self.write(&frame).await
    }

    async fn write(&self, frames: &[u8]) -> Result<(), TestError> {
        if let Some(ended) = *self.ended.borrow() {
            return Err(TestError::Ended(ended));
        }
        let writing = async {
            let mut writer = self.writer.lock().await;
            let begun = Begun(self);
            let written = writer.write_all(frames).await;
            std::mem::forget(begun);
            written
        };
        match timeout(self.deadline, writing).await {
            Ok(written) => {
                written.map_err(|_| TestError::Ended(self.ended.borrow().unwrap_or(Ended::Closed)))
            }
            Err(_) => {
                let what = "the server to read".to_owned();
                Err(TestError::Timeout { what, waited: self.deadline, instead: Vec::new() })
            }
        }
    }

    /// The id of a question, and where its answer will be.
    pub(super) fn ask(&self) -> (u64, oneshot::Receiver<RawArgs>) {
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        let (answer, answered) = oneshot::channel();
        lock(&self.asked).insert(id, answer);
        (id, answered)
    }

    /// Nobody waits for this answer any more.
    pub(super) fn forget(&self, id: u64) {
        lock(&self.asked).remove(&id);
    }

    /// How it ended, if it has.
    pub(super) fn ended(&self) -> watch::Receiver<Option<Ended>> {
        self.ended.subscribe()
    }

    /// Says how it ended; the first word counts.
    pub(super) fn end(&self, how: Ended) {
        self.ended.send_if_modified(|ended| {
            let first = ended.is_none();
            ended.get_or_insert(how);
            first
        });
        lock(&self.asked).clear();
    }

    fn entered(&self, answer: Result<String, TestError>) {
        if let Some(entering) = lock(&self.entering).take() {
            // The test may have given up.
            let _ = entering.send(answer);
        }
    }
}

/// A write that is not through. Dropped, it has come to nothing: a part may have been sent, and nothing could follow it.
struct Begun<'a>(&'a Link);

impl Drop for Begun<'_> {
    fn drop(&mut self) {
        self.0.end(Ended::Closed);
    }
}

/// Reads until the connection is closed; events go to `events`, and while that is full nothing is read, as by a slow client.
pub(super) async fn read(mut reader: Reader, link: Arc<Link>, events: mpsc::Sender<Event>) {
    let mut half: Option<(String, Vec<Bytes>)> = None;
    let broken = loop {
        let handled = match reader.next().await {
            Ok(Some((Opcode::Text, text))) => on_text(&text, &link, &events, &mut half).await,
            Ok(Some((Opcode::Binary, bytes))) => match half.take() {
                Some((text, mut attachments)) => {
                    attachments.push(bytes);
                    on_packet(text, attachments, &link, &events, &mut half).await
                }
                None => Err("bytes that belong to no packet".to_owned()),
            },
            Ok(Some((Opcode::Close, _)) | None) | Err(_) => break None,
            Ok(Some(_)) => Ok(()),
        };
        if let Err(broken) = handled {
            break Some(broken);
        }
    };
    link.end(Ended::Closed);
    let ended = || TestError::Ended(link.ended.borrow().unwrap_or(Ended::Closed));
    link.entered(Err(broken.map_or_else(ended, TestError::Protocol)));
}

/// A text of Engine.IO.
async fn on_text(
    text: &[u8],
    link: &Arc<Link>,
    events: &mpsc::Sender<Event>,
    half: &mut Option<(String, Vec<Bytes>)>,
) -> Result<(), String> {
    let text = std::str::from_utf8(text).map_err(|error| error.to_string())?;
    match engine::Packet::parse(text).map_err(|error| error.to_string())? {
        engine::Packet::Ping(text) => {
            // Where the connection has ended, that is read next.
            let _ = link.send_frame(Opcode::Text, format!("3{text}").as_bytes()).await;
            Ok(())
        }
        engine::Packet::Message(text) => on_packet(text.to_owned(), Vec::new(), link, events, half).await,
        _ => Ok(()),
    }
}

/// A packet with the attachments that have come so far.
async fn on_packet(
    text: String,
    attachments: Vec<Bytes>,
    link: &Arc<Link>,
    events: &mpsc::Sender<Event>,
    half: &mut Option<(String, Vec<Bytes>)>,
) -> Result<(), String> {
    let packet = Packet::parse(&text, usize::MAX).map_err(|error| error.to_string())?;
    if attachments.len() < packet.attachments {
        *half = Some((text, attachments));
        return Ok(());
    }
    if packet.namespace != &*link.namespace {
        return Ok(());
    }
    match packet.kind {
        Kind::Connect => link.entered(read_json::<Entered>(packet.data).map(|entered| entered.sid)),
        Kind::ConnectError => link.entered(read_json::<Refused>(packet.data).and_then(|refused| {
            let data = refused.data.map(|data| data.get().to_owned());
            Err(TestError::Refused { message: refused.message, data })
        })),
        Kind::Disconnect => link.end(Ended::ByServer),
        Kind::Event | Kind::BinaryEvent => {
            let event = args::Event::parse(packet.data, &attachments).map_err(|error| error.to_string())?;
            let event = Event::new(event.name.into_owned(), event.args.to_raw(), packet.id, link.clone());
            // The test may be over.
            let _ = events.send(event).await;
        }
        Kind::Ack | Kind::BinaryAck => {
            let args = ArgsRef::parse(packet.data, &attachments).map_err(|error| error.to_string())?;
            if let Some(answer) = packet.id.and_then(|id| lock(&link.asked).remove(&id)) {
                let _ = answer.send(args.to_raw());
            }
        }
    }
    Ok(())
}

#[derive(Deserialize)]
struct Entered {
    sid: String,
}

#[derive(Deserialize)]
struct Refused {
    message: String,
    data: Option<Box<RawValue>>,
}

fn read_json<'a, T: Deserialize<'a>>(json: &'a str) -> Result<T, TestError> {
    serde_json::from_str(json).map_err(|error| TestError::Protocol(error.to_string()))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link")
            .field("namespace", &self.namespace)
            .field("ended", &*self.ended.borrow())
            .finish()
    }
}
