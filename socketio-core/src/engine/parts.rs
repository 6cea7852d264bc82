//! What is kept of the request that opened a session.

use std::any::Any;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::SystemTime;

use http::{Extensions, HeaderMap, HeaderName, HeaderValue, Uri};

/// The request that opened a connection: headers, query, addresses.
///
/// A cheap handle. The headers are copies in one compact block: the HTTP server's buffers are not kept alive by it.
///
/// Guide: "the `environ`"; Node: `socket.handshake`.
#[derive(Clone, Debug)]
pub struct Handshake {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    uri: Box<str>,
    /// `name NUL value NUL`, values as they came.
    headers: Box<[u8]>,
    address: Option<IpAddr>,
    secure: bool,
    time: SystemTime,
    extensions: Extensions,
}

impl Handshake {
    pub(crate) fn new(parts: &mut http::request::Parts, address: Option<IpAddr>, secure: bool) -> Self {
        let mut headers = Vec::new();
        for (name, value) in &parts.headers {
            headers.extend_from_slice(name.as_str().as_bytes());
            headers.push(0);
            headers.extend_from_slice(value.as_bytes());
            headers.push(0);
        }
        let mut extensions = std::mem::take(&mut parts.extensions);
        // Both keep the connection's buffers alive as long as the session lives.
        extensions.remove::<hyper::upgrade::OnUpgrade>();
        #[cfg(feature = "axum")]
        extensions.remove::<axum::extract::OriginalUri>();
        let inner = Inner {
            uri: parts.uri.to_string().into(),
            headers: headers.into(),
            address,
            secure,
            time: SystemTime::now(),
            extensions,
        };
        Handshake { inner: Arc::new(inner) }
    }

    /// The path and query the client asked for, as this server saw them.
    #[must_use]
    pub fn uri(&self) -> &str {
        &self.inner.uri
    }

    /// The raw query string, without `?`; empty when there is none.
    #[must_use]
    pub fn query(&self) -> &str {
        self.inner.uri.split_once('?').map_or("", |(_, query)| query)
    }

    /// The first value of `name` in the query, percent-decoded.
    #[must_use]
    pub fn query_value(&self, name: &str) -> Option<String> {
        self.query().split('&').find_map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(key) == name).then(|| decode(value))
        })
    }

    /// The first header called `name` (any case) that is text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.pairs().find_map(|(key, value)| {
            if key.eq_ignore_ascii_case(name.as_bytes()) { std::str::from_utf8(value).ok() } else { None }
        })
    }

    /// All headers, as a map made for the purpose.
    #[must_use]
    pub fn headers(&self) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in self.pairs() {
            if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name), HeaderValue::from_bytes(value)) {
                map.append(name, value);
            }
        }
        map
    }

    /// The client's address: the peer's, or what a trusted proxy says. `None` on a Unix socket, or where the host server tells none.
    #[must_use]
    pub fn address(&self) -> Option<IpAddr> {
        self.inner.address
    }

    /// Whether the client spoke TLS, to us or to a trusted proxy.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        self.inner.secure
    }

    /// When the connection was opened.
    #[must_use]
    pub fn time(&self) -> SystemTime {
        self.inner.time
    }

    /// What the host framework's middlewares put into the request.
    #[must_use]
    pub fn extension<T: Any + Clone + Send + Sync>(&self) -> Option<&T> {
        self.inner.extensions.get()
    }

    fn pairs(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        let mut fields = self.inner.headers.split(|&byte| byte == 0);
        std::iter::from_fn(move || Some((fields.next().filter(|name| !name.is_empty())?, fields.next()?)))
    }
}

fn decode(text: &str) -> String {
    let spaced = text.replace('+', " ");
    percent_encoding::percent_decode_str(&spaced).decode_utf8_lossy().into_owned()
}

/// The path of `uri` alone, for log lines: a query holds the session id.
pub(crate) fn path_only(uri: &Uri) -> &str {
    uri.path()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn handshake() -> Handshake {
        let request = http::Request::get("/socket.io/?EIO=4&token=a%20b+c&token=second")
            .header("Cookie", "a=1")
            .header("X-Empty", "")
            .header("x-twice", "1")
            .header("x-twice", "2")
            .extension(7_u8)
            .body(())
            .unwrap();
        Handshake::new(&mut request.into_parts().0, None, false)
    }

    #[test]
    fn headers_are_found_whatever_their_case_and_rebuilt_in_order() {
        let handshake = handshake();
        assert_eq!(handshake.header("cookie"), Some("a=1"));
        assert_eq!(handshake.header("X-EMPTY"), Some(""));
        assert_eq!(handshake.header("missing"), None);
        let twice: Vec<_> = handshake.headers().get_all("x-twice").iter().cloned().collect();
        assert_eq!(twice, ["1", "2"]);
    }

    #[test]
    fn a_query_value_is_decoded_and_the_first_one_counts() {
        assert_eq!(handshake().query_value("token").as_deref(), Some("a b c"));
        assert_eq!(handshake().query_value("none"), None);
    }

    #[test]
    fn extensions_of_the_request_are_kept() {
        assert_eq!(handshake().extension::<u8>(), Some(&7));
    }
}
