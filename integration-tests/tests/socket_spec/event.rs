//! "Sending and receiving data".

use integration_tests::client::Client;

use crate::{assert_each_closes, joined, serve};

#[tokio::test]
async fn an_event_carries_any_json() {
    let server = serve().await;
    let mut client = joined(&server).await;
    client.send(r#"42["message",1,"2",{"3":[true]}]"#).await;
    assert_eq!(client.next().await, r#"42["message-back",1,"2",{"3":[true]}]"#);
}

#[tokio::test]
async fn an_event_may_have_no_arguments() {
    let server = serve().await;
    let mut client = joined(&server).await;
    client.send(r#"42["message"]"#).await;
    assert_eq!(client.next().await, r#"42["message-back"]"#);
}

#[tokio::test]
async fn an_event_of_a_custom_namespace_is_answered_there() {
    let server = serve().await;
    let mut client = Client::websocket(server.port).await;
    client.connect("/custom").await;
    client.send(r#"42/custom,["message","ä"]"#).await;
    assert_eq!(client.next().await, r#"42/custom,["message-back","ä"]"#);
}

#[tokio::test]
async fn a_payload_that_is_no_array_with_a_name_closes_the_connection() {
    assert_each_closes(&[
        "42",
        "42{}",
        "42[]",
        "42null",
        "42\"message\"",
        "42[\"message\"",
        "42[\"message\"]x",
        "42[\"message\",]",
        "42[message]",
        "42[\"message\",01]",
        "42[\"message\",\"\u{1}\"]",
        "42/custom",
    ])
    .await;
}

#[tokio::test]
async fn an_event_name_that_is_no_text_closes_the_connection() {
    assert_each_closes(&["42[{\"toString\":\"x\"}]", "42[[\"message\"]]", "42[null]", "42[true]"]).await;
}

#[tokio::test]
async fn a_number_may_be_an_event_name() {
    let server = serve().await;
    let mut client = joined(&server).await;
    client.send("42[7,1]").await;
    client.send(r#"42["message",1]"#).await;
    assert_eq!(client.next().await, r#"42["message-back",1]"#);
}

#[tokio::test]
async fn an_unknown_packet_type_closes_the_connection() {
    assert_each_closes(&["4", "4abc", "47", "48[\"message\"]", "49", "4-1", "4 2[\"message\"]"]).await;
}

#[tokio::test]
async fn an_event_for_a_namespace_that_was_not_joined_closes_the_connection() {
    assert_each_closes(&["42/custom,[\"message\"]", "42/random,[\"message\"]"]).await;
}

#[tokio::test]
async fn numbers_of_any_size_pass_unharmed() {
    let server = serve().await;
    let mut client = joined(&server).await;
    let numbers = "9007199254740993,123456789012345678901234567890,-0.10,1e400,1E-7";
    client.send(&format!("42[\"message\",{numbers}]")).await;
    assert_eq!(client.next().await, format!("42[\"message-back\",{numbers}]"));
}

#[tokio::test]
async fn nesting_of_any_depth_passes_unharmed() {
    let server = serve().await;
    let mut client = joined(&server).await;
    for depth in [500, 200_000] {
        let deep = "[".repeat(depth) + &"]".repeat(depth);
        client.send(&format!("42[\"message\",{deep}]")).await;
        assert!(client.next().await == format!("42[\"message-back\",{deep}]"), "depth {depth}");
    }
}

#[tokio::test]
async fn an_event_nobody_listens_to_is_passed_over() {
    let server = serve().await;
    let mut client = joined(&server).await;
    client.send(r#"42["nobody"]"#).await;
    client.send(r#"421["nobody"]"#).await;
    client.send(r#"42["message",1]"#).await;
    assert_eq!(client.next().await, r#"42["message-back",1]"#);
}

#[tokio::test]
async fn several_events_of_a_payload_are_answered_in_order() {
    let server = serve().await;
    let mut client = Client::polling(server.port).await;
    client.connect("/").await;
    client.send("42[\"message\",1]\u{1e}42[\"message\",2]").await;
    assert_eq!(client.next().await, r#"42["message-back",1]"#);
    assert_eq!(client.next().await, r#"42["message-back",2]"#);
}
