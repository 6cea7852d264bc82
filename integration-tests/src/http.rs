//! HTTP/1.1 by hand: what a test writes is what goes over the wire.

use std::{
    str,
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
};

use crate::wait::within;

/// One connection, for any number of requests.
#[derive(Debug)]
pub struct Http {
    stream: TcpStream,
    input: Vec<u8>,
    /// When it was opened, or bytes came last,
    heard: Instant,
    /// and how long ago that was when the last request was sent.
    idle: Duration,
}

/// An answer, read whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

/// A GET on a connection of its own.
pub async fn get(port: u16, target: &str) -> Response {
    request(port, "GET", target, &[], b"").await
}

/// A POST on a connection of its own.
pub async fn post(port: u16, target: &str, body: impl AsRef<[u8]>) -> Response {
    request(port, "POST", target, &[("content-type", "text/plain;charset=UTF-8")], body.as_ref()).await
}

/// Any request on a connection of its own.
pub async fn request(
    port: u16,
    method: &str,
    target: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Response {
    Http::connect(port).await.request(method, target, headers, body).await
}

impl Http {
    pub async fn connect(port: u16) -> Self {
        let stream = within("a TCP connection", TcpStream::connect(("127.0.0.1", port))).await;
        Self::over(stream.expect("the server listens"))
    }

    /// A connection whose receive buffer is as small as can be: what is not read stays with the server.
    pub async fn connect_narrow(port: u16) -> Self {
        let socket = TcpSocket::new_v4().expect("there is IPv4");
        socket.set_recv_buffer_size(4096).expect("a new socket takes options");
        let connecting = socket.connect(([127, 0, 0, 1], port).into());
        Self::over(within("a TCP connection", connecting).await.expect("the server listens"))
    }

    fn over(stream: TcpStream) -> Self {
        stream.set_nodelay(true).expect("a connected socket takes options");
        Self { stream, input: Vec::new(), heard: Instant::now(), idle: Duration::ZERO }
    }

    /// Sends a request and reads its answer. `host`, and `content-length` for a body, are added.
    pub async fn request(
        &mut self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Response {
        self.send_request(method, target, headers, body).await;
        self.response().await
    }

    /// Sends a request only, so that its answer can be waited for while other things happen.
    pub async fn send_request(&mut self, method: &str, target: &str, headers: &[(&str, &str)], body: &[u8]) {
        let mut head = format!("{method} {target} HTTP/1.1\r\n");
        if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
            let port = self.stream.peer_addr().map_or(0, |address| address.port());
            head += &format!("host: 127.0.0.1:{port}\r\n");
        }
        for (name, value) in headers {
            head += &format!("{name}: {value}\r\n");
        }
        if !body.is_empty() || method == "POST" {
            head += &format!("content-length: {}\r\n", body.len());
        }
        head += "\r\n";
        self.send(&[head.as_bytes(), body].concat()).await;
    }

    /// Sends bytes as they are. A peer that has closed is no error: the answer tells.
    pub async fn send(&mut self, bytes: &[u8]) {
        self.idle = self.heard.elapsed();
        let _ = within("the server to read", self.stream.write_all(bytes)).await;
    }

    /// Reads an answer.
    ///
    /// # Panics
    ///
    /// When the connection ends before it is complete.
    pub async fn response(&mut self) -> Response {
        // A server may end a connection that is idle for long, and a machine that stands still for as long makes it so.
        self.try_response().await.unwrap_or_else(|| {
            panic!("no answer before the end of the connection, which had been idle for {:?}", self.idle)
        })
    }

    /// Reads an answer; `None` when the connection ends before there is one.
    pub async fn try_response(&mut self) -> Option<Response> {
        within("an HTTP answer", self.read_response()).await
    }

    /// Waits until the server has closed its side; gives what came before.
    pub async fn closed(&mut self) -> Vec<u8> {
        within("the end of the connection", async { while self.fill().await {} }).await;
        std::mem::take(&mut self.input)
    }

    /// The TCP connection, and the bytes that were read too much.
    pub fn into_parts(self) -> (TcpStream, Vec<u8>) {
        (self.stream, self.input)
    }

    async fn read_response(&mut self) -> Option<Response> {
        let end = loop {
            if let Some(at) = find(&self.input, b"\r\n\r\n") {
                break at;
            }
            if !self.fill().await {
                return None;
            }
        };
        let head = String::from_utf8_lossy(&self.input[..end]).into_owned();
        self.input.drain(..end + 4);

        let mut lines = head.split("\r\n");
        let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
        let headers: Vec<_> = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.trim().to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        let mut response = Response { status, headers, body: Vec::new() };
        response.body = self.read_body(&response).await?;
        Some(response)
    }

    async fn read_body(&mut self, response: &Response) -> Option<Vec<u8>> {
        if matches!(response.status, 100..=199 | 204 | 304) {
            return Some(Vec::new());
        }
        if let Some(length) = response.header("content-length") {
            return self.take(length.parse().expect("a content-length is a number")).await;
        }
        if response.header("transfer-encoding") == Some("chunked") {
            let mut body = Vec::new();
            loop {
                let size = usize::from_str_radix(&self.line().await?, 16).expect("a chunk has a size");
                body.extend(self.take(size).await?);
                self.take(2).await?;
                if size == 0 {
                    return Some(body);
                }
            }
        }
        while self.fill().await {}
        Some(std::mem::take(&mut self.input))
    }

    async fn line(&mut self) -> Option<String> {
        loop {
            if let Some(at) = find(&self.input, b"\r\n") {
                let line = self.take(at + 2).await?;
                return Some(str::from_utf8(&line[..at]).expect("a chunk's head is text").to_owned());
            }
            if !self.fill().await {
                return None;
            }
        }
    }

    async fn take(&mut self, length: usize) -> Option<Vec<u8>> {
        while self.input.len() < length {
            if !self.fill().await {
                return None;
            }
        }
        Some(self.input.drain(..length).collect())
    }

    /// Reads what is there; false at the end.
    async fn fill(&mut self) -> bool {
        let more = matches!(self.stream.read_buf(&mut self.input).await, Ok(read) if read > 0);
        self.heard = Instant::now();
        more
    }
}

impl Response {
    /// The first header of that name (in lower case).
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(each, _)| each == name).map(|(_, value)| value.as_str())
    }

    /// The body as text.
    pub fn text(&self) -> &str {
        str::from_utf8(&self.body).expect("the body is text")
    }

    /// Status and body, for comparing both at once.
    pub fn brief(&self) -> (u16, &str) {
        (self.status, self.text())
    }
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}
