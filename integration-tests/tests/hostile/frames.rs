//! WebSocket frames.

use integration_tests::{
    client::PATH,
    frames::{BINARY, CLOSE, CONTINUATION, Frame, Message, PING, PONG, TEXT, WebSocket},
};

use crate::{assert_unharmed, joined, serve};

/// Sends one frame after joining and expects the connection to be closed with the code.
async fn assert_closes_with(frame: Frame, payload: &[u8], code: u16) {
    let server = serve().await;
    let mut client = joined("websocket", server.port).await;
    client.socket().send_frame(frame, payload).await;
    match client.socket().closed().await {
        Message::Close(Some((given, _))) => assert_eq!(given, code, "{frame:?}"),
        other => panic!("{frame:?}: expected a close frame, got {other:?}"),
    }
    client.socket().ended().await;
    assert_unharmed(&server).await;
}

#[tokio::test]
async fn reserved_bits_end_the_connection() {
    for rsv in [1, 2, 4, 7] {
        assert_closes_with(Frame { rsv, ..Frame::of(TEXT) }, b"42[\"echo\"]", 1002).await;
    }
}

#[tokio::test]
async fn reserved_bits_before_the_session_exists_end_the_connection() {
    let server = serve().await;
    // On an upgrade that has not begun, and right behind the opening handshake.
    let client = joined("polling", server.port).await;
    let mut socket = WebSocket::open(server.port, &client.websocket_target()).await.unwrap();
    socket.send_frame(Frame { rsv: 3, ..Frame::of(TEXT) }, b"2probe").await;
    socket.ended().await;
    client.close().await;

    let mut socket = WebSocket::open(server.port, &format!("{PATH}&transport=websocket")).await.unwrap();
    socket.send_frame(Frame { rsv: 3, ..Frame::of(TEXT) }, b"40").await;
    socket.ended().await;
    assert_unharmed(&server).await;
}

#[tokio::test]
async fn unmasked_frames_end_the_connection() {
    assert_closes_with(Frame { masked: false, ..Frame::of(TEXT) }, b"42[\"echo\"]", 1002).await;
}

#[tokio::test]
async fn unknown_opcodes_end_the_connection() {
    for opcode in [3, 7, 11, 15] {
        assert_closes_with(Frame::of(opcode), b"", 1002).await;
    }
}

#[tokio::test]
async fn continuations_of_nothing_end_the_connection() {
    assert_closes_with(Frame::of(CONTINUATION), b"x", 1002).await;
}

#[tokio::test]
async fn control_frames_that_are_long_or_in_pieces_end_the_connection() {
    assert_closes_with(Frame::of(PING), &[0; 126], 1002).await;
    assert_closes_with(Frame { fin: false, ..Frame::of(PING) }, b"x", 1002).await;
}

#[tokio::test]
async fn text_that_is_no_utf_8_ends_the_connection() {
    assert_closes_with(Frame::of(TEXT), b"42[\"echo\",\"\xff\"]", 1007).await;
}

#[tokio::test]
async fn a_message_over_the_limit_is_1009_and_says_which_limit() {
    let server = serve().await;
    let mut client = joined("websocket", server.port).await;
    client.socket().send_frame(Frame::of(TEXT), &[b'x'; 100_001]).await;
    let Message::Close(Some((code, reason))) = client.socket().closed().await else {
        panic!("expected a close frame");
    };
    assert_eq!(code, 1009);
    assert!(reason.contains("100000") || reason.contains("100,000"), "{reason}");
    assert_unharmed(&server).await;
}

#[tokio::test]
async fn a_frame_that_announces_too_much_is_1009_before_it_is_read() {
    let server = serve().await;
    for announced in [100_001_u64, u64::from(u32::MAX), u64::MAX >> 1] {
        let mut client = joined("websocket", server.port).await;
        let mut bytes = vec![0x80 | TEXT, 0x80 | 127];
        bytes.extend(announced.to_be_bytes());
        bytes.extend([1, 2, 3, 4, b'x']);
        client.socket().send_raw(&bytes).await;
        assert!(matches!(client.socket().closed().await, Message::Close(Some((1009, _)))), "{announced}");
    }
    assert_unharmed(&server).await;
}

#[tokio::test]
async fn a_length_that_no_frame_can_have_ends_the_connection() {
    let server = serve().await;
    let mut client = joined("websocket", server.port).await;
    client.socket().send_raw(&[0x81, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0]).await;
    assert!(matches!(client.socket().closed().await, Message::Close(Some((1002 | 1009, _)))));
    assert_unharmed(&server).await;
}

#[tokio::test]
async fn fragments_that_sum_up_to_too_much_are_1009() {
    let server = serve().await;
    let mut client = joined("websocket", server.port).await;
    client.socket().send_frame(Frame { fin: false, ..Frame::of(TEXT) }, &[b'x'; 60_000]).await;
    client.socket().send_frame(Frame { fin: false, ..Frame::of(CONTINUATION) }, &[b'x'; 60_000]).await;
    assert!(matches!(client.socket().closed().await, Message::Close(Some((1009, _)))));
    assert_unharmed(&server).await;
}

#[tokio::test]
async fn very_many_tiny_and_empty_fragments_are_one_message() {
    let server = serve().await;
    let mut client = joined("websocket", server.port).await;
    let text = "421[\"echo\",\"".to_owned() + &"z".repeat(20_000) + "\"]";
    let mut bytes = Vec::new();
    Frame { fin: false, ..Frame::of(TEXT) }.write(&mut bytes, b"");
    for byte in text.bytes() {
        Frame { fin: false, ..Frame::of(CONTINUATION) }.write(&mut bytes, &[byte]);
        Frame { fin: false, ..Frame::of(CONTINUATION) }.write(&mut bytes, b"");
    }
    Frame::of(CONTINUATION).write(&mut bytes, b"");
    client.socket().send_raw(&bytes).await;
    assert_eq!(client.next().await.len(), "431[\"\"]".len() + 20_000);
}

#[tokio::test]
async fn empty_fragments_without_end_cost_nothing() {
    let server = serve().await;
    let mut client = joined("websocket", server.port).await;
    let before = resident();
    let mut bytes = Vec::new();
    for _ in 0..10_000 {
        Frame { fin: false, ..Frame::of(CONTINUATION) }.write(&mut bytes, b"");
    }
    client.socket().send_frame(Frame { fin: false, ..Frame::of(TEXT) }, b"").await;
    for _ in 0..100 {
        client.socket().send_raw(&bytes).await;
    }
    client.socket().send_frame(Frame::of(CONTINUATION), b"421[\"echo\"]").await;
    assert_eq!(client.next().await, "431[]");
    let grown = resident().saturating_sub(before);
    assert!(grown < 16_000_000, "a million empty fragments took {grown} bytes");
}

#[tokio::test]
async fn control_frames_between_fragments_are_answered() {
    let server = serve().await;
    let mut client = joined("websocket", server.port).await;
    client.socket().send_frame(Frame { fin: false, ..Frame::of(TEXT) }, b"421[\"ec").await;
    client.socket().send_frame(Frame::of(PING), b"now").await;
    client.socket().send_frame(Frame::of(PONG), b"unasked for").await;
    client.socket().send_frame(Frame::of(CONTINUATION), b"ho\"]").await;
    assert_eq!(client.socket().next().await, Message::Pong(b"now".to_vec()));
    assert_eq!(client.next().await, "431[]");
}

#[tokio::test]
async fn odd_close_frames_end_the_connection() {
    let server = serve().await;
    for payload in [b"".as_slice(), b"x", &[0x03, 0xE7], &[0x03, 0xED], &[0x03, 0xE8, 0xFF], &[0xFF, 0xFF]] {
        let mut client = joined("websocket", server.port).await;
        client.socket().send_frame(Frame::of(CLOSE), payload).await;
        client.socket().ended().await;
    }
    assert_unharmed(&server).await;
}

#[tokio::test]
async fn binary_before_joining_ends_the_connection() {
    let server = serve().await;
    let mut socket = WebSocket::open(server.port, &format!("{PATH}&transport=websocket")).await.unwrap();
    socket.send_frame(Frame::of(BINARY), &[1, 2, 3]).await;
    socket.ended().await;
    assert_unharmed(&server).await;
}

/// Bytes of memory that the process holds.
fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    statm.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4_096
}
