//! Cross-origin rules by the framework: tower-http's layer decides, and it alone writes headers.

use integration_tests::client::Open;
use integration_tests::http::{self, Response};

use crate::pages;
use crate::program::Program;

const POLLING: &str = "/socket.io/?EIO=4&transport=polling";

#[tokio::test]
async fn chromium_from_the_listed_origin_passes_and_from_another_it_does_not() {
    let elsewhere = pages::elsewhere().await;
    let listed = format!("http://127.0.0.1:{elsewhere}");
    let program = Program::start("cors", &[&listed]).await;
    pages::expect("let in", "http", program.port, &format!("{listed}/")).await;
    // The same page by another name; a WebSocket is no matter of CORS, so polling tells.
    let own = format!("http://localhost:{elsewhere}");
    let polled = ask(&program, "GET", &own, POLLING).await;
    assert_eq!(values(&polled, "access-control-allow-origin"), [""; 0]);
}

#[tokio::test]
async fn no_header_appears_twice() {
    let origin = "https://app.example";
    let program = Program::start("cors", &[origin]).await;
    let opened = ask(&program, "GET", origin, POLLING).await;
    let sid = Open::parse(opened.text()).sid;
    let posted = ask(&program, "POST", origin, &format!("{POLLING}&sid={sid}")).await;
    let refused = ask(&program, "GET", origin, &format!("{POLLING}&sid=nobody")).await;
    let page = ask(&program, "GET", origin, "/").await;
    let preflight = ask(&program, "OPTIONS", origin, POLLING).await;
    assert_eq!([&opened, &refused, &page, &preflight].map(|answer| answer.status), [200, 400, 200, 200]);
    for answer in [opened, posted, refused, page, preflight] {
        assert_eq!(values(&answer, "access-control-allow-origin"), [origin], "{answer:?}");
        assert_eq!(values(&answer, "access-control-allow-credentials"), ["true"], "{answer:?}");
        for (name, _) in answer.headers.iter().filter(|(name, _)| name != "vary") {
            assert_eq!(values(&answer, name).len(), 1, "{name} in {answer:?}");
        }
    }
}

async fn ask(program: &Program, method: &str, origin: &str, target: &str) -> Response {
    let mut headers = vec![("origin", origin)];
    if method == "OPTIONS" {
        headers.push(("access-control-request-method", "POST"));
    }
    http::request(program.port, method, target, &headers, b"").await
}

fn values<'a>(answer: &'a Response, name: &str) -> Vec<&'a str> {
    answer.headers.iter().filter(|(each, _)| each == name).map(|(_, value)| value.as_str()).collect()
}
