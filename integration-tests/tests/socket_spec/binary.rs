//! Events and acks with attachments, over WebSocket and polling.

use integration_tests::client::Client;

use crate::{assert_closed, joined, serve};

const ONE: &str = r#"{"_placeholder":true,"num":0}"#;
const TWO: &str = r#"{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}"#;

#[tokio::test]
async fn an_event_comes_with_its_attachments_behind_it() {
    let server = serve().await;
    let mut client = joined(&server).await;
    client.send(&format!("452-[\"message\",{TWO}]")).await;
    client.send("bAQID").await;
    client.send("bBAUG").await;
    two_come_back(&mut client).await;
}

async fn two_come_back(client: &mut Client) {
    assert_eq!(client.next().await, format!("452-[\"message-back\",{TWO}]"));
    assert_eq!(client.next().await, "bAQID");
    assert_eq!(client.next().await, "bBAUG");
}

#[tokio::test]
async fn attachments_may_come_as_base64_in_text_frames() {
    let server = serve().await;
    let mut client = joined(&server).await;
    client.send(&format!("452-[\"message\",{TWO}]")).await;
    client.socket().send_text("bAQID").await;
    client.socket().send_text("bBAUG").await;
    two_come_back(&mut client).await;
}

#[tokio::test]
async fn base64_that_is_none_or_that_no_packet_announced_closes_the_connection() {
    let server = serve().await;
    for (before, text) in [(format!("451-[\"message\",{ONE}]"), "b*"), ("42[\"other\"]".to_owned(), "bAQID")]
    {
        let mut client = joined(&server).await;
        client.send(&before).await;
        client.socket().send_text(text).await;
        assert_closed(&client.ended().await, text);
    }
}

#[tokio::test]
async fn an_event_of_a_custom_namespace_too() {
    let server = serve().await;
    let mut client = Client::websocket(server.port).await;
    client.connect("/custom").await;
    client.send(&format!("451-/custom,[\"message\",{ONE}]")).await;
    client.send("bAQID").await;
    assert_eq!(client.next().await, format!("451-/custom,[\"message-back\",{ONE}]"));
    assert_eq!(client.next().await, "bAQID");
}

#[tokio::test]
async fn an_ack_with_attachments_is_a_binary_ack() {
    let server = serve().await;
    let mut client = joined(&server).await;
    client.send(&format!("452-789[\"message-with-ack\",{TWO}]")).await;
    client.send("bAQID").await;
    client.send("bBAUG").await;
    assert_eq!(client.next().await, format!("462-789[{TWO}]"));
    assert_eq!(client.next().await, "bAQID");
    assert_eq!(client.next().await, "bBAUG");
}

#[tokio::test]
async fn a_binary_event_with_a_plain_ack_is_acked_plainly() {
    let server = serve().await;
    let mut client = joined(&server).await;
    client.send(&format!("451-14[\"message\",{ONE}]")).await;
    client.send("bAQID").await;
    assert_eq!(client.next().await, format!("451-[\"message-back\",{ONE}]"));
    assert_eq!(client.next().await, "bAQID");
    assert_eq!(client.next().await, "4314[]");
}

#[tokio::test]
async fn placeholders_may_stand_anywhere_and_in_any_order() {
    let server = serve().await;
    let mut client = joined(&server).await;
    let args = r#"{"a":[{"num":1,"_placeholder":true}]},[[{"_placeholder":true,"num":0}]]"#;
    client.send(&format!("452-1[\"message-with-ack\",{args}]")).await;
    client.send("bAQ==").await;
    client.send("bAg==").await;
    let header = client.next().await;
    assert!(header.starts_with("462-1[{"), "{header}");
    // Whatever the numbers are now, they name the same bytes.
    let args: serde_json::Value = serde_json::from_str(&header["462-1".len()..]).unwrap();
    let attachments = [client.next().await, client.next().await];
    let at = |pointer: &str| &attachments[args.pointer(pointer).unwrap().as_u64().unwrap() as usize];
    assert_eq!(at("/0/a/0/num"), "bAg==");
    assert_eq!(at("/1/0/0/num"), "bAQ==");
}

#[tokio::test]
async fn everything_holds_by_polling_too() {
    let server = serve().await;
    let mut client = Client::polling(server.port).await;
    client.connect("/").await;
    client.send(&format!("452-7[\"message-with-ack\",{TWO}]\u{1e}bAQID\u{1e}b")).await;
    assert_eq!(client.next().await, format!("462-7[{TWO}]"));
    assert_eq!(client.next().await, "bAQID");
    assert_eq!(client.next().await, "b");
}

#[tokio::test]
async fn text_where_an_attachment_is_due_closes_the_connection() {
    let server = serve().await;
    for packet in ["42[\"message\"]", "41", "43[]", "40/custom,"] {
        let mut client = joined(&server).await;
        client.send(&format!("451-[\"message\",{ONE}]")).await;
        client.send(packet).await;
        assert_closed(&client.ended().await, packet);
    }
    server.is_empty().await;
}

#[tokio::test]
async fn an_attachment_that_nobody_waits_for_closes_the_connection() {
    let server = serve().await;
    let mut client = joined(&server).await;
    client.send("bAQID").await;
    assert_closed(&client.ended().await, "an attachment");
    server.is_empty().await;
}

#[tokio::test]
async fn a_heartbeat_may_come_between_a_header_and_its_attachments() {
    let server = serve().await;
    let mut client = joined(&server).await;
    client.send(&format!("451-[\"message\",{ONE}]")).await;
    client.send("3").await;
    client.send("bAQID").await;
    assert_eq!(client.next().await, format!("451-[\"message-back\",{ONE}]"));
    assert_eq!(client.next().await, "bAQID");
}

#[tokio::test]
async fn a_number_of_attachments_that_is_none_closes_the_connection() {
    crate::assert_each_closes(&[
        "45[\"message\"]",
        "45-[\"message\"]",
        "45x-[\"message\"]",
        "451[\"message\"]",
        "45-1-[\"message\"]",
        "4599999999999999999999-[\"message\"]",
    ])
    .await;
}
