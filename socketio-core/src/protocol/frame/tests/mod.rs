//! One test per sentence of RFC 6455 about frames, by section; then what a peer may cost, and what must hold for any input.

use super::{Decoder, FrameError, Message};

mod closing; // 5.5.1, 7.4
mod control; // 5.5
mod fragments; // 5.4
mod framing; // 5.1 to 5.3, 5.7
mod limits; // 10.4, and memory
mod ours; // what the server sends
mod properties;
mod text; // 5.6, 8.1

/// A message that outlives the input it was read from.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Said {
    Text(String),
    Binary(Vec<u8>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Close(Option<(u16, String)>),
}

impl From<Message<'_>> for Said {
    fn from(message: Message<'_>) -> Self {
        match message {
            Message::Text(text) => Said::Text(text.into()),
            Message::Binary(bytes) => Said::Binary(bytes.into()),
            Message::Ping(bytes) => Said::Ping(bytes.into()),
            Message::Pong(bytes) => Said::Pong(bytes.into()),
            Message::Close(closing) => Said::Close(closing.map(|(code, reason)| (code, reason.into()))),
        }
    }
}

/// A client's frame: its first byte (FIN, RSV, opcode) and its payload, not yet masked.
fn client(first: u8, payload: &[u8]) -> Vec<u8> {
    masked(first, payload, [0x37, 0xFA, 0x21, 0x3D])
}

fn masked(first: u8, payload: &[u8], key: [u8; 4]) -> Vec<u8> {
    let mut frame = match payload.len() {
        short @ 0..126 => vec![first, 0x80 | short as u8],
        medium @ 126..=0xFFFF => [&[first, 0x80 | 126][..], &(medium as u16).to_be_bytes()].concat(),
        long => [&[first, 0x80 | 127][..], &(long as u64).to_be_bytes()].concat(),
    };
    frame.extend_from_slice(&key);
    frame.extend(payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
    frame
}

/// Everything that `decoder` says about `wire`, which comes in pieces of `size` bytes.
fn read_in_pieces(decoder: &mut Decoder, wire: &[u8], size: usize) -> Vec<Result<Said, FrameError>> {
    let mut said = Vec::new();
    for piece in wire.chunks(size.max(1)) {
        let mut input = piece.to_vec();
        let mut at = 0;
        loop {
            match decoder.read(&mut input[at..]) {
                Ok((used, Some(message))) => {
                    said.push(Ok(message.into()));
                    at += used;
                }
                Ok((used, None)) => {
                    assert_eq!(at + used, input.len(), "all input is used");
                    break;
                }
                Err(error) => {
                    said.push(Err(error));
                    break;
                }
            }
        }
    }
    said
}

/// Everything said in `frames`, read at once; and byte by byte, which must say the same.
fn read(frames: &[Vec<u8>]) -> Vec<Result<Said, FrameError>> {
    let wire = frames.concat();
    let said = read_in_pieces(&mut Decoder::new(LIMIT), &wire, wire.len());
    assert_eq!(said, read_in_pieces(&mut Decoder::new(LIMIT), &wire, 1), "byte by byte");
    said
}

fn text(text: &str) -> Result<Said, FrameError> {
    Ok(Said::Text(text.into()))
}

fn binary(bytes: &[u8]) -> Result<Said, FrameError> {
    Ok(Said::Binary(bytes.into()))
}

fn ping(bytes: &[u8]) -> Result<Said, FrameError> {
    Ok(Said::Ping(bytes.into()))
}

fn pong(bytes: &[u8]) -> Result<Said, FrameError> {
    Ok(Said::Pong(bytes.into()))
}

fn close(code: u16, reason: &str) -> Result<Said, FrameError> {
    Ok(Said::Close(Some((code, reason.into()))))
}

const LIMIT: usize = 1_000_000;
