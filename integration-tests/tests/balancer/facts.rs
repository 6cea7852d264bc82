//! What holds behind each.

use std::collections::HashSet;
use std::sync::LazyLock;

use integration_tests::balancer::Balancer;
use integration_tests::brokers;
use integration_tests::client::{Client, Open};
use integration_tests::foreign;
use integration_tests::http::{self, Http};
use integration_tests::running::Running;
use integration_tests::wait::{until, within};
use serde_json::{Value, json};
use socketio_core::adapter::ClusterAdapter;
use socketio_core::server::ServerBuilder;
use socketio_core::{Cookie, Data, Server, Sid, Socket};
use socketio_redis::Redis;

use crate::LOG;

const TLS: bool = true;

pub(crate) async fn chromium_is_let_in_by_each_transport_once_the_proxy_is_trusted(kind: &str) {
    let nodes = three(|builder| builder.trusted_proxies(["127.0.0.1"])).await;
    let balancer = Balancer::start(kind, "cookie", TLS, &ports(&nodes)).await;
    browse("let in", &balancer).await;
}

pub(crate) async fn chromium_is_refused_while_it_is_not_and_the_log_names_the_expected_origin(kind: &str) {
    LazyLock::force(&LOG);
    let nodes = three(|builder| builder).await;
    let balancer = Balancer::start(kind, "cookie", TLS, &ports(&nodes)).await;
    browse("refused", &balancer).await;
    let place = format!("127.0.0.1:{}", balancer.port);
    let cause = format!("origin https://{place} is not allowed, expected http://{place}");
    let lines = LOG.lines_with(&cause);
    assert!(!lines.is_empty(), "no line says that {cause}: {:?}", LOG.lines_with(&place));
    assert!(
        lines[0].contains("behind a proxy that changes scheme or host, set trusted_proxies"),
        "{}",
        lines[0]
    );
}

pub(crate) async fn clients_of_one_address_may_share_a_node(kind: &str) {
    let nodes = three(|builder| builder).await;
    let balancer = Balancer::start(kind, "address", !TLS, &ports(&nodes)).await;
    let mut found = HashSet::new();
    for _ in 0..5 {
        let mut client = Client::polling(balancer.port).await;
        client.connect("/").await;
        found.insert(node(&mut client).await);
        let mut client = client.upgrade().await;
        found.insert(node(&mut client).await);
    }
    assert_eq!(found.len(), 1);
}

pub(crate) async fn clients_without_cookies_are_led_by_their_session(kind: &str) {
    let nodes = three(|builder| builder.cookie(Cookie::new("io"))).await;
    let balancer = Balancer::start(kind, "sid", !TLS, &ports(&nodes)).await;
    let mut found = HashSet::new();
    for _ in 0..6 {
        let mut client = Client::polling(balancer.port).await;
        client.connect("/").await;
        let polled = node(&mut client).await;
        let mut client = client.upgrade().await;
        assert_eq!(node(&mut client).await, polled);
        found.insert(polled);
    }
    assert!(found.len() > 1, "they are spread over the nodes");
}

pub(crate) async fn without_stickiness_the_log_asks_for_it(kind: &str) {
    LazyLock::force(&LOG);
    let path = format!("/{}", Sid::generate());
    let nodes = three(|builder| builder.path(&path)).await;
    let balancer = Balancer::start(kind, "none", !TLS, &ports(&nodes)).await;
    let polling = format!("{path}/?EIO=4&transport=polling");
    let mut connection = Http::connect(balancer.port).await;
    let opened = connection.request("GET", &polling, &[], b"").await;
    let sid = Open::parse(opened.text()).sid;
    // One node after the other: of three that are asked to take a POST, two refuse.
    let mut refused = 0;
    for _ in 0..3 {
        let answer = http::post(balancer.port, &format!("{polling}&sid={sid}"), "3").await;
        if answer.status == 400 {
            assert_eq!(answer.text(), r#"{"code":1,"message":"Session ID unknown"}"#);
            refused += 1;
        }
    }
    assert_eq!(refused, 2);
    let lines = LOG.lines_with(&path);
    assert_eq!(lines.len(), 2, "one of each node: {lines:?}");
    for line in lines {
        assert!(line.contains("this session is another node's: is stickiness on?"), "{line}");
    }
}

/// Three nodes that know each other.
async fn three(set: impl Fn(ServerBuilder) -> ServerBuilder) -> Vec<Running> {
    let channel = format!("test-{}", Sid::generate());
    let mut nodes = Vec::new();
    for number in 0..3 {
        let options = brokers::options("REDIS_URL");
        let adapter = ClusterAdapter::<Redis>::with_options(options).channel(channel.as_str());
        let io = set(Server::builder().manager(adapter.clone())).build().expect("the settings are fine");
        add(&io, number);
        nodes.push(Running::start(io).await);
        within("the node to hear the channel", adapter.ready()).await;
    }
    for node in &nodes {
        until("the nodes to know each other", || match node.io.members().len() {
            3 => Ok(()),
            members => Err(members),
        })
        .await;
    }
    nodes
}

fn add(io: &Server, number: usize) {
    io.on("where am I", move |socket: Socket| -> Value {
        let handshake = socket.handshake();
        json!({ "node": number, "secure": handshake.is_secure(), "address": handshake.address(),
            "transport": socket.transport().to_string() })
    });
    io.on("say", |socket: Socket, Data(text): Data<String>| socket.namespace().emit("said", text).is_ok());
}

fn ports(nodes: &[Running]) -> Vec<u16> {
    nodes.iter().map(|node| node.port).collect()
}

/// Which node the client is on.
async fn node(client: &mut Client) -> u64 {
    client.send(r#"421["where am I"]"#).await;
    let answer = client.next().await;
    let answer: Vec<Value> = serde_json::from_str(answer.strip_prefix("431").expect("an ack")).expect("JSON");
    answer[0]["node"].as_u64().expect("a number")
}

/// `foreign/js/balancer.mjs`, which drives Chromium.
async fn browse(promise: &str, balancer: &Balancer) {
    foreign::node("balancer", balancer.port, &[promise]).await.assert_holds();
}
