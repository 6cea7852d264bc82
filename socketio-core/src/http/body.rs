//! Response bodies: whole from the start, handed over in pieces; and what becomes of a request's body that nobody wants.

use std::convert::Infallible;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf as _, Bytes};
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio::runtime::Handle;

/// The body of every response of this crate.
#[derive(Default)]
pub struct Body {
    rest: Rest,
    /// Bytes that the server has not taken.
    left: usize,
    on_end: Option<OnEnd>,
}

enum Rest {
    Own(Bytes),
    Lent {
        lent: Lent,
        /// It is longer than one piece.
        in_pieces: bool,
    },
}

/// Called once: `true` when the last piece was taken, `false` when the body was dropped before. `Sync`, as salvo asks of bodies.
pub(crate) type OnEnd = Box<dyn FnOnce(bool) + Send + Sync>;

impl Body {
    /// No bytes.
    #[must_use]
    pub fn empty() -> Self {
        Body::default()
    }

    /// These bytes.
    #[must_use]
    pub fn full(bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        Body { left: bytes.len(), rest: Rest::Own(bytes), on_end: None }
    }

    /// These bytes, and `on_end` is told whether the server took them all. It runs inside `poll` or `drop` and must not block.
    ///
    /// The server takes a piece when it has room for it, so what has been taken is not far from the wire.
    pub(crate) fn watched(bytes: impl Into<Bytes>, on_end: OnEnd) -> Self {
        let mut body = Body::full(bytes);
        body.on_end = Some(on_end);
        body
    }

    /// The same for bytes that can be taken back from the server.
    pub(crate) fn lent(bytes: impl Into<Bytes>, on_end: OnEnd) -> (Self, Lent) {
        let bytes = bytes.into();
        let (left, in_pieces) = (bytes.len(), bytes.len() > PIECE);
        let lent = Lent(Arc::new(Mutex::new(bytes)));
        (Body { rest: Rest::Lent { lent: lent.clone(), in_pieces }, left, on_end: Some(on_end) }, lent)
    }
}

impl HttpBody for Body {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let length = self.left.min(PIECE);
        let piece = match &mut self.rest {
            _ if length == 0 => None,
            Rest::Own(rest) => Some(rest.split_to(length)),
            Rest::Lent { lent, in_pieces } => lent.piece(length, *in_pieces),
        };
        // What was taken back ends short of its length, and the server ends the connection or the stream for it.
        let Some(piece) = piece else {
            return Poll::Ready(None);
        };
        self.left -= length;
        if self.left == 0
            && let Some(on_end) = self.on_end.take()
        {
            on_end(true);
        }
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left as u64)
    }
}

impl Drop for Body {
    fn drop(&mut self) {
        if let Some(on_end) = self.on_end.take() {
            on_end(self.left == 0);
        }
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Body").field("bytes", &self.left).finish_non_exhaustive()
    }
}

impl Default for Rest {
    fn default() -> Self {
        Rest::Own(Bytes::new())
    }
}

/// What the server has not taken of a body that can be taken back.
#[derive(Clone, Debug)]
pub(crate) struct Lent(Arc<Mutex<Bytes>>);

impl Lent {
    /// Frees the memory. The body cannot be finished any more.
    pub(crate) fn take_back(&self) {
        drop(std::mem::take(&mut *self.rest()));
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.rest().len()
    }

    fn piece(&self, length: usize, in_pieces: bool) -> Option<Bytes> {
        let mut rest = self.rest();
        if rest.len() < length {
            return None;
        }
        let piece = rest.split_to(length);
        // A slice would keep all the rest in memory for as long as the server holds it.
        Some(if in_pieces { Bytes::copy_from_slice(&piece) } else { piece })
    }

    fn rest(&self) -> MutexGuard<'_, Bytes> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        Body::full(bytes)
    }
}

/// The body of a request. What the engine leaves of it is read away within bounds, while the answer is on its way.
///
/// A TCP connection that is closed with bytes unread is reset, and a reset may overtake the answer: the client would see an error
/// instead of a 413. Beyond the bounds the body is dropped, which ends the connection.
pub(super) struct RequestBody<B: HttpBody + Send + 'static> {
    inner: Option<Pin<Box<B>>>,
}

impl<B: HttpBody + Send + 'static> RequestBody<B> {
    pub(super) fn new(inner: B) -> Self {
        RequestBody { inner: (!inner.is_end_stream()).then(|| Box::pin(inner)) }
    }
}

impl<B: HttpBody + Send + 'static> HttpBody for RequestBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let Some(inner) = &mut self.inner else {
            return Poll::Ready(None);
        };
        let frame = ready!(inner.as_mut().poll_frame(cx));
        if !matches!(frame, Some(Ok(_))) {
            self.inner = None;
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.as_ref().is_none_or(|inner| inner.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.as_ref().map_or_else(|| SizeHint::with_exact(0), |inner| inner.size_hint())
    }
}

impl<B: HttpBody + Send + 'static> Drop for RequestBody<B> {
    fn drop(&mut self) {
        let Some(inner) = self.inner.take().filter(|inner| !inner.is_end_stream()) else {
            return;
        };
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(discard(inner));
        }
    }
}

async fn discard<B: HttpBody>(mut body: Pin<Box<B>>) {
    let mut left = DISCARD_AT_MOST;
    // Nothing of `B` but the body is held between two polls: its frames and errors need not be `Send`.
    let read = poll_fn(|cx| {
        while let Some(Ok(frame)) = ready!(body.as_mut().poll_frame(cx)) {
            let bytes = frame.data_ref().map_or(0, |data| data.remaining());
            let Some(rest) = left.checked_sub(bytes) else {
                break;
            };
            left = rest;
        }
        Poll::Ready(())
    });
    let _ = tokio::time::timeout(DISCARD_WITHIN, read).await;
}

/// Bytes that are handed over at once: what the server has no room for should stay with us, so that it is known to be unsent.
const PIECE: usize = 64 * 1024;
/// Bytes of an unwanted body that are read.
const DISCARD_AT_MOST: usize = 4 << 20;
/// How long an unwanted body is read.
const DISCARD_WITHIN: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;

    #[test]
    fn a_body_knows_its_length_and_comes_in_pieces() {
        let mut body = Body::full(vec![7; PIECE + 1]);
        assert_eq!(body.size_hint().exact(), Some(PIECE as u64 + 1));
        assert_eq!(next(&mut body), Some(PIECE));
        assert!(!body.is_end_stream());
        assert_eq!(next(&mut body), Some(1));
        assert!(body.is_end_stream());
        assert_eq!(next(&mut body), None);
    }

    #[test]
    fn a_body_that_was_taken_whole_says_so_once() {
        let (mut body, told) = watched(PIECE + 1);
        next(&mut body);
        assert_eq!(*told.lock().unwrap(), [false; 0]);
        next(&mut body);
        assert_eq!(*told.lock().unwrap(), [true]);
        next(&mut body);
        drop(body);
        assert_eq!(*told.lock().unwrap(), [true]);
    }

    #[test]
    fn a_body_that_was_dropped_half_way_says_so() {
        let (mut body, told) = watched(PIECE + 1);
        next(&mut body);
        drop(body);
        assert_eq!(*told.lock().unwrap(), [false]);

        let (body, told) = watched(1);
        drop(body);
        assert_eq!(*told.lock().unwrap(), [false]);
    }

    #[test]
    fn a_body_that_was_taken_back_ends_short_of_its_length() {
        for (taken, length) in [(0, PIECE), (0, PIECE + 1), (PIECE, PIECE + 1)] {
            let told = Arc::new(Mutex::new(Vec::new()));
            let teller = told.clone();
            let on_end = Box::new(move |whole| teller.lock().unwrap().push(whole));
            let (mut body, lent) = Body::lent(vec![7; length], on_end);
            if taken > 0 {
                assert_eq!(next(&mut body), Some(taken));
            }
            lent.take_back();
            assert_eq!(body.size_hint().exact(), Some((length - taken) as u64));
            assert!(!body.is_end_stream());
            assert_eq!(next(&mut body), None);
            drop(body);
            assert_eq!(*told.lock().unwrap(), [false]);
        }
    }

    #[test]
    fn one_that_is_lent_and_left_comes_whole() {
        for length in [0, 1, PIECE, PIECE + 1] {
            let (mut body, lent) = Body::lent(vec![7; length], Box::new(|whole| assert!(whole)));
            let mut left = length;
            while let Some(piece) = next(&mut body) {
                left -= piece;
            }
            lent.take_back();
            assert_eq!(left, 0);
        }
    }

    #[test]
    fn of_nothing_nothing_is_lost() {
        let (body, told) = watched(0);
        assert!(body.is_end_stream());
        drop(body);
        assert_eq!(*told.lock().unwrap(), [true]);
    }

    #[tokio::test(start_paused = true)]
    async fn an_unwanted_body_is_read_to_its_end_but_not_for_ever() {
        let (body, read) = unwanted(3, Some(1000));
        drop(RequestBody::new(body));
        settled(&read, 3).await;

        let (body, read) = unwanted(usize::MAX, Some(1 << 20));
        drop(RequestBody::new(body));
        settled(&read, 5).await;

        let (body, read) = unwanted(1, None);
        let start = tokio::time::Instant::now();
        drop(RequestBody::new(body));
        settled(&read, 1).await;
        assert!(start.elapsed() >= DISCARD_WITHIN, "it waited for more");
    }

    /// `frames` frames of a size, and then an end; without a size the end never comes.
    fn unwanted(frames: usize, size: Option<usize>) -> (Unwanted, Arc<Mutex<usize>>) {
        let read = Arc::new(Mutex::new(0));
        (Unwanted { frames, size, read: read.clone() }, read)
    }

    struct Unwanted {
        frames: usize,
        size: Option<usize>,
        read: Arc<Mutex<usize>>,
    }

    impl HttpBody for Unwanted {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            let mut read = self.read.lock().unwrap();
            if *read == self.frames {
                return if self.size.is_some() { Poll::Ready(None) } else { Poll::Pending };
            }
            *read += 1;
            Poll::Ready(Some(Ok(Frame::data(vec![0; self.size.unwrap_or(1)].into()))))
        }
    }

    /// Waits until the body has been dropped after so many frames.
    async fn settled(read: &Arc<Mutex<usize>>, frames: usize) {
        while Arc::strong_count(read) > 1 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert_eq!(*read.lock().unwrap(), frames);
    }

    fn watched(bytes: usize) -> (Body, Arc<Mutex<Vec<bool>>>) {
        let told = Arc::new(Mutex::new(Vec::new()));
        let teller = told.clone();
        (Body::watched(vec![7; bytes], Box::new(move |whole| teller.lock().unwrap().push(whole))), told)
    }

    fn next(body: &mut Body) -> Option<usize> {
        match Pin::new(body).poll_frame(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(Some(Ok(frame))) => Some(frame.into_data().unwrap().len()),
            Poll::Ready(None) => None,
            other => panic!("{other:?}"),
        }
    }
}
