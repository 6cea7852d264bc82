//! Frames on their way into a socket: a queue with a cursor, into which control frames can be slipped.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use tokio::io::AsyncWrite;

use super::rope::Rope;
use super::spare;
use crate::protocol::frame;

/// At most this many buffers go into one system call.
const SLICES: usize = 16;

#[derive(Debug, Default)]
pub(crate) struct Sending {
    rope: Rope,
    /// Bytes of the first part (or of the tail, where there is no part) that have left.
    offset: usize,
    /// Parts up to and with the one that was slipped in last, while it is here.
    ahead: u8,
    /// Bytes whose memory has been given back, without what was slipped in.
    freed: usize,
}

impl Sending {
    pub(crate) fn is_empty(&self) -> bool {
        self.rope.is_empty()
    }

    pub(crate) fn append(&mut self, rope: Rope) {
        self.rope.append(rope);
    }

    /// Puts whole frames behind everything.
    pub(crate) fn append_last(&mut self, frames: Bytes) {
        self.rope.seal();
        self.rope.parts.push_back(frames);
    }

    /// Bytes that have not left.
    pub(crate) fn len(&self) -> usize {
        self.rope.len() - self.offset
    }

    /// Throws away all that has not begun to leave; returns how many messages that were.
    pub(crate) fn keep_begun(&mut self) -> u64 {
        let before = self.count();
        if self.rope.parts.is_empty() {
            self.rope.seal();
        }
        let begun = self.rope.parts.pop_front().map(|mut current| {
            current.truncate(border(&current, self.offset));
            current
        });
        self.rope = Rope::default();
        match begun.filter(|begun| begun.len() > self.offset) {
            Some(begun) => self.rope.parts.push_back(begun),
            None => self.offset = 0,
        }
        self.ahead = 0;
        before - self.count()
    }

    /// Bytes of what was appended whose memory has been given back since this was asked last: a part is kept until the last of it has
    /// left.
    pub(crate) fn take_freed(&mut self) -> usize {
        std::mem::take(&mut self.freed)
    }

    /// Messages that have not left entirely.
    pub(crate) fn count(&self) -> u64 {
        self.rope.count()
    }

    /// Whether what was slipped in last has not left yet.
    pub(crate) fn has_slipped(&self) -> bool {
        self.ahead > 0
    }

    /// Puts whole frames at the next border between frames, ahead of everything that has not begun to leave.
    pub(crate) fn slip_in(&mut self, frames: Bytes) {
        if self.offset == 0 {
            self.rope.parts.push_front(frames);
            self.ahead = 1;
            return;
        }
        if self.rope.parts.is_empty() {
            self.rope.seal();
        }
        let Some(current) = self.rope.parts.front_mut() else {
            return;
        };
        let border = border(current, self.offset);
        if border < current.len() {
            let rest = current.split_off(border);
            self.rope.parts.insert(1, rest);
        }
        self.rope.parts.insert(1, frames);
        self.ahead = 2;
    }

    /// Writes on; `Ready(0)` when there is nothing left. Only whole parts are forgotten, so that borders stay known.
    pub(crate) fn poll_write<W: AsyncWrite + Unpin>(
        &mut self,
        io: &mut W,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        if self.is_empty() {
            return Poll::Ready(Ok(0));
        }
        let mut slices = [IoSlice::new(&[]); SLICES];
        let mut used = 0;
        let mut skip = self.offset;
        for chunk in self.rope.parts.iter().map(|part| &part[..]).chain([&self.rope.tail[..]]) {
            if used == SLICES {
                break;
            }
            let chunk = chunk.get(std::mem::take(&mut skip)..).unwrap_or_default();
            if !chunk.is_empty() {
                slices[used] = IoSlice::new(chunk);
                used += 1;
            }
        }
        // To the kernel a list of one is dearer than the one.
        let written = std::task::ready!(match &slices[..used] {
            [one] => Pin::new(io).poll_write(cx, one),
            several => Pin::new(io).poll_write_vectored(cx, several),
        })?;
        if written == 0 {
            return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
        }
        self.advance(written);
        Poll::Ready(Ok(written))
    }

    fn advance(&mut self, written: usize) {
        self.offset += written;
        while let Some(part) = self.rope.parts.front() {
            if self.offset < part.len() {
                return;
            }
            self.offset -= part.len();
            // What was slipped in was never in the queue that is told.
            if self.ahead != 1 {
                self.freed += part.len();
            }
            self.rope.parts.pop_front();
            self.ahead = self.ahead.saturating_sub(1);
        }
        if self.offset >= self.rope.tail.len() {
            self.offset = 0;
            self.freed += self.rope.tail.len();
            spare::give(std::mem::take(&mut self.rope.tail));
        }
    }
}

/// The first border between frames at or behind `offset`.
fn border(frames: &[u8], offset: usize) -> usize {
    let mut border = 0;
    while border < offset {
        match frame::peek(frames.get(border..).unwrap_or_default()) {
            Some((_, header, payload)) => border += header + payload,
            None => border = frames.len(),
        }
    }
    border
}

#[cfg(test)]
mod tests {
    use super::super::rope::Frames;
    use super::*;

    /// Takes `quota` bytes, then blocks.
    struct Pipe {
        got: Vec<u8>,
        quota: usize,
    }

    impl AsyncWrite for Pipe {
        fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
            let n = buf.len().min(self.quota);
            if n == 0 {
                return Poll::Pending;
            }
            self.quota -= n;
            self.got.extend_from_slice(&buf[..n]);
            Poll::Ready(Ok(n))
        }
        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    fn text(payload: &str) -> Vec<u8> {
        let mut out = Vec::new();
        frame::write(&mut out, frame::Opcode::Text, payload.as_bytes());
        out
    }

    fn write(sending: &mut Sending, pipe: &mut Pipe, quota: usize) {
        pipe.quota = quota;
        while let Poll::Ready(Ok(1..)) = sending.poll_write(pipe, &mut Context::from_waker(Waker::noop())) {}
    }

    use std::task::Waker;

    fn rope(pieces: &[&str], shared: &str) -> Rope {
        let mut rope = Rope::default();
        rope.push(Frames::Shared(Bytes::from(text(shared))));
        for piece in pieces {
            rope.push(Frames::Copied(&text(piece)));
        }
        rope
    }

    #[test]
    fn a_ping_overtakes_what_has_not_begun_to_leave_wherever_the_write_stopped() {
        let whole = [text("4shared"), text("4a"), text("4bb")].concat();
        let ping = text("2");
        for stop in 0..whole.len() {
            let mut sending = Sending::default();
            sending.append(rope(&["4a", "4bb"], "4shared"));
            let mut pipe = Pipe { got: Vec::new(), quota: 0 };
            write(&mut sending, &mut pipe, stop);
            sending.slip_in(Bytes::from(ping.clone()));
            assert!(sending.has_slipped());
            write(&mut sending, &mut pipe, 1000);
            let borders = [0, 9, 13, 18];
            let border = borders.into_iter().find(|&border| border >= stop).unwrap();
            let expected = [&whole[..border], &ping, &whole[border..]].concat();
            assert_eq!(pipe.got, expected, "stopped after {stop} bytes");
            assert!(sending.is_empty() && !sending.has_slipped());
        }
    }

    #[test]
    fn what_is_thrown_away_leaves_the_frame_that_has_begun_whole() {
        for stop in 0..18 {
            let mut sending = Sending::default();
            sending.append(rope(&["4a", "4bb"], "4shared"));
            let mut pipe = Pipe { got: Vec::new(), quota: 0 };
            write(&mut sending, &mut pipe, stop);
            let before = sending.count();
            let lost = sending.keep_begun();
            write(&mut sending, &mut pipe, 1000);
            let whole = [text("4shared"), text("4a"), text("4bb")].concat();
            let border = [0, 9, 13, 18].into_iter().find(|&border| border >= stop).unwrap();
            assert_eq!(pipe.got, whole[..border], "stopped after {stop} bytes");
            assert!(sending.is_empty() && lost <= before);
        }
    }

    #[test]
    fn a_part_is_kept_until_the_last_byte_of_it_has_left() {
        let mut sending = Sending::default();
        sending.append(rope(&["4a", "4bb"], "4shared"));
        let mut pipe = Pipe { got: Vec::new(), quota: 0 };
        let freed = [(8, 0), (1, 9), (8, 0), (1, 9)];
        for (quota, expected) in freed {
            write(&mut sending, &mut pipe, quota);
            assert_eq!(sending.take_freed(), expected);
        }
    }

    #[test]
    fn what_is_slipped_in_is_not_told_as_bytes_of_the_queue() {
        let whole = [text("4shared"), text("4a"), text("4bb")].concat();
        for stop in 0..whole.len() {
            let mut sending = Sending::default();
            sending.append(rope(&["4a", "4bb"], "4shared"));
            let mut pipe = Pipe { got: Vec::new(), quota: 0 };
            write(&mut sending, &mut pipe, stop);
            sending.slip_in(Bytes::from(text("2")));
            write(&mut sending, &mut pipe, 1000);
            assert_eq!(sending.take_freed(), whole.len(), "stopped after {stop} bytes");
        }
    }

    #[test]
    fn what_is_appended_while_a_write_is_stuck_comes_behind_it() {
        let mut sending = Sending::default();
        let mut pipe = Pipe { got: Vec::new(), quota: 0 };
        sending.append(rope(&["4a"], "4b"));
        write(&mut sending, &mut pipe, 3);
        sending.append(rope(&["4d"], "4c"));
        assert_eq!(sending.count(), 4);
        write(&mut sending, &mut pipe, 1000);
        assert_eq!(pipe.got, [text("4b"), text("4a"), text("4c"), text("4d")].concat());
    }
}
