use std::net::SocketAddr;

use http::{HeaderValue, Request};

use super::*;

#[test]
fn a_direct_client_is_its_peer_and_its_host_header() {
    let client = seen("203.0.113.9", &[], &["10.0.0.0/8"]);
    assert_eq!(client, info("203.0.113.9", false, "us.example"));
}

#[test]
fn headers_of_a_peer_that_is_not_trusted_count_for_nothing() {
    let headers = [
        ("x-forwarded-for", "198.51.100.1"),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-host", "evil.example"),
        ("forwarded", "for=198.51.100.2;proto=https;host=evil.example"),
    ];
    assert_eq!(seen("203.0.113.9", &headers, &[]), info("203.0.113.9", false, "us.example"));
    assert_eq!(seen("203.0.113.9", &headers, &["10.0.0.0/8"]), info("203.0.113.9", false, "us.example"));
    assert_eq!(seen("203.0.113.9", &headers[3..], &["10.0.0.0/8"]), info("203.0.113.9", false, "us.example"));
}

#[test]
fn a_trusted_proxy_tells_address_scheme_and_host() {
    let headers = [
        ("x-forwarded-for", "203.0.113.9"),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-host", "chat.example:8443"),
    ];
    assert_eq!(seen("10.0.0.1", &headers, &["10.0.0.1"]), info("203.0.113.9", true, "chat.example:8443"));
    assert_eq!(seen("10.0.0.1", &headers[1..2], &["10.0.0.1"]), info("10.0.0.1", true, "us.example"));
}

#[test]
fn the_client_is_the_nearest_hop_that_is_not_trusted() {
    let forged = [
        ("x-forwarded-for", "10.9.9.9, 198.51.100.1, 203.0.113.9"),
        ("x-forwarded-for", "10.0.0.2"),
        ("x-forwarded-proto", "https, http, http"),
        ("x-forwarded-host", "evil.example, chat.example, inner.example"),
    ];
    assert_eq!(seen("10.0.0.1", &forged, &["10.0.0.0/8"]), info("203.0.113.9", false, "chat.example"));
}

#[test]
fn what_a_client_forges_stands_left_of_what_the_proxy_adds() {
    let forged = [
        ("x-forwarded-for", "198.51.100.1, 203.0.113.9"),
        ("x-forwarded-proto", "https, http"),
        ("x-forwarded-host", "evil.example, us.example"),
    ];
    assert_eq!(seen("10.0.0.1", &forged, &["10.0.0.0/8"]), info("203.0.113.9", false, "us.example"));
}

#[test]
fn where_only_the_outer_proxy_names_the_scheme_it_counts() {
    let headers = [("x-forwarded-for", "203.0.113.9, 10.0.0.2"), ("x-forwarded-proto", "https")];
    assert_eq!(seen("10.0.0.1", &headers, &["10.0.0.0/8"]), info("203.0.113.9", true, "us.example"));
}

#[test]
fn a_client_inside_the_trusted_network_is_the_farthest_hop() {
    let headers = [("x-forwarded-for", "10.2.3.4, 10.0.0.2")];
    assert_eq!(seen("10.0.0.1", &headers, &["10.0.0.0/8"]).address, "10.2.3.4".parse().ok());
}

#[test]
fn nobody_vouches_for_what_stands_left_of_nonsense() {
    let headers = [("x-forwarded-for", "198.51.100.1, unknown, 10.0.0.2")];
    assert_eq!(seen("10.0.0.1", &headers, &["10.0.0.0/8"]).address, "10.0.0.2".parse().ok());
    for nonsense in ["unknown", "_hidden", "1.2.3", "[::1", "💥", "a,b", "\"", ",,,", ""] {
        let headers = [("x-forwarded-for", nonsense), ("x-forwarded-proto", nonsense)];
        assert_eq!(
            seen("10.0.0.1", &headers, &["10.0.0.0/8"]),
            info("10.0.0.1", false, "us.example"),
            "{nonsense}"
        );
    }
}

#[test]
fn addresses_come_with_and_without_ports() {
    for (written, meant) in [
        ("203.0.113.9:4711", "203.0.113.9"),
        ("2001:db8::17", "2001:db8::17"),
        ("[2001:db8::17]", "2001:db8::17"),
        ("[2001:db8::17]:4711", "2001:db8::17"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
    ] {
        let client = seen("10.0.0.1", &[("x-forwarded-for", written)], &["10.0.0.0/8"]);
        assert_eq!(client.address, meant.parse().ok(), "{written}");
    }
}

#[test]
fn rfc_7239_is_understood() {
    let trusted = &["10.0.0.0/8"];
    let one = [("forwarded", "for=203.0.113.9;proto=https;host=chat.example")];
    assert_eq!(seen("10.0.0.1", &one, trusted), info("203.0.113.9", true, "chat.example"));

    let quoted = [("forwarded", r#"For="[2001:db8::17]:4711" ; Proto=HTTPS;host="chat.example:8443""#)];
    assert_eq!(seen("10.0.0.1", &quoted, trusted), info("2001:db8::17", true, "chat.example:8443"));

    let chain = [(
        "forwarded",
        "for=evil, for=198.51.100.1;proto=https;host=evil.example, for=203.0.113.9;proto=http",
    )];
    assert_eq!(seen("10.0.0.1", &chain, trusted), info("203.0.113.9", false, "us.example"));

    let two = [("forwarded", "for=203.0.113.9;proto=https;host=chat.example, for=10.0.0.2;host=inner")];
    assert_eq!(seen("10.0.0.1", &two, trusted), info("203.0.113.9", true, "chat.example"));

    let comma = [("forwarded", r#"for=203.0.113.9;by="a,b\",c";proto=https"#)];
    assert_eq!(seen("10.0.0.1", &comma, trusted), info("203.0.113.9", true, "us.example"));

    for nonsense in ["for", "=", ";;;", "for=\"", "for=\"1.2.3.4", "proto=ftp", "\"\"\"", "host="] {
        let client = seen("10.0.0.1", &[("forwarded", nonsense)], trusted);
        assert_eq!(client, info("10.0.0.1", false, "us.example"), "{nonsense}");
    }
}

#[test]
fn forwarded_is_not_read_beside_the_older_headers() {
    let both =
        [("x-forwarded-for", "203.0.113.9"), ("forwarded", "for=198.51.100.1;proto=https;host=evil.example")];
    assert_eq!(seen("10.0.0.1", &both, &["10.0.0.0/8"]), info("203.0.113.9", false, "us.example"));
}

#[test]
fn a_unix_socket_has_no_address_and_is_trusted_by_its_own_word() {
    let mut parts = parts(&[("x-forwarded-for", "203.0.113.9"), ("x-forwarded-proto", "https")]);
    parts.extensions.insert(Peer::unix());

    assert_eq!(seen_in(&parts, &["0.0.0.0/0", "::/0"]).address, None);
    assert_eq!(seen_in(&parts, &["unix"]), info("203.0.113.9", true, "us.example"));
}

#[test]
fn a_dual_stack_listener_does_not_hide_a_trusted_ipv4() {
    let headers = [("x-forwarded-for", "203.0.113.9")];
    assert_eq!(seen("::ffff:10.0.0.1", &headers, &["10.0.0.0/8"]).address, "203.0.113.9".parse().ok());
    assert_eq!(seen("10.0.0.1", &headers, &["::ffff:10.0.0.1"]).address, "203.0.113.9".parse().ok());
}

#[test]
fn tls_is_told_by_the_listener_or_by_http_2() {
    let mut direct = parts(&[]);
    direct.extensions.insert(Peer::from(socket("203.0.113.9")).secure(true));
    assert_eq!(
        TrustedProxies::default().client(&direct, None).own_origin(&direct).unwrap(),
        "https://us.example"
    );

    let mut http2 =
        Request::builder().uri("https://us.example:444/socket.io/").body(()).unwrap().into_parts().0;
    http2.version = Version::HTTP_2;
    let client = TrustedProxies::default().client(&http2, None);
    assert_eq!(client.own_origin(&http2).unwrap(), "https://us.example:444", "`:authority` counts as Host");
    http2.version = Version::HTTP_11;
    assert!(!TrustedProxies::default().client(&http2, None).secure, "a request line is no proof");
}

#[cfg(feature = "axum")]
#[test]
fn axum_tells_the_peer_unless_somebody_else_does() {
    let mut parts = parts(&[]);
    parts.extensions.insert(axum::extract::ConnectInfo(socket("203.0.113.9")));
    assert_eq!(TrustedProxies::default().client(&parts, None).address, "203.0.113.9".parse().ok());
    parts.extensions.insert(Peer::from(socket("203.0.113.10")));
    assert_eq!(TrustedProxies::default().client(&parts, None).address, "203.0.113.10".parse().ok());
}

#[test]
fn a_value_that_is_no_network_is_named() {
    for value in ["proxy.example", "10.0.0.0/33", "10.0.0", "", "10.0.0.1:80", "*"] {
        let error = TrustedProxies::parse(["127.0.0.1", value]).unwrap_err();
        assert!(error.to_string().contains(&format!("{value:?}")), "{error}");
    }
}

/// What a request tells of its client.
#[derive(Debug, PartialEq)]
struct Seen {
    address: Option<IpAddr>,
    own_origin: Option<String>,
}

fn seen(peer: &str, headers: &[(&'static str, &str)], trusted: &[&str]) -> Seen {
    let mut parts = parts(headers);
    parts.extensions.insert(Peer::from(socket(peer)));
    seen_in(&parts, trusted)
}

fn seen_in(parts: &Parts, trusted: &[&str]) -> Seen {
    let client = TrustedProxies::parse(trusted).unwrap().client(parts, None);
    Seen { address: client.address, own_origin: client.own_origin(parts) }
}

fn parts(headers: &[(&'static str, &str)]) -> Parts {
    let mut parts = Request::builder().uri("/socket.io/").body(()).unwrap().into_parts().0;
    parts.headers.insert(HOST, HeaderValue::from_static("us.example"));
    for (name, value) in headers {
        parts.headers.append(*name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
    }
    parts
}

fn socket(ip: &str) -> SocketAddr {
    SocketAddr::new(ip.parse().unwrap(), 40_000)
}

fn info(address: &str, secure: bool, host: &str) -> Seen {
    let scheme = if secure { "https" } else { "http" };
    Seen { address: address.parse().ok(), own_origin: Some(format!("{scheme}://{host}")) }
}
