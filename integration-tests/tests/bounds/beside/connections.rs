//! Handshakes and connections, as many as there may be and more.

use std::cell::Cell;
use std::time::{Duration, Instant};

use integration_tests::client::PATH;
use integration_tests::http::Http;
use integration_tests::process;
use integration_tests::program::with_descriptors;
use integration_tests::wait::within;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::{MIB, SERVER, beside_in, four};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn handshakes() {
    // Of its descriptors a server takes all but a hundred for connections; sessions by polling count, though they have none.
    const DESCRIPTORS: usize = 2_100;
    let server = with_descriptors(DESCRIPTORS, &process::command(SERVER, ""));
    let seen = beside_in("4,000 handshakes where there are 2,000 places", server, async |port| {
        four(|_| async move {
            let (mut sids, mut refused) = (Vec::new(), 0);
            let mut http = Http::connect(port).await;
            for _ in 0..1_000 {
                http.send_request("GET", &format!("{PATH}&transport=polling"), &[], b"").await;
                let Some(answer) = http.try_response().await else {
                    // Who is turned away is told so on a connection that ends.
                    http = Http::connect(port).await;
                    continue;
                };
                match answer.status {
                    200 => sids.push(sid(answer.text())),
                    503 => {
                        assert!(answer.header("retry-after").is_some(), "{answer:?}");
                        refused += 1;
                        http = Http::connect(port).await;
                    }
                    other => panic!("{other}: {answer:?}"),
                }
            }
            assert!(refused > 0, "there were places for all");
            // They would be over in 45 s; no test needs to wait for that.
            for sid in sids {
                let target = format!("{PATH}&transport=polling&sid={sid}");
                let type_of_text = [("content-type", "text/plain;charset=UTF-8")];
                http.send_request("POST", &target, &type_of_text, b"1").await;
                if http.try_response().await.is_none() {
                    http = Http::connect(port).await;
                }
            }
        })
        .await;
    })
    .await;
    assert!(seen.most.of("sessions") <= 2_000, "{}", seen.most.told());
    assert!(seen.after.of("connections_full") > 1_000, "{}", seen.after.told());
    assert!(seen.grown <= 48 * MIB, "{} bytes", seen.grown);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_connections_that_are_half_open() {
    // The server has as many descriptors as this process; others are in use by the tests beside.
    let connections = descriptors().saturating_sub(600).min(10_000);
    let server = process::command(SERVER, "");
    let what = format!("{connections} connections that say nothing, or half a head");
    let opened_in = Cell::new(Duration::MAX);
    let seen = beside_in(&what, server, async |port| {
        let mut held = Vec::with_capacity(connections);
        let begun = Instant::now();
        for number in 0..connections {
            let mut stream = within("a connection", TcpStream::connect(("127.0.0.1", port))).await.unwrap();
            if number % 2 == 0 {
                stream.write_all(b"GET /socket.io/?EIO=4&transport=polling HTT").await.unwrap();
            }
            held.push(stream);
        }
        opened_in.set(begun.elapsed());
        // The server ends them all: a head may take 10 s.
        for mut stream in held {
            let _ = within("the end of the connection", stream.read_to_end(&mut Vec::new())).await;
        }
    })
    .await;
    let each = seen.grown / connections.max(1);
    process::publish(&format!(
        "{} connections at a time, {each} bytes for each",
        seen.most.of("connections")
    ));
    assert_eq!(seen.most.of("sessions"), 1, "{}", seen.most.told());
    // Where that took longer, the first are gone before the last have come.
    if opened_in.get() < Duration::from_secs(10) {
        assert!(seen.most.of("connections") > connections as u64 / 2, "{}", seen.most.told());
    }
    assert!(seen.grown <= 8 * MIB + 16 * 1024 * connections, "{each} bytes for each");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn half_open_connections_where_there_are_no_more_places() {
    const DESCRIPTORS: usize = 1_100;
    let server = with_descriptors(DESCRIPTORS, &process::command(SERVER, ""));
    let seen = beside_in("2,000 such connections where there are 1,000 places", server, async |port| {
        let mut held = Vec::new();
        for _ in 0..2_000 {
            let mut stream = within("a connection", TcpStream::connect(("127.0.0.1", port))).await.unwrap();
            // Who is turned away may have been so already.
            let _ = stream.write_all(b"GET /socket.io/?EIO=4&transport=polling HTT").await;
            held.push(stream);
        }
        for mut stream in held {
            let _ = within("the end of the connection", stream.read_to_end(&mut Vec::new())).await;
        }
    })
    .await;
    assert!(seen.most.of("connections") <= 1_000, "{}", seen.most.told());
    assert!(seen.after.of("connections_full") >= 1_000, "{}", seen.after.told());
    assert!(seen.grown <= 32 * MIB, "{} bytes", seen.grown);
}

fn sid(handshake: &str) -> String {
    let (_, rest) = handshake.split_once("\"sid\":\"").unwrap();
    rest.split_once('"').unwrap().0.to_owned()
}

/// As many as this process may have open.
fn descriptors() -> usize {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap();
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files")).unwrap();
    line.split_whitespace().next().and_then(|soft| soft.parse().ok()).unwrap_or(usize::MAX)
}
