//! The byte stream of an upgraded connection, without the HTTP server that it came from.

use std::any::Any;
use std::fmt;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::admission::OpenSocket;

/// A TCP connection where the HTTP server gives it back (plain hyper, hyper-util, axum), else whatever it wrapped (TLS, Unix sockets), or
/// what a server that is not hyper has given.
#[derive(Debug)]
pub(crate) struct Io {
    stream: Stream,
    _open: Option<OpenSocket>,
}

#[derive(Debug)]
pub(super) enum Stream {
    Tcp(TcpStream),
    Other(Box<TokioIo<Upgraded>>),
    Given(Box<dyn Given>),
}

/// What is asked of a stream that is given.
pub(super) trait Given: AsyncRead + AsyncWrite + Send + Unpin {}

impl<I: AsyncRead + AsyncWrite + Send + Unpin> Given for I {}

impl Io {
    /// A stream that counts as `open` for as long as it lives.
    pub(super) fn new(stream: Stream, open: Option<OpenSocket>) -> Io {
        Io { stream, _open: open }
    }
}

impl Stream {
    /// The stream under `upgraded`, and the bytes that were read past the request: they come first.
    pub(super) fn of(upgraded: Upgraded) -> (Stream, Bytes) {
        let upgraded = match upgraded.downcast::<TokioIo<TcpStream>>() {
            Ok(parts) => return (Stream::tcp(parts.io.into_inner()), parts.read_buf),
            Err(upgraded) => upgraded,
        };
        match hyper_util::server::conn::auto::upgrade::downcast::<TokioIo<TcpStream>>(upgraded) {
            Ok(parts) => (Stream::tcp(parts.io.into_inner()), parts.read_buf),
            Err(upgraded) => (Stream::Other(Box::new(TokioIo::new(upgraded))), Bytes::new()),
        }
    }

    pub(super) fn given<I: Given + 'static>(stream: I) -> Stream {
        let mut stream = Some(stream);
        if let Some(tcp) = (&mut stream as &mut dyn Any).downcast_mut().and_then(Option::take) {
            return Stream::tcp(tcp);
        }
        Stream::Given(Box::new(stream.expect("what is no TCP connection was not taken")))
    }

    fn tcp(stream: TcpStream) -> Stream {
        // Answers are written once per turn already: waiting to fill a segment only delays them.
        let _ = stream.set_nodelay(true);
        keep_kernel_queue_short(&stream);
        Stream::Tcp(stream)
    }
}

/// A ping goes ahead of what waits here, but not of what the kernel has taken: that is kept to what the network can use.
#[cfg(target_os = "linux")]
fn keep_kernel_queue_short(stream: &TcpStream) {
    const UNSENT: u32 = 128 * 1024;
    let _ = socket2::SockRef::from(stream).set_tcp_notsent_lowat(UNSENT);
}

#[cfg(not(target_os = "linux"))]
fn keep_kernel_queue_short(_: &TcpStream) {}

impl fmt::Debug for dyn Given {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Given")
    }
}

impl AsyncRead for Io {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().stream {
            Stream::Tcp(io) => Pin::new(io).poll_read(cx, buf),
            Stream::Other(io) => Pin::new(io).poll_read(cx, buf),
            Stream::Given(io) => Pin::new(io).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Io {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match &mut self.get_mut().stream {
            Stream::Tcp(io) => Pin::new(io).poll_write(cx, buf),
            Stream::Other(io) => Pin::new(io).poll_write(cx, buf),
            Stream::Given(io) => Pin::new(io).poll_write(cx, buf),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match &mut self.get_mut().stream {
            Stream::Tcp(io) => Pin::new(io).poll_write_vectored(cx, bufs),
            Stream::Other(io) => Pin::new(io).poll_write_vectored(cx, bufs),
            Stream::Given(io) => Pin::new(io).poll_write_vectored(cx, bufs),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().stream {
            Stream::Tcp(io) => Pin::new(io).poll_flush(cx),
            Stream::Other(io) => Pin::new(io).poll_flush(cx),
            Stream::Given(io) => Pin::new(io).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().stream {
            Stream::Tcp(io) => Pin::new(io).poll_shutdown(cx),
            Stream::Other(io) => Pin::new(io).poll_shutdown(cx),
            Stream::Given(io) => Pin::new(io).poll_shutdown(cx),
        }
    }
}
