//! What an Engine.IO request asks for, read from its head alone: nothing of its body has been touched when it is refused.
//!
//! ```text
//! OPTIONS                                      Preflight
//! GET  ?EIO=4&transport=polling                Handshake
//! GET  ?EIO=4&transport=polling&sid=…          Poll
//! POST ?EIO=4&transport=polling&sid=…          Post
//! GET  ?EIO=4&transport=websocket[&sid=…]      Upgrade      with `Connection: upgrade` and `Upgrade: websocket`
//! ```
//!
//! The checks come in the order of Node's: transport, method, upgrade, version. Whether the origin is welcome has been checked
//! before, by [`cors`](super::cors); whether the session exists says the registry, and what the key of a WebSocket is worth says
//! [`websocket_accept`](crate::protocol::handshake::websocket_accept). An `Upgrade` to anything but `websocket` is ignored, as
//! RFC 9110 allows: Java's client offers `h2c` with every request.

mod log;
mod refusal;

use http::header::{
    CONNECTION, CONTENT_LENGTH, HeaderName, SEC_WEBSOCKET_VERSION, TRANSFER_ENCODING, UPGRADE,
};
use http::request::Parts;
use http::{HeaderMap, Method, Version};

use super::EngineConfig;
use crate::protocol::engine::Transport;
use crate::protocol::handshake::Query;

pub(crate) use self::log::RefusalLog;
#[cfg(feature = "static-files")]
pub(crate) use self::log::shown;
pub(crate) use self::refusal::Refusal;

/// What to do with a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    /// A browser asks whether a page of another origin may send the real request.
    Preflight,
    /// Opens a session by polling.
    Handshake,
    /// Fetches what waits for the client.
    Poll { sid: String },
    /// Brings packets of the client.
    Post { sid: String },
    /// Opens a session on a WebSocket, or takes an open one there.
    Upgrade { sid: Option<String> },
}

/// Reads a request's head. `sid` is as the client wrote it: it need not exist.
pub(crate) fn route(parts: &Parts, config: &EngineConfig) -> Result<Route, Refusal> {
    read(parts, |transport| match transport {
        Transport::Polling => config.polling,
        Transport::Websocket => config.websocket,
    })
}

fn read(parts: &Parts, offered: impl Fn(Transport) -> bool) -> Result<Route, Refusal> {
    if parts.method == Method::OPTIONS {
        return Ok(Route::Preflight);
    }
    let query = Query::parse(parts.uri.query().unwrap_or_default());
    let transport = query.transport.as_deref().and_then(|name| name.parse().ok());
    let transport = transport.filter(|&transport| offered(transport)).ok_or(Refusal::UnknownTransport)?;
    let sid = query.sid.filter(|sid| !sid.is_empty()).map(|sid| sid.into_owned());

    if sid.is_none() && parts.method != Method::GET {
        return Err(Refusal::BadHandshakeMethod);
    }
    let upgrade = is_websocket_upgrade(parts);
    let route = match (transport, sid) {
        (Transport::Polling, _) if upgrade => return Err(Refusal::BadRequest(UPGRADE_OF_POLLING)),
        (Transport::Polling, None) => Route::Handshake,
        (Transport::Polling, Some(sid)) => match parts.method {
            Method::GET => Route::Poll { sid },
            Method::POST => Route::Post { sid },
            _ => return Err(Refusal::BadMethod),
        },
        (Transport::Websocket, _) if parts.version != Version::HTTP_11 => return Err(Refusal::NotHttp11),
        (Transport::Websocket, Some(_)) if parts.method != Method::GET => return Err(Refusal::BadMethod),
        (Transport::Websocket, _) if !upgrade => return Err(Refusal::BadRequest(WEBSOCKET_WITHOUT_UPGRADE)),
        (Transport::Websocket, sid) => Route::Upgrade { sid },
    };
    // The version was settled when the session was opened.
    let opens = matches!(route, Route::Handshake | Route::Upgrade { sid: None });
    if opens && query.eio.as_deref() != Some("4") {
        return Err(Refusal::UnsupportedVersion);
    }
    if upgrade && parts.headers.get(SEC_WEBSOCKET_VERSION).is_none_or(|version| version != "13") {
        return Err(Refusal::WebsocketVersion);
    }
    if upgrade && has_body(&parts.headers) {
        return Err(Refusal::BadRequest(UPGRADE_WITH_BODY));
    }
    Ok(route)
}

/// How a refusal is worded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RequestKind {
    /// As JSON.
    Polling {
        /// With `Connection: close`: HTTP/1, and nobody reads the request's body.
        close: bool,
    },
    /// As text, and the connection ends.
    Upgrade,
}

impl RequestKind {
    /// The kind of a request whose body nobody has read.
    pub(crate) fn of(parts: &Parts) -> RequestKind {
        if is_websocket_upgrade(parts) {
            RequestKind::Upgrade
        } else {
            RequestKind::Polling { close: parts.version <= Version::HTTP_11 && has_body(&parts.headers) }
        }
    }
}

fn is_websocket_upgrade(parts: &Parts) -> bool {
    parts.version == Version::HTTP_11
        && has_token(&parts.headers, CONNECTION, "upgrade")
        && has_token(&parts.headers, UPGRADE, "websocket")
}

fn has_token(headers: &HeaderMap, name: HeaderName, token: &str) -> bool {
    let lines = headers.get_all(name).into_iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).any(|found| found.trim().eq_ignore_ascii_case(token))
}

fn has_body(headers: &HeaderMap) -> bool {
    headers.contains_key(TRANSFER_ENCODING) || headers.get(CONTENT_LENGTH).is_some_and(|length| length != "0")
}

const UPGRADE_OF_POLLING: &str = "a WebSocket upgrade that names the transport polling";
const WEBSOCKET_WITHOUT_UPGRADE: &str = "transport websocket without a WebSocket upgrade";
const UPGRADE_WITH_BODY: &str = "a WebSocket upgrade with a body";

#[cfg(test)]
mod tests;
