//! The mask over a client's payload: each byte XOR one of four, in turn.
//!
//! Not a secret: it comes with the frame. Specification: RFC 6455, section 5.3.

/// Four bytes, laid over a payload again and again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mask(pub(super) [u8; 4]);

impl Mask {
    /// Takes the mask off `bytes`, which start where the mask does.
    pub(super) fn apply(self, bytes: &mut [u8]) {
        let [a, b, c, d] = self.0;
        let twice = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
        let (words, tail) = bytes.as_chunks_mut::<8>();
        for word in words {
            *word = (u64::from_ne_bytes(*word) ^ twice).to_ne_bytes();
        }
        for (byte, key) in tail.iter_mut().zip([a, b, c, d, a, b, c]) {
            *byte ^= key;
        }
    }

    /// The mask for what follows after `length` bytes.
    pub(super) fn after(mut self, length: usize) -> Self {
        self.0.rotate_left(length % 4);
        self
    }
}
