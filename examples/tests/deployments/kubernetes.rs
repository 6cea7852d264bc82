//! `examples/kubernetes.rs` as `deploy/kubernetes.yaml` runs it: readiness that knows the broker's state, and a drain at SIGTERM.

use std::time::Instant;

use integration_tests::balancer::Balancer;
use integration_tests::brokers;
use integration_tests::client::Client;
use integration_tests::foreign;
use integration_tests::http;
use integration_tests::own_brokers::OwnBrokers;
use integration_tests::wait::{DEADLINE, if_in_time, until_asked, within};
use socketio_core::Sid;
use tokio::net::TcpListener;

use crate::facts::GRACE;
use crate::program::Program;

const CLIENTS: usize = 60;

const MANIFEST: &str = include_str!("../../../deploy/kubernetes.yaml");
const PROGRAM: &str = include_str!("../../kubernetes.rs");

/// `make test` starts a Redis, and installs HAProxy.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_drains_under_load_and_no_acknowledged_event_is_lost() {
    let (redis, channel) = (brokers::url("REDIS_URL"), Sid::generate());
    let mut leaving = node(&redis, &channel, 30).await;
    let staying = node(&redis, &channel, 30).await;
    for node in [&leaving, &staying] {
        is_ready(node, 200, "ready\n").await;
    }
    let balancer = Balancer::asking("/health/ready", "cookie", &[leaving.port, staying.port]).await;

    let all_at_work = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let stop = all_at_work.local_addr().expect("it is bound").port().to_string();
    let (count, kitchen) = (CLIENTS.to_string(), staying.port.to_string());
    let arguments = [&*count, &*kitchen, &*stop];
    let clients = foreign::node("draining", balancer.port, &arguments);
    // It does not fetch its end, and so the node goes on draining.
    let mut slow = Client::polling(leaving.port).await;
    slow.connect("/").await;
    let draining = async {
        let (at_work, _) = all_at_work.accept().await.expect("the script says so");
        let told = Instant::now();
        leaving.signal("TERM");
        is_left_out_by(&balancer).await;
        if_in_time(told, GRACE, async move {
            assert_eq!(http::get(slow.port, &slow.polling_target()).await.brief(), (200, "1"));
        })
        .await;
        let (status, said) = leaving.ended().await;
        drop(at_work);
        (status, said)
    };
    tokio::pin!(clients, draining);
    let (report, (status, said)) = tokio::select! {
        drained = &mut draining => (clients.await, drained),
        report = &mut clients => return report.assert_holds(),
    };
    report.assert_holds();
    assert!(status.success(), "{status}");
    assert_eq!(said, ["closed, undelivered: 0"]);
}

#[tokio::test]
async fn the_manifest_asks_what_the_program_answers_and_sets_what_it_reads() {
    let node = node(&brokers::url("REDIS_URL"), &Sid::generate(), 30).await;
    is_ready(&node, 200, "ready\n").await;
    let probes = all_after(MANIFEST, "httpGet: { path: ");
    assert_eq!(probes.len(), 3, "startup, readiness, liveness");
    for path in probes {
        let path = path.split(',').next().expect("a first part");
        assert_eq!(http::get(node.port, path).await.status, 200, "{path}");
    }
    let (_, environment) = MANIFEST.split_once("          env:\n").expect("it sets variables");
    let (environment, _) = environment.split_once("startupProbe").expect("probes follow");
    let set = all_after(environment, "{ name: ");
    assert_eq!(set.len(), 5);
    for variable in set {
        let name = variable.split(',').next().expect("a first part");
        assert!(PROGRAM.contains(&format!("variable(\"{name}\"")), "nobody reads {name}");
    }
}

/// Kubernetes kills a pod when the time is over, whatever it is doing.
#[test]
fn the_manifest_gives_a_pod_time_to_drain() {
    let grace = first_number_after(MANIFEST, "terminationGracePeriodSeconds: ");
    let pause = first_number_after(MANIFEST, "sleep: { seconds: ");
    let within = first_number_after(PROGRAM, ".shutdown_within(Duration::from_secs(");
    assert!(pause + within + 5 <= grace, "{pause} + {within} s of {grace}");
}

fn all_after<'a>(text: &'a str, key: &str) -> Vec<&'a str> {
    text.lines().filter_map(|line| line.split_once(key)).map(|(_, rest)| rest).collect()
}

fn first_number_after(text: &str, key: &str) -> u64 {
    let (_, rest) = text.split_once(key).unwrap_or_else(|| panic!("no {key}"));
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().unwrap_or_else(|_| panic!("no number after {key}"))
}

#[tokio::test]
async fn while_it_drains_a_node_is_alive_but_not_ready_and_lets_nobody_in() {
    let (redis, channel) = (brokers::url("REDIS_URL"), Sid::generate());
    let mut node = node(&redis, &channel, 30).await;
    is_ready(&node, 200, "ready\n").await;
    assert_eq!(http::get(node.port, "/health/live").await.brief(), (200, "live\n"));
    assert_eq!(http::get(node.port, "/health").await.status, 404);

    // A client that does not fetch what is left for it holds the drain up.
    let mut slow = Client::polling(node.port).await;
    slow.connect("/").await;
    let told = Instant::now();
    node.signal("TERM");
    if_in_time(told, GRACE, async move {
        let closing =
            async { while http::get(slow.port, "/health/ready").await.brief() != (503, "closing\n") {} };
        within("the node to close", closing).await;
        assert_eq!(http::get(slow.port, "/health/live").await.brief(), (200, "live\n"));
        let refused = http::get(slow.port, "/socket.io/?EIO=4&transport=polling").await;
        assert_eq!(refused.status, 503, "{}", refused.text());
        assert_eq!(http::get(slow.port, &slow.polling_target()).await.brief(), (200, "1"));
    })
    .await;
    assert!(node.ended().await.0.success());
}

#[tokio::test]
async fn readiness_follows_the_broker_and_clients_are_served_meanwhile() {
    let own = OwnBrokers::start(&["redis"]).await;
    own.stop("redis").await;
    let node = node(own.value("REDIS_URL"), &Sid::generate(), 4).await;
    is_ready(&node, 503, "the node has not joined its cluster yet\n").await;
    own.start_again("redis").await;
    is_ready(&node, 200, "ready\n").await;

    own.stop("redis").await;
    is_ready(&node, 503, "the node has not heard its cluster for 4 s\n").await;
    assert_eq!(http::get(node.port, "/health/live").await.status, 200);
    let mut client = Client::websocket(node.port).await;
    client.connect("/").await;
    client.send(r#"421["order","1"]"#).await;
    assert_eq!(client.next().await, r#"431["accepted"]"#);

    own.start_again("redis").await;
    is_ready(&node, 200, "ready\n").await;
}

/// Waits until the load balancer, which asks one node after the other, finds all that it asks ready.
async fn is_left_out_by(balancer: &Balancer) {
    let start = Instant::now();
    let mut in_a_row = 0;
    while in_a_row < 10 {
        let ready = http::get(balancer.port, "/health/ready").await.status == 200;
        in_a_row = if ready { in_a_row + 1 } else { 0 };
        assert!(start.elapsed() < DEADLINE, "the load balancer still leads to the node that drains");
    }
}

async fn node(redis: &str, channel: &str, unready_after: u64) -> Program {
    let mut command = Program::command("kubernetes");
    command.env("LISTEN", "127.0.0.1:0").env("REDIS_URL", redis).env("CHANNEL", channel);
    command.env("UNREADY_AFTER", unready_after.to_string()).env("TRUSTED_PROXIES", "127.0.0.1");
    Program::run(command).await
}

/// Waits until the node says so.
async fn is_ready(node: &Program, status: u16, reason: &str) {
    until_asked(reason, async || {
        let answer = http::get(node.port, "/health/ready").await;
        if answer.brief() == (status, reason) { Ok(()) } else { Err(answer) }
    })
    .await;
}
