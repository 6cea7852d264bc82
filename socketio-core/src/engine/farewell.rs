//! The last words on a WebSocket: what was queued, a close frame, and the end of the TCP connection, all within a deadline.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::Engine;
use super::budget::Ledger;
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
    let engine = open.engine.clone();
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

impl Engine {
    /// A shutdown waits until this is dropped: a WebSocket says farewell, with so many bytes before it, or a polling session ends.
    pub(super) fn hold_open(self: &Arc<Self>, bytes: usize) -> Farewell {
        self.farewells.fetch_add(1, Ordering::AcqRel);
        let mut ledger = Ledger::default();
        ledger.set(&self.outgoing.budget, bytes);
        Farewell { engine: self.clone(), ledger }
    }
}

/// Counts what a shutdown waits for beside the sessions.
pub(crate) struct Farewell {
    engine: Arc<Engine>,
    ledger: Ledger,
}

impl Drop for Farewell {
    fn drop(&mut self) {
        self.ledger.set(&self.engine.outgoing.budget, 0);
        self.engine.farewells.fetch_sub(1, Ordering::AcqRel);
        self.engine.changed.notify_waiters();
    }
}
