//! "Acknowledgement".

use integration_tests::client::Client;

use crate::{assert_each_closes, joined, serve};

#[tokio::test]
async fn an_ack_has_the_id_and_the_values() {
    let server = serve().await;
    let mut client = joined(&server).await;
    client.send(r#"42456["message-with-ack",1,"2",{"3":[false]}]"#).await;
    assert_eq!(client.next().await, r#"43456[1,"2",{"3":[false]}]"#);
}

#[tokio::test]
async fn an_ack_of_nothing_is_an_empty_array() {
    let server = serve().await;
    let mut client = joined(&server).await;
    client.send(r#"420["message-with-ack"]"#).await;
    assert_eq!(client.next().await, "430[]");
    client.send(r#"4212["message"]"#).await;
    assert_eq!(client.next().await, r#"42["message-back"]"#);
    assert_eq!(client.next().await, "4312[]");
}

#[tokio::test]
async fn an_ack_of_a_custom_namespace_names_it() {
    let server = serve().await;
    let mut client = Client::websocket(server.port).await;
    client.connect("/custom").await;
    client.send(r#"42/custom,13["message-with-ack","bar"]"#).await;
    assert_eq!(client.next().await, r#"43/custom,13["bar"]"#);
}

#[tokio::test]
async fn an_event_without_an_id_gets_no_ack() {
    let server = serve().await;
    let mut client = joined(&server).await;
    client.send(r#"42["message-with-ack",1]"#).await;
    client.send(r#"421["message-with-ack",2]"#).await;
    assert_eq!(client.next().await, "431[2]");
}

#[tokio::test]
async fn ids_are_as_large_as_clients_count() {
    let server = serve().await;
    let mut client = joined(&server).await;
    client.send(r#"429007199254740991["message-with-ack"]"#).await;
    assert_eq!(client.next().await, "439007199254740991[]");
}

#[tokio::test]
async fn an_id_that_is_no_number_closes_the_connection() {
    assert_each_closes(&[
        r#"42abc["message-with-ack",1]"#,
        r#"42-1["message-with-ack",1]"#,
        r#"421.5["message-with-ack",1]"#,
        r#"4299999999999999999999999999["message-with-ack",1]"#,
    ])
    .await;
}

#[tokio::test]
async fn the_server_asks_with_an_id_and_takes_the_answer() {
    let server = serve().await;
    let mut client = joined(&server).await;
    client.send(r#"42["ask","why"]"#).await;
    let id = asked(&client.next().await, r#"["question","why"]"#);
    client.send(&format!("43{id}[\"because\",1]")).await;
    assert_eq!(client.next().await, r#"42["answered",["because",1]]"#);
}

#[tokio::test]
async fn an_answer_may_be_empty() {
    let server = serve().await;
    let mut client = joined(&server).await;
    client.send(r#"42["ask"]"#).await;
    let id = asked(&client.next().await, r#"["question"]"#);
    client.send(&format!("43{id}[]")).await;
    assert_eq!(client.next().await, r#"42["answered"]"#);
}

#[tokio::test]
async fn an_answer_may_be_binary() {
    let server = serve().await;
    let mut client = joined(&server).await;
    client.send(r#"42["ask bytes"]"#).await;
    let id = asked(&client.next().await, r#"["question"]"#);
    client.send(&format!("461-{id}[{{\"_placeholder\":true,\"num\":0}}]")).await;
    client.send("bAQIDBA==").await;
    assert_eq!(client.next().await, r#"451-["answered",{"_placeholder":true,"num":0}]"#);
    assert_eq!(client.next().await, "bAQIDBA==");
}

#[tokio::test]
async fn an_ack_of_a_question_that_was_not_asked_is_passed_over() {
    let server = serve().await;
    let mut client = joined(&server).await;
    client.send(r#"42["ask"]"#).await;
    let id = asked(&client.next().await, r#"["question"]"#);
    client.send("43999[1]").await;
    client.send(&format!("43{id}[2]")).await;
    client.send(&format!("43{id}[3]")).await;
    assert_eq!(client.next().await, r#"42["answered",2]"#);
    client.send(r#"42["message",4]"#).await;
    assert_eq!(client.next().await, r#"42["message-back",4]"#);
    assert_eq!(server.io.counters().pending_acks, 0);
}

#[tokio::test]
async fn questions_of_two_namespaces_are_answered_apart() {
    let server = serve().await;
    let mut client = joined(&server).await;
    client.connect("/custom").await;
    client.send(r#"42["ask",1]"#).await;
    let main = asked(&client.next().await, r#"["question",1]"#);
    client.send(r#"42/custom,["ask",2]"#).await;
    let packet = client.next().await;
    let custom = packet.strip_prefix("42/custom,").and_then(|rest| rest.strip_suffix(r#"["question",2]"#));
    let custom = custom.unwrap_or_else(|| panic!("{packet}"));
    client.send(&format!("43/custom,{custom}[\"of custom\"]")).await;
    assert_eq!(client.next().await, r#"42/custom,["answered","of custom"]"#);
    client.send(&format!("43{main}[\"of main\"]")).await;
    assert_eq!(client.next().await, r#"42["answered","of main"]"#);
}

#[tokio::test]
async fn an_ack_without_an_array_closes_the_connection() {
    assert_each_closes(&["431", "431{}", "431null", "431[", "43[1"]).await;
}

/// The id of a question.
#[track_caller]
fn asked(packet: &str, question: &str) -> u64 {
    let id = packet.strip_prefix("42").and_then(|rest| rest.strip_suffix(question));
    id.and_then(|id| id.parse().ok()).unwrap_or_else(|| panic!("{packet} is not {question}"))
}
