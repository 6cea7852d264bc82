//! The volatile packets of a queue: where they are, so that they can make room for what must not be lost.

use std::collections::VecDeque;
use std::ops::Range;

use crate::engine::rope::Rope;

/// Ranges of a rope's bytes, each a whole packet, in order.
#[derive(Debug, Default)]
pub(super) struct Marks {
    ranges: VecDeque<Range<usize>>,
}

impl Marks {
    pub(super) fn add(&mut self, start: usize, size: usize) {
        self.ranges.push_back(start..start + size);
    }

    /// So many bytes have left at the front. A packet that has begun to leave must follow entirely.
    pub(super) fn forget_front(&mut self, bytes: usize) {
        while self.ranges.front().is_some_and(|range| range.start < bytes) {
            self.ranges.pop_front();
        }
        self.shift(bytes);
    }

    /// Takes the oldest packets out of `rope` until at least `bytes` are gained, or none is left; returns packets and bytes.
    pub(super) fn give_way(&mut self, rope: &mut Rope, bytes: usize) -> (u64, usize) {
        let (mut gained, mut packets) = (0, 0);
        let mut out = Vec::new();
        while gained < bytes
            && let Some(range) = self.ranges.pop_front()
        {
            gained += range.len();
            packets += 1;
            out.push(range);
        }
        if packets > 0 {
            rope.remove(&out);
            self.shift(gained);
        }
        (packets, gained)
    }

    fn shift(&mut self, bytes: usize) {
        for range in &mut self.ranges {
            *range = range.start - bytes..range.end - bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::engine::rope::Frames;

    /// `a` to `e`, ten bytes each, `c` in a part of its own; the marked ones are those that are named.
    fn queue(marked: &str) -> (Rope, Marks) {
        let (mut rope, mut marks) = (Rope::default(), Marks::default());
        for name in ["a", "b", "c", "d", "e"] {
            if marked.contains(name) {
                marks.add(rope.len(), 10);
            }
            let packet = name.repeat(10);
            match name {
                "c" => rope.push(Frames::Shared(Bytes::from(packet))),
                _ => rope.push(Frames::Copied(packet.as_bytes())),
            }
        }
        (rope, marks)
    }

    fn names(rope: &Rope) -> String {
        let bytes: Vec<u8> = rope.parts.iter().flatten().chain(&rope.tail).copied().collect();
        bytes.chunks(10).map(|packet| char::from(packet[0])).collect()
    }

    #[test]
    fn the_oldest_give_way_first_and_the_rest_keeps_its_order() {
        let (mut rope, mut marks) = queue("acd");
        assert_eq!(marks.give_way(&mut rope, 1), (1, 10));
        assert_eq!(names(&rope), "bcde");
        assert_eq!(marks.give_way(&mut rope, 15), (2, 20));
        assert_eq!(names(&rope), "be");
        assert_eq!(marks.give_way(&mut rope, 1), (0, 0));
        assert_eq!(names(&rope), "be");
    }

    #[test]
    fn a_packet_that_has_begun_to_leave_stays() {
        let (mut rope, mut marks) = queue("ab");
        // `a` and half of `b`.
        rope.remove(std::slice::from_ref(&(0..15)));
        marks.forget_front(15);
        assert_eq!(marks.give_way(&mut rope, 100), (0, 0));
        assert_eq!(rope.len(), 35);
    }

    #[test]
    fn what_comes_later_is_found_where_it_is() {
        let (mut rope, mut marks) = queue("be");
        assert_eq!(marks.give_way(&mut rope, 5), (1, 10));
        marks.add(rope.len(), 10);
        rope.push(Frames::Copied(b"ffffffffff"));
        rope.push(Frames::Copied(b"gggggggggg"));
        assert_eq!(marks.give_way(&mut rope, 20), (2, 20));
        assert_eq!(names(&rope), "acdg");
    }
}
