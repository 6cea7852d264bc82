//! The other side: a client that polls, and who owns a session's WebSocket.

use std::future::poll_fn;
use std::sync::Arc;

use ::http::{Method, Request, StatusCode};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use tower_service::Service as _;

use crate::Server;
use crate::engine::budget::Budget;
use crate::engine::outbox::{Bounds, Outbox, Taken};
use crate::engine::{Close, Rope};
use crate::http::SocketIoService;
use crate::protocol::frame;

/// A client of a real server, by requests that never see a wire.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    service: SocketIoService,
    query: String,
}

impl Client {
    /// Opens a session and joins `/`, without waiting for the answer to that.
    pub(crate) async fn connect(server: &Server) -> Client {
        let mut client = Client { service: server.service(), query: String::new() };
        let (status, open) = client.get().await;
        assert_eq!(status, StatusCode::OK);
        let sid = open.split('"').nth(3).expect("an open packet has a sid");
        client.query = format!("&sid={sid}");
        client.post("40").await;
        client
    }

    /// Polls; the body without what is in its packets.
    pub(crate) async fn get(&self) -> (StatusCode, String) {
        self.ask(Method::GET, "").await
    }

    pub(crate) async fn post(&self, body: &'static str) -> (StatusCode, String) {
        self.ask(Method::POST, body).await
    }

    async fn ask(&self, method: Method, body: &'static str) -> (StatusCode, String) {
        let request = Request::builder()
            .method(method)
            .uri(format!("/socket.io/?EIO=4&transport=polling{}", self.query))
            .body(Full::new(Bytes::from(body)))
            .expect("a request");
        let Ok(response) = self.service.clone().call(request).await;
        let status = response.status();
        let body = response.into_body().collect().await.expect("a body").to_bytes();
        (status, String::from_utf8(body.to_vec()).expect("text"))
    }
}

/// Reads a queue as the connection of a WebSocket does, until `enough` or the end; the payloads, and why it ended.
pub(crate) async fn read_websocket(
    outbox: &Outbox,
    bounds: &Bounds,
    mut enough: impl FnMut(&[String]) -> bool,
) -> (Vec<String>, Option<Close>) {
    let (mut read, mut written) = (Vec::new(), 0);
    while !enough(&read) {
        let taken = poll_fn(|cx| {
            outbox.reader_runs();
            outbox.poll_frames(std::mem::take(&mut written), true, bounds, cx)
        });
        match taken.await {
            Taken::Frames { rope, .. } => {
                written = rope.len();
                read.extend(payloads(&rope));
            }
            Taken::Close(close, rope) => {
                read.extend(payloads(&rope));
                return (read, Some(*close));
            }
            Taken::Ended => return (read, None),
            other => panic!("a WebSocket was told {other:?}"),
        }
    }
    (read, None)
}

/// What is in the frames of a rope.
pub(crate) fn payloads(rope: &Rope) -> Vec<String> {
    let bytes: Vec<u8> = rope.parts.iter().flatten().chain(&rope.tail).copied().collect();
    let (mut rest, mut payloads) = (&bytes[..], Vec::new());
    while let Some((_, header, payload)) = frame::peek(rest) {
        payloads.push(String::from_utf8(rest[header..header + payload].to_vec()).expect("text"));
        rest = &rest[header + payload..];
    }
    payloads
}

/// Bounds of one queue of `limit` bytes.
pub(crate) fn bounds(limit: usize) -> Arc<Bounds> {
    Arc::new(Bounds { limit, volatile_first: false, budget: Budget::new(usize::MAX) })
}
