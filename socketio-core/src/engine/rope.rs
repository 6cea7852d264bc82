//! Complete frames in a row: large ones shared between the queues of a broadcast, small ones copied together.

use std::collections::VecDeque;
use std::ops::Range;

use bytes::Bytes;

use super::spare;
use crate::protocol::frame;

/// Whole frames on their way into a queue.
#[derive(Clone, Debug)]
pub(crate) enum Frames<'a> {
    Copied(&'a [u8]),
    Shared(Bytes),
}

impl<'a> Frames<'a> {
    /// `bytes`, to be copied into each queue or shared by all of them, whichever is cheaper.
    pub(crate) fn of(bytes: &'a [u8]) -> Frames<'a> {
        if bytes.len() < SHARE_FROM {
            Frames::Copied(bytes)
        } else {
            Frames::Shared(Bytes::copy_from_slice(bytes))
        }
    }

    pub(crate) fn len(&self) -> usize {
        match self {
            Frames::Copied(bytes) => bytes.len(),
            Frames::Shared(bytes) => bytes.len(),
        }
    }
}

/// A queue of frames: large ones shared, small ones copied together behind them.
#[derive(Debug, Default)]
pub(crate) struct Rope {
    /// Each is a sequence of complete frames.
    pub(crate) parts: VecDeque<Bytes>,
    /// Complete frames that come after `parts`.
    pub(crate) tail: Vec<u8>,
}

impl Rope {
    pub(crate) fn is_empty(&self) -> bool {
        self.parts.is_empty() && self.tail.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.parts.iter().map(Bytes::len).sum::<usize>() + self.tail.len()
    }

    pub(crate) fn push(&mut self, frames: Frames<'_>) {
        match frames {
            Frames::Copied(bytes) => {
                if self.tail.capacity() == 0 {
                    self.tail = spare::take();
                }
                self.tail.extend_from_slice(bytes);
            }
            // An empty part would look like something to write.
            Frames::Shared(bytes) if bytes.is_empty() => {}
            Frames::Shared(bytes) => {
                self.seal();
                self.parts.push_back(bytes);
            }
        }
    }

    /// Turns the tail into a part, so that it can be split without copying.
    pub(crate) fn seal(&mut self) {
        if !self.tail.is_empty() {
            self.parts.push_back(Bytes::from(std::mem::take(&mut self.tail)));
        }
    }

    /// Puts `other` behind what is here.
    pub(crate) fn append(&mut self, mut other: Rope) {
        if self.is_empty() {
            spare::give(std::mem::replace(self, other).tail);
        } else {
            self.seal();
            self.parts.append(&mut other.parts);
            self.tail = other.tail;
        }
    }

    /// Takes ranges of bytes out, which are in order and do not overlap.
    pub(super) fn remove(&mut self, ranges: &[Range<usize>]) {
        self.seal();
        let mut ranges = ranges.iter().cloned().peekable();
        let mut start = 0;
        let mut kept = VecDeque::with_capacity(self.parts.len());
        for mut part in self.parts.drain(..) {
            let mut at = start;
            start += part.len();
            while let Some(range) = ranges.peek_mut().filter(|range| range.start < start) {
                let before = part.split_to(range.start - at);
                if !before.is_empty() {
                    kept.push_back(before);
                }
                let end = range.end.min(start);
                drop(part.split_to(end - range.start));
                at = end;
                if range.end > start {
                    range.start = start;
                    break;
                }
                ranges.next();
            }
            if !part.is_empty() {
                kept.push_back(part);
            }
        }
        self.parts = kept;
    }

    /// Takes up to `packets` messages from the front.
    pub(super) fn split(&mut self, packets: usize) -> Rope {
        let mut left = packets;
        let mut front = Rope::default();
        self.seal();
        while let Some(mut part) = self.parts.pop_front() {
            let mut end = 0;
            while left > 0
                && let Some((_, header, payload)) = frame::peek(part.get(end..).unwrap_or_default())
            {
                end += header + payload;
                left -= 1;
            }
            let rest = part.split_off(end);
            if !part.is_empty() {
                front.parts.push_back(part);
            }
            if !rest.is_empty() {
                self.parts.push_front(rest);
                break;
            }
        }
        front
    }

    /// Number of messages, from the frames' headers.
    pub(crate) fn count(&self) -> u64 {
        self.parts.iter().map(|part| count(part)).sum::<u64>() + count(&self.tail)
    }
}

fn count(mut frames: &[u8]) -> u64 {
    let mut found = 0;
    while let Some((_, header, payload)) = frame::peek(frames) {
        found += 1;
        frames = frames.get(header + payload..).unwrap_or_default();
    }
    found
}

/// Packets of at least this many bytes are shared between the queues of a broadcast; smaller ones are copied.
pub(crate) const SHARE_FROM: usize = 4096;
