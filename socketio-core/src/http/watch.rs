//! When a connection has been idle for too long: no handler is at work for it, the application owes it no piece of a response, and
//! neither a request nor such a piece has moved for a while.
//!
//! That catches what a deadline for request heads does not: a peer that says nothing at all, one that stops in the middle of
//! HTTP/2's preface, an HTTP/2 connection without requests, and a client that does not read the answer it asked for.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio::time::Instant;

/// What moves on one connection.
#[derive(Clone, Debug)]
pub(super) struct Activity {
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    at_work: usize,
    idle_since: Instant,
    /// A request has come.
    begun: bool,
    /// How long it may be idle until then, and later.
    first: Duration,
    idle: Duration,
}

impl Activity {
    /// A new connection, whose first request has to come `first`; later it may be idle for `idle`.
    pub(super) fn new(first: Duration, idle: Duration) -> Self {
        let state = State { at_work: 0, idle_since: Instant::now(), begun: false, first, idle };
        Activity { state: Arc::new(Mutex::new(state)) }
    }

    /// A request has come, and is at work until the guard is dropped.
    pub(super) fn begin(&self) -> AtWork {
        let mut state = self.state();
        state.at_work += 1;
        state.begun = true;
        AtWork(self.clone())
    }

    /// A response that counts as activity while it is taken.
    pub(super) fn watch<B>(&self, body: B) -> WatchedBody<B> {
        WatchedBody { body, activity: self.clone(), silent: None }
    }

    /// When to look again, or to end the connection if that has passed.
    pub(super) fn deadline(&self) -> Instant {
        let state = self.state();
        if state.at_work > 0 {
            Instant::now() + state.idle
        } else {
            state.idle_since + if state.begun { state.idle } else { state.first }
        }
    }

    /// Whether there has been a request.
    pub(super) fn has_begun(&self) -> bool {
        self.state().begun
    }

    fn moved(&self) {
        self.state().idle_since = Instant::now();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request that is being answered.
#[derive(Debug)]
pub(super) struct AtWork(Activity);

impl Drop for AtWork {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.at_work -= 1;
        state.idle_since = Instant::now();
    }
}

/// A response's body that tells when a piece of it is taken.
#[derive(Debug)]
pub(super) struct WatchedBody<B> {
    body: B,
    activity: Activity,
    /// The application has nothing to say for now, which is not the client's fault.
    silent: Option<AtWork>,
}

impl<B: HttpBody<Data = Bytes> + Unpin> HttpBody for WatchedBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        if frame.is_ready() {
            self.silent = None;
            self.activity.moved();
        } else if self.silent.is_none() {
            self.silent = Some(self.activity.begin());
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use tokio::time::advance;

    use super::*;
    use crate::http::Body;

    #[tokio::test(start_paused = true)]
    async fn a_connection_without_a_request_has_the_shorter_time() {
        let start = Instant::now();
        let activity = Activity::new(secs(10), secs(30));
        assert_eq!(activity.deadline(), start + secs(10));

        advance(secs(3)).await;
        drop(activity.begin());
        assert_eq!(activity.deadline(), start + secs(33));
    }

    #[tokio::test(start_paused = true)]
    async fn while_a_handler_is_at_work_the_end_is_not_in_sight() {
        let activity = Activity::new(secs(10), secs(30));
        let (one, other) = (activity.begin(), activity.begin());
        advance(secs(100)).await;
        assert!(activity.deadline() > Instant::now());
        drop(one);
        advance(secs(100)).await;
        assert!(activity.deadline() > Instant::now());
        drop(other);
        assert_eq!(activity.deadline(), Instant::now() + secs(30));
    }

    #[tokio::test(start_paused = true)]
    async fn each_piece_of_a_response_gives_time() {
        let activity = Activity::new(secs(10), secs(30));
        drop(activity.begin());
        let mut body = activity.watch(Body::full("x"));
        advance(secs(20)).await;
        let _ = Pin::new(&mut body).poll_frame(&mut Context::from_waker(Waker::noop()));
        assert_eq!(activity.deadline(), Instant::now() + secs(30));
    }

    #[tokio::test(start_paused = true)]
    async fn while_the_application_has_nothing_to_say_the_end_is_not_in_sight() {
        let activity = Activity::new(secs(10), secs(30));
        let mut body = activity.watch(Silent { says: false });
        let cx = &mut Context::from_waker(Waker::noop());
        for _ in 0..3 {
            assert!(Pin::new(&mut body).poll_frame(cx).is_pending());
            advance(secs(100)).await;
            assert!(activity.deadline() > Instant::now());
        }
        body.body.says = true;
        assert!(Pin::new(&mut body).poll_frame(cx).is_ready());
        assert_eq!(
            activity.deadline(),
            Instant::now() + secs(30),
            "a client that takes no more has this long"
        );

        body.body.says = false;
        assert!(Pin::new(&mut body).poll_frame(cx).is_pending());
        advance(secs(100)).await;
        drop(body);
        assert_eq!(activity.deadline(), Instant::now() + secs(30));
    }

    struct Silent {
        says: bool,
    }

    impl HttpBody for Silent {
        type Data = Bytes;
        type Error = std::convert::Infallible;

        fn poll_frame(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
            if self.says { Poll::Ready(Some(Ok(Frame::data(Bytes::from("x"))))) } else { Poll::Pending }
        }
    }

    fn secs(secs: u64) -> Duration {
        Duration::from_secs(secs)
    }
}
