use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Request, StatusCode};
use http_body::Body as _;

use super::*;

#[test]
fn the_five_kinds_of_request_are_told_apart() {
    assert_eq!(get("EIO=4&transport=polling"), Ok(Route::Handshake));
    assert_eq!(get("EIO=4&transport=polling&sid=abc"), Ok(Route::Poll { sid: "abc".into() }));
    assert_eq!(ask("POST", "EIO=4&transport=polling&sid=abc"), Ok(Route::Post { sid: "abc".into() }));
    assert_eq!(ask("OPTIONS", ""), Ok(Route::Preflight));
    assert_eq!(routed(upgrade("EIO=4&transport=websocket")), Ok(Route::Upgrade { sid: None }));
    assert_eq!(
        routed(upgrade("EIO=4&transport=websocket&sid=abc")),
        Ok(Route::Upgrade { sid: Some("abc".into()) })
    );
}

#[test]
fn a_transport_that_is_missing_unknown_or_not_offered_is_code_0() {
    for query in
        ["", "EIO=4", "EIO=4&transport=", "EIO=4&transport=tcp", "EIO=4&transport=webtransport&sid=a"]
    {
        assert_eq!(get(query), Err(Refusal::UnknownTransport), "{query}");
        assert_eq!(ask("POST", query), Err(Refusal::UnknownTransport), "{query}");
    }
    let polling_only = |transport| transport == Transport::Polling;
    assert_eq!(read(&upgrade("EIO=4&transport=websocket"), polling_only), Err(Refusal::UnknownTransport));
    let websocket_only = |transport| transport == Transport::Websocket;
    assert_eq!(
        read(&parts("GET", "EIO=4&transport=polling"), websocket_only),
        Err(Refusal::UnknownTransport)
    );
}

#[test]
fn a_session_is_opened_by_get_alone() {
    for method in ["POST", "PUT", "DELETE", "HEAD", "PATCH", "PROPFIND"] {
        assert_eq!(ask(method, "EIO=4&transport=polling"), Err(Refusal::BadHandshakeMethod), "{method}");
        assert_eq!(ask(method, "EIO=4&transport=websocket"), Err(Refusal::BadHandshakeMethod), "{method}");
    }
    assert_eq!(Refusal::BadHandshakeMethod.code(), 2);
}

#[test]
fn a_session_knows_get_and_post_and_nothing_else() {
    for method in ["PUT", "DELETE", "HEAD", "PATCH", "PROPFIND"] {
        assert_eq!(ask(method, "EIO=4&transport=polling&sid=a"), Err(Refusal::BadMethod), "{method}");
    }
    for method in ["POST", "PUT", "HEAD"] {
        assert_eq!(ask(method, "EIO=4&transport=websocket&sid=a"), Err(Refusal::BadMethod), "{method}");
    }
    assert_eq!(Refusal::BadMethod.code(), 3);
}

#[test]
fn any_revision_but_4_is_code_5_on_either_transport() {
    for eio in ["", "EIO=3&", "EIO=5&", "EIO=&", "EIO=4.0&", "EIO=04&", "EIO=abc&", "EIO=3&EIO=4&"] {
        assert_eq!(get(&format!("{eio}transport=polling")), Err(Refusal::UnsupportedVersion), "{eio}");
        assert_eq!(
            routed(upgrade(&format!("{eio}transport=websocket"))),
            Err(Refusal::UnsupportedVersion),
            "{eio}"
        );
    }
}

#[test]
fn duplicated_and_odd_parameters_do_no_harm() {
    assert_eq!(get("EIO=4&EIO=3&transport=polling&transport=polling"), Ok(Route::Handshake));
    assert_eq!(get("EIO=4&transport=polling&transport=websocket"), Ok(Route::Handshake));
    assert_eq!(get("&&=&%&%zz=1&EIO=4&transport=polling&sid"), Ok(Route::Handshake));
    assert_eq!(get("EIO=4&transport=polling&sid=&sid=abc"), Ok(Route::Handshake), "the first counts");
    assert_eq!(get("EIO[]=4&transport[x]=polling"), Err(Refusal::UnknownTransport));
    assert_eq!(get("EIO=4&transport=polling&sid=%00%ff"), Ok(Route::Poll { sid: "\0\u{FFFD}".into() }));
    assert_eq!(get("EIO=4&transport=polling&sid=__proto__"), Ok(Route::Poll { sid: "__proto__".into() }));
}

#[test]
fn websocket_without_an_upgrade_is_a_bad_request_that_names_the_proxy() {
    let refusal = get("EIO=4&transport=websocket&sid=a").unwrap_err();
    assert_eq!(refusal.code(), 3);
    assert!(refusal.cure().contains("proxy"), "{}", refusal.cure());
    assert_eq!(get("EIO=4&transport=websocket").unwrap_err(), refusal);
}

#[test]
fn polling_cannot_be_upgraded_to() {
    assert_eq!(routed(upgrade("EIO=4&transport=polling")).unwrap_err().code(), 3);
    assert_eq!(routed(upgrade("EIO=4&transport=polling&sid=a")).unwrap_err().code(), 3);
}

#[test]
fn an_upgrade_to_another_protocol_is_ignored() {
    let mut h2c = parts("GET", "EIO=4&transport=polling");
    h2c.headers.insert("connection", HeaderValue::from_static("Upgrade, HTTP2-Settings"));
    h2c.headers.insert("upgrade", HeaderValue::from_static("h2c"));
    assert_eq!(routed(h2c), Ok(Route::Handshake));
}

#[test]
fn upgrade_headers_are_lists_in_any_case() {
    let mut listed = upgrade("EIO=4&transport=websocket");
    listed.headers.insert("upgrade", HeaderValue::from_static("h2c, WebSocket"));
    listed.headers.insert("connection", HeaderValue::from_static("keep-alive"));
    listed.headers.append("connection", HeaderValue::from_static("x , UPGRADE"));
    assert_eq!(routed(listed), Ok(Route::Upgrade { sid: None }));
}

#[test]
fn http_2_gets_a_clear_answer_to_a_websocket() {
    let mut http2 = parts("GET", "EIO=4&transport=websocket");
    http2.version = Version::HTTP_2;
    let kind = RequestKind::of(&http2);
    let refusal = routed(http2).unwrap_err();
    assert_eq!(refusal, Refusal::NotHttp11);
    let response = refusal.into_response(kind);
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    assert_eq!(text(response), r#"{"code":3,"message":"WebSocket needs HTTP/1.1"}"#);
}

#[test]
fn another_websocket_version_is_told_ours() {
    let mut parts = upgrade("EIO=4&transport=websocket");
    for version in ["8", "", "13, 8"] {
        parts.headers.insert("sec-websocket-version", HeaderValue::from_str(version).unwrap());
        let response = routed(parts.clone()).unwrap_err().into_response(RequestKind::of(&parts));
        assert_eq!(response.status(), StatusCode::BAD_REQUEST);
        assert_eq!(response.headers()["sec-websocket-version"], "13");
    }
    parts.headers.remove("sec-websocket-version");
    assert_eq!(routed(parts), Err(Refusal::WebsocketVersion));
}

#[test]
fn an_upgrade_brings_no_body() {
    let mut parts = upgrade("EIO=4&transport=websocket");
    parts.headers.insert("content-length", HeaderValue::from_static("0"));
    assert!(routed(parts.clone()).is_ok());
    parts.headers.insert("content-length", HeaderValue::from_static("5"));
    assert_eq!(routed(parts), Err(Refusal::BadRequest(UPGRADE_WITH_BODY)));
}

#[test]
fn a_refused_request_reads_engine_ios_json() {
    let cases = [
        (Refusal::UnknownTransport, 400, r#"{"code":0,"message":"Transport unknown"}"#),
        (Refusal::UnknownSession, 400, r#"{"code":1,"message":"Session ID unknown"}"#),
        (Refusal::SessionOfAnotherNode, 400, r#"{"code":1,"message":"Session ID unknown"}"#),
        (Refusal::BadHandshakeMethod, 400, r#"{"code":2,"message":"Bad handshake method"}"#),
        (Refusal::BadRequest("overlap"), 400, r#"{"code":3,"message":"Bad request"}"#),
        (Refusal::BadMethod, 400, r#"{"code":3,"message":"Bad request"}"#),
        (Refusal::UnsupportedVersion, 400, r#"{"code":5,"message":"Unsupported protocol version"}"#),
        (Refusal::TooLarge { limit: 10 }, 413, r#"{"code":3,"message":"Payload too large"}"#),
        (
            Refusal::Forbidden { message: "not \"today\"".into() },
            403,
            r#"{"code":4,"message":"not \"today\""}"#,
        ),
        (Refusal::BadId("taken"), 400, r#"{"code":3,"message":"Bad request"}"#),
        (Refusal::ShuttingDown, 503, r#"{"code":3,"message":"Server shutting down"}"#),
    ];
    for (refusal, status, body) in cases {
        let response = refusal.into_response(RequestKind::Polling { close: false });
        assert_eq!(response.status(), status);
        assert_eq!(response.headers()[CONTENT_TYPE], "application/json");
        assert!(!response.headers().contains_key(CONNECTION));
        assert_eq!(text(response), body);
    }
}

#[test]
fn a_refused_upgrade_reads_as_nodes() {
    let kind = RequestKind::of(&upgrade("EIO=4&transport=websocket"));
    for refusal in [Refusal::UnknownSession, Refusal::ShuttingDown] {
        let message = refusal.message().to_owned();
        let response = refusal.into_response(kind);
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "always 400");
        assert_eq!(response.headers()[CONTENT_TYPE], "text/html");
        assert_eq!(response.headers()[CONNECTION], "close");
        assert_eq!(text(response), message);
    }
}

#[test]
fn a_refused_body_ends_the_connection_on_http_1_only() {
    let refuse = |parts: Parts| Refusal::UnknownSession.into_response(RequestKind::of(&parts));

    let mut chunked = parts("POST", "transport=polling&sid=a");
    chunked.headers.insert("transfer-encoding", HeaderValue::from_static("chunked"));
    assert_eq!(refuse(chunked).headers()[CONNECTION], "close");

    let mut sized = parts("POST", "transport=polling&sid=a");
    sized.headers.insert("content-length", HeaderValue::from_static("7"));
    assert_eq!(refuse(sized.clone()).headers()[CONNECTION], "close");
    sized.version = Version::HTTP_2;
    assert!(!refuse(sized).headers().contains_key(CONNECTION));

    assert!(!refuse(parts("GET", "transport=polling&sid=a")).headers().contains_key(CONNECTION));
}

fn get(query: &str) -> Result<Route, Refusal> {
    ask("GET", query)
}

fn ask(method: &str, query: &str) -> Result<Route, Refusal> {
    routed(parts(method, query))
}

fn routed(parts: Parts) -> Result<Route, Refusal> {
    read(&parts, |_| true)
}

fn parts(method: &str, query: &str) -> Parts {
    Request::builder().method(method).uri(format!("/socket.io/?{query}")).body(()).unwrap().into_parts().0
}

/// With the key of RFC 6455, section 1.3.
fn upgrade(query: &str) -> Parts {
    let mut parts = parts("GET", query);
    for (name, value) in [
        ("connection", "Upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ] {
        parts.headers.insert(name, HeaderValue::from_static(value));
    }
    parts
}

fn text(response: http::Response<crate::http::Body>) -> String {
    let mut body = response.into_body();
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    match std::pin::Pin::new(&mut body).poll_frame(&mut cx) {
        std::task::Poll::Ready(Some(Ok(frame))) => {
            String::from_utf8(frame.into_data().unwrap().to_vec()).unwrap()
        }
        other => panic!("{other:?}"),
    }
}
