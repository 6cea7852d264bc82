//! Socket.IO packets.

use integration_tests::client::Client;

use crate::{assert_unharmed, joined, serve};

/// Each closes the connection of a client that has joined `/`, whichever the transport.
async fn assert_each_closes(attacks: &[&[&str]]) {
    let server = serve().await;
    for packets in attacks {
        let mut client = joined("websocket", server.port).await;
        for packet in *packets {
            client.send(packet).await;
        }
        let before = client.ended().await;
        assert!(before.is_empty(), "{packets:?}: {before:?}");

        let mut client = joined("polling", server.port).await;
        client.post(&packets.join("\u{1e}")).await;
        let before = client.ended().await;
        assert!(before.is_empty(), "{packets:?}: {before:?}");
    }
    assert_unharmed(&server).await;
}

#[tokio::test]
async fn placeholders_out_of_range_close_the_connection() {
    assert_each_closes(&[
        &[r#"451-["echo",{"_placeholder":true,"num":1}]"#, "bAQID"],
        &[r#"451-["echo",{"_placeholder":true,"num":-1}]"#, "bAQID"],
        &[r#"451-["echo",{"_placeholder":true,"num":0.5}]"#, "bAQID"],
        &[r#"451-["echo",{"_placeholder":true,"num":"splice"}]"#, "bAQID"],
        &[r#"451-["echo",{"_placeholder":true,"num":18446744073709551616}]"#, "bAQID"],
        &[r#"451-["echo",{"_placeholder":true}]"#, "bAQID"],
    ])
    .await;
}

#[tokio::test]
async fn attachments_that_are_not_used_close_the_connection() {
    assert_each_closes(&[
        &[r#"451-["echo"]"#, "bAQID"],
        &[r#"452-["echo",{"_placeholder":true,"num":0}]"#, "bAQID", "bAQID"],
    ])
    .await;
}

#[tokio::test]
async fn too_many_attachments_are_refused_at_the_header() {
    assert_each_closes(&[
        &[r#"4511-["echo",{"_placeholder":true,"num":0}]"#],
        &[r#"451832742252-["echo"]"#],
        &[r#"45184467440737095516160-["echo"]"#],
    ])
    .await;
}

#[tokio::test]
async fn a_binary_header_before_joining_closes_the_connection() {
    let server = serve().await;
    for header in [
        r#"451-["echo",{"_placeholder":true,"num":0}]"#,
        r#"451-/login,["echo",{"_placeholder":true,"num":0}]"#,
    ] {
        let mut client = Client::websocket(server.port).await;
        client.send(header).await;
        assert_eq!(client.ended().await, Vec::<String>::new());
    }
    let mut client = joined("websocket", server.port).await;
    client.send(r#"451-/login,["echo",{"_placeholder":true,"num":0}]"#).await;
    assert_eq!(client.ended().await, Vec::<String>::new());
    assert_unharmed(&server).await;
}

#[tokio::test]
async fn a_binary_event_for_a_namespace_just_left_reaches_nobody() {
    let server = serve().await;
    let mut client = joined("websocket", server.port).await;
    client.send("41").await;
    client.send(r#"451-1["echo",{"_placeholder":true,"num":0}]"#).await;
    client.send("bAQID").await;
    client.send("40").await;
    // It costs the connection, or is passed over whole.
    if let Some(answer) = client.next_or_end().await {
        assert!(answer.starts_with("40{"), "{answer}");
        client.send("422[\"echo\"]").await;
        assert_eq!(client.next().await, "432[]");
        client.close().await;
    }
    assert_unharmed(&server).await;
}

#[tokio::test]
async fn a_partial_packet_goes_with_its_client() {
    let server = serve().await;
    for _ in 0..20 {
        let mut client = joined("websocket", server.port).await;
        client.send(r#"451-["echo",{"_placeholder":true,"num":0}]"#).await;
        client.cut();
    }
    assert_unharmed(&server).await;
}

#[tokio::test]
async fn event_names_that_are_objects_close_the_connection() {
    assert_each_closes(&[&[r#"42[{"toString":"rce"}]"#], &[r#"42[["echo"]]"#]]).await;
}

#[tokio::test]
async fn reserved_event_names_close_the_connection() {
    assert_each_closes(&[
        &[r#"42["connect"]"#],
        &[r#"42["connect_error"]"#],
        &[r#"42["disconnect"]"#],
        &[r#"42["disconnecting"]"#],
    ])
    .await;
}

#[tokio::test]
async fn no_name_has_a_meaning_for_the_runtime() {
    let server = serve().await;
    let mut client = joined("websocket", server.port).await;
    for name in ["error", "__proto__", "constructor", "toString", "*", ""] {
        client.send(&format!("42[\"{name}\",1]")).await;
    }
    client.send("421[\"echo\"]").await;
    assert_eq!(client.next().await, "431[]");
}

#[tokio::test]
async fn long_runs_of_digits_close_the_connection() {
    let digits = "9".repeat(90_000);
    let (id, attachments, both) =
        (format!("42{digits}[\"echo\"]"), format!("45{digits}-[\"echo\"]"), format!("4{digits}"));
    assert_each_closes(&[&[&id], &[&attachments], &[&both]]).await;
}

#[tokio::test]
async fn nesting_beyond_reason_is_an_error_for_a_typed_handler_only() {
    let server = serve().await;
    let mut client = joined("websocket", server.port).await;
    let deep = "[".repeat(40_000) + &"]".repeat(40_000);
    client.send(&format!("421[\"two\",{deep},1]")).await;
    client.send("422[\"echo\"]").await;
    assert_eq!(client.next().await, "432[]");
    let objects = "{\"a\":".repeat(15_000) + "1" + &"}".repeat(15_000);
    client.send(&format!("423[\"echo\",{objects}]")).await;
    assert_eq!(client.next().await, format!("433[{objects}]"));
}

#[tokio::test]
async fn many_short_packets_of_a_payload_are_handled() {
    let server = serve().await;
    let mut client = joined("polling", server.port).await;
    let packets: Vec<_> = (0..4_000).map(|number| format!("42{number}[\"echo\"]")).collect();
    client.send_all(&packets).await;
    for number in 0..4_000 {
        assert_eq!(client.next().await, format!("43{number}[]"));
    }
}

#[tokio::test]
async fn packets_for_a_namespace_of_strange_name_are_refused() {
    let server = serve().await;
    let mut client = joined("websocket", server.port).await;
    for name in ["/__proto__", "/\u{1F600}", "/a b", &format!("/{}", "x".repeat(50_000))] {
        client.send(&format!("40{name},")).await;
        let answer = client.next().await;
        assert!(answer.ends_with(r#",{"message":"Invalid namespace"}"#), "{answer:.100}");
    }
    client.send("421[\"echo\"]").await;
    assert_eq!(client.next().await, "431[]");
}
