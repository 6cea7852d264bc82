//! The start of a session: the query that asks for it, the open packet that answers, and the key of a WebSocket upgrade.
//!
//! ```text
//! GET /socket.io/?EIO=4&transport=polling
//! 0{"sid":"lv_VI97HAXpY6yYWAAAC","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}
//! ```
//!
//! Nothing here decides whether a request is welcome.
//! Specification: engine.io-protocol, revision 4, "Handshake"; RFC 6455, section 4.2.2.

use std::borrow::Cow;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode;
use serde::{Serialize, Serializer};
use sha1::{Digest as _, Sha1};

use super::engine::Transport;

/// What the server tells a client in its first packet.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Open<'a> {
    /// The session's id, whole.
    pub sid: &'a str,
    /// To which transports the client may upgrade from here.
    pub upgrades: &'a [Transport],
    /// Time between two pings.
    #[serde(serialize_with = "milliseconds")]
    pub ping_interval: Duration,
    /// How long the server waits for a pong.
    #[serde(serialize_with = "milliseconds")]
    pub ping_timeout: Duration,
    /// Largest body or message the server accepts, in bytes.
    pub max_payload: usize,
}

impl Open<'_> {
    /// Appends the open packet, its type included: `0{"sid":…}`.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.push(b'0');
        serde_json::to_writer(out, self).expect("text and numbers are JSON");
    }
}

/// The parts of a request's query that Engine.IO reads; `None` where they are absent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query<'a> {
    /// `EIO`: the protocol's revision.
    pub eio: Option<Cow<'a, str>>,
    /// `transport`: `polling` or `websocket`.
    pub transport: Option<Cow<'a, str>>,
    /// `sid`: the session it belongs to. A secret.
    pub sid: Option<Cow<'a, str>>,
    /// `b64`, with any value: this client takes binary messages as base64 text even on WebSocket.
    pub base64: bool,
}

impl<'a> Query<'a> {
    /// Reads a query string, without its `?`. Whatever it holds, this does not fail: see [`pairs`].
    ///
    /// Of a repeated name the first counts.
    #[must_use]
    pub fn parse(query: &'a str) -> Self {
        let mut parsed = Query::default();
        let mut base64 = None;
        for (name, value) in pairs(query) {
            let field = match &*name {
                "EIO" => &mut parsed.eio,
                "transport" => &mut parsed.transport,
                "sid" => &mut parsed.sid,
                "b64" => &mut base64,
                _ => continue,
            };
            field.get_or_insert(value);
        }
        parsed.base64 = base64.is_some_and(|value| !value.is_empty());
        parsed
    }
}

/// The names and values of a query string, in order, decoded; borrowed where there is nothing to decode.
///
/// `+` is a space, `%41` is `A`; a `%` without two digits stands for itself, bytes that are no UTF-8 become `U+FFFD`.
pub fn pairs(query: &str) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
    // All bytes, whatever is found: so the compiler looks at sixteen at once.
    let coded = query.bytes().fold(false, |coded, byte| coded | matches!(byte, b'+' | b'%'));
    let mut rest = query;
    let pairs = std::iter::from_fn(move || {
        let (pair, behind) = (!rest.is_empty()).then(|| cut(rest, b'&'))?;
        rest = behind;
        Some(pair)
    });
    pairs.filter(|pair| !pair.is_empty()).map(move |pair| {
        let (name, value) = cut(pair, b'=');
        if coded { (decoded(name), decoded(value)) } else { (name.into(), value.into()) }
    })
}

/// What stands before the first `at`, which is ASCII, and behind it. Parts of a query are too short for a search to be worth its start.
fn cut(text: &str, at: u8) -> (&str, &str) {
    let found = text.bytes().position(|byte| byte == at);
    found.map_or((text, ""), |found| (&text[..found], &text[found + 1..]))
}

/// The `Sec-WebSocket-Accept` that answers a `Sec-WebSocket-Key`.
///
/// # Errors
///
/// The key is not 16 bytes of base64.
pub fn websocket_accept(key: &str) -> Result<String, HandshakeError> {
    let digits = key.strip_suffix("==").ok_or(HandshakeError::Key)?;
    if digits.len() != 22 || !digits.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'+' || b == b'/') {
        return Err(HandshakeError::Key);
    }
    let digest = Sha1::new().chain_update(key).chain_update(WEBSOCKET_GUID).finalize();
    Ok(STANDARD.encode(digest))
}

/// Why a WebSocket's opening handshake was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HandshakeError {
    /// `Sec-WebSocket-Key` is not what RFC 6455 asks for.
    #[error("Sec-WebSocket-Key is not 16 bytes of base64")]
    Key,
}

fn decoded(text: &str) -> Cow<'_, str> {
    let spaced = text.replace('+', " ");
    Cow::Owned(percent_decode(spaced.as_bytes()).decode_utf8_lossy().into_owned())
}

fn milliseconds<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
}

/// Fixed by RFC 6455, section 1.3.
const WEBSOCKET_GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_open_packet_tells_sid_upgrades_heartbeat_and_limit() {
        let open = Open { upgrades: &[Transport::Websocket], ..open() };
        assert_eq!(
            encoded(&open),
            r#"0{"sid":"lv_VI97HAXpY6yYWAAAC","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}"#
        );
    }

    #[test]
    fn where_no_upgrade_is_possible_the_list_is_empty() {
        assert!(encoded(&open()).contains(r#","upgrades":[],"#));
    }

    #[test]
    fn durations_are_whole_milliseconds() {
        let open =
            Open { ping_interval: Duration::from_micros(300_999), ping_timeout: Duration::MAX, ..open() };
        let packet = encoded(&open);
        assert!(packet.contains(r#""pingInterval":300,"pingTimeout":18446744073709551615,"#), "{packet}");
    }

    #[test]
    fn a_query_names_revision_transport_and_session() {
        let query = Query::parse("EIO=4&transport=polling&t=N8hyd6w&sid=lv_VI97HAXpY6yYWAAAC");
        assert_eq!(query.eio.as_deref(), Some("4"));
        assert_eq!(query.transport.as_deref(), Some("polling"));
        assert_eq!(query.sid.as_deref(), Some("lv_VI97HAXpY6yYWAAAC"));
        assert!(!query.base64);
    }

    #[test]
    fn what_a_query_lacks_is_none_and_what_is_empty_is_empty() {
        assert_eq!(Query::parse(""), Query::default());
        assert_eq!(Query::parse("&&x=1&eio=4&SID=a"), Query::default());
        let query = Query::parse("EIO&transport=&sid");
        assert_eq!((query.eio.as_deref(), query.transport.as_deref()), (Some(""), Some("")));
        assert_eq!(query.sid.as_deref(), Some(""));
    }

    #[test]
    fn of_a_repeated_name_the_first_counts() {
        let query =
            Query::parse("transport=polling&sid=first&transport=websocket&sid=second&sid=&EIO=&EIO=4");
        assert_eq!((query.transport.as_deref(), query.sid.as_deref()), (Some("polling"), Some("first")));
        assert_eq!(query.eio.as_deref(), Some(""));
    }

    #[test]
    fn names_that_look_like_lists_or_properties_are_just_other_names() {
        let query = Query::parse("EIO[]=4&transport[0]=polling&__proto__=x&sid.a=b&constructor=1");
        assert_eq!(query, Query::default());
    }

    #[test]
    fn percent_and_plus_are_decoded_in_names_and_values() {
        let query = Query::parse("%45IO=%34&sid=a%2Bb+c%3d&transport=p%C3%A4");
        assert_eq!(query.eio.as_deref(), Some("4"));
        assert_eq!((query.sid.as_deref(), query.transport.as_deref()), (Some("a+b c="), Some("pä")));
    }

    #[test]
    fn what_cannot_be_decoded_does_no_harm() {
        let query = Query::parse("sid=%&EIO=%4&transport=%zz%FF=&=x&%");
        assert_eq!((query.sid.as_deref(), query.eio.as_deref()), (Some("%"), Some("%4")));
        assert_eq!(query.transport.as_deref(), Some("%zz\u{FFFD}="));
    }

    #[test]
    fn a_query_without_escapes_is_borrowed() {
        let query = Query::parse("sid=abc");
        assert!(matches!(query.sid, Some(Cow::Borrowed("abc"))));
    }

    #[test]
    fn a_client_may_ask_for_base64() {
        assert!(Query::parse("EIO=4&b64=1").base64);
        assert!(!Query::parse("EIO=4&b64=").base64);
    }

    #[test]
    fn the_key_of_the_specification_gets_the_answer_of_the_specification() {
        let accept = websocket_accept("dGhlIHNhbXBsZSBub25jZQ==");
        assert_eq!(accept.as_deref(), Ok("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
    }

    #[test]
    fn a_key_is_16_bytes_of_base64() {
        for key in [
            "",
            "==",
            "dGhlIHNhbXBsZSBub25jZQ",
            "dGhlIHNhbXBsZSBub25jZQ=",
            "dGhlIHNhbXBsZSBub25jZQ== ",
            "dGhlIHNhbXBsZSBub25jZQQ=",
            "dGhlIHNhbXBsZSBub25jZQAA",
            "dGhlIHNhbXBsZSBub25jZQAAAA==",
            "dGhlIHNhbXBsZSBub25jZ-==",
            "dGhlIHNhbXBsZSBub25éQ==",
        ] {
            assert_eq!(websocket_accept(key), Err(HandshakeError::Key), "{key}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_query(text in "[%&=+a-fEIOsidé0-9]{0,60}") {
            let _ = Query::parse(&text);
        }

        #[test]
        fn a_value_that_is_escaped_comes_back(value in any::<String>()) {
            let escaped = percent_encoding::utf8_percent_encode(&value, percent_encoding::NON_ALPHANUMERIC);
            let text = format!("sid={escaped}");
            let query = Query::parse(&text);
            prop_assert_eq!(query.sid.as_deref(), Some(&value[..]));
        }

        #[test]
        fn an_open_packet_is_json(sid in any::<String>()) {
            let packet = encoded(&Open { sid: &sid, ..open() });
            let json: serde_json::Value = serde_json::from_str(&packet[1..]).unwrap();
            prop_assert_eq!(json["sid"].as_str(), Some(&sid[..]));
        }
    }

    fn open() -> Open<'static> {
        Open {
            sid: "lv_VI97HAXpY6yYWAAAC",
            upgrades: &[],
            ping_interval: Duration::from_secs(25),
            ping_timeout: Duration::from_secs(20),
            max_payload: 1_000_000,
        }
    }

    fn encoded(open: &Open<'_>) -> String {
        let mut out = Vec::new();
        open.encode(&mut out);
        String::from_utf8(out).unwrap()
    }
}
