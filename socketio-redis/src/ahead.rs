//! How far a subscription is read ahead of whoever takes its messages.
//!
//! The `redis` crate reads what comes and queues it without a bound. So the bound is put below it: a socket that is not read from any
//! more once so much has been read since the queue was empty. What is not read stays with Redis, which counts it and cuts off a
//! subscriber that is too far behind (`client-output-buffer-limit pubsub`).

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::task::{Context, Poll, ready};

use futures_util::task::AtomicWaker;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Bytes that came and were not taken.
#[derive(Default)]
pub(crate) struct Ahead {
    /// Since the queue was empty.
    unread: AtomicUsize,
    /// Since a message was taken: those of a message that does not end.
    untaken: AtomicUsize,
    reader: AtomicWaker,
    taker: AtomicWaker,
}

impl Ahead {
    /// `socket`, read no further ahead than allowed.
    pub(crate) fn bound<S: AsyncRead + AsyncWrite>(
        self: &Arc<Self>,
        socket: S,
    ) -> impl AsyncRead + AsyncWrite + use<S> {
        let (reader, writer) = tokio::io::split(socket);
        tokio::io::join(Bound { reader, ahead: self.clone() }, writer)
    }

    /// A message was taken from the queue.
    pub(crate) fn taken(&self) {
        self.untaken.store(0, SeqCst);
    }

    /// The queue is empty, and whoever takes its messages waits.
    pub(crate) fn caught_up(&self, cx: &Context<'_>) {
        self.taker.register(cx.waker());
        if self.unread.swap(0, SeqCst) >= MOST {
            self.reader.wake();
        }
    }

    /// Whether the connection was ended because of a message that is too large.
    pub(crate) fn is_overrun(&self) -> bool {
        self.untaken.load(SeqCst) >= LARGEST
    }
}

struct Bound<R> {
    reader: R,
    ahead: Arc<Ahead>,
}

impl<R: AsyncRead + Unpin> AsyncRead for Bound<R> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        // In this order: who catches up after the look at the number wakes this.
        self.ahead.reader.register(cx.waker());
        if self.ahead.is_overrun() {
            return Poll::Ready(Err(io::ErrorKind::InvalidData.into()));
        }
        if self.ahead.unread.load(SeqCst) >= MOST {
            // It may all be one message that is not whole: then the queue is still empty, and nobody has said so.
            self.ahead.taker.wake();
            return Poll::Pending;
        }
        let before = into.filled().len();
        ready!(Pin::new(&mut self.reader).poll_read(cx, into))?;
        let bytes = into.filled().len() - before;
        self.ahead.unread.fetch_add(bytes, SeqCst);
        self.ahead.untaken.fetch_add(bytes, SeqCst);
        Poll::Ready(Ok(()))
    }
}

/// Bytes that are read before anybody takes a message.
const MOST: usize = 1 << 20;
/// Bytes of the largest message: more than Redis keeps for a subscriber.
pub(crate) const LARGEST: usize = 64 << 20;
