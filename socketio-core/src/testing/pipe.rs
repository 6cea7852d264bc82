//! A WebSocket to the server's own service, through a pipe in memory.

use std::io;

use bytes::{Buf as _, Bytes, BytesMut};
use http::{Extensions, Request, StatusCode};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::upgrade::Upgraded;
use hyper::{client, server};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt as _, ReadHalf, WriteHalf};
use tower_service::Service as _;

use super::error::TestError;
use crate::http::{Body, SocketIoService};
use crate::protocol::frame::{self, Opcode};

pub(super) type Writer = WriteHalf<TokioIo<Upgraded>>;

/// Reads the server's frames.
pub(super) struct Reader {
    stream: ReadHalf<TokioIo<Upgraded>>,
    buffer: BytesMut,
}

/// Sends `request`, with `extensions` as a host framework would add them, and changes over to WebSocket.
pub(super) async fn open(
    service: SocketIoService,
    request: Request<Body>,
    extensions: Extensions,
) -> Result<(Reader, Writer), TestError> {
    let (near, far) = tokio::io::duplex(PIPE);
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().extend(extensions.clone());
        service.clone().call(request)
    });
    let serving = server::conn::http1::Builder::new().serve_connection(TokioIo::new(far), service);
    tokio::spawn(serving.with_upgrades());

    let broken = |error: hyper::Error| TestError::Protocol(error.to_string());
    let (mut requests, connection) =
        client::conn::http1::handshake(TokioIo::new(near)).await.map_err(broken)?;
    tokio::spawn(connection.with_upgrades());
    let response = requests.send_request(request).await.map_err(broken)?;
    if response.status() != StatusCode::SWITCHING_PROTOCOLS {
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.map_err(broken)?.to_bytes();
        return Err(TestError::Request { status, body: String::from_utf8_lossy(&body).into_owned() });
    }
    let upgraded = hyper::upgrade::on(response).await.map_err(broken)?;
    let (stream, writer) = tokio::io::split(TokioIo::new(upgraded));
    Ok((Reader { stream, buffer: BytesMut::new() }, writer))
}

/// Bytes in the pipe, each way.
const PIPE: usize = 64 * 1024;

impl Reader {
    /// The next frame; `None` when the server has closed the connection.
    pub(super) async fn next(&mut self) -> io::Result<Option<(Opcode, Bytes)>> {
        loop {
            if let Some((opcode, header, payload)) = frame::peek(&self.buffer) {
                self.buffer.advance(header);
                return Ok(Some((opcode, self.buffer.split_to(payload).freeze())));
            }
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Ok(None);
            }
        }
    }
}

/// Appends one frame of a client. Its mask is all zeros, under which the payload stays as it is.
pub(super) fn write(out: &mut Vec<u8>, opcode: Opcode, payload: &[u8]) {
    let start = out.len();
    frame::write(out, opcode, &[]);
    out.truncate(start + 1);
    match payload.len() {
        short @ ..126 => out.push(MASKED | u8::try_from(short).unwrap_or_default()),
        medium @ ..0x1_0000 => {
            out.push(MASKED | 126);
            out.extend_from_slice(&u16::try_from(medium).unwrap_or_default().to_be_bytes());
        }
        long => {
            out.push(MASKED | 127);
            out.extend_from_slice(&(long as u64).to_be_bytes());
        }
    }
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(payload);
}

const MASKED: u8 = 0x80;
