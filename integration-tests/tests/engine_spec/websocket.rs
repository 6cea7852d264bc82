//! "WebSocket": a packet is a frame.

use integration_tests::frames::{Message, WebSocket};

use crate::{joined, serve};

#[tokio::test]
async fn text_travels_in_text_frames() {
    let server = serve().await;
    let mut client = joined("websocket", server.port).await;
    client.socket().send_text("42[\"echo\",\"ä€😀\"]").await;
    assert_eq!(client.socket().next().await, Message::Text("42[\"echo\",\"ä€😀\"]".into()));
}

#[tokio::test]
async fn binary_travels_as_it_is_in_binary_frames() {
    let server = serve().await;
    let mut client = joined("websocket", server.port).await;
    let header = r#"451-["echo",{"_placeholder":true,"num":0}]"#;
    client.socket().send_text(header).await;
    client.socket().send_binary(&[0, 1, 2, 255]).await;
    assert_eq!(client.socket().next().await, Message::Text(header.into()));
    assert_eq!(client.socket().next().await, Message::Binary(vec![0, 1, 2, 255]));
}

#[tokio::test]
async fn each_packet_has_a_frame_of_its_own() {
    let server = serve().await;
    let mut client = joined("websocket", server.port).await;
    for number in 0..3 {
        server.io.emit("news", number).unwrap();
    }
    for number in 0..3 {
        assert_eq!(client.socket().next_text().await, format!("42[\"news\",{number}]"));
    }
}

#[tokio::test]
async fn a_frame_that_is_no_packet_closes_the_connection() {
    let server = serve().await;
    for text in ["abc", "", "7", "9", "\u{1e}"] {
        let mut client = joined("websocket", server.port).await;
        client.send(text).await;
        client.socket().ended().await;
    }
    server.is_empty().await;
}

#[tokio::test]
async fn a_second_websocket_for_a_session_is_refused_and_the_first_lives_on() {
    let server = serve().await;
    let mut client = joined("websocket", server.port).await;
    match WebSocket::open(server.port, &client.websocket_target()).await {
        Ok(mut second) => {
            second.closed().await;
        }
        Err(refused) => assert_eq!(refused.status, 400),
    }
    client.send("42[\"echo\",1]").await;
    assert_eq!(client.next().await, "42[\"echo\",1]");
}

#[tokio::test]
async fn pings_of_the_websocket_itself_are_answered() {
    let server = serve().await;
    let mut client = joined("websocket", server.port).await;
    let ping = integration_tests::frames::Frame::of(integration_tests::frames::PING);
    client.socket().send_frame(ping, b"are you there").await;
    assert_eq!(client.socket().next().await, Message::Pong(b"are you there".to_vec()));
}
