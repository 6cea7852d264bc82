//! Empty buffers that each thread keeps, so that connections which wake for a few messages need not allocate.
//!
//! A broadcast puts its frame into the queue of every member before the first of them writes: as many buffers are out at once as there
//! are members, and come back one by one.

use std::cell::RefCell;

/// The largest buffer that is kept, in bytes,
const LARGEST: usize = 16 * 1024;
/// and what all of a thread's together may take.
const KEPT: usize = 1024 * 1024;
/// What a new one has room for: a few short messages.
const FIRST: usize = 128;

struct Spare {
    buffers: Vec<Vec<u8>>,
    bytes: usize,
}

thread_local! {
    static SPARE: RefCell<Spare> = const { RefCell::new(Spare { buffers: Vec::new(), bytes: 0 }) };
}

/// An empty buffer with room for something.
#[inline]
pub(crate) fn take() -> Vec<u8> {
    let kept = SPARE.try_with(|spare| {
        let mut spare = spare.borrow_mut();
        let buffer = spare.buffers.pop()?;
        spare.bytes -= buffer.capacity();
        Some(buffer)
    });
    kept.ok().flatten().unwrap_or_else(|| Vec::with_capacity(FIRST))
}

/// Gives a buffer back; a large one is freed, and so is one too many.
#[inline]
pub(crate) fn give(mut buffer: Vec<u8>) {
    let size = buffer.capacity();
    if size == 0 || size > LARGEST {
        return;
    }
    buffer.clear();
    // Threads that are ending keep nothing.
    let _ = SPARE.try_with(|spare| {
        let mut spare = spare.borrow_mut();
        if spare.bytes + size <= KEPT {
            spare.bytes += size;
            spare.buffers.push(buffer);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffers_come_back_empty_and_with_their_room() {
        let mut buffer = take();
        buffer.extend_from_slice(&[1; 1000]);
        let capacity = buffer.capacity();
        give(buffer);
        let again = take();
        assert!(again.is_empty());
        assert_eq!(again.capacity(), capacity);
    }

    #[test]
    fn a_thread_keeps_so_many_bytes_and_no_large_buffer() {
        std::thread::spawn(|| {
            for _ in 0..1000 {
                give(Vec::with_capacity(LARGEST));
            }
            give(Vec::with_capacity(LARGEST + 1));
            let (count, bytes) = SPARE.with_borrow(|spare| (spare.buffers.len(), spare.bytes));
            assert_eq!((count, bytes), (KEPT / LARGEST, KEPT));
            for _ in 0..count {
                drop(take());
            }
            assert_eq!(SPARE.with_borrow(|spare| spare.bytes), 0);
        })
        .join()
        .unwrap();
    }
}
