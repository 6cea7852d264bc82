//! What proxies say about the hops before them: `X-Forwarded-For`, `-Proto`, `-Host`, or `Forwarded` of RFC 7239.
//!
//! Lists, with the nearest hop last; several header lines are one list. Values may be nonsense and are then passed over.

use std::net::{IpAddr, SocketAddr};

use http::HeaderMap;

/// One list per property, as they stand in the headers.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Hops<'a> {
    addresses: Vec<Option<IpAddr>>,
    schemes: Vec<Option<&'a str>>,
    hosts: Vec<Option<&'a str>>,
}

impl<'a> Hops<'a> {
    pub(super) fn read(headers: &'a HeaderMap) -> Hops<'a> {
        let [addresses, schemes, hosts] =
            ["x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"].map(|name| items(headers, name));
        if addresses.is_empty() && schemes.is_empty() && hosts.is_empty() {
            return Hops::read_rfc_7239(headers);
        }
        Hops {
            addresses: addresses.into_iter().map(address).collect(),
            schemes: schemes.into_iter().map(Some).collect(),
            hosts: hosts.into_iter().map(Some).collect(),
        }
    }

    fn read_rfc_7239(headers: &'a HeaderMap) -> Hops<'a> {
        let mut hops = Hops::default();
        for element in items(headers, "forwarded") {
            let value = |name| {
                let pairs = split(element, b';').filter_map(|pair| pair.split_once('='));
                let mut named = pairs.filter(|(found, _)| found.trim().eq_ignore_ascii_case(name));
                named.next().map(|(_, value)| unquoted(value))
            };
            hops.addresses.push(value("for").and_then(address));
            hops.schemes.push(value("proto"));
            hops.hosts.push(value("host"));
        }
        hops
    }

    /// The client: the nearest hop that is not trusted, or the farthest if all are. And how many hops away it is, at least 1.
    ///
    /// What cannot be read ends the search: nobody vouches for what stands further left.
    pub(super) fn client(&self, trusted: impl Fn(IpAddr) -> bool) -> (Option<IpAddr>, usize) {
        let mut client = None;
        let mut depth = 0;
        for hop in self.addresses.iter().rev() {
            let Some(hop) = *hop else { break };
            client = Some(hop);
            depth += 1;
            if !trusted(hop) {
                break;
            }
        }
        (client, depth.max(1))
    }

    /// Whether the client `depth` hops away spoke `https`.
    pub(super) fn secure(&self, depth: usize) -> Option<bool> {
        match vouched(&self.schemes, depth)? {
            scheme if scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("wss") => {
                Some(true)
            }
            scheme if scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("ws") => Some(false),
            _ => None,
        }
    }

    /// The host that the client `depth` hops away asked for.
    pub(super) fn host(&self, depth: usize) -> Option<String> {
        vouched(&self.hosts, depth).filter(|host| !host.is_empty()).map(str::to_owned)
    }
}

/// The farthest value among those that trusted hops wrote. A list may be shorter than the way: not every proxy adds to it.
fn vouched<'a>(values: &[Option<&'a str>], depth: usize) -> Option<&'a str> {
    values[values.len().saturating_sub(depth)..].iter().find_map(|value| *value)
}

/// An address, with or without a port.
fn address(node: &str) -> Option<IpAddr> {
    let bracketed = || node.strip_prefix('[')?.split_once(']')?.0.parse().ok();
    let address: Option<IpAddr> = node.parse().ok().or_else(bracketed);
    address
        .or_else(|| node.parse().ok().map(|node: SocketAddr| node.ip()))
        .map(|address| address.to_canonical())
}

/// The items of a header that is a list, all its lines together.
fn items<'a>(headers: &'a HeaderMap, name: &'static str) -> Vec<&'a str> {
    let lines = headers.get_all(name).into_iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| split(line, b',')).map(str::trim).filter(|item| !item.is_empty()).collect()
}

/// Splits at a separator outside of quotes.
fn split(text: &str, separator: u8) -> impl Iterator<Item = &str> {
    let (mut quoted, mut escaped) = (false, false);
    text.split(move |c: char| {
        let ends = !quoted && c == char::from(separator);
        if c == '"' && !escaped {
            quoted = !quoted;
        }
        escaped = quoted && c == '\\' && !escaped;
        ends
    })
}

/// Quotes are needed around `:` and `[`; nothing that is read here holds an escape.
fn unquoted(value: &str) -> &str {
    let value = value.trim();
    value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value)
}
