//! Too much of everything: each of these ends its own connection, or is refused.

use integration_tests::client::PATH;
use integration_tests::frames::{CONTINUATION, Frame, Message, TEXT, UPGRADE, WebSocket};
use integration_tests::http::{self, Http};

use super::{MIB, by_four, joined};

const ROUNDS: usize = 5;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn oversized_everything() {
    let seen = by_four("oversized messages, bodies, heads, names and announcements", |_, port| async move {
        for _ in 0..ROUNDS {
            messages(port).await;
            announcements(port).await;
            bodies(port).await;
            heads(port).await;
            names(port).await;
        }
    })
    .await;
    let rounds = (4 * ROUNDS) as u64;
    // A frame, fragments, an announced frame, an announced and a chunked body.
    assert_eq!(seen.after.of("payloads_too_large"), 5 * rounds, "{}", seen.after.told());
    assert_eq!(seen.after.of("attachments_too_many"), rounds, "{}", seen.after.told());
    // Of four messages and bodies at a time, each up to a million bytes.
    seen.stays_within(8 * MIB, 48 * MIB);
}

/// A byte more than `max_payload` at once, and in fragments.
async fn messages(port: u16) {
    let mut client = joined(port).await;
    client.socket().send_frame(Frame::of(TEXT), &[b'x'; LIMIT + 1]).await;
    too_large(client.socket()).await;

    let mut client = joined(port).await;
    client.socket().send_frame(Frame { fin: false, ..Frame::of(TEXT) }, b"4").await;
    let fragment = [b'x'; 100_000];
    for _ in 0..10 {
        client.socket().send_frame(Frame { fin: false, ..Frame::of(CONTINUATION) }, &fragment).await;
    }
    too_large(client.socket()).await;
}

/// Sizes that are announced, and nothing of it.
async fn announcements(port: u16) {
    let mut client = joined(port).await;
    client.socket().send_raw(&[0x81, 0xFF, 0x7F, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4]).await;
    too_large(client.socket()).await;

    let mut client = joined(port).await;
    client.send("4511-[\"echo\",{\"_placeholder\":true,\"num\":0}]").await;
    too_large(client.socket()).await;
}

async fn bodies(port: u16) {
    let client = crate::joined("polling", port).await;
    let mut http = Http::connect(port).await;
    let head =
        format!("POST {} HTTP/1.1\r\nhost: a\r\ncontent-type: text/plain\r\n", client.polling_target());
    http.send(format!("{head}content-length: 99999999999\r\n\r\n").as_bytes()).await;
    assert!(http.try_response().await.is_none_or(|answer| answer.status == 413));

    let client = crate::joined("polling", port).await;
    let mut http = Http::connect(port).await;
    let head =
        format!("POST {} HTTP/1.1\r\nhost: a\r\ncontent-type: text/plain\r\n", client.polling_target());
    http.send(format!("{head}transfer-encoding: chunked\r\n\r\n").as_bytes()).await;
    let chunk = [b"186a0\r\n", &[b'4'; 100_000][..], b"\r\n"].concat();
    for _ in 0..11 {
        http.send(&chunk).await;
    }
    assert!(http.try_response().await.is_none_or(|answer| answer.status == 413));
}

/// Heads, and headers by number and by size, of a request and of an upgrade.
async fn heads(port: u16) {
    let long = "x".repeat(200_000);
    let many: Vec<_> = (0..500).map(|number| (format!("x-{number}"), "1")).collect();
    let many: Vec<_> = many.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    for target in [format!("{PATH}&transport=polling&x={long}"), format!("{PATH}&transport=polling")] {
        let headers: &[_] = if target.len() > 1_000 { &[] } else { &many };
        let mut http = Http::connect(port).await;
        http.send_request("GET", &target, headers, b"").await;
        let refused = http.try_response().await.is_none_or(|answer| (400..500).contains(&answer.status));
        assert!(refused, "a head of that size is taken");
    }
    let mut http = Http::connect(port).await;
    let headers = [&UPGRADE[..], &many[..]].concat();
    http.send_request("GET", &format!("{PATH}&transport=websocket"), &headers, b"").await;
    assert!(http.try_response().await.is_none_or(|answer| answer.status != 101));
}

/// Names of sessions, namespaces and events that are nearly a message long.
async fn names(port: u16) {
    let long = "x".repeat(LIMIT - 100);
    let unknown = format!("{PATH}&transport=polling&sid={}", &long[..5_000]);
    assert_eq!(http::get(port, &unknown).await.status, 400);

    let mut client = joined(port).await;
    client.send(&format!("40/{long},")).await;
    assert!(client.next().await.starts_with("44/xxx"));
    client.send(&format!("42[\"{long}\"]")).await;
    crate::answers(&mut client).await;
    client.close().await;
}

async fn too_large(socket: &mut WebSocket) {
    let Message::Close(Some((code, _))) = socket.closed().await else { panic!("it is not told why") };
    assert_eq!(code, 1009);
}

/// The default of `max_payload`.
const LIMIT: usize = 1_000_000;
