//! socket.io-client in Node against the server: polling only, WebSocket only, and the upgrade.
//!
//! The facts are in `foreign/js/`, one script per subject; each is checked for every transport.

use std::path::PathBuf;
use std::process::Command;
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::SeqCst},
};

use integration_tests::{foreign, running::Running, world};
use socketio_core::{Cookie, Handshake, Server};
use tokio::task::JoinSet;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connect_handlers_let_in_refuse_and_come_first() {
    holds("connecting").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_kind_of_value_goes_both_ways() {
    holds("emitting").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn acks_go_both_ways_in_every_form() {
    holds("acks").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rooms_hear_what_is_for_them_once() {
    holds("rooms").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_sides_are_told_how_it_ended() {
    holds("leaving").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn handlers_may_change_fail_and_keep_sessions() {
    holds("handlers").await;
}

/// With `socket.io-msgpack-parser`: the same facts, on the same server.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_that_speak_msgpack_find_everything_the_same() {
    let mut scripts = JoinSet::new();
    for script in ["connecting", "emitting", "acks", "rooms", "leaving", "handlers"] {
        scripts.spawn(holds_with(script, &["msgpack"]));
    }
    scripts.join_all().await;
    holds_with("numbered", &["6", "2000", "msgpack"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_room_of_both_parsers_hears_the_same() {
    let server = world::start().await;
    foreign::node("parsers", server.port, &[]).await.assert_holds();
    // In each of three ways: a Date, something too deep, and the same for others.
    assert_eq!(server.io.counters().msgpack_refused, 9);
    nothing_is_left(server).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn middlewares_let_pass_change_refuse_and_time() {
    holds("middlewares").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_words_of_the_server_are_heard_by_its_clients() {
    holds("words").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn catch_alls_and_namespaces_by_pattern_serve_in_order() {
    let server = world::routing::start().await;
    foreign::node("routing", server.port, &[]).await.assert_holds();
    nothing_is_left(server).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hooks_ids_the_initial_packet_and_cookies_are_as_the_client_expects() {
    let (ids, refused, cookies) = (AtomicUsize::new(0), Counted::default(), Counted::default());
    let (count_refused, count_cookies) = (refused.clone(), cookies.clone());
    let builder = Server::builder()
        .allow_request(|request: Handshake| async move {
            tokio::task::yield_now().await;
            if request.query_value("token").as_deref() == Some("good") { Ok(()) } else { Err("which token?") }
        })
        .generate_id(move |_: Handshake| format!("made-{}", ids.fetch_add(1, SeqCst)))
        .cookie(Cookie::new("io"))
        .initial_packet("2[\"news\",\"hello\"]")
        .on_refused(move |refused| {
            if (refused.code, refused.message) == (4, "which token?") {
                count_refused.fetch_add(1, SeqCst);
            }
        })
        .on_response_headers(move |_, request| {
            let query = request.uri.query().unwrap_or_default();
            let cookie = request.headers.get("cookie").and_then(|cookie| cookie.to_str().ok());
            if let Some(("io", id)) = cookie.and_then(|cookie| cookie.split_once('='))
                && query.contains(&format!("sid={id}"))
            {
                count_cookies.fetch_add(1, SeqCst);
            }
        });
    let server = world::start_with(builder).await;
    foreign::node("options", server.port, &[]).await.assert_holds();
    assert_eq!(refused.load(SeqCst), 3, "once in each of three ways");
    assert!(cookies.load(SeqCst) > 0, "the client that keeps cookies sends back the session's");
    nothing_is_left(server).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_served_bundles_connect_to_the_server_that_served_them() {
    let server = world::start_with(Server::builder().serve_client(bundles("served"))).await;
    foreign::node("bundles", server.port, &[]).await.assert_holds();
    nothing_is_left(server).await;
}

type Counted = Arc<AtomicUsize>;

/// The client's bundles from npm, with brotli beside them as `make client` has it.
fn bundles(test: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("bundles-{test}"));
    let made = Command::new("make")
        .args(["--no-print-directory", "client-files"])
        .arg(format!("FROM={}", foreign::foreign("node_modules/socket.io-client/dist").display()))
        .arg(format!("FOLDER={}", folder.display()))
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .output()
        .expect("make");
    assert!(made.status.success(), "{made:?}");
    folder
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_thousand_events_each_way_survive_the_upgrade_under_load() {
    let server = world::start().await;
    let report = foreign::node("numbered", server.port, &["6", "2000"]).await;
    report.assert_holds();
    nothing_is_left(server).await;
}

async fn holds(script: &str) {
    holds_with(script, &[]).await;
}

async fn holds_with(script: &str, arguments: &[&str]) {
    let server = world::start().await;
    foreign::node(script, server.port, arguments).await.assert_holds();
    nothing_is_left(server).await;
}

async fn nothing_is_left(server: Running) {
    server.is_empty().await;
    server.stop().await;
}
