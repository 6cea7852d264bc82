//! What a connection does over streams that behave badly: one calls the sweep at the worst of times, one takes nothing any more.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use http::{Request, StatusCode};
use http_body_util::Empty;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::mpsc;
use tower_service::Service as _;

use crate::engine::Engine;
use crate::engine::promise::Upgrade;
use crate::{Data, Server};

#[tokio::test]
async fn a_deadline_that_is_told_before_anybody_could_be_woken_is_heard() {
    let io = Server::builder().build().unwrap();
    let engine = io.inner().engine.clone();
    let swept = Arc::new(AtomicBool::new(false));
    open(&io, Sweeping { engine: engine.clone(), swept: swept.clone() }).await;
    while !swept.load(Ordering::Relaxed) {
        tokio::task::yield_now().await;
    }
    let sessions = engine.registry.all();
    assert_eq!(sessions.len(), 1);
    assert!(!sessions[0].was_told_due(), "it has looked, and has another deadline");
}

#[tokio::test(start_paused = true)]
async fn what_a_client_said_before_it_was_cut_is_handled_although_a_write_finds_out_first() {
    let said = |packets: &[&str]| packets.iter().map(|packet| frame(packet)).collect::<Vec<_>>().concat();
    let pieces = [
        // The answer to CONNECT cannot be written, and there is more to read.
        vec![said(&["40"]), said(&[r#"42["up",1]"#]), said(&[r#"42["up",2]"#, r#"42["up",3]"#])],
        // It waits for a handler meanwhile.
        vec![said(&["40", r#"42["up",1]"#, r#"42["up",2]"#, r#"42["up",3]"#])],
    ];
    for pieces in pieces {
        let io = Server::builder().max_handlers_in_flight(1).build().unwrap();
        let (heard, mut hearing) = mpsc::unbounded_channel();
        io.on("up", move |Data(number): Data<u8>| {
            let heard = heard.clone();
            async move {
                tokio::time::sleep(Duration::from_secs(1)).await;
                heard.send(number).unwrap();
            }
        });
        open(&io, Cut(pieces.into())).await;
        for number in 1..=3 {
            assert_eq!(hearing.recv().await, Some(number));
        }
        while io.counters().sessions > 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

async fn open(io: &Server, stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) {
    let request = Request::builder()
        .uri("/socket.io/?EIO=4&transport=websocket")
        .header("upgrade", "websocket")
        .header("connection", "Upgrade")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
        .extension(Upgrade::new(async { Ok(stream) }))
        .body(Empty::<bytes::Bytes>::new())
        .unwrap();
    let Ok(response) = io.service().call(request).await;
    assert_eq!(response.status(), StatusCode::SWITCHING_PROTOCOLS);
}

/// A client's text in one frame, under a mask of zeros.
fn frame(text: &str) -> Vec<u8> {
    let length = u8::try_from(text.len()).unwrap();
    [&[0x81, 0x80 | length, 0, 0, 0, 0], text.as_bytes()].concat()
}

/// What its client sent before it was cut. Nothing can be written.
struct Cut(VecDeque<Vec<u8>>);

impl AsyncRead for Cut {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.0.pop_front() {
            Some(piece) => buffer.put_slice(&piece),
            None => return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into())),
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Cut {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, _: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// Nothing comes from it. As the first bytes are written to it, the sweep tells every session that its time has come.
struct Sweeping {
    engine: Arc<Engine>,
    swept: Arc<AtomicBool>,
}

impl AsyncRead for Sweeping {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, _: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Poll::Pending
    }
}

impl AsyncWrite for Sweeping {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if !self.swept.swap(true, Ordering::Relaxed) {
            self.engine.registry.all().iter().for_each(|session| session.tell_due());
        }
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
