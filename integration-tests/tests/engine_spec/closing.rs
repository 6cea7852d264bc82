//! The packet `1`: a transport is closed.

use integration_tests::http::{self, Http};

use crate::{assert_unknown_session, joined, serve};

#[tokio::test]
async fn a_close_packet_by_post_ends_the_session_and_frees_the_get_that_waits() {
    let server = serve().await;
    let mut client = joined("polling", server.port).await;
    let mut waiting = Http::connect(server.port).await;
    waiting.send_request("GET", &client.polling_target(), &[], b"").await;
    // Another request has passed meanwhile: the GET is there.
    http::get(server.port, "/").await;
    assert_eq!(client.post("1").await.brief(), (200, "ok"));
    assert_eq!(waiting.response().await.brief(), (200, "6"));
    assert_unknown_session(&http::get(server.port, &client.polling_target()).await);
    server.is_empty().await;
}

#[tokio::test]
async fn a_close_packet_on_a_websocket_ends_the_connection() {
    let server = serve().await;
    for transport in ["websocket", "upgrade"] {
        let mut client = joined(transport, server.port).await;
        client.send("1").await;
        client.socket().ended().await;
    }
    server.is_empty().await;
}

#[tokio::test]
async fn a_close_frame_is_answered_and_ends_the_session() {
    let server = serve().await;
    let mut client = joined("websocket", server.port).await;
    client.socket().send_raw(&[0x88, 0x82, 0, 0, 0, 0, 0x03, 0xE8]).await;
    let close = client.socket().closed().await;
    assert_eq!(close, integration_tests::frames::Message::Close(Some((1000, String::new()))));
    client.socket().ended().await;
    server.is_empty().await;
}

#[tokio::test]
async fn packets_behind_a_close_packet_are_not_handled() {
    let server = serve().await;
    let mut client = joined("polling", server.port).await;
    let before = server.io.counters();
    assert_eq!(before.sockets, 1);
    client.post("1\x1e42[\"echo\",1]").await;
    server.is_empty().await;
    let mut client = joined("websocket", server.port).await;
    client.send_all(&["1".into(), "42[\"echo\",1]".into()]).await;
    assert_eq!(client.ended().await, Vec::<String>::new());
    server.is_empty().await;
}
