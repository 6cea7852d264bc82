//! "Disconnection from a namespace".

use integration_tests::client::Client;

use crate::{joined, serve};

#[tokio::test]
async fn who_leaves_the_main_namespace_keeps_the_connection() {
    let server = serve().await;
    let mut client = joined(&server).await;
    client.send("41").await;
    // Nothing answers it; the connection may join again, as another.
    client.connect("/").await;
    client.send(r#"42["message",1]"#).await;
    assert_eq!(client.next().await, r#"42["message-back",1]"#);
}

#[tokio::test]
async fn who_leaves_a_custom_namespace_stays_in_the_others() {
    let server = serve().await;
    let mut client = joined(&server).await;
    client.connect("/custom").await;
    client.send("41/custom,").await;
    client.send(r#"42["message","message to main namespace"]"#).await;
    assert_eq!(client.next().await, r#"42["message-back","message to main namespace"]"#);
    assert_eq!(server.io.counters().sockets, 1);
}

#[tokio::test]
async fn the_comma_may_be_missing() {
    let server = serve().await;
    let mut client = joined(&server).await;
    client.connect("/custom").await;
    client.send("41/custom").await;
    client.connect("/custom").await;
}

#[tokio::test]
async fn a_new_join_has_a_new_sid() {
    let server = serve().await;
    let mut client = Client::websocket(server.port).await;
    let first = client.connect("/").await;
    client.send("41").await;
    assert_ne!(client.connect("/").await, first);
}

#[tokio::test]
async fn the_server_ends_a_namespace_with_a_disconnect_packet() {
    let server = serve().await;
    let mut client = joined(&server).await;
    client.connect("/custom").await;
    for (namespace, packet) in [("/custom", "41/custom,"), ("/", "41")] {
        let socket = server.io.of(namespace).sockets().pop().unwrap();
        socket.disconnect();
        assert_eq!(client.next().await, packet);
    }
    client.connect("/").await;
}

#[tokio::test]
async fn the_server_ends_the_connection_after_telling_each_namespace() {
    let server = serve().await;
    let mut client = joined(&server).await;
    client.connect("/custom").await;
    server.io.of("/").sockets().pop().unwrap().close();
    let mut told = client.ended().await;
    told.sort();
    assert_eq!(told, ["41", "41/custom,"]);
    client.socket().ended().await;
    server.is_empty().await;
}
