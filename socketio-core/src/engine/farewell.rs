//! The last words on a WebSocket: what was queued, a close frame, and the end of the TCP connection, all within a deadline.

use std::future::poll_fn;
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::Farewell;
use super::close::Close;
use super::io::Io;
use super::sending::Sending;
use crate::protocol::frame;

/// How long a client has to take what was queued.
const DRAIN: Duration = Duration::from_secs(5);
/// How long it then has to close its side.
const LINGER: Duration = Duration::from_secs(2);
/// What it may still send meanwhile; read and forgotten, so that the close frame is not lost to a reset.
const LINGER_BYTES: usize = 1 << 20;

pub(crate) async fn farewell(open: Farewell, mut io: Io, mut sending: Sending, close: Close) {
    let engine = open.engine();
    let mut frames = Vec::new();
    frame::close(&mut frames, close.code, close.detail.as_deref().unwrap_or_default());
    sending.append_last(Bytes::from(frames));
    let written = tokio::time::timeout(engine.drain_limit(DRAIN), async {
        while !sending.is_empty() {
            poll_fn(|cx| sending.poll_write(&mut io, cx)).await?;
        }
        io.shutdown().await
    });
    if !matches!(written.await, Ok(Ok(()))) {
        // The close frame is not a message.
        engine.counters.undelivered(sending.count().saturating_sub(1));
        return;
    }
    let _ = tokio::time::timeout(LINGER, async {
        let mut sink = [0; 1024];
        let mut left = LINGER_BYTES;
        while let Ok(length @ 1..) = io.read(&mut sink).await {
            left = left.saturating_sub(length);
            if left == 0 {
                break;
            }
        }
    })
    .await;
}
