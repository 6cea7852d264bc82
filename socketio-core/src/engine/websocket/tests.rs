//! What a connection does about the sweep, over a stream that calls it at the worst of times.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use http::{Request, StatusCode};
use http_body_util::Empty;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tower_service::Service as _;

use crate::Server;
use crate::engine::Engine;
use crate::engine::promise::Upgrade;

#[tokio::test]
async fn a_deadline_that_is_told_before_anybody_could_be_woken_is_heard() {
    let io = Server::builder().build().unwrap();
    let engine = io.inner().engine.clone();
    let swept = Arc::new(AtomicBool::new(false));
    let stream = Sweeping { engine: engine.clone(), swept: swept.clone() };
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
    while !swept.load(Ordering::Relaxed) {
        tokio::task::yield_now().await;
    }
    let sessions = engine.registry.all();
    assert_eq!(sessions.len(), 1);
    assert!(!sessions[0].was_told_due(), "it has looked, and has another deadline");
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
