//! Who a client is: its address, and the scheme and host it used, seen through the proxies that are trusted to tell.
//!
//! ```text
//! client 203.0.113.9 ──https──> 10.0.0.2 ──http──> 10.0.0.1 ──http──> us            trusted: 10.0.0.0/8
//!                               X-Forwarded-For: (whatever the client sent), 203.0.113.9, 10.0.0.2
//!                               X-Forwarded-Proto: https          X-Forwarded-Host: chat.example
//! ```
//!
//! Addresses are read from the right, that is from the nearest hop, until one is not trusted: that is the client, and what stands
//! further left is its own claim. Headers of peers that are not trusted count for nothing. `Forwarded` (RFC 7239) is read when
//! none of the three `X-Forwarded-` headers is there; a proxy that writes one family has to remove the other.

mod forwarded;
mod peer;

use std::net::IpAddr;

use http::Version;
use http::header::HOST;
use http::request::Parts;
use http::uri::Scheme;
use ipnet::IpNet;

use self::forwarded::Hops;
pub use self::peer::Peer;

/// The peers whose forwarding headers count.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct TrustedProxies {
    networks: Vec<IpNet>,
    unix: bool,
}

impl TrustedProxies {
    /// Reads addresses (`10.0.0.7`, `::1`), networks (`10.0.0.0/8`) and `unix`, the peers without an address.
    pub(crate) fn parse<I>(values: I) -> Result<Self, ProxyError>
    where
        I: IntoIterator,
        I::Item: AsRef<str>,
    {
        let mut trusted = TrustedProxies::default();
        for value in values {
            let value = value.as_ref().trim();
            if value == "unix" {
                trusted.unix = true;
            } else if let Ok(address) = value.parse::<IpAddr>() {
                trusted.networks.push(IpNet::from(address.to_canonical()));
            } else if let Ok(network) = value.parse::<IpNet>() {
                trusted.networks.push(network);
            } else {
                return Err(ProxyError { value: value.to_owned() });
            }
        }
        Ok(trusted)
    }

    /// The client that sent the request through `peer`; `None`: the request's extensions tell.
    pub(crate) fn client(&self, parts: &Parts, peer: Option<&Peer>) -> Client {
        let peer = peer.copied().unwrap_or_else(|| Peer::of(&parts.extensions));
        let address = peer.address.map(|address| address.ip().to_canonical());
        let direct =
            Client { address, secure: peer.secure || is_https_of_http2(parts), forwarded_host: None };
        if !self.trusts(address) {
            return direct;
        }
        let hops = Hops::read(&parts.headers);
        let (client, depth) = hops.client(|hop| self.trusts(Some(hop)));
        Client {
            address: client.or(direct.address),
            secure: hops.secure(depth).unwrap_or(direct.secure),
            forwarded_host: hops.host(depth),
        }
    }

    fn trusts(&self, peer: Option<IpAddr>) -> bool {
        peer.map_or(self.unix, |address| self.networks.iter().any(|network| network.contains(&address)))
    }
}

/// A value of `trusted_proxies` that makes no sense.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{value:?} is neither an address, nor a network such as 10.0.0.0/8, nor \"unix\"")]
pub(crate) struct ProxyError {
    value: String,
}

/// What is known of the client behind a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Client {
    /// Unknown for a Unix socket, and where the host server does not tell.
    pub(crate) address: Option<IpAddr>,
    /// Whether the client speaks `https` or `wss`, be it to a proxy.
    pub(crate) secure: bool,
    /// Host and port that the client asked a proxy for.
    forwarded_host: Option<String>,
}

impl Client {
    /// The origin of pages that this client, whose request it is, has from us, if it told the host: `https://chat.example`.
    pub(crate) fn own_origin(&self, parts: &Parts) -> Option<String> {
        let scheme = if self.secure { "https" } else { "http" };
        self.forwarded_host.as_deref().or_else(|| host(parts)).map(|host| format!("{scheme}://{host}"))
    }
}

/// HTTP/2 carries the scheme in each request; a request line of HTTP/1 does not.
fn is_https_of_http2(parts: &Parts) -> bool {
    parts.version == Version::HTTP_2 && parts.uri.scheme() == Some(&Scheme::HTTPS)
}

/// `:authority`, an absolute request line's host, or `Host`.
fn host(parts: &Parts) -> Option<&str> {
    let authority = parts.uri.authority().map(|authority| authority.as_str());
    let header = || parts.headers.get(HOST).and_then(|host| host.to_str().ok());
    authority.or_else(header).map(str::trim).filter(|host| !host.is_empty())
}

#[cfg(test)]
mod tests;
