//! Options that a client can see: hooks on requests, ids, headers, cookies, the heartbeat's grace, the initial packet, the path.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use integration_tests::{
    client::{Client, Open, PATH},
    frames::WebSocket,
    http::{self, Response},
    running::Running,
    wait::within,
};
use socketio_core::http::Peer;
use socketio_core::server::ServerBuilder;
use socketio_core::{Cookie, Cors, Handshake, Server};
use tokio::sync::Barrier;

use crate::{assert_refused, assert_unknown_session, echoing};

const POLLING: &str = "/socket.io/?EIO=4&transport=polling";
const WEBSOCKET: &str = "/socket.io/?EIO=4&transport=websocket";

async fn serve_with(builder: ServerBuilder) -> Running {
    Running::start(echoing(builder.build().unwrap())).await
}

#[tokio::test]
async fn allow_request_refuses_with_words_before_anything_is_made() {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    let server = serve_with(Server::builder().allow_request(move |request: Handshake| {
        count.fetch_add(1, SeqCst);
        match request.query_value("token").as_deref() {
            Some("good") => Ok(()),
            _ => Err("which \"token\"?"),
        }
    }))
    .await;
    let refused = http::get(server.port, POLLING).await;
    assert_eq!(refused.brief(), (403, r#"{"code":4,"message":"which \"token\"?"}"#));
    assert_eq!(refused.header("content-type"), Some("application/json"));
    let refused = WebSocket::open(server.port, WEBSOCKET).await.unwrap_err();
    assert_eq!(refused.brief(), (400, "which \"token\"?"));
    assert_eq!(server.io.counters().sessions_opened, 0);
    assert_eq!(server.io.counters().requests_refused, 2);

    let opened = http::get(server.port, &format!("{POLLING}&token=good")).await;
    let sid = Open::parse(opened.text()).sid;
    WebSocket::open(server.port, &format!("{WEBSOCKET}&token=good")).await.unwrap();
    assert_eq!(asked.load(SeqCst), 4);
    // An open session's requests are not asked about.
    assert_eq!(http::post(server.port, &format!("{POLLING}&sid={sid}"), "40").await.status, 200);
    assert_eq!(asked.load(SeqCst), 4);
}

#[tokio::test]
async fn allow_request_may_wait_and_a_plain_no_is_forbidden() {
    let server = serve_with(Server::builder().allow_request(|request: Handshake| async move {
        tokio::time::sleep(Duration::from_millis(10)).await;
        request.header("x-pass").is_some()
    }))
    .await;
    let refused = http::get(server.port, POLLING).await;
    assert_eq!(refused.brief(), (403, r#"{"code":4,"message":"Forbidden"}"#));
    assert_eq!(http::request(server.port, "GET", POLLING, &[("x-pass", "1")], b"").await.status, 200);
}

#[tokio::test]
async fn sessions_have_the_ids_that_the_application_makes() {
    let count = AtomicUsize::new(0);
    let server =
        serve_with(Server::builder().cookie(Cookie::new("io")).generate_id(move |request: Handshake| {
            let number = count.fetch_add(1, SeqCst);
            request.query_value("id").unwrap_or_else(|| format!("made-{number}"))
        }))
        .await;
    let opened = http::get(server.port, POLLING).await;
    assert_eq!(Open::parse(opened.text()).sid, "made-0");
    assert!(opened.header("set-cookie").unwrap().starts_with("io=made-0; "));
    assert_eq!(Client::websocket(server.port).await.open.sid, "made-1");
    assert_eq!(http::post(server.port, &format!("{POLLING}&sid=made-0"), "40").await.status, 200);

    for id in ["made-0", "", "a%20b", "a%0d%0ab", &"x".repeat(129)] {
        assert_refused(&http::get(server.port, &format!("{POLLING}&id={id}")).await, 3, "Bad request");
        let refused = WebSocket::open(server.port, &format!("{WEBSOCKET}&id={id}")).await.unwrap_err();
        assert_eq!(refused.brief(), (400, "Bad request"), "{id}");
    }
    assert_unknown_session(&http::get(server.port, &format!("{POLLING}&sid=made-99")).await);
}

#[tokio::test]
async fn of_two_that_are_given_one_id_at_the_same_time_one_is_let_in_and_the_other_when_it_has_left() {
    let both = Arc::new(Barrier::new(2));
    let server = serve_with(Server::builder().generate_id(move |_: Handshake| {
        let both = both.clone();
        async move {
            both.wait().await;
            "the-same".to_owned()
        }
    }))
    .await;
    let open = || WebSocket::open(server.port, WEBSOCKET);
    for _ in 0..20 {
        let (one, other) = tokio::join!(open(), open());
        let (mut one, refused) = match (one, other) {
            (Ok(one), Err(refused)) | (Err(refused), Ok(one)) => (one, refused),
            (one, other) => panic!("{:?} and {:?}", one.is_ok(), other.is_ok()),
        };
        assert_eq!(refused.brief(), (400, "Bad request"));
        one.send_text("1").await;
        one.closed().await;
        server.is_empty().await;
    }
}

#[tokio::test]
async fn an_id_may_be_waited_for() {
    let server = serve_with(Server::builder().generate_id(|_: Handshake| async {
        tokio::task::yield_now().await;
        "waited-for".to_owned()
    }))
    .await;
    assert_eq!(Client::polling(server.port).await.open.sid, "waited-for");
}

#[tokio::test]
async fn hooks_change_the_headers_of_the_first_answer_and_of_every_one() {
    let server = serve_with(
        Server::builder()
            .on_initial_headers(|headers, request| {
                assert!(request.uri.query().is_some_and(|query| !query.contains("sid=")));
                headers.insert("x-first", "yes".parse().unwrap());
            })
            .on_response_headers(|headers, request| {
                headers.insert("x-method", request.method.as_str().parse().unwrap());
                headers.remove("content-type");
            }),
    )
    .await;
    let brief = |response: &Response| {
        let header = |name: &str| response.header(name).map(str::to_owned);
        (header("x-first"), header("x-method"), header("content-type"))
    };
    let expect =
        |first: Option<&str>, method: &str| (first.map(str::to_owned), Some(method.to_owned()), None);
    let opened = http::get(server.port, POLLING).await;
    assert_eq!(brief(&opened), expect(Some("yes"), "GET"));
    let sid = Open::parse(opened.text()).sid;
    let posted = http::post(server.port, &format!("{POLLING}&sid={sid}"), "40").await;
    assert_eq!(brief(&posted), expect(None, "POST"));
    let refused = http::get(server.port, PATH).await;
    assert_eq!((refused.status, brief(&refused)), (400, expect(None, "GET")));
    let preflight = http::request(server.port, "OPTIONS", POLLING, &[], b"").await;
    assert_eq!(brief(&preflight), expect(None, "OPTIONS"));

    let mut upgrade = http::Http::connect(server.port).await;
    let headers = [
        ("connection", "Upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];
    let switching = upgrade.request("GET", WEBSOCKET, &headers, b"").await;
    assert_eq!((switching.status, brief(&switching)), (101, expect(Some("yes"), "GET")));
}

#[tokio::test]
async fn whoever_sees_a_request_sees_its_peer() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let [first, second, third, fourth] = std::array::from_fn(|_| {
        let seen = seen.clone();
        move |peer: Option<&Peer>| seen.lock().unwrap().push(peer.and_then(|peer| peer.address).is_some())
    });
    let allow = Server::builder().allow_request(move |request: Handshake| {
        first(request.extension());
        true
    });
    // What the first request had with it is the handshake's from then on.
    let answered = Server::builder().on_response_headers(move |_, request| second(request.extensions.get()));
    let refused = Server::builder().on_refused(move |refused| third(refused.request.extensions.get()));
    let cors = Server::builder().cors(Cors::predicate(move |_, request| {
        fourth(request.extensions.get());
        true
    }));
    let origin: &[_] = &[("origin", "http://page.example")];
    for (builder, headers, expected) in [
        (allow, &[][..], &[true][..]),
        (answered, &[], &[false, true, true]),
        (refused, &[], &[true]),
        (cors, origin, &[true, true, true]),
    ] {
        let server = serve_with(builder).await;
        let opened = http::request(server.port, "GET", POLLING, headers, b"").await;
        let sid = Open::parse(opened.text()).sid;
        http::request(server.port, "POST", &format!("{POLLING}&sid={sid}"), headers, b"40").await;
        http::request(server.port, "GET", &format!("{POLLING}&sid=none"), headers, b"").await;
        assert_eq!(seen.lock().unwrap().split_off(0), expected);
    }
}

#[tokio::test]
async fn a_hook_is_told_of_every_refusal_with_request_code_and_cause() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let tell = told.clone();
    let builder = Server::builder().allow_request(|_: Handshake| Err::<(), _>("not today")).on_refused(
        move |refused| {
            let path = refused.request.uri.path().to_owned();
            tell.lock().unwrap().push((
                path,
                refused.code,
                refused.message.to_owned(),
                refused.cause.to_owned(),
            ));
        },
    );
    let server = serve_with(builder).await;
    http::get(server.port, "/socket.io/a?EIO=4").await;
    http::get(server.port, &format!("{POLLING}&sid=none")).await;
    http::request(server.port, "PUT", POLLING, &[("content-length", "0")], b"").await;
    http::request(server.port, "GET", POLLING, &[("origin", "https://evil.example")], b"").await;
    http::get(server.port, POLLING).await;
    http::get(server.port, "/socket.io/?EIO=3&transport=polling").await;
    let told = told.lock().unwrap().clone();
    let codes: Vec<(&str, u8, &str)> =
        told.iter().map(|(path, code, message, _)| (path.as_str(), *code, message.as_str())).collect();
    assert_eq!(
        codes,
        [
            ("/socket.io/a", 0, "Transport unknown"),
            ("/socket.io/", 1, "Session ID unknown"),
            ("/socket.io/", 2, "Bad handshake method"),
            ("/socket.io/", 3, "Bad request"),
            ("/socket.io/", 4, "not today"),
            ("/socket.io/", 5, "Unsupported protocol version"),
        ]
    );
    assert!(told[3].3.contains("https://evil.example"), "{}", told[3].3);
}

#[tokio::test]
async fn an_initial_packet_comes_before_everything_else() {
    let server = serve_with(Server::builder().initial_packet("2[\"news\",\"hello\"]")).await;
    for transport in ["polling", "websocket"] {
        let mut client = Client::by(transport, server.port).await;
        client.send("40").await;
        assert_eq!(client.next().await, "42[\"news\",\"hello\"]", "{transport}");
        assert!(client.next().await.starts_with("40{"));
        client.close().await;
    }
    server.is_empty().await;
}

#[tokio::test]
async fn a_grace_is_told_to_clients_and_pings_come_without_it() {
    let server = serve_with(
        Server::builder().ping_interval(Duration::from_millis(200)).ping_grace(Duration::from_secs(3600)),
    )
    .await;
    for transport in ["polling", "websocket"] {
        let mut client = Client::by(transport, server.port).await;
        assert_eq!(client.open.ping_interval, 3_600_200);
        assert_eq!(within("a ping", client.next_or_end()).await.as_deref(), Some("2"));
    }
}

#[tokio::test]
async fn a_cookie_has_the_attributes_it_was_given_on_either_transport() {
    let cookie = Cookie::new("affinity").path("/chat").secure(true).same_site("None");
    let cookie = cookie.max_age(Duration::from_secs(60)).domain("example.com").partitioned(true);
    let server = serve_with(Server::builder().cookie(cookie)).await;
    let response = http::get(server.port, POLLING).await;
    let sid = Open::parse(response.text()).sid;
    let attributes =
        "Path=/chat; Max-Age=60; HttpOnly; Secure; SameSite=None; Domain=example.com; Partitioned";
    assert_eq!(response.header("set-cookie"), Some(&*format!("affinity={sid}; {attributes}")));
    // It is set once, when the session opens.
    let posted = http::post(server.port, &format!("{POLLING}&sid={sid}"), "40").await;
    assert_eq!(posted.header("set-cookie"), None);
}

#[tokio::test]
async fn a_preflight_and_the_answer_behind_it_say_what_cors_was_set_to() {
    let cors = Cors::origins(["https://app.example", "http://localhost:5173"])
        .methods(["GET", "POST"])
        .allowed_headers(["x-token"])
        .exposed_headers(["x-served-by"])
        .max_age(Duration::from_secs(600));
    let server = serve_with(Server::builder().cors(cors)).await;
    let origin = [("origin", "https://app.example")];
    let preflight = http::request(server.port, "OPTIONS", POLLING, &origin, b"").await;
    for (name, value) in [
        ("access-control-allow-origin", "https://app.example"),
        ("access-control-allow-credentials", "true"),
        ("access-control-allow-methods", "GET, POST"),
        ("access-control-allow-headers", "x-token"),
        ("access-control-expose-headers", "x-served-by"),
        ("access-control-max-age", "600"),
    ] {
        assert_eq!(preflight.header(name), Some(value));
    }
    let opened = http::request(server.port, "GET", POLLING, &origin, b"").await;
    assert_eq!((opened.status, opened.header("access-control-expose-headers")), (200, Some("x-served-by")));
    assert_eq!(opened.header("access-control-max-age"), None);
}

#[tokio::test]
async fn a_path_that_wants_its_slash_is_not_ours_without() {
    let server = serve_with(Server::builder().path("/live").add_trailing_slash(true)).await;
    let status =
        async |path: &str| http::get(server.port, &format!("{path}?EIO=4&transport=polling")).await.status;
    assert_eq!((status("/live/").await, status("/live").await), (200, 404));
    assert_eq!((status("/socket.io/").await, status("/liver/").await), (404, 404));
}

#[tokio::test]
async fn polling_answers_are_compressed_from_the_threshold_up_or_never() {
    let accept = [("accept-encoding", "gzip")];
    for (builder, encoding) in [
        (Server::builder().compression_threshold(50), Some("gzip")),
        (Server::builder().compression_threshold(5_000), None),
        (Server::builder().compression_threshold(50).http_compression(false), None),
    ] {
        let server = serve_with(builder.initial_packet("x".repeat(500))).await;
        let sid = Open::parse(http::get(server.port, POLLING).await.text()).sid;
        let target = format!("{POLLING}&sid={sid}");
        let polled = http::request(server.port, "GET", &target, &accept, b"").await;
        assert_eq!(polled.header("content-encoding"), encoding);
    }
}
