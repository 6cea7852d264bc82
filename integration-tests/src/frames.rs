//! WebSocket frames from a client's side: correct ones by default, any bits that a test asks for.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use sha1::{Digest as _, Sha1};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt},
    net::{
        TcpStream,
        tcp::{ReadHalf, WriteHalf},
    },
};

use crate::{
    http::{Http, Response},
    wait::within,
};

/// An open WebSocket.
#[derive(Debug)]
pub struct WebSocket {
    stream: TcpStream,
    input: Vec<u8>,
}

/// The receiving half of a WebSocket.
#[derive(Debug)]
pub struct Reading<'a> {
    stream: ReadHalf<'a>,
    input: &'a mut Vec<u8>,
}

/// The sending half of a WebSocket.
#[derive(Debug)]
pub struct Writing<'a> {
    stream: WriteHalf<'a>,
}

/// What the server sent: messages of one frame, for that is how it sends them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    Text(String),
    Binary(Vec<u8>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    /// A close frame: code and reason, when it has them.
    Close(Option<(u16, String)>),
    /// The TCP connection has ended.
    End,
}

/// A frame that a client sends.
#[derive(Debug, Clone, Copy)]
pub struct Frame {
    pub fin: bool,
    /// The three reserved bits, as the upper half of a number below 8.
    pub rsv: u8,
    pub opcode: u8,
    pub masked: bool,
}

pub const CONTINUATION: u8 = 0;
pub const TEXT: u8 = 1;
pub const BINARY: u8 = 2;
pub const CLOSE: u8 = 8;
pub const PING: u8 = 9;
pub const PONG: u8 = 10;

/// The key of the opening handshake's example in RFC 6455.
pub const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

/// The headers that ask for a WebSocket.
pub const UPGRADE: [(&str, &str); 4] = [
    ("connection", "Upgrade"),
    ("upgrade", "websocket"),
    ("sec-websocket-version", "13"),
    ("sec-websocket-key", KEY),
];

impl WebSocket {
    /// Opens one at `target`.
    ///
    /// # Errors
    ///
    /// The server's answer, when it is not 101.
    pub async fn open(port: u16, target: &str) -> Result<Self, Response> {
        Self::open_with(port, target, &[]).await
    }

    /// Opens one with further headers.
    ///
    /// # Errors
    ///
    /// The server's answer, when it is not 101.
    pub async fn open_with(port: u16, target: &str, headers: &[(&str, &str)]) -> Result<Self, Response> {
        Self::open_over(Http::connect(port).await, target, headers).await
    }

    /// Opens one on a connection that is there already.
    ///
    /// # Errors
    ///
    /// The server's answer, when it is not 101.
    pub async fn open_over(mut http: Http, target: &str, headers: &[(&str, &str)]) -> Result<Self, Response> {
        let response = http.request("GET", target, &[&UPGRADE, headers].concat(), b"").await;
        if response.status != 101 {
            return Err(response);
        }
        assert_eq!(response.header("sec-websocket-accept"), Some(accept(KEY).as_str()));
        let (stream, input) = http.into_parts();
        Ok(Self::from_parts(stream, input))
    }

    /// One whose opening handshake is done; `input` was read behind it.
    pub fn from_parts(stream: TcpStream, input: Vec<u8>) -> Self {
        Self { stream, input }
    }

    /// Both directions apart, for a client that sends while it reads.
    pub fn split(&mut self) -> (Reading<'_>, Writing<'_>) {
        let (reading, writing) = self.stream.split();
        (Reading { stream: reading, input: &mut self.input }, Writing { stream: writing })
    }

    pub async fn send_text(&mut self, text: &str) {
        self.send_frame(Frame::of(TEXT), text.as_bytes()).await;
    }

    pub async fn send_binary(&mut self, bytes: &[u8]) {
        self.send_frame(Frame::of(BINARY), bytes).await;
    }

    pub async fn send_frame(&mut self, frame: Frame, payload: &[u8]) {
        let mut bytes = Vec::with_capacity(payload.len() + 14);
        frame.write(&mut bytes, payload);
        self.send_raw(&bytes).await;
    }

    /// Sends bytes as they are. A peer that has closed is no error: what it sent tells.
    pub async fn send_raw(&mut self, bytes: &[u8]) {
        let _ = within("the server to read", self.stream.write_all(bytes)).await;
    }

    /// The next message.
    pub async fn next(&mut self) -> Message {
        within("a WebSocket message", read_message(&mut self.stream, &mut self.input)).await
    }

    /// The next message, which is text.
    pub async fn next_text(&mut self) -> String {
        match self.next().await {
            Message::Text(text) => text,
            other => panic!("expected text, got {other:?}"),
        }
    }

    /// The next message, if it is text, however long it takes; nothing is lost when that is given up.
    pub async fn heard(&mut self) -> Option<String> {
        match read_message(&mut self.stream, &mut self.input).await {
            Message::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The next message, which is binary.
    pub async fn next_binary(&mut self) -> Vec<u8> {
        match self.next().await {
            Message::Binary(bytes) => bytes,
            other => panic!("expected bytes, got {other:?}"),
        }
    }

    /// Reads on until the server ends the WebSocket: its close frame, or [`Message::End`] without one.
    pub async fn closed(&mut self) -> Message {
        loop {
            let message = self.next().await;
            if matches!(message, Message::Close(_) | Message::End) {
                return message;
            }
        }
    }

    /// Reads on until the TCP connection has ended.
    pub async fn ended(&mut self) {
        while self.next().await != Message::End {}
    }

    /// Reads up to `bytes` more, and how many wait to be taken as messages then; `None` when the TCP connection has ended.
    pub async fn read_some(&mut self, bytes: usize) -> Option<usize> {
        let mut some = (&mut self.stream).take(bytes as u64);
        match within("more of a message", some.read_buf(&mut self.input)).await {
            Ok(read) if read > 0 => Some(self.input.len()),
            _ => None,
        }
    }

    /// Ends the TCP connection by a reset, without a word.
    pub fn cut(self) {
        self.stream.set_zero_linger().expect("a connected socket takes options");
    }
}

impl Reading<'_> {
    /// The next message, which is text.
    pub async fn next_text(&mut self) -> String {
        match within("a WebSocket message", read_message(&mut self.stream, self.input)).await {
            Message::Text(text) => text,
            other => panic!("expected text, got {other:?}"),
        }
    }
}

impl Writing<'_> {
    /// Sends several texts in one write, however long the server takes to read them.
    pub async fn send_texts(&mut self, texts: &[String]) {
        let mut bytes = Vec::new();
        for text in texts {
            Frame::of(TEXT).write(&mut bytes, text.as_bytes());
        }
        self.send_bytes(&bytes).await;
    }

    /// The same, with bytes as they are.
    pub async fn send_bytes(&mut self, bytes: &[u8]) {
        let _ = self.stream.write_all(bytes).await;
    }
}

impl Frame {
    /// A final, masked frame.
    pub fn of(opcode: u8) -> Self {
        Self { fin: true, rsv: 0, opcode, masked: true }
    }

    /// Appends the frame's bytes.
    pub fn write(self, out: &mut Vec<u8>, payload: &[u8]) {
        const MASK: [u8; 4] = [0x37, 0xFA, 0x21, 0x3D];
        out.push(u8::from(self.fin) << 7 | self.rsv << 4 | self.opcode);
        let masked = u8::from(self.masked) << 7;
        match payload.len() {
            length @ 0..126 => out.push(masked | length as u8),
            length @ 126..0x1_0000 => {
                out.push(masked | 126);
                out.extend((length as u16).to_be_bytes());
            }
            length => {
                out.push(masked | 127);
                out.extend((length as u64).to_be_bytes());
            }
        }
        if self.masked {
            out.extend(MASK);
            out.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
        } else {
            out.extend(payload);
        }
    }
}

/// `Sec-WebSocket-Accept` for a key.
pub fn accept(key: &str) -> String {
    STANDARD.encode(Sha1::digest(format!("{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11")))
}

async fn read_message(stream: &mut (impl AsyncRead + Unpin), input: &mut Vec<u8>) -> Message {
    loop {
        if let Some((message, length)) = parse(input) {
            input.drain(..length);
            return message;
        }
        match stream.read_buf(input).await {
            Ok(read) if read > 0 => {}
            _ => return Message::End,
        }
    }
}

/// One frame of the server at the head of `input`, and its length.
fn parse(input: &[u8]) -> Option<(Message, usize)> {
    let (&first, &second) = (input.first()?, input.get(1)?);
    assert_eq!(second & 0x80, 0, "a server's frame is not masked");
    assert_eq!(first & 0xF0, 0x80, "the server sends whole messages, without reserved bits");
    let (length, header) = match second {
        126 => (u16::from_be_bytes(input.get(2..4)?.try_into().ok()?) as usize, 4),
        127 => (u64::from_be_bytes(input.get(2..10)?.try_into().ok()?) as usize, 10),
        length => (length as usize, 2),
    };
    let payload = input.get(header..header + length)?.to_vec();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text is UTF-8");
    let message = match first & 0x0F {
        TEXT => Message::Text(text(payload)),
        BINARY => Message::Binary(payload),
        PING => Message::Ping(payload),
        PONG => Message::Pong(payload),
        CLOSE => Message::Close(
            payload.first_chunk::<2>().map(|&code| (u16::from_be_bytes(code), text(payload[2..].to_vec()))),
        ),
        other => panic!("opcode {other}"),
    };
    Some((message, header + length))
}
