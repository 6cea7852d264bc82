//! From a client's bytes to messages.
//!
//! A frame that is whole inside the input is unmasked where it stands and handed out from there: no copy. Of anything
//! less, [`Decoder`] keeps what it needs: up to 13 bytes of a header in itself, payloads in one buffer that grows with
//! what has come, never with what a header announces. Fragments are joined as they come, so that their number costs
//! nothing. Once a message is out, the buffer goes.

use super::header::{CLIENT_HEADER_MAX, Header};
use super::mask::Mask;
use super::{FrameError, Message, Opcode};

/// Reads the frames of one connection.
///
/// Small, and without memory of its own when no frame or message is half-way.
#[derive(Debug)]
pub struct Decoder {
    max_message: usize,
    /// The message so far, and behind it the payload of a control frame that is half-way.
    buffer: Vec<u8>,
    /// How much of `buffer` belongs to the message that is under way.
    message_length: usize,
    /// How much of a text message is known to be UTF-8.
    checked: usize,
    /// The frame whose payload is half-way.
    frame: Option<Frame>,
    /// The message under way: text or binary.
    message: Option<Opcode>,
    /// The first bytes of a header.
    header: [u8; CLIENT_HEADER_MAX],
    header_length: u8,
    /// After a close frame or an error everything is ignored.
    ended: bool,
}

impl Decoder {
    /// A decoder that refuses messages of more than `max_message` bytes.
    #[must_use]
    pub fn new(max_message: usize) -> Self {
        Self {
            max_message,
            buffer: Vec::new(),
            message_length: 0,
            checked: 0,
            frame: None,
            message: None,
            header: [0; CLIENT_HEADER_MAX],
            header_length: 0,
            ended: false,
        }
    }

    /// Reads on in `input`, up to the end of one message.
    ///
    /// Returns how many bytes it used, and the message that ended there. Without a message all of `input` was used: call
    /// it until then, which is also when the memory of the last message is given back. The payload of the frames is
    /// unmasked in place; after a close frame, or an error, all input is ignored.
    ///
    /// ```
    /// # use socketio_core::protocol::frame::{Decoder, FrameError, Message};
    /// let mut decoder = Decoder::new(1_000_000);
    /// let mut input = *b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58\x89";
    /// assert_eq!(decoder.read(&mut input)?, (11, Some(Message::Text("Hello"))));
    /// assert_eq!(decoder.read(&mut input[11..])?, (1, None)); // the start of a ping, kept for later
    /// # Ok::<(), FrameError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The client broke the protocol or its limit; [`FrameError::close_code`] is what to tell it.
    #[inline]
    pub fn read<'a>(&'a mut self, input: &'a mut [u8]) -> Result<(usize, Option<Message<'a>>), FrameError> {
        self.forget_what_was_handed_out();
        if self.ended {
            return Ok((input.len(), None));
        }
        let Complete { used, opcode, place } = match self.advance(input) {
            Ok(Some(ended)) => ended,
            Ok(None) => return Ok((input.len(), None)),
            Err(error) => {
                self.end();
                return Err(error);
            }
        };
        let payload = match place {
            Place::Input { start } => &input[start..used],
            Place::Buffer { start } => &self.buffer[start..],
        };
        let message = Message::new(opcode, payload);
        self.ended = matches!(message, Ok(Message::Close(_)) | Err(_));
        Ok((used, Some(message?)))
    }

    /// Bytes of memory that it holds for what is half-way.
    #[must_use]
    pub fn buffered(&self) -> usize {
        self.buffer.capacity()
    }

    #[inline]
    fn advance(&mut self, input: &mut [u8]) -> Result<Option<Complete>, FrameError> {
        let mut used = 0;
        loop {
            let frame = match self.frame.take() {
                Some(frame) => frame,
                None => {
                    let Some((header, length)) = self.next_header(&input[used..])? else {
                        return Ok(None);
                    };
                    used += length;
                    self.accept(header)?
                }
            };
            let start = used;
            let length = frame.remaining.min(input.len() - start);
            used += length;
            let payload = &mut input[start..used];
            frame.mask.apply(payload);
            let whole = length == frame.remaining;
            let complete = whole && frame.fin;

            let control = frame.opcode.is_control();
            let kept = if control { self.message_length } else { 0 };
            let place = if complete && self.buffer.len() == kept {
                Place::Input { start }
            } else {
                self.keep(payload, frame.opcode)?;
                Place::Buffer { start: kept }
            };
            if complete {
                if !control {
                    self.message = None;
                    self.message_length = 0;
                    self.checked = 0;
                }
                let opcode = frame.opcode;
                return Ok(Some(Complete { used, opcode, place }));
            }
            if !whole {
                let remaining = frame.remaining - length;
                let mask = frame.mask.after(length);
                self.frame = Some(Frame { remaining, mask, ..frame });
                return Ok(None);
            }
        }
    }

    /// The header at the head of `input`, or begun in an earlier one, and how many bytes of `input` it took.
    #[inline]
    fn next_header(&mut self, input: &[u8]) -> Result<Option<(Header, usize)>, FrameError> {
        if self.header_length == 0
            && let Some(found) = Header::parse(input)?
        {
            return Ok(Some(found));
        }
        self.collect_header(input)
    }

    /// Keeps the bytes of a header until it is whole.
    #[cold]
    fn collect_header(&mut self, input: &[u8]) -> Result<Option<(Header, usize)>, FrameError> {
        for (index, &byte) in input.iter().enumerate() {
            self.header[usize::from(self.header_length)] = byte;
            self.header_length += 1;
            if let Some((header, _)) = Header::parse(&self.header[..usize::from(self.header_length)])? {
                self.header_length = 0;
                return Ok(Some((header, index + 1)));
            }
        }
        Ok(None)
    }

    /// Checks a frame against the message under way and the limit, before any of its payload is looked at.
    #[inline]
    fn accept(&mut self, header: Header) -> Result<Frame, FrameError> {
        let opcode = match (header.opcode, self.message) {
            (Opcode::Continuation, Some(opcode)) => opcode,
            (Opcode::Continuation, None) => return Err(FrameError::NothingToContinue),
            (Opcode::Text | Opcode::Binary, Some(_)) => return Err(FrameError::UnfinishedMessage),
            (opcode, _) => opcode,
        };
        if !opcode.is_control() {
            let size = header.length.saturating_add(self.message_length as u64);
            if size > self.max_message as u64 {
                return Err(FrameError::TooBig { limit: self.max_message, size });
            }
            self.message = Some(opcode);
        }
        // It fits: it is at most `max_message`, or 125.
        let remaining = header.length as usize;
        Ok(Frame { remaining, mask: header.mask, opcode, fin: header.fin })
    }

    /// Appends to the buffer what cannot be handed out yet.
    fn keep(&mut self, payload: &[u8], opcode: Opcode) -> Result<(), FrameError> {
        self.buffer.extend_from_slice(payload);
        if !opcode.is_control() {
            self.message_length = self.buffer.len();
        }
        if opcode == Opcode::Text {
            self.check_text()?;
        }
        Ok(())
    }

    /// Refuses text that cannot become UTF-8 any more, whatever follows; a character may still be cut in two.
    fn check_text(&mut self) -> Result<(), FrameError> {
        match simdutf8::compat::from_utf8(&self.buffer[self.checked..]) {
            Ok(_) => self.checked = self.buffer.len(),
            Err(error) if error.error_len().is_none() => self.checked += error.valid_up_to(),
            Err(_) => return Err(FrameError::Utf8),
        }
        Ok(())
    }

    #[inline]
    fn forget_what_was_handed_out(&mut self) {
        if self.buffer.len() == self.message_length || self.frame.is_some() {
            return;
        }
        if self.message_length == 0 {
            self.buffer = Vec::new();
        } else {
            self.buffer.truncate(self.message_length);
        }
    }

    fn end(&mut self) {
        *self = Self { ended: true, ..Self::new(self.max_message) };
    }
}

/// A frame whose payload is being read.
#[derive(Debug, Clone, Copy)]
struct Frame {
    remaining: usize,
    /// Turned, so that it starts at the next byte.
    mask: Mask,
    /// Of a continuation: the opcode of its message.
    opcode: Opcode,
    fin: bool,
}

/// A message or control frame that is complete.
struct Complete {
    used: usize,
    opcode: Opcode,
    place: Place,
}

/// Where its payload is: up to the bytes used of the input, or up to the end of the buffer.
enum Place {
    Input { start: usize },
    Buffer { start: usize },
}
