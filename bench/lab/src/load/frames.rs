//! WebSocket frames, as far as the load generator needs them: whole ones, masked out, bare in.

pub(crate) const TEXT: u8 = 1;
pub(crate) const BINARY: u8 = 2;
pub(crate) const CLOSE: u8 = 8;
pub(crate) const PING: u8 = 9;
pub(crate) const PONG: u8 = 10;

/// Appends a frame to what leaves.
pub(crate) fn write(opcode: u8, payload: &[u8], out: &mut Vec<u8>) {
    out.push(0x80 | opcode);
    match payload.len() {
        len @ 0..126 => out.push(0x80 | len as u8),
        len @ 126..0x1_0000 => {
            out.push(0x80 | 126);
            out.extend_from_slice(&(len as u16).to_be_bytes());
        }
        len => {
            out.push(0x80 | 127);
            out.extend_from_slice(&(len as u64).to_be_bytes());
        }
    }
    out.extend_from_slice(&MASK);
    out.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
}

pub(crate) fn made(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = Vec::new();
    write(opcode, payload, &mut frame);
    frame
}

/// The first frame in `bytes`, and its length, if all of it is there.
///
/// # Panics
///
/// It is a fragment: no server here sends any.
pub(crate) fn read(bytes: &[u8]) -> Option<(u8, &[u8], usize)> {
    let (&first, &second) = (bytes.first()?, bytes.get(1)?);
    assert!(first & 0x80 != 0 && first & 0x0F != 0, "the server sends fragments");
    let (head, len) = match second & 0x7F {
        126 => (4, u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?).into()),
        127 => (10, usize::try_from(u64::from_be_bytes(bytes.get(2..10)?.try_into().ok()?)).ok()?),
        len => (2, len.into()),
    };
    Some((first & 0x0F, bytes.get(head..head + len)?, head + len))
}

/// What mask it is makes no difference to a server.
const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_that_leaves_is_masked_and_says_its_length_in_as_few_bytes_as_it_takes() {
        for (len, head) in [(3, 2), (125, 2), (126, 4), (65_535, 4), (65_536, 10)] {
            let frame = made(TEXT, &vec![b'a'; len]);
            assert_eq!(frame.len(), head + MASK.len() + len);
            assert_eq!(frame[0], 0x81);
            assert_eq!(frame[head..head + 4], MASK);
            assert_eq!(frame[head + 4] ^ MASK[0], b'a');
        }
    }

    #[test]
    fn a_frame_is_read_once_all_of_it_is_there() {
        let bytes = b"\x81\x03abc\x82";
        assert_eq!(read(&bytes[..4]), None);
        assert_eq!(read(bytes), Some((TEXT, b"abc".as_slice(), 5)));
        let long = [&[0x82, 126, 0, 200], [7; 200].as_slice()].concat();
        assert_eq!(read(&long), Some((BINARY, [7; 200].as_slice(), 204)));
    }
}
