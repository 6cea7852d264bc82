//! What waits to be published: bounded in bytes and in age, the oldest dropped first.
//!
//! Callers push and never wait; one writer takes whatever has gathered as a batch, so batches grow under load by themselves. Frames
//! leave the queue when the broker has them: a batch that failed half-way is still here, from the first frame it is unsure of.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use crate::adapter::broker::Frame;

/// Frames that go to the broker at once.
const BATCH_FRAMES: usize = 1000;
/// Bytes that do, unless one frame is larger.
const BATCH_BYTES: usize = 1 << 20;

#[derive(Debug)]
pub(crate) struct Queue {
    limits: QueueLimits,
    state: Mutex<State>,
    /// There is something to publish.
    filled: Notify,
    /// Frames have left, in either direction.
    moved: Notify,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct QueueLimits {
    pub(crate) bytes: usize,
    pub(crate) age: Duration,
}

impl Default for QueueLimits {
    fn default() -> Self {
        QueueLimits { bytes: 16 << 20, age: Duration::from_secs(60) }
    }
}

#[derive(Debug, Default)]
struct State {
    frames: VecDeque<Waiting>,
    bytes: usize,
    /// The number of the first frame in `frames`, counted from the first ever pushed.
    first: u64,
    dropped: u64,
}

#[derive(Debug)]
struct Waiting {
    frame: Frame,
    since: Instant,
}

/// Frames from the front of the queue, and the number of the first.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(crate) frames: Vec<Frame>,
    first: u64,
}

impl Queue {
    pub(crate) fn new(limits: QueueLimits) -> Self {
        Queue { limits, state: Mutex::default(), filled: Notify::new(), moved: Notify::new() }
    }

    /// Puts `frame` at the end; returns how many at the front had to make room for it.
    pub(crate) fn push(&self, frame: Frame) -> u64 {
        let size = frame.payload.len();
        let mut state = self.lock();
        let mut displaced = state.expire(Instant::now(), self.limits.age);
        while state.bytes + size > self.limits.bytes && !state.frames.is_empty() {
            state.pop();
            displaced += 1;
        }
        state.dropped += displaced;
        state.bytes += size;
        state.frames.push_back(Waiting { frame, since: Instant::now() });
        drop(state);
        self.filled.notify_one();
        if displaced > 0 {
            self.moved.notify_waiters();
        }
        displaced
    }

    /// Waits until something is there, and copies what goes to the broker at once. It stays in the queue until
    /// [`published`](Self::published).
    pub(crate) async fn batch(&self) -> Batch {
        loop {
            let filled = self.filled.notified();
            if let Some(batch) = self.front() {
                return batch;
            }
            filled.await;
        }
    }

    /// The broker has the first `sent` frames of `batch`.
    pub(crate) fn published(&self, batch: &Batch, sent: usize) {
        let mut state = self.lock();
        let until = batch.first + sent as u64;
        while state.first < until && !state.frames.is_empty() {
            state.pop();
        }
        drop(state);
        self.moved.notify_waiters();
    }

    /// Waits until the broker has everything that was pushed before; `false` when `deadline` came first.
    pub(crate) async fn flush(&self, deadline: Duration) -> bool {
        let until = {
            let state = self.lock();
            state.first + state.frames.len() as u64
        };
        tokio::time::timeout(deadline, self.until(|state| state.first >= until)).await.is_ok()
    }

    /// Waits until a frame of this size leaves half of the queue to others, or is alone in it.
    #[cfg(feature = "server")]
    pub(crate) async fn room_for(&self, size: usize) {
        self.until(|state| state.frames.is_empty() || state.bytes + size <= self.limits.bytes / 2).await;
    }

    /// Waits until frames have left, so that this is so.
    async fn until(&self, is_so: impl Fn(&State) -> bool) {
        loop {
            let moved = self.moved.notified();
            if is_so(&self.lock()) {
                return;
            }
            moved.await;
        }
    }

    /// The broker has the first `sent` frames of `batch`, and will never take the next: it is dropped, those behind it have their turn.
    pub(crate) fn refused(&self, batch: &Batch, sent: usize) {
        let mut state = self.lock();
        if state.first == batch.first + sent as u64 && !state.frames.is_empty() {
            state.pop();
            state.dropped += 1;
        }
        drop(state);
        self.moved.notify_waiters();
    }

    /// Frames and bytes that wait.
    pub(crate) fn len(&self) -> (usize, usize) {
        let state = self.lock();
        (state.frames.len(), state.bytes)
    }

    /// Frames that the broker has had so far.
    pub(crate) fn sent(&self) -> u64 {
        let state = self.lock();
        state.first - state.dropped
    }

    /// Frames dropped so far, for want of room, for their age, or because the broker takes none such.
    pub(crate) fn dropped(&self) -> u64 {
        self.lock().dropped
    }

    /// What goes to the broker at once, if anything waits.
    pub(crate) fn front(&self) -> Option<Batch> {
        let mut state = self.lock();
        let expired = state.expire(Instant::now(), self.limits.age);
        state.dropped += expired;
        let mut bytes = 0;
        let mut frames = Vec::new();
        for waiting in state.frames.iter().take(BATCH_FRAMES) {
            bytes += waiting.frame.payload.len();
            if bytes > BATCH_BYTES && !frames.is_empty() {
                break;
            }
            frames.push(waiting.frame.clone());
        }
        let first = state.first;
        drop(state);
        if expired > 0 {
            self.moved.notify_waiters();
        }
        (!frames.is_empty()).then_some(Batch { frames, first })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn pop(&mut self) {
        if let Some(waiting) = self.frames.pop_front() {
            self.bytes -= waiting.frame.payload.len();
            self.first += 1;
        }
    }

    fn expire(&mut self, now: Instant, age: Duration) -> u64 {
        let mut expired = 0;
        while self.frames.front().is_some_and(|waiting| now.saturating_duration_since(waiting.since) > age) {
            self.pop();
            expired += 1;
        }
        expired
    }
}

#[cfg(test)]
mod tests {
    use std::future::{Future, poll_fn};
    use std::task::{Context, Poll};

    use bytes::Bytes;

    use super::*;

    fn frame(text: &str) -> Frame {
        Frame { channel: "c".into(), payload: Bytes::copy_from_slice(text.as_bytes()) }
    }

    fn texts(batch: &Batch) -> Vec<String> {
        batch.frames.iter().map(|frame| String::from_utf8_lossy(&frame.payload).into_owned()).collect()
    }

    fn queue(bytes: usize) -> Queue {
        Queue::new(QueueLimits { bytes, age: Duration::from_secs(60) })
    }

    #[tokio::test(start_paused = true)]
    async fn what_has_gathered_is_one_batch_and_leaves_when_it_is_published() {
        let queue = queue(100);
        for text in ["a", "b", "c"] {
            assert_eq!(queue.push(frame(text)), 0);
        }
        let batch = queue.batch().await;
        assert_eq!(texts(&batch), ["a", "b", "c"]);
        queue.published(&batch, 3);
        assert_eq!(queue.len(), (0, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn a_batch_that_failed_half_way_goes_on_from_the_first_unsure_frame() {
        let queue = queue(100);
        for text in ["a", "b", "c"] {
            queue.push(frame(text));
        }
        let batch = queue.batch().await;
        queue.published(&batch, 1);
        assert_eq!(texts(&queue.batch().await), ["b", "c"]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_full_queue_drops_the_oldest_and_says_how_many() {
        let queue = queue(3);
        assert_eq!(queue.push(frame("aa")), 0);
        assert_eq!(queue.push(frame("b")), 0);
        assert_eq!(queue.push(frame("cc")), 1);
        assert_eq!(texts(&queue.batch().await), ["b", "cc"]);
        assert_eq!(queue.push(frame("dddd")), 2, "a frame larger than the queue is alone in it");
        assert_eq!(queue.dropped(), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn frames_that_were_displaced_while_a_batch_was_out_are_not_counted_twice() {
        let queue = queue(2);
        queue.push(frame("a"));
        queue.push(frame("b"));
        let batch = queue.batch().await;
        assert_eq!(queue.push(frame("c")), 1);
        queue.published(&batch, 2);
        assert_eq!(texts(&queue.batch().await), ["c"]);
    }

    #[tokio::test(start_paused = true)]
    async fn frames_that_are_too_old_are_dropped() {
        let queue = queue(100);
        queue.push(frame("old"));
        tokio::time::advance(Duration::from_secs(61)).await;
        queue.push(frame("new"));
        assert_eq!(texts(&queue.batch().await), ["new"]);
        assert_eq!(queue.dropped(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn flush_waits_for_what_was_there_and_not_for_what_comes_later() {
        let queue = queue(100);
        queue.push(frame("a"));
        assert!(!queue.flush(Duration::from_millis(10)).await);
        let batch = queue.batch().await;
        let flushing = queue.flush(Duration::from_secs(5));
        let mut flushing = std::pin::pin!(flushing);
        let mut look = |cx: &mut Context<'_>| Poll::Ready(flushing.as_mut().poll(cx).is_pending());
        assert!(poll_fn(&mut look).await);
        queue.push(frame("b"));
        queue.published(&batch, 1);
        assert!(flushing.await);
    }

    #[tokio::test(start_paused = true)]
    async fn flush_does_not_wait_for_what_had_to_make_room() {
        let queue = queue(2);
        queue.push(frame("aa"));
        let mut flushing = std::pin::pin!(queue.flush(Duration::from_secs(60)));
        let mut look = |cx: &mut Context<'_>| Poll::Ready(flushing.as_mut().poll(cx).is_pending());
        assert!(poll_fn(&mut look).await);
        assert_eq!(queue.push(frame("bb")), 1);
        assert!(flushing.await);
    }
}
