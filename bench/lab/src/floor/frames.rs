//! WebSocket frames as clients send them, unmasked where they lie, and as servers do; of 65,535 bytes at most, and never fragments.

pub(crate) const TEXT: u8 = 1;
pub(crate) const BINARY: u8 = 2;
pub(crate) const CLOSE: u8 = 8;
pub(crate) const PING: u8 = 9;
pub(crate) const PONG: u8 = 10;

/// Opcode, payload, and the length of the whole frame.
type Frame<'a> = (u8, &'a [u8], usize);

/// The first frame in `bytes`: `Some(None)` until all of it is there, `None` for what is not understood.
pub(crate) fn read(bytes: &mut [u8]) -> Option<Option<Frame<'_>>> {
    let &[first, second, ..] = &*bytes else { return Some(None) };
    if first & 0x80 == 0 || second & 0x80 == 0 {
        return None;
    }
    let (head, len) = match (second & 0x7F, bytes.get(2..4)) {
        (126, Some(len)) => (4, usize::from(u16::from_be_bytes(len.try_into().ok()?))),
        (126, None) => return Some(None),
        (127, _) => return None,
        (len, _) => (2, usize::from(len)),
    };
    let whole = head + 4 + len;
    let Some(frame) = bytes.get_mut(head..whole) else { return Some(None) };
    let (mask, payload) = frame.split_first_chunk_mut()?;
    unmask(payload, *mask);
    Some(Some((first & 0x0F, payload, whole)))
}

fn unmask(payload: &mut [u8], mask: [u8; 4]) {
    let twice = u64::from_ne_bytes([mask, mask].concat().try_into().expect("two of four bytes"));
    let (words, rest) = payload.as_chunks_mut::<8>();
    for word in words {
        *word = (u64::from_ne_bytes(*word) ^ twice).to_ne_bytes();
    }
    for (byte, mask) in rest.iter_mut().zip(mask.iter().cycle()) {
        *byte ^= mask;
    }
}

pub(crate) fn write(opcode: u8, payload: &[u8], out: &mut Vec<u8>) {
    head(opcode, payload.len(), out);
    out.extend_from_slice(payload);
}

/// The head of a frame whose payload of `len` bytes the caller puts behind it.
pub(crate) fn head(opcode: u8, len: usize, out: &mut Vec<u8>) {
    match u8::try_from(len) {
        Ok(len @ 0..126) => out.extend_from_slice(&[0x80 | opcode, len]),
        _ => {
            let [high, low] = u16::try_from(len).expect("no longer than what came").to_be_bytes();
            out.extend_from_slice(&[0x80 | opcode, 126, high, low]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_unmasked_once_all_of_it_is_there() {
        let mask = [0x37, 0xfa, 0x21, 0x3d];
        for len in [0_usize, 5, 125, 126, 1_000] {
            let payload: Vec<u8> = (0..len).map(|at| at as u8).collect();
            let mut bytes = Vec::new();
            head(BINARY, len, &mut bytes);
            bytes[1] |= 0x80;
            bytes.extend_from_slice(&mask);
            bytes.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
            let whole = bytes.len();
            assert_eq!(read(&mut bytes[..whole - 1]), Some(None), "{len}");
            assert_eq!(read(&mut bytes), Some(Some((BINARY, payload.as_slice(), whole))), "{len}");
        }
        assert_eq!(read(&mut [0x81, 0x03, b'a', b'b', b'c']), None, "clients mask");
    }
}
