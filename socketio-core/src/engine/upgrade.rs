//! From polling to WebSocket, and WebSockets from the start: what happens between the HTTP answer and the connection's own future.
//!
//! ```text
//! client: 2probe                 server: 3probe, and the GET in flight returns (a noop where nothing is queued)
//! client: 5                      the POST in flight ends, the WebSocket takes the inbox and the queue
//! ```
//!
//! Until `5` has come the session lives on polling, whatever becomes of the WebSocket. Nothing is lost, doubled or reordered: the
//! queue holds the same frames for both transports and one of them reads it, and the inbox has one owner at a time.
//! Specification: engine.io-protocol, "Upgrade".

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::admission::{Admission, Place};
use super::heartbeat::Heartbeat;
use super::io::Io;
use super::limits::Limit;
use super::outbox::Reader;
use super::parts::Handshake;
use super::promise::Promise;
use super::request::Refusal;
use super::rope::Frames;
use super::session::{Session, Turn};
use super::websocket::Connection;
use super::{Application, Engine, Inbox};
use crate::http::Body;
use crate::protocol::engine::Packet;
use crate::protocol::frame::{self, Decoder, Message, Opcode};
use crate::protocol::handshake::websocket_accept;
use crate::protocol::sid::SessionId;

/// How long the HTTP server has to hand over the connection once it was told to.
const HANDOVER: Duration = Duration::from_secs(10);

/// The longest message before the change, in bytes: as long as a control frame may be, and `2probe` is six.
const PROBE_MAX: usize = 125;

/// Answers 101 and opens a session on the WebSocket.
pub(super) fn open(
    engine: &Arc<Engine>,
    application: &Arc<dyn Application>,
    headers: &HeaderMap,
    promise: Option<Promise>,
    id: SessionId,
    handshake: Handshake,
    place: Place,
) -> Result<Response<Body>, Refusal> {
    let (mut response, upgrade) = switching(headers, promise)?;
    engine.set_cookie(&id, response.headers_mut());
    let (engine, application) = (engine.clone(), application.clone());
    engine.runtime.clone().spawn(async move {
        let Some((io, early)) = take(upgrade, Some(&engine.admission)).await else {
            return;
        };
        let session = engine.admit(id, handshake, Reader::Websocket, place);
        let inbox = application.open(&session);
        let mut open = Vec::with_capacity(192);
        let start = frame::begin(&mut open);
        engine.open_packet(session.id().reveal(), &[]).encode(&mut open);
        let at = frame::finish(&mut open, start, Opcode::Text);
        let _ = session.push(Frames::Copied(open.get(at..).unwrap_or_default()));
        engine.greet(&session);
        engine.register(&session);
        run(io, session, inbox, engine.heartbeat(), Decoder::new(engine.config.max_payload), early);
    });
    Ok(response)
}

/// Answers 101 and tries to move `session` to the WebSocket.
pub(super) fn upgrade(
    session: Arc<Session>,
    headers: &HeaderMap,
    promise: Option<Promise>,
) -> Result<Response<Body>, Refusal> {
    let (response, upgrade) = switching(headers, promise)?;
    let attempt = Attempt::begin(session).map_err(|turn| match turn {
        Turn::Overlap => Refusal::BadRequest("an upgrade is under way already"),
        Turn::Mismatch | Turn::Ended => Refusal::BadRequest("the session has been upgraded already"),
    })?;
    let runtime = attempt.session.engine.runtime.clone();
    runtime.spawn(attempt.run(upgrade));
    Ok(response)
}

/// An upgrade that polling survives if it comes to nothing.
#[derive(Debug)]
pub(crate) struct Attempt {
    session: Arc<Session>,
    done: bool,
}

impl Attempt {
    /// One at a time.
    pub(crate) fn begin(session: Arc<Session>) -> Result<Self, Turn> {
        session.begin_upgrade()?;
        Ok(Attempt { session, done: false })
    }

    async fn run(self, upgrade: Promise) {
        let limit = Duration::from_millis(u64::from(self.session.engine.config.upgrade_timeout));
        match tokio::time::timeout(limit, self.probe(upgrade)).await {
            Ok(Some((io, decoder, early))) => {
                let session = self.session.clone();
                // A POST in flight may take its time; the deadline was the client's.
                let Some((inbox, heartbeat)) = self.take_over().await else { return };
                tracing::debug!(target: "engineio", sid = %session.id(), "upgraded to websocket");
                inbox.upgraded();
                run(io, session, inbox, heartbeat, decoder, early);
            }
            Ok(None) => tracing::debug!(target: "engineio", sid = %self.session.id(), "upgrade abandoned"),
            Err(_) => {
                let reached = &self.session.engine.reached;
                reached.note(Limit::UpgradeTimeout, self.session.id(), "the upgrade did not end in time");
            }
        }
    }

    /// The GET in flight returns, and those to come return at once.
    pub(crate) fn probed(&self) {
        self.session.outbox.hand_to(Reader::Probing);
    }

    /// After `5`: the inbox and the heartbeat, once the POST in flight is through. `None`: the session has ended.
    pub(crate) async fn take_over(mut self) -> Option<(Box<dyn Inbox>, Heartbeat)> {
        let taken = poll_fn(|cx| self.session.poll_take_over(cx)).await;
        self.done = taken.is_some();
        taken
    }

    /// Waits for `2probe` and `5`; anything else ends the attempt.
    async fn probe(&self, upgrade: Promise) -> Option<(Io, Decoder, Vec<u8>)> {
        let (mut io, mut input) = take(upgrade, Some(&self.session.engine.admission)).await?;
        // What is long is refused at its header: the session's bounds do not hold here yet.
        let mut decoder = Decoder::new(PROBE_MAX);
        let mut probed = false;
        loop {
            let mut at = 0;
            while at < input.len() {
                let (used, message) = decoder.read(input.get_mut(at..)?).ok()?;
                at += used;
                match message {
                    None => {}
                    Some(Message::Text(text)) => match Packet::parse(text) {
                        Ok(Packet::Ping("probe")) if !probed => {
                            probed = true;
                            let mut pong = Vec::new();
                            frame::write(&mut pong, Opcode::Text, b"3probe");
                            // The probe is answered before the GET returns: the client stops polling when it hears back.
                            io.write_all(&pong).await.ok()?;
                            io.flush().await.ok()?;
                            self.probed();
                        }
                        Ok(Packet::Upgrade) if probed => {
                            input.drain(..at);
                            let decoder = Decoder::new(self.session.engine.config.max_payload);
                            return Some((io, decoder, input));
                        }
                        _ => return None,
                    },
                    Some(Message::Ping(payload)) => {
                        let mut pong = Vec::new();
                        frame::write(&mut pong, Opcode::Pong, payload);
                        io.write_all(&pong).await.ok()?;
                    }
                    Some(Message::Pong(_)) => {}
                    Some(Message::Binary(_) | Message::Close(_)) => return None,
                }
            }
            input.clear();
            let mut buffer = [0; 4096];
            let length = {
                let mut reading = std::pin::pin!(io.read(&mut buffer));
                poll_fn(|cx| match self.session.poll_ended(cx) {
                    Poll::Ready(()) => Poll::Ready(None),
                    Poll::Pending => reading.as_mut().poll(cx).map(Result::ok),
                })
                .await?
            };
            if length == 0 {
                return None;
            }
            input.extend_from_slice(buffer.get(..length)?);
        }
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        if !self.done {
            self.session.abandon_upgrade();
        }
    }
}

fn run(
    io: Io,
    session: Arc<Session>,
    inbox: Box<dyn Inbox>,
    heartbeat: Heartbeat,
    decoder: Decoder,
    early: Vec<u8>,
) {
    let engine = session.engine.clone();
    // A task of its own, small: the state of the handshake is gone. Its turns are its own bound, so tokio's would only make
    // handlers wait that need not.
    engine
        .runtime
        .spawn(tokio::task::unconstrained(Connection::new(io, session, inbox, heartbeat, decoder, early)));
}

/// The 101, and the promise of the connection under it.
pub(super) fn switching(
    headers: &HeaderMap,
    promise: Option<Promise>,
) -> Result<(Response<Body>, Promise), Refusal> {
    let key = headers.get(header::SEC_WEBSOCKET_KEY).and_then(|key| key.to_str().ok()).unwrap_or_default();
    let accept = websocket_accept(key).map_err(|_| Refusal::BadRequest("Sec-WebSocket-Key"))?;
    let upgrade = promise.ok_or(Refusal::BadRequest("this connection cannot be upgraded"))?;
    let subprotocol = subprotocol(headers);
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    let accept = HeaderValue::from_str(&accept).map_err(|_| Refusal::BadRequest("Sec-WebSocket-Key"))?;
    headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
    if let Some(subprotocol) = subprotocol {
        headers.insert(header::SEC_WEBSOCKET_PROTOCOL, subprotocol);
    }
    Ok((response, upgrade))
}

/// The first subprotocol that was asked for, as Node's server chooses: browsers fail a connection for which none was chosen.
fn subprotocol(asked: &HeaderMap) -> Option<HeaderValue> {
    let asked = asked.get(header::SEC_WEBSOCKET_PROTOCOL)?.to_str().ok()?;
    let first = asked.split(',').next()?.trim_matches([' ', '\t']);
    let is_token = !first.is_empty()
        && first.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte));
    is_token.then(|| HeaderValue::from_str(first).ok())?
}

/// The stream of an upgraded connection, counted by `admission` if it is given, and what was read beyond the request.
pub(super) async fn take(upgrade: Promise, admission: Option<&Arc<Admission>>) -> Option<(Io, Vec<u8>)> {
    let (stream, early) = tokio::time::timeout(HANDOVER, upgrade.keep()).await.ok()??;
    Some((Io::new(stream, admission.map(Admission::enter_socket)), early))
}
