//! JSON, token by token: what msgpack needs to know of a text before it is written.
//!
//! Containers have their lengths in front in msgpack, so the text is walked twice: once to count, once to write. An object that
//! stands for an attachment is one token. Depth costs an entry of a list, no recursion.

use crate::protocol::args::placeholder::{self, Placeholder, is_space};

use super::MAX_DEPTH;

/// The smallest parts of a JSON text that matter here; commas and colons do not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// `[` or `{`.
    Open(u8),
    /// `]` or `}`.
    Close(u8),
    /// With its quotes, as it is written.
    Text(&'a str),
    /// A number or literal.
    Word(&'a str),
    /// Stands for attachment number so and so.
    Attachment(usize),
}

/// Walks a text; whatever it holds, this ends.
#[derive(Clone, Debug)]
pub(super) struct Tokens<'a> {
    json: &'a str,
    at: usize,
    places: &'a [Placeholder],
}

impl<'a> Tokens<'a> {
    /// `places` are the placeholders, in order.
    pub(super) fn new(json: &'a str, places: &'a [Placeholder]) -> Self {
        Tokens { json, at: 0, places }
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        let bytes = self.json.as_bytes();
        while bytes.get(self.at).is_some_and(|&byte| is_space(byte) || matches!(byte, b',' | b':')) {
            self.at += 1;
        }
        let token = match *bytes.get(self.at)? {
            b'{' if self.places.first().is_some_and(|place| place.start == self.at) => {
                let (place, rest) = self.places.split_first()?;
                self.places = rest;
                self.at = place.end;
                return Some(Token::Attachment(place.num));
            }
            open @ (b'{' | b'[') => Token::Open(open),
            close @ (b'}' | b']') => Token::Close(close),
            b'"' => {
                let text = placeholder::string(self.json, self.at);
                self.at += text.len();
                return Some(Token::Text(text));
            }
            _ => {
                let rest = self.json.get(self.at..)?;
                // A colon cannot follow a word in JSON; should it, the walk must still go on.
                let word = placeholder::scalar(rest).split(':').next().unwrap_or_default();
                self.at += word.len();
                return Some(Token::Word(word));
            }
        };
        self.at += 1;
        Some(token)
    }
}

/// How many elements each container has, members counting once, in the order in which they open.
pub(super) fn lengths(tokens: Tokens<'_>) -> Result<Vec<u32>, ShapeError> {
    let mut lengths: Vec<u32> = Vec::new();
    let mut open: Vec<(u8, usize)> = Vec::new();
    let mut roots = 0;
    for token in tokens {
        if let Token::Close(close) = token {
            let (opened, index) = open.pop().ok_or(ShapeError::NoJson)?;
            let length = lengths.get_mut(index).ok_or(ShapeError::NoJson)?;
            match (opened, close) {
                (b'[', b']') => {}
                // Keys were counted as well.
                (b'{', b'}') if *length % 2 == 0 => *length /= 2,
                _ => return Err(ShapeError::NoJson),
            }
            continue;
        }
        match open.last().and_then(|&(_, index)| lengths.get_mut(index)) {
            Some(length) => *length = length.checked_add(1).ok_or(ShapeError::NoJson)?,
            None => roots += 1,
        }
        if let Token::Open(kind) = token {
            if open.len() == MAX_DEPTH {
                return Err(ShapeError::TooDeep);
            }
            open.push((kind, lengths.len()));
            lengths.push(0);
        }
    }
    if open.is_empty() && roots == 1 { Ok(lengths) } else { Err(ShapeError::NoJson) }
}

/// Why a text cannot become msgpack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum ShapeError {
    #[error("nested deeper than {MAX_DEPTH} levels, which a client that speaks msgpack is not sent")]
    TooDeep,
    #[error("it is no JSON")]
    NoJson,
}
