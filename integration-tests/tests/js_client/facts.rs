//! What holds for socket.io-client, on either server.

use std::path::PathBuf;
use std::process::Command;
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::SeqCst},
};

use integration_tests::foreign;
use integration_tests::running::Running;
use integration_tests::world::{Kind, Set};
use socketio_core::server::{Built, ServerBuilder};
use socketio_core::{Cookie, Handshake};
use tokio::task::JoinSet;

pub(crate) async fn connect_handlers_let_in_refuse_and_come_first(kind: Kind) {
    holds(kind, "connecting").await;
}

pub(crate) async fn every_kind_of_value_goes_both_ways(kind: Kind) {
    holds(kind, "emitting").await;
}

pub(crate) async fn acks_go_both_ways_in_every_form(kind: Kind) {
    holds(kind, "acks").await;
}

pub(crate) async fn rooms_hear_what_is_for_them_once(kind: Kind) {
    holds(kind, "rooms").await;
}

pub(crate) async fn both_sides_are_told_how_it_ended(kind: Kind) {
    holds(kind, "leaving").await;
}

pub(crate) async fn handlers_may_change_fail_and_keep_sessions(kind: Kind) {
    holds(kind, "handlers").await;
}

/// With `socket.io-msgpack-parser`: the same facts, on the same server.
pub(crate) async fn clients_that_speak_msgpack_find_everything_the_same(kind: Kind) {
    let mut scripts = JoinSet::new();
    for script in ["connecting", "emitting", "acks", "rooms", "leaving", "handlers"] {
        scripts.spawn(holds_with(kind, script, &["msgpack"]));
    }
    scripts.join_all().await;
    holds_with(kind, "numbered", &["6", "2000", "msgpack"]).await;
}

pub(crate) async fn a_room_of_both_parsers_hears_the_same(kind: Kind) {
    let server = kind.start(()).await;
    foreign::node("parsers", server.port, &[]).await.assert_holds();
    // In each of three ways: a Date, something too deep, and the same for others.
    assert_eq!(server.io.counters().msgpack_refused, 9);
    nothing_is_left(server).await;
}

pub(crate) async fn middlewares_let_pass_change_refuse_and_time(kind: Kind) {
    holds(kind, "middlewares").await;
}

pub(crate) async fn the_words_of_the_server_are_heard_by_its_clients(kind: Kind) {
    holds(kind, "words").await;
}

pub(crate) async fn catch_alls_and_namespaces_by_pattern_serve_in_order(kind: Kind) {
    let server = kind.start_routing().await;
    foreign::node("routing", server.port, &[]).await.assert_holds();
    nothing_is_left(server).await;
}

pub(crate) async fn hooks_ids_the_initial_packet_and_cookies_are_as_the_client_expects(kind: Kind) {
    let options = Options::default();
    let (refused, cookies) = (options.refused.clone(), options.cookies.clone());
    let server = kind.start(options).await;
    foreign::node("options", server.port, &[]).await.assert_holds();
    assert_eq!(refused.load(SeqCst), 3, "once in each of three ways");
    assert!(cookies.load(SeqCst) > 0, "the client that keeps cookies sends back the session's");
    nothing_is_left(server).await;
}

pub(crate) async fn the_served_bundles_connect_to_the_server_that_served_them(kind: Kind) {
    let server = kind.start(Bundles(bundles(kind))).await;
    foreign::node("bundles", server.port, &[]).await.assert_holds();
    nothing_is_left(server).await;
}

type Counted = Arc<AtomicUsize>;

/// Every hook on requests; refusals and cookies are counted.
#[derive(Default)]
struct Options {
    refused: Counted,
    cookies: Counted,
}

impl Set for Options {
    fn set<S: Built>(&self, builder: ServerBuilder<S>) -> ServerBuilder<S> {
        let (refused, cookies, ids) = (self.refused.clone(), self.cookies.clone(), AtomicUsize::new(0));
        builder
            .allow_request(|request: Handshake| async move {
                tokio::task::yield_now().await;
                if request.query_value("token").as_deref() == Some("good") {
                    Ok(())
                } else {
                    Err("which token?")
                }
            })
            .generate_id(move |_: Handshake| format!("made-{}", ids.fetch_add(1, SeqCst)))
            .cookie(Cookie::new("io"))
            .initial_packet("2[\"news\",\"hello\"]")
            .on_refused(move |request| {
                if (request.code, request.message) == (4, "which token?") {
                    refused.fetch_add(1, SeqCst);
                }
            })
            .on_response_headers(move |_, request| {
                let query = request.uri.query().unwrap_or_default();
                let cookie = request.headers.get("cookie").and_then(|cookie| cookie.to_str().ok());
                if let Some(("io", id)) = cookie.and_then(|cookie| cookie.split_once('='))
                    && query.contains(&format!("sid={id}"))
                {
                    cookies.fetch_add(1, SeqCst);
                }
            })
    }
}

/// The client's files from a folder.
struct Bundles(PathBuf);

impl Set for Bundles {
    fn set<S: Built>(&self, builder: ServerBuilder<S>) -> ServerBuilder<S> {
        builder.serve_client(&self.0)
    }
}

/// The client's bundles from npm, with brotli beside them as `make client` has it.
fn bundles(kind: Kind) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("bundles-{kind:?}"));
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

pub(crate) async fn two_thousand_events_each_way_survive_the_upgrade_under_load(kind: Kind) {
    holds_with(kind, "numbered", &["6", "2000"]).await;
}

async fn holds(kind: Kind, script: &str) {
    holds_with(kind, script, &[]).await;
}

async fn holds_with(kind: Kind, script: &str, arguments: &[&str]) {
    let server = kind.start(()).await;
    foreign::node(script, server.port, arguments).await.assert_holds();
    nothing_is_left(server).await;
}

async fn nothing_is_left(server: Running) {
    server.is_empty().await;
    server.stop().await;
}
