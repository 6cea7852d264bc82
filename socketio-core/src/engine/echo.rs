//! A bare WebSocket echo on the engine's own handshake, codec and outgoing queue, for conformance suites that know no Engine.IO.

use std::convert::Infallible;
use std::future::poll_fn;

use bytes::Bytes;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

use super::io::Io;
use super::promise::Promise;
use super::request::{Refusal, RequestKind};
use super::rope::{Frames, Rope};
use super::sending::Sending;
use super::upgrade::{switching, take};
use crate::protocol::frame::{self, Decoder, Message, Opcode};

/// Answers the opening handshake on `stream` and echoes every message of at most `max_message` bytes, until the client closes.
#[doc(hidden)]
pub async fn websocket_echo(stream: TcpStream, max_message: usize) {
    let service = service_fn(move |request: hyper::Request<hyper::body::Incoming>| async move {
        let (mut parts, _) = request.into_parts();
        let kind = RequestKind::of(&parts);
        let promise = Promise::take(&mut parts.extensions);
        let response = match switching(&parts.headers, promise) {
            Ok((response, upgrade)) => {
                tokio::spawn(async move {
                    if let Some((io, early)) = take(upgrade, None).await {
                        echo(io, early, max_message).await;
                    }
                });
                response
            }
            Err(refusal) => Refusal::into_response(refusal, kind),
        };
        Ok::<_, Infallible>(response)
    });
    let connection =
        hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    let _ = connection.with_upgrades().await;
}

async fn echo(mut io: Io, mut input: Vec<u8>, max_message: usize) {
    let mut decoder = Decoder::new(max_message);
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let (answers, open) = answer(&mut decoder, &mut input);
        let mut sending = Sending::default();
        sending.append(answers);
        while !sending.is_empty() {
            if poll_fn(|cx| sending.poll_write(&mut io, cx)).await.is_err() {
                return;
            }
        }
        if !open {
            let _ = tokio::io::AsyncWriteExt::shutdown(&mut io).await;
            return;
        }
        match io.read(&mut buffer).await {
            Ok(length @ 1..) => input.extend_from_slice(buffer.get(..length).unwrap_or_default()),
            _ => return,
        }
    }
}

/// The frames that answer `input`, and whether the connection goes on.
fn answer(decoder: &mut Decoder, input: &mut Vec<u8>) -> (Rope, bool) {
    let mut rope = Rope::default();
    let mut out = Vec::new();
    let mut rest = &mut input[..];
    let mut open = true;
    while open && !rest.is_empty() {
        let used = match decoder.read(rest) {
            Ok((used, message)) => {
                match message {
                    Some(Message::Text(text)) => frame::write(&mut out, Opcode::Text, text.as_bytes()),
                    Some(Message::Binary(bytes)) => frame::write(&mut out, Opcode::Binary, bytes),
                    Some(Message::Ping(payload)) => frame::write(&mut out, Opcode::Pong, payload),
                    Some(Message::Close(close)) => {
                        frame::close(&mut out, close.map_or(1000, |(code, _)| code), "");
                        open = false;
                    }
                    Some(Message::Pong(_)) | None => {}
                }
                used
            }
            Err(error) => {
                frame::close(&mut out, error.close_code(), "");
                open = false;
                0
            }
        };
        rest = rest.get_mut(used..).unwrap_or_default();
    }
    rope.push(Frames::Shared(Bytes::from(out)));
    input.clear();
    (rope, open)
}
