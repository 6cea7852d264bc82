//! The polling transport: a GET waits for what is to be sent, a POST brings what the client says.
//!
//! ```text
//! GET  ?EIO=4&transport=polling          -> 0{"sid":…}             a session opens
//! GET  ?EIO=4&transport=polling&sid=…    -> 42["a"]␞42["b"]         answered as soon as there is something
//! POST ?EIO=4&transport=polling&sid=…    -> ok                      when every packet of the body has reached its handler
//! ```
//!
//! At most one GET and one POST of a session are in flight; a second one ends it. The answer to a POST waits while the client's own
//! queue is over half full or its handlers are all busy: that is how a client that asks faster than it reads is slowed down.
//! Specification: engine.io-protocol, "HTTP long-polling".

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Buf, Bytes};
use http::{HeaderMap, HeaderValue, Response, header};
use http_body_util::BodyExt;

use super::admission::Place;
use super::budget;
use super::close::{Close, DisconnectReason};
use super::compress::compress;
use super::farewell::Farewell;
use super::held::Held;
use super::limits::Limit;
use super::outbox::{Outbox, Reader, Taken};
use super::parts::Handshake;
use super::request::Refusal;
use super::rope::Rope;
use super::session::{Session, Turn};
use super::{Application, BoxError, Engine, Inbox, spare};
use crate::http::Body;
use crate::protocol::engine::{Packet, Transport};
use crate::protocol::frame::{self, Opcode};
use crate::protocol::handshake::Open;
use crate::protocol::payload::{self, Payload};
use crate::protocol::sid::SessionId;

/// Opens a session; the answer is its open packet.
pub(super) fn open(
    engine: &Arc<Engine>,
    application: &dyn Application,
    headers: &HeaderMap,
    id: SessionId,
    handshake: Handshake,
    place: Place,
) -> Response<Body> {
    let session = engine.admit(id, handshake, Reader::Polling, place);
    session.start_polling(application.open(&session));
    engine.greet(&session);
    engine.register(&session);
    let upgrades: &[Transport] = if engine.config.upgrades() { &[Transport::Websocket] } else { &[] };
    let mut body = Vec::with_capacity(160);
    engine.open_packet(session.id().reveal(), upgrades).encode(&mut body);
    let mut response = answer(engine, body, headers, true, Body::full);
    engine.set_cookie(session.id(), response.headers_mut());
    response
}

/// Answers with what is queued, as soon as there is something.
pub(super) async fn get(session: Arc<Session>, headers: &HeaderMap) -> Result<Response<Body>, Refusal> {
    session.begin_get().map_err(|turn| refuse(&session, turn, "a GET is in flight already"))?;
    let mut getting = Getting { session: Some(session.clone()) };
    let taken = poll_fn(|cx| session.outbox.poll_payload(cx)).await;
    getting.session = None;
    let engine = session.engine.clone();
    let mut body = Vec::new();
    match taken {
        Taken::Frames { rope, compress } => {
            let bytes = rope.len();
            encode(&rope, &mut body);
            spare::give(rope.tail);
            return Ok(answer(&engine, body, headers, compress, |body| watched(session, bytes, body)));
        }
        Taken::Handed | Taken::Probing => {
            session.end_get();
            Packet::Noop.encode(&mut body);
        }
        Taken::Close(close, _) => {
            // A client that closed by POST gets its GET back; one that is sent away is told so.
            let closed = close.reason == DisconnectReason::TransportClose;
            if closed { Packet::Noop } else { Packet::Close }.encode(&mut body);
            session.end_polling();
        }
        Taken::Ended => return Err(Refusal::UnknownSession),
    }
    Ok(answer(&engine, body, headers, true, Body::full))
}

/// Hands the packets of the body to the handlers, in order.
pub(super) async fn post<B>(
    session: Arc<Session>,
    headers: &HeaderMap,
    body: B,
) -> Result<Response<Body>, Refusal>
where
    B: http_body::Body + Unpin,
    B::Error: Into<BoxError>,
{
    if headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"application/octet-stream"))
    {
        session.close(Close::parse_error("a polling body is text"));
        return Err(Refusal::BadRequest("invalid content"));
    }
    let inbox = session.begin_post().map_err(|turn| refuse(&session, turn, "a POST is in flight already"))?;
    let open = session.engine.hold_open(0);
    let mut posting = Posting { session: &session, inbox: Some(inbox), done: false, _open: open };
    let body = {
        let mut reading = pin!(read(&session, headers, body));
        poll_fn(|cx| match session.outbox.poll_closing(cx) {
            Poll::Ready(()) => Poll::Ready(None),
            Poll::Pending => reading.as_mut().poll(cx).map(Some),
        })
        .await
    };
    let (body, _held) = match body.unwrap_or_else(|| Err((session.end(), Refusal::UnknownSession))) {
        Ok(body) => body,
        Err((close, refusal)) => {
            session.close(close);
            posting.done = true;
            return Err(refusal);
        }
    };
    let Some(inbox) = posting.inbox.as_mut() else {
        return Err(Refusal::UnknownSession);
    };
    let handled = receive(&session, inbox, &body).await;
    posting.done = true;
    match handled {
        Ok(()) => Ok(Response::new(Body::full("ok"))),
        Err(close) if close.reason == DisconnectReason::TransportClose => {
            session.close(close);
            Ok(Response::new(Body::full("ok")))
        }
        Err(close) => {
            session.close(close);
            Err(Refusal::BadRequest("the body is not a payload this session accepts"))
        }
    }
    .map(|mut response| {
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html"));
        response
    })
}

/// A session's turn that was refused ends the session when the client broke the protocol.
fn refuse(session: &Arc<Session>, turn: Turn, detail: &'static str) -> Refusal {
    match turn {
        Turn::Overlap => {
            session.close(Close::with(DisconnectReason::TransportError, detail));
            Refusal::BadRequest("overlap from client")
        }
        Turn::Mismatch => Refusal::BadRequest("transport mismatch"),
        Turn::Ended => Refusal::UnknownSession,
    }
}

/// Packets of one body that are handled before other tasks of the thread have their turn.
const YIELD_AFTER: usize = 256;

async fn receive(session: &Session, inbox: &mut Box<dyn Inbox>, body: &[u8]) -> Result<(), Close> {
    let body = simdutf8::basic::from_utf8(body).map_err(|_| Close::parse_error("a polling body is UTF-8"))?;
    slow_down(session, false, body.len()).await?;
    for (number, packet) in payload::decode(body).enumerate() {
        slow_down(session, true, 0).await?;
        hold_back(session, inbox, Outbox::poll_turn).await;
        if session.outbox.is_closing() {
            // What the client said after its own end is nobody's.
            break;
        }
        match packet.map_err(Close::parse_error)? {
            Packet::Message(text) => inbox.text(text)?,
            Packet::Binary(bytes) => inbox.binary(&bytes)?,
            Packet::Pong(_) => session.pong(),
            Packet::Noop => {}
            Packet::Close => return Err(Close::new(DisconnectReason::TransportClose)),
            Packet::Open(_) | Packet::Ping(_) | Packet::Upgrade => {
                return Err(Close::parse_error("this packet is the server's to send"));
            }
        }
        if number % YIELD_AFTER == YIELD_AFTER - 1 {
            tokio::task::yield_now().await;
        }
    }
    hold_back(session, inbox, Outbox::poll_answer).await;
    Ok(())
}

/// Waits as long as `poll`, which is told whether handlers may start.
async fn hold_back(
    session: &Session,
    inbox: &mut Box<dyn Inbox>,
    poll: impl Fn(&Outbox, usize, bool, &Context<'_>) -> Poll<()>,
) {
    let mut held = false;
    poll_fn(|cx| {
        let handlers = inbox.poll_ready(cx).is_ready();
        let turn = poll(&session.outbox, session.max_outgoing(), handlers, cx);
        if turn.is_pending() != held {
            held = turn.is_pending();
            session.hold_post(held);
        }
        turn
    })
    .await;
}

/// A client that is faster than it may be waits, or has to go.
async fn slow_down(session: &Session, packet: bool, bytes: usize) -> Result<(), Close> {
    let Some(throttle) = session.throttle() else { return Ok(()) };
    let Some(wait) = throttle.take(session, packet, bytes, session.engine.now())? else { return Ok(()) };
    session.hold_post(true);
    let mut sleep = pin!(tokio::time::sleep(wait));
    poll_fn(|cx| match session.outbox.poll_closing(cx) {
        Poll::Ready(()) => Poll::Ready(()),
        Poll::Pending => sleep.as_mut().poll(cx),
    })
    .await;
    session.hold_post(false);
    Ok(())
}

async fn read<B>(
    session: &Arc<Session>,
    headers: &HeaderMap,
    mut body: B,
) -> Result<(Vec<u8>, Held), (Close, Refusal)>
where
    B: http_body::Body + Unpin,
    B::Error: Into<BoxError>,
{
    let config = &session.engine.config;
    let limit = config.max_payload;
    let too_large = |size: u64| {
        let detail = format!("a body of {size} bytes or more, the limit is {limit} (max_payload)");
        (Close::over_limit(Limit::Payload, detail), Refusal::TooLarge { limit })
    };
    let announced =
        headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if let Some(size) = announced.filter(|&size| size > limit as u64) {
        return Err(too_large(size));
    }
    let patience = Duration::from_millis(u64::from(config.ping_interval) + u64::from(config.ping_timeout));
    let mut bytes = Vec::new();
    let mut held = Held::new(session);
    let whole = tokio::time::timeout(patience, async {
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|_| {
                let close = Close::with(DisconnectReason::TransportError, "a POST was cut off");
                (close, Refusal::BadRequest("incomplete body"))
            })?;
            let Ok(mut data) = frame.into_data() else { continue };
            if bytes.len() + data.remaining() > limit {
                return Err(too_large((bytes.len() + data.remaining()) as u64));
            }
            while data.has_remaining() {
                let chunk = data.chunk();
                bytes.extend_from_slice(chunk);
                let length = chunk.len();
                data.advance(length);
            }
            held.set(bytes.capacity());
        }
        Ok(())
    });
    match whole.await {
        Ok(read) => read?,
        Err(_) => {
            let close = Close::with(DisconnectReason::TransportError, "a POST did not end in time");
            return Err((close, Refusal::BadRequest("incomplete body")));
        }
    }
    Ok((bytes, held))
}

/// Frames of the queue as packets of a payload.
fn encode(rope: &Rope, body: &mut Vec<u8>) {
    body.reserve(rope.len());
    let mut payload = Payload::new(body);
    for chunk in rope.parts.iter().map(|part| &part[..]).chain([&rope.tail[..]]) {
        let mut frames = chunk;
        while let Some((opcode, header, length)) = frame::peek(frames) {
            let Some((packet, rest)) =
                frames.get(header..).and_then(|frames| frames.split_at_checked(length))
            else {
                break;
            };
            match opcode {
                Opcode::Text => payload.text(packet),
                Opcode::Binary => payload.binary(packet),
                _ => {}
            }
            frames = rest;
        }
    }
}

/// An answer with `bytes` of the queue, which count until the server has taken it.
fn watched(session: Arc<Session>, bytes: usize, body: Bytes) -> Body {
    // Of what does not count nothing needs to be taken back.
    let lender = (bytes > budget::FREE).then(|| session.clone());
    let on_end = Box::new(move |whole: bool| {
        session.outbox.delivered(bytes, &session.engine.outgoing);
        if !whole && session.is_polling() {
            session.close(Close::with(DisconnectReason::TransportError, "a poll was cut off"));
        }
        session.end_get();
    });
    let Some(lender) = lender else {
        return Body::watched(body, on_end);
    };
    let (body, lent) = Body::lent(body, on_end);
    lender.outbox.lend(lent);
    body
}

fn answer(
    engine: &Engine,
    body: Vec<u8>,
    asked: &HeaderMap,
    compressed: bool,
    into_body: impl FnOnce(Bytes) -> Body,
) -> Response<Body> {
    let (body, encoding) = match engine.config.compression {
        Some(threshold) if compressed => compress(body, asked.get(header::ACCEPT_ENCODING), threshold),
        _ => (body, None),
    };
    let mut response = Response::new(into_body(body.into()));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=UTF-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(encoding) = encoding {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    if engine.config.compression.is_some() {
        headers.append(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    }
    response
}

/// A GET that waits; dropped when its connection breaks, which ends the session.
struct Getting {
    session: Option<Arc<Session>>,
}

impl Drop for Getting {
    fn drop(&mut self) {
        if let Some(session) = self.session.take().filter(|session| session.is_polling()) {
            session.close(Close::with(DisconnectReason::TransportError, "a poll was cut off"));
            session.end_get();
        }
    }
}

/// A POST that has the inbox; puts it back however it ends.
struct Posting<'a> {
    session: &'a Arc<Session>,
    inbox: Option<Box<dyn Inbox>>,
    done: bool,
    /// Its last: the session may end meanwhile, and a shutdown waits until its disconnect handlers have begun.
    _open: Farewell,
}

impl Drop for Posting<'_> {
    fn drop(&mut self) {
        if !self.done {
            self.session.close(Close::with(DisconnectReason::TransportError, "a POST was cut off"));
        }
        if let Some(inbox) = self.inbox.take() {
            self.session.end_post(inbox);
        }
    }
}

impl Engine {
    /// The open packet of this engine's sessions.
    pub(super) fn open_packet<'a>(&self, sid: &'a str, upgrades: &'a [Transport]) -> Open<'a> {
        let millis = |millis: u32| Duration::from_millis(u64::from(millis));
        Open {
            sid,
            upgrades,
            ping_interval: millis(self.config.ping_interval) + millis(self.config.ping_grace),
            ping_timeout: millis(self.config.ping_timeout),
            max_payload: self.config.max_payload,
        }
    }
}
