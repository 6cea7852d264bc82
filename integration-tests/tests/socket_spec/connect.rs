//! "Connection to a namespace".

use integration_tests::client::Client;

use crate::{assert_each_closes, joined, serve, serve_hasty};

#[tokio::test]
async fn the_answer_to_connect_holds_the_sid_alone() {
    let server = serve().await;
    let mut client = Client::websocket(server.port).await;
    client.send("40").await;
    let answer = client.next().await;
    let sid = answer.strip_prefix("40{\"sid\":\"").and_then(|rest| rest.strip_suffix("\"}"));
    assert!(sid.is_some_and(|sid| !sid.is_empty()), "{answer}");
}

#[tokio::test]
async fn the_sid_is_not_the_one_of_the_connection() {
    let server = serve().await;
    let mut client = Client::websocket(server.port).await;
    let sid = client.connect("/").await;
    assert_ne!(sid, client.open.sid);
}

#[tokio::test]
async fn a_connect_may_carry_auth() {
    let server = serve().await;
    let mut client = Client::websocket(server.port).await;
    client.connect_with("/", r#"{"token":"123"}"#).await;
    assert_eq!(client.next().await, r#"42["auth",{"token":"123"}]"#);
}

#[tokio::test]
async fn a_custom_namespace_is_named_in_both_directions() {
    let server = serve().await;
    let mut client = Client::websocket(server.port).await;
    client.send("40/custom,").await;
    assert!(client.next().await.starts_with(r#"40/custom,{"sid":""#));
}

#[tokio::test]
async fn a_custom_namespace_may_carry_auth() {
    let server = serve().await;
    let mut client = Client::websocket(server.port).await;
    client.connect_with("/custom", r#"{"token":"abc"}"#).await;
    assert_eq!(client.next().await, r#"42/custom,["auth",{"token":"abc"}]"#);
}

#[tokio::test]
async fn the_comma_behind_a_namespace_may_be_missing_at_the_end() {
    let server = serve().await;
    let mut client = Client::websocket(server.port).await;
    client.send("40/custom").await;
    assert!(client.next().await.starts_with(r#"40/custom,{"sid":""#));
}

#[tokio::test]
async fn a_query_string_behind_a_namespace_is_cut_off() {
    let server = serve().await;
    let mut client = Client::websocket(server.port).await;
    client.send("40/custom?token=1,").await;
    assert!(client.next().await.starts_with(r#"40/custom,{"sid":""#));
}

#[tokio::test]
async fn a_second_connect_behind_the_answer_closes_the_connection() {
    assert_each_closes(&["40", "40{\"token\":\"123\"}"]).await;
}

#[tokio::test]
async fn an_unknown_namespace_is_answered_connect_error() {
    let server = serve().await;
    let mut client = Client::websocket(server.port).await;
    client.send("40/random").await;
    assert_eq!(client.next().await, r#"44/random,{"message":"Invalid namespace"}"#);
    // The connection may still join another.
    client.connect("/").await;
}

#[tokio::test]
async fn a_refusal_is_answered_connect_error_with_a_message() {
    let server = serve().await;
    let mut client = Client::websocket(server.port).await;
    client.send("40/refusing,").await;
    assert_eq!(client.next().await, r#"44/refusing,{"message":"Not authorized"}"#);
    client.connect("/").await;
}

#[tokio::test]
async fn a_client_may_be_in_several_namespaces() {
    let server = serve().await;
    let mut client = joined(&server).await;
    client.connect("/custom").await;
    client.send(r#"42["message",1]"#).await;
    client.send(r#"42/custom,["message",2]"#).await;
    assert_eq!(client.next().await, r#"42["message-back",1]"#);
    assert_eq!(client.next().await, r#"42/custom,["message-back",2]"#);
}

#[tokio::test]
async fn no_namespace_is_joined_before_the_client_asks() {
    let server = serve().await;
    let mut client = Client::websocket(server.port).await;
    assert_eq!(server.io.counters().sockets, 0);
    client.connect("/custom").await;
    assert_eq!(server.io.counters().sockets, 1);
}

#[tokio::test]
async fn a_client_that_does_not_connect_first_is_closed() {
    let server = serve().await;
    for packet in [r#"42["message"]"#, "41", "430[]", "4abc", "4", r#"44{"message":"x"}"#] {
        let mut client = Client::websocket(server.port).await;
        client.send(packet).await;
        assert_eq!(client.ended().await, Vec::<String>::new(), "{packet}");
        client.socket().ended().await;
    }
    server.is_empty().await;
}

#[tokio::test]
async fn a_client_that_joins_nothing_is_closed_in_time() {
    let server = serve_hasty().await;
    let mut client = Client::websocket(server.port).await;
    client.socket().ended().await;
    let _polling = Client::polling(server.port).await;
    server.is_empty().await;
}

#[tokio::test]
async fn a_client_that_was_only_refused_is_closed_in_time() {
    let server = serve_hasty().await;
    let mut client = Client::websocket(server.port).await;
    client.send("40/refusing,").await;
    client.next().await;
    client.socket().ended().await;
    server.is_empty().await;
}

#[tokio::test]
async fn auth_that_is_no_json_object_closes_the_connection() {
    let server = serve().await;
    for auth in ["{", "{\"token\"}", "abc"] {
        let mut client = Client::websocket(server.port).await;
        client.send(&format!("40{auth}")).await;
        assert_eq!(client.ended().await, Vec::<String>::new(), "{auth}");
    }
    server.is_empty().await;
}

#[tokio::test]
async fn everything_holds_by_polling_too() {
    let server = serve().await;
    let mut client = Client::polling(server.port).await;
    client.connect_with("/custom", r#"{"token":"abc"}"#).await;
    assert_eq!(client.next().await, r#"42/custom,["auth",{"token":"abc"}]"#);
    client.send("40/random,").await;
    assert_eq!(client.next().await, r#"44/random,{"message":"Invalid namespace"}"#);
    client.connect("/").await;
}
