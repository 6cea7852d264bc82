//! Why a request is refused, and what its sender reads.
//!
//! ```text
//! polling   400 application/json   {"code":1,"message":"Session ID unknown"}      too large: 413, shutting down: 503, forbidden: 403
//! upgrade   400 text/html          Session ID unknown                             Connection: close
//! either    503 with Retry-After   {"code":3,"message":"Too many connections"}    too many, or too fast
//! ```
//!
//! Codes and messages are Node's. The cause in detail, and what helps, is for the operator: see [`RefusalLog`](super::RefusalLog).

use std::borrow::Cow;

use http::header::{CONNECTION, CONTENT_TYPE, HeaderValue, RETRY_AFTER, SEC_WEBSOCKET_VERSION};
use http::{Response, StatusCode};

use super::{RequestKind, WEBSOCKET_WITHOUT_UPGRADE};
use crate::engine::limits::Limit;
use crate::http::Body;

/// When who was refused for a limit may come again.
const RETRY_AFTER_SECONDS: &str = "1";

/// Why a request is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// `transport` is missing, unknown, or not offered.
    UnknownTransport,
    /// No session has this `sid`.
    UnknownSession,
    /// No session has this `sid`, and it was not this node that gave it away.
    SessionOfAnotherNode,
    /// A session is opened by anything but GET.
    BadHandshakeMethod,
    /// A session is addressed by anything but GET and POST.
    BadMethod,
    /// Anything else that is wrong with the request, in words for the log.
    BadRequest(&'static str),
    /// The page that sends the request may not.
    Origin { origin: String, expected: String },
    /// A WebSocket is asked for over HTTP/2 or HTTP/1.0.
    NotHttp11,
    /// `Sec-WebSocket-Version` is not 13.
    WebsocketVersion,
    /// `EIO` is not 4.
    UnsupportedVersion,
    /// The body has more bytes than `max_payload`.
    TooLarge { limit: usize },
    /// A new session is asked for while the server shuts down.
    ShuttingDown,
    /// `allow_request` says no.
    Forbidden { message: String },
    /// `generate_id` gave an id that no session can have, in words for the log.
    BadId(&'static str),
    /// There are `max_connections` already.
    TooManyConnections { limit: usize },
    /// The client's address has `max_connections_per_address` already.
    TooManyOfAddress { limit: usize },
    /// More sessions are asked for than `max_handshake_rate` allows.
    TooManyHandshakes,
}

impl Refusal {
    /// The bound that is the reason.
    pub(crate) fn limit(&self) -> Option<Limit> {
        match self {
            Refusal::TooManyConnections { .. } => Some(Limit::Connections),
            Refusal::TooManyOfAddress { .. } => Some(Limit::ConnectionsPerAddress),
            Refusal::TooManyHandshakes => Some(Limit::HandshakeRate),
            _ => None,
        }
    }

    /// Engine.IO's number for it.
    pub(crate) fn code(&self) -> u8 {
        match self {
            Refusal::UnknownTransport => 0,
            Refusal::UnknownSession | Refusal::SessionOfAnotherNode => 1,
            Refusal::BadHandshakeMethod => 2,
            Refusal::Forbidden { .. } => 4,
            Refusal::UnsupportedVersion => 5,
            _ => 3,
        }
    }

    /// The status of the answer to a request that is no upgrade.
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Refusal::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Refusal::Forbidden { .. } => StatusCode::FORBIDDEN,
            Refusal::ShuttingDown
            | Refusal::TooManyConnections { .. }
            | Refusal::TooManyOfAddress { .. }
            | Refusal::TooManyHandshakes => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::BAD_REQUEST,
        }
    }

    /// That of an upgrade is always 400, as Node's; but who has to come again later is told so.
    fn status_of_upgrade(&self) -> StatusCode {
        if self.limit().is_some() { self.status() } else { StatusCode::BAD_REQUEST }
    }

    /// What the client reads.
    pub(crate) fn message(&self) -> &str {
        match self {
            Refusal::UnknownTransport => "Transport unknown",
            Refusal::UnknownSession | Refusal::SessionOfAnotherNode => "Session ID unknown",
            Refusal::BadHandshakeMethod => "Bad handshake method",
            Refusal::BadMethod
            | Refusal::BadRequest(_)
            | Refusal::BadId(_)
            | Refusal::Origin { .. }
            | Refusal::WebsocketVersion => "Bad request",
            Refusal::NotHttp11 => "WebSocket needs HTTP/1.1",
            Refusal::UnsupportedVersion => "Unsupported protocol version",
            Refusal::TooLarge { .. } => "Payload too large",
            Refusal::ShuttingDown => "Server shutting down",
            Refusal::Forbidden { message } => message,
            Refusal::TooManyConnections { .. } | Refusal::TooManyOfAddress { .. } => "Too many connections",
            Refusal::TooManyHandshakes => "Too many handshakes",
        }
    }

    /// What happened, for the log.
    pub(crate) fn cause(&self) -> Cow<'_, str> {
        match self {
            Refusal::BadRequest(cause) => Cow::Borrowed(cause),
            Refusal::Forbidden { message } => format!("allow_request refuses it: {message}").into(),
            Refusal::Origin { origin, expected } => {
                format!("origin {origin} is not allowed, expected {expected}").into()
            }
            Refusal::TooLarge { limit } => format!("the body has more than {limit} bytes").into(),
            Refusal::TooManyConnections { limit } => format!("{limit} connections are open already").into(),
            Refusal::TooManyOfAddress { limit } => {
                format!("{limit} connections of this address are open already").into()
            }
            _ => Cow::Borrowed(self.name()),
        }
    }

    /// What helps, for the log.
    pub(crate) fn cure(&self) -> &'static str {
        match self {
            Refusal::UnknownTransport => "name polling or websocket, and offer it with transports(...)",
            Refusal::UnknownSession => "nothing to do: the client connects anew",
            Refusal::SessionOfAnotherNode => {
                "lead all requests of a client to the same node; nothing to do if that node has ended or was started again: the client connects anew"
            }
            Refusal::BadHandshakeMethod => "open a session with GET",
            Refusal::BadMethod => "use GET and POST",
            Refusal::BadRequest(WEBSOCKET_WITHOUT_UPGRADE) => {
                "let the proxy in front pass on the headers Upgrade and Connection, over HTTP/1.1"
            }
            Refusal::BadRequest(_) | Refusal::WebsocketVersion => "use a client that follows the protocol",
            Refusal::Origin { .. } => {
                "if the page is yours, set cors(...); behind a proxy that changes scheme or host, set trusted_proxies(...)"
            }
            Refusal::NotHttp11 => "let the proxy in front speak HTTP/1.1 to this server",
            Refusal::UnsupportedVersion => "use a client of Socket.IO 3 or later, which speaks Engine.IO 4",
            Refusal::TooLarge { .. } => "send less at once, or raise max_payload(...)",
            Refusal::ShuttingDown => "nothing to do: the client tries again",
            Refusal::Forbidden { .. } => "nothing to do if that is meant",
            Refusal::BadId(_) => {
                "let generate_id give each session an id of its own, of letters, digits and -._~, 128 at most"
            }
            Refusal::TooManyConnections { .. } => {
                "raise the limit of open files (ulimit -n) or max_connections(...), or start another process"
            }
            Refusal::TooManyOfAddress { .. } => {
                "raise max_connections_per_address(...); behind a proxy, set trusted_proxies(...)"
            }
            Refusal::TooManyHandshakes => "raise max_handshake_rate(...); the client tries again",
        }
    }

    /// One name per cause, whatever the values in it.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Refusal::UnknownTransport => "the transport is unknown or not offered",
            Refusal::UnknownSession => "no session has this id: it has ended",
            Refusal::SessionOfAnotherNode => "this session is another node's: is stickiness on?",
            Refusal::BadHandshakeMethod => "a session is opened by a method other than GET",
            Refusal::BadMethod => "a session is addressed by a method other than GET and POST",
            Refusal::BadRequest(cause) | Refusal::BadId(cause) => cause,
            Refusal::Forbidden { .. } => "allow_request refuses it",
            Refusal::Origin { .. } => "the origin is not allowed",
            Refusal::NotHttp11 => "a WebSocket is asked for over another version than HTTP/1.1",
            Refusal::WebsocketVersion => "Sec-WebSocket-Version is not 13",
            Refusal::UnsupportedVersion => "EIO is not 4: a client of Socket.IO 2 or older, or none at all",
            Refusal::TooLarge { .. } => "the body is too large",
            Refusal::ShuttingDown => "the server is shutting down",
            Refusal::TooManyConnections { .. } => "there are too many connections",
            Refusal::TooManyOfAddress { .. } => "there are too many connections of one address",
            Refusal::TooManyHandshakes => "handshakes come faster than they may",
        }
    }

    /// The answer, without CORS headers.
    pub(crate) fn into_response(self, kind: RequestKind) -> Response<Body> {
        let (status, content_type, body) = match kind {
            RequestKind::Polling { .. } => {
                let body = serde_json::json!({ "code": self.code(), "message": self.message() }).to_string();
                (self.status(), "application/json", body)
            }
            RequestKind::Upgrade => (self.status_of_upgrade(), "text/html", self.message().to_owned()),
        };
        let mut response = Response::new(Body::full(body));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        if kind != (RequestKind::Polling { close: false }) {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        if self.limit().is_some() {
            headers.insert(RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER_SECONDS));
        }
        if self == Refusal::WebsocketVersion {
            headers.insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
        }
        response
    }
}
