use http::{Method, Request};

use super::*;
use crate::engine::proxies::TrustedProxies;
use crate::engine::request::RequestKind;

#[test]
fn without_an_origin_nobody_is_restricted() {
    for cors in
        [Cors::default(), Cors::origin("https://a.example"), Cors::any(), Cors::predicate(|_, _| false)]
    {
        assert_eq!(check(&cors, "http://us.example/", None), Ok(()));
    }
}

#[test]
fn same_origin_compares_scheme_host_and_port() {
    for (url, origin) in [
        ("http://us.example/", "http://us.example"),
        ("http://us.example/", "http://us.example:80"),
        ("http://us.example:80/", "http://us.example"),
        ("http://US.example:8000/", "http://us.Example:8000"),
        ("https://us.example/", "https://us.example"),
        ("https://us.example:443/", "https://us.example"),
        ("http://[::1]:8000/", "http://[::1]:8000"),
        ("http://[::1]/", "http://[::1]:80"),
    ] {
        assert_eq!(check(&Cors::default(), url, Some(origin)), Ok(()), "{url} {origin}");
    }
    for (url, origin) in [
        ("http://us.example/", "http://evil.example"),
        ("http://us.example/", "http://us.example.evil.example"),
        ("http://us.example/", "http://us.example@evil.example"),
        ("http://us.example/", "http://us.example:8000"),
        ("http://us.example:8000/", "http://us.example"),
        ("http://us.example:8000/", "http://us.example:80"),
        ("http://us.example/", "https://us.example"),
        ("https://us.example/", "http://us.example"),
        ("https://us.example:443/", "https://us.example:80"),
        ("http://us.example:443/", "https://us.example"),
        ("http://us.example/", "null"),
        ("http://us.example/", ""),
        ("http://us.example/", "us.example"),
        ("http://us.example/", "http://"),
        ("http://us.example/", "http://us.example/"),
        ("http://us.example/", "http://us.example, http://us.example"),
        ("http://[::1]:8000/", "http://[::1]"),
    ] {
        assert!(check(&Cors::default(), url, Some(origin)).is_err(), "{url} {origin}");
    }
}

#[test]
fn null_never_is_the_servers_own_origin() {
    let mut parts = parts("http://us.example/", Some("null"));
    parts.headers.clear();
    parts.uri = "/".parse().unwrap();
    parts.headers.insert(ORIGIN, HeaderValue::from_static("null"));
    let client = TrustedProxies::default().client(&parts, None);
    assert!(Cors::default().check(&parts, &client).is_err(), "and not that of a request without Host either");
}

#[test]
fn a_refusal_is_code_3_and_names_both_origins_and_the_cure() {
    let refusal = check(&Cors::default(), "http://10.0.0.5:8000/", Some("https://chat.example")).unwrap_err();
    assert_eq!(refusal.code(), 3);
    assert_eq!(refusal.cause(), "origin https://chat.example is not allowed, expected http://10.0.0.5:8000");
    assert!(
        refusal.cure().contains("cors(") && refusal.cure().contains("trusted_proxies("),
        "{}",
        refusal.cure()
    );
    assert_eq!(refusal.into_response(RequestKind::Polling { close: false }).status(), 400);
}

#[test]
fn behind_a_trusted_proxy_the_origin_is_what_the_browser_sees() {
    let mut parts = parts("http://10.0.0.5:8000/", Some("https://chat.example"));
    parts.headers.insert("x-forwarded-proto", HeaderValue::from_static("https"));
    parts.headers.insert("x-forwarded-host", HeaderValue::from_static("chat.example"));
    let check = |trusted: &[&str]| {
        Cors::default().check(&parts, &TrustedProxies::parse(trusted).unwrap().client(&parts, None)).map(drop)
    };
    assert_eq!(check(&["unix"]), Ok(()));
    assert!(check(&[]).is_err());
}

#[test]
fn a_list_is_all_there_is() {
    let cors = Cors::origins(["https://a.example", "HTTP://B.example:80/", "capacitor://localhost"]);
    for origin in ["https://a.example", "https://a.example:443", "http://b.example", "capacitor://localhost"]
    {
        assert_eq!(check(&cors, "http://us.example/", Some(origin)), Ok(()), "{origin}");
    }
    for origin in
        ["http://a.example", "https://b.example", "http://us.example", "null", "*", "https://a.example.evil"]
    {
        let refusal = check(&cors, "http://us.example/", Some(origin)).unwrap_err();
        assert!(
            refusal.cause().contains("https://a.example or http://b.example or capacitor"),
            "{refusal:?}"
        );
    }
    assert_eq!(check(&Cors::origin("null"), "http://us.example/", Some("null")), Ok(()), "if it is listed");
}

#[test]
fn a_listed_origin_that_no_browser_sends_is_found() {
    assert_eq!(Cors::origins(["https://a.example", "a.example"]).misspelt(), Some("a.example"));
    assert_eq!(Cors::origin("https://a.example/chat").misspelt(), Some("https://a.example/chat"));
    assert_eq!(Cors::origin("https://*.example").misspelt(), Some("https://*.example"));
    assert_eq!(Cors::origins(["https://a.example/", "null", "http://[::1]:80"]).misspelt(), None);
    assert_eq!(Cors::default().misspelt(), None);
}

#[test]
fn a_predicate_sees_the_origin_as_written_and_the_request() {
    let cors = Cors::predicate(|origin, parts| origin.ends_with(".Example") && parts.uri.path() == "/yes");
    assert_eq!(check(&cors, "http://us/yes", Some("https://a.Example")), Ok(()));
    assert!(check(&cors, "http://us/no", Some("https://a.Example")).is_err());
    assert!(check(&cors, "http://us/yes", Some("https://a.example")).is_err());
}

#[test]
fn an_allowed_origin_is_echoed_with_credentials_and_vary() {
    let cors = Cors::origin("https://a.example");
    assert_eq!(
        applied(&cors, Some("https://a.example")),
        [
            "vary: Origin",
            "access-control-allow-origin: https://a.example",
            "access-control-allow-credentials: true",
        ]
    );
    assert_eq!(
        applied(&cors.clone().credentials(false), Some("https://a.example")),
        ["vary: Origin", "access-control-allow-origin: https://a.example",]
    );
    assert_eq!(applied(&cors, None), ["vary: Origin"], "a cache must not mix the two");
}

#[test]
fn any_never_comes_with_credentials() {
    for cors in [
        Cors::any(),
        Cors::any().credentials(true),
        Cors::origin("*"),
        Cors::origins(["https://a.example", "*"]),
    ] {
        assert_eq!(check(&cors, "http://us.example/", Some("https://evil.example")), Ok(()));
        assert_eq!(applied(&cors, Some("https://evil.example")), ["access-control-allow-origin: *"]);
    }
}

#[test]
fn an_empty_list_switches_check_and_headers_off() {
    for cors in [Cors::off(), Cors::origins([] as [&str; 0])] {
        assert_eq!(check(&cors, "http://us.example/", Some("https://evil.example")), Ok(()));
        assert_eq!(applied(&cors, Some("https://evil.example")), [""; 0]);
        let response = preflight(&cors, "https://evil.example");
        assert_eq!((response.status(), response.headers().len()), (StatusCode::NO_CONTENT, 0));
    }
}

#[test]
fn a_preflight_is_told_methods_headers_and_credentials() {
    let response = preflight(&Cors::origin("https://a.example"), "https://a.example");
    assert_eq!(response.status(), StatusCode::NO_CONTENT);
    assert_eq!(
        lines(response.headers()),
        [
            "access-control-allow-methods: GET, POST, OPTIONS",
            "access-control-allow-headers: x-token, content-type",
            "vary: Access-Control-Request-Headers",
            "vary: Origin",
            "access-control-allow-origin: https://a.example",
            "access-control-allow-credentials: true",
        ]
    );
}

#[test]
fn an_origin_that_is_no_text_is_refused_and_does_no_harm() {
    let mut parts = parts("http://us.example/", None);
    parts.headers.insert(ORIGIN, HeaderValue::from_bytes(b"http://us.example\xff").unwrap());
    let client = TrustedProxies::default().client(&parts, None);
    assert!(Cors::default().check(&parts, &client).is_err());
    assert!(Cors::any().check(&parts, &client).is_err());
    assert_eq!(Cors::off().check(&parts, &client), Ok(Grant::Silent));
}

fn check(cors: &Cors, url: &str, origin: Option<&str>) -> Result<(), Refusal> {
    let parts = parts(url, origin);
    cors.check(&parts, &TrustedProxies::default().client(&parts, None)).map(drop)
}

/// A request over HTTP/2, whose URL holds scheme and host.
fn parts(url: &str, origin: Option<&str>) -> Parts {
    let request = Request::builder().version(http::Version::HTTP_2).uri(url);
    let request = origin.into_iter().fold(request, |request, origin| request.header(ORIGIN, origin));
    request.body(()).unwrap().into_parts().0
}

#[test]
fn methods_headers_and_age_are_told_as_they_are_set() {
    let cors = Cors::origin("https://a.example")
        .methods(["GET", "PURGE"])
        .allowed_headers(["X-Token", "Content-Type"])
        .exposed_headers(["X-Served-By"])
        .max_age(std::time::Duration::from_secs(600))
        .credentials(false);
    let response = preflight(&cors, "https://a.example");
    let header = |name: &str| response.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
    assert_eq!(header("access-control-allow-methods").as_deref(), Some("GET, PURGE"));
    assert_eq!(header("access-control-allow-headers").as_deref(), Some("X-Token, Content-Type"));
    assert_eq!(header("access-control-expose-headers").as_deref(), Some("X-Served-By"));
    assert_eq!(header("access-control-max-age").as_deref(), Some("600"));
    assert_eq!(header("access-control-allow-credentials"), None);
    let none = preflight(&cors.allowed_headers::<[&str; 0]>([]), "https://a.example");
    assert!(!none.headers().contains_key("access-control-allow-headers"));
}

#[test]
fn a_name_that_no_method_or_header_has_is_found() {
    assert_eq!(Cors::any().methods(["GET", "P T"]).misnamed(), Some("P T"));
    assert_eq!(Cors::any().allowed_headers(["X-Ok", "x y"]).misnamed(), Some("x y"));
    assert_eq!(Cors::any().exposed_headers(["a\r\nb"]).misnamed(), Some("a\r\nb"));
    assert_eq!(Cors::any().exposed_headers(["X-Ok"]).misnamed(), None);
}

fn preflight(cors: &Cors, origin: &str) -> Response<Body> {
    let mut parts = parts("http://us.example/", Some(origin));
    parts.method = Method::OPTIONS;
    parts.headers.insert("access-control-request-method", HeaderValue::from_static("POST"));
    parts.headers.insert(ACCESS_CONTROL_REQUEST_HEADERS, HeaderValue::from_static("x-token, content-type"));
    let grant = cors.check(&parts, &TrustedProxies::default().client(&parts, None)).unwrap();
    let mut response = grant.preflight(cors, &parts);
    grant.apply(cors, response.headers_mut());
    response
}

fn applied(cors: &Cors, origin: Option<&str>) -> Vec<String> {
    let mut headers = HeaderMap::new();
    let parts = parts("http://us.example/", origin);
    cors.check(&parts, &TrustedProxies::default().client(&parts, None)).unwrap().apply(cors, &mut headers);
    lines(&headers)
}

fn lines(headers: &HeaderMap) -> Vec<String> {
    headers.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect()
}
