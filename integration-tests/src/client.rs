//! A small Engine.IO client: packets as text, over either transport, so that a test reads like a transcript.
//!
//! ```no_run
//! # async fn test(port: u16) {
//! use integration_tests::client::Client;
//!
//! let mut client = Client::websocket(port).await;
//! client.send("40").await;
//! assert!(client.next().await.starts_with("40{"));
//! # }
//! ```
//!
//! Binary packets are written and read as in a payload, `b` and base64, whatever the transport.

use std::collections::VecDeque;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Deserialize;

use crate::{
    frames::{Message, WebSocket},
    http::{Http, Response},
};

/// Where the server listens, with the version.
pub const PATH: &str = "/socket.io/?EIO=4";

/// Between the packets of a payload.
pub const SEPARATOR: char = '\u{1e}';

/// An open session.
#[derive(Debug)]
pub struct Client {
    pub port: u16,
    pub open: Open,
    transport: Transport,
}

/// What the server says first.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Open {
    pub sid: String,
    pub upgrades: Vec<String>,
    pub ping_interval: u64,
    pub ping_timeout: u64,
    pub max_payload: usize,
}

#[derive(Debug)]
enum Transport {
    Websocket(WebSocket),
    Polling { receiving: Http, sending: Http, inbox: VecDeque<String> },
}

impl Client {
    /// A session that is a WebSocket from the start.
    pub async fn websocket(port: u16) -> Self {
        let target = format!("{PATH}&transport=websocket");
        let mut socket = WebSocket::open(port, &target).await.expect("the upgrade is accepted");
        let open = Open::parse(&socket.next_text().await);
        Self { port, open, transport: Transport::Websocket(socket) }
    }

    /// A session by polling.
    pub async fn polling(port: u16) -> Self {
        let mut receiving = Http::connect(port).await;
        let response = receiving.request("GET", &format!("{PATH}&transport=polling"), &[], b"").await;
        assert_eq!(response.status, 200, "{}", response.text());
        let mut inbox: VecDeque<_> = response.text().split(SEPARATOR).map(str::to_owned).collect();
        let open = Open::parse(&inbox.pop_front().expect("a handshake"));
        let sending = Http::connect(port).await;
        Self { port, open, transport: Transport::Polling { receiving, sending, inbox } }
    }

    /// A session of either kind.
    pub async fn by(transport: &str, port: u16) -> Self {
        match transport {
            "websocket" => Self::websocket(port).await,
            "polling" => Self::polling(port).await,
            "upgrade" => Self::polling(port).await.upgrade().await,
            other => panic!("no transport is named {other}"),
        }
    }

    /// Changes over to WebSocket. A ping that polling has brought meanwhile is answered there.
    pub async fn upgrade(self) -> Self {
        let mut socket = self.probe().await;
        let Self { port, open, transport } = self;
        let Transport::Polling { mut receiving, mut inbox, .. } = transport else {
            panic!("the session is a WebSocket already");
        };
        // A client pauses polling: its last GET is answered, by a noop when there is nothing else.
        let last = receiving.request("GET", &polling(&open.sid), &[], b"").await;
        inbox.extend(last.text().split(SEPARATOR).map(str::to_owned).filter(|packet| packet != "6"));
        socket.send_text("5").await;
        for packet in inbox {
            assert_eq!(packet, "2", "read before the upgrade what is left");
            socket.send_text("3").await;
        }
        Self { port, open, transport: Transport::Websocket(socket) }
    }

    /// A WebSocket for the session, which polls; its probe has been answered, and `5` would be next.
    pub async fn probe(&self) -> WebSocket {
        let opened = WebSocket::open(self.port, &self.websocket_target()).await;
        let mut socket = opened.expect("the upgrade is accepted");
        socket.send_text("2probe").await;
        assert_eq!(socket.next_text().await, "3probe");
        socket
    }

    /// Sends one packet: `40`, `42["event"]`, `bAQID`.
    pub async fn send(&mut self, packet: &str) {
        match &mut self.transport {
            Transport::Websocket(socket) => match packet.strip_prefix('b') {
                Some(encoded) => socket.send_binary(&STANDARD.decode(encoded).expect("base64")).await,
                None => socket.send_text(packet).await,
            },
            Transport::Polling { .. } => {
                let response = self.post(packet).await;
                assert_eq!(response.brief(), (200, "ok"));
            }
        }
    }

    /// Sends one packet to a session that may be over.
    pub async fn send_or_gone(&mut self, packet: &str) {
        match &mut self.transport {
            Transport::Websocket(_) => self.send(packet).await,
            Transport::Polling { .. } => {
                let status = self.post(packet).await.status;
                assert!(matches!(status, 200 | 400), "{status}");
            }
        }
    }

    /// Sends several packets: one payload, or frames that leave in one write.
    pub async fn send_all(&mut self, packets: &[String]) {
        match &mut self.transport {
            Transport::Polling { .. } => self.send(&packets.join(&SEPARATOR.to_string())).await,
            Transport::Websocket(socket) => {
                let mut bytes = Vec::new();
                for packet in packets {
                    let frame = crate::frames::Frame::of(crate::frames::TEXT);
                    frame.write(&mut bytes, packet.as_bytes());
                }
                socket.send_raw(&bytes).await;
            }
        }
    }

    /// The next packet; pings are answered and passed over.
    ///
    /// # Panics
    ///
    /// When the session ends, or nothing comes.
    pub async fn next(&mut self) -> String {
        loop {
            let packet = self.next_or_end().await.expect("the session is open");
            if packet != "2" {
                return packet;
            }
            self.send("3").await;
        }
    }

    /// The same, and noops are passed over too: with them the server frees a poll.
    pub async fn next_but_noop(&mut self) -> String {
        loop {
            let packet = self.next().await;
            if packet != "6" {
                return packet;
            }
        }
    }

    /// The next packet, pings and noops as they come; `None` at the end of the session.
    pub async fn next_or_end(&mut self) -> Option<String> {
        match &mut self.transport {
            Transport::Websocket(socket) => match socket.next().await {
                Message::Text(text) => Some(text),
                Message::Binary(bytes) => Some(format!("b{}", STANDARD.encode(bytes))),
                Message::Close(_) | Message::End => None,
                other => panic!("{other:?} is not for Engine.IO"),
            },
            Transport::Polling { receiving, inbox, .. } => {
                if inbox.is_empty() {
                    receiving.send_request("GET", &polling(&self.open.sid), &[], b"").await;
                    let response =
                        receiving.try_response().await.filter(|response| response.status == 200)?;
                    inbox.extend(response.text().split(SEPARATOR).map(str::to_owned));
                }
                inbox.pop_front().filter(|packet| packet != "1")
            }
        }
    }

    /// Reads on until the session has ended; gives the packets before.
    pub async fn ended(&mut self) -> Vec<String> {
        let mut before = Vec::new();
        while let Some(packet) = self.next_or_end().await {
            before.push(packet);
        }
        before
    }

    /// Joins a namespace and gives the socket's id.
    pub async fn connect(&mut self, namespace: &str) -> String {
        self.connect_with(namespace, "").await
    }

    /// Joins a namespace with auth, written as JSON.
    pub async fn connect_with(&mut self, namespace: &str, auth: &str) -> String {
        let head = head("40", namespace);
        self.send(&format!("{head}{auth}")).await;
        let answer = self.next().await;
        answer
            .strip_prefix(&format!("{head}{{\"sid\":\""))
            .and_then(|rest| rest.strip_suffix("\"}"))
            .unwrap_or_else(|| panic!("{answer} is not a CONNECT answer for {namespace}"))
            .to_owned()
    }

    /// What a POST to the session is answered.
    pub async fn post(&mut self, payload: &str) -> Response {
        let Transport::Polling { sending, .. } = &mut self.transport else {
            panic!("a WebSocket takes no POST");
        };
        let headers = [("content-type", "text/plain;charset=UTF-8")];
        sending.request("POST", &polling(&self.open.sid), &headers, payload.as_bytes()).await
    }

    /// The request target of this session's GETs and POSTs.
    pub fn polling_target(&self) -> String {
        polling(&self.open.sid)
    }

    /// The target of a WebSocket that takes this session over.
    pub fn websocket_target(&self) -> String {
        format!("{PATH}&transport=websocket&sid={}", self.open.sid)
    }

    /// The WebSocket beneath.
    pub fn socket(&mut self) -> &mut WebSocket {
        match &mut self.transport {
            Transport::Websocket(socket) => socket,
            Transport::Polling { .. } => panic!("this client is polling"),
        }
    }

    /// Ends the session as a client does that closes: a close packet. It may be over already.
    pub async fn close(self) {
        match self.transport {
            Transport::Websocket(mut socket) => socket.send_text("1").await,
            Transport::Polling { mut sending, .. } => {
                sending.send_request("POST", &polling(&self.open.sid), &[], b"1").await;
                sending.try_response().await;
            }
        }
    }

    /// Ends the TCP connections without a word.
    pub fn cut(self) {
        if let Transport::Websocket(socket) = self.transport {
            socket.cut();
        }
    }
}

impl Open {
    /// Reads an open packet, `0{…}`.
    pub fn parse(packet: &str) -> Self {
        let json = packet.strip_prefix('0').unwrap_or_else(|| panic!("{packet} is not an open packet"));
        serde_json::from_str(json).unwrap_or_else(|error| panic!("{error} in {json}"))
    }
}

/// A client in `/`.
pub async fn joined(transport: &str, port: u16) -> Client {
    let mut client = Client::by(transport, port).await;
    client.connect("/").await;
    client
}

/// A WebSocket in `namespace` whose receive buffer is a few kilobytes: what it does not read stays with the server.
pub async fn joined_narrow(namespace: &str, port: u16) -> WebSocket {
    let http = Http::connect_narrow(port).await;
    let opened = WebSocket::open_over(http, &format!("{PATH}&transport=websocket"), &[]).await;
    let mut socket = opened.expect("the upgrade is accepted");
    socket.next_text().await;
    socket.send_text(&head("40", namespace)).await;
    assert!(socket.next_text().await.starts_with(&format!("{}{{", head("40", namespace))));
    socket
}

/// `40` and `/chat` make `40/chat,`; the main namespace has no name.
pub fn head(kind: &str, namespace: &str) -> String {
    match namespace {
        "/" => kind.to_owned(),
        namespace => format!("{kind}{namespace},"),
    }
}

fn polling(sid: &str) -> String {
    format!("{PATH}&transport=polling&sid={sid}")
}
