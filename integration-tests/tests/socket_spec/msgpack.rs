//! Clients that speak msgpack: which parser it is, and what is done about messages that cannot be read.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use integration_tests::{client::Client, running::Running};
use socketio_core::{RawArgs, Server, Socket};

/// `{"type":0,"nsp":"/"}`
const CONNECT: &[u8] = b"\x82\xa4type\x00\xa3nsp\xa1/";

/// An event of `/` that asks for the ack number 1; `data` is its list.
fn event(data: &[u8]) -> Vec<u8> {
    [b"\x84\xa4type\x02\xa3nsp\xa1/\xa2id\x01\xa4data", data].concat()
}

fn packet(message: &[u8]) -> String {
    format!("b{}", STANDARD.encode(message))
}

async fn serve() -> Running {
    let io = Server::builder().max_payload(100_000).build().unwrap();
    io.on("echo", |args: RawArgs| args);
    Running::start(io).await
}

/// The server serves those who speak JSON, and nothing is left of anybody else.
async fn assert_unharmed(server: &Running) {
    let mut client = joined(server).await;
    client.send("421[\"echo\",1]").await;
    assert_eq!(client.next().await, "431[1]");
    client.close().await;
    server.is_empty().await;
}

async fn joined(server: &Running) -> Client {
    let mut client = Client::websocket(server.port).await;
    client.connect("/").await;
    client
}

async fn speaker(transport: &str, port: u16) -> Client {
    let mut client = Client::by(transport, port).await;
    client.send(&packet(CONNECT)).await;
    let answer = client.next().await;
    let message = STANDARD.decode(answer.strip_prefix('b').expect("binary, as the question")).unwrap();
    assert!(message.starts_with(b"\x83\xa4type\x00\xa4data\x81\xa3sid"), "{message:x?}");
    client
}

/// An echo comes back, so the connection is alive and nothing came before it.
async fn assert_answers(client: &mut Client) {
    client.send(&packet(&event(b"\x92\xa4echo\xa5alive"))).await;
    let ack = b"\x84\xa4type\x03\xa4data\x91\xa5alive\xa3nsp\xa1/\xa2id\x01";
    assert_eq!(client.next().await, packet(ack));
}

#[tokio::test]
async fn a_value_that_json_has_not_costs_its_message_and_nothing_else() {
    let server = serve().await;
    let mut expected = 0;
    for transport in ["websocket", "polling", "upgrade"] {
        let mut client = speaker(transport, server.port).await;
        for data in [
            &b"\x92\xa4echo\xd6\xff\x00\x00\x00\x00"[..],
            b"\x92\xa4echo\xc7\x03\x05abc",
            b"\x92\xa4echo\x81\xa1k\xd7\x00\x00\x00\x00\x00\x00\x00\x00\x00",
            b"\x92\xa4echo\xa1\xff",
            b"\x92\xa4echo\x81\x90\x01",
            b"\x93\xa4echo\xc4\x00\x81\xac_placeholder\xc3",
        ] {
            client.send(&packet(&event(data))).await;
            expected += 1;
        }
        assert_answers(&mut client).await;
        assert_eq!(server.io.counters().msgpack_refused, expected);
        client.close().await;
    }
    assert_unharmed(&server).await;
}

#[tokio::test]
async fn a_breach_of_the_protocol_or_a_limit_ends_the_connection() {
    let server = serve().await;
    let list =
        |count: u8| [&[0x90 | (count + 1)][..], b"\xa4echo", &b"\xc4\x00".repeat(count.into())].concat();
    for message in [
        b"".to_vec(),
        b"\xc1".to_vec(),
        b"\x81\xa4type\x02".to_vec(),
        event(b"\xc0"),
        event(b"\xdd\xff\xff\xff\xff"),
        event(b"\x92\xa4echo\xc6\xff\xff\xff\xff"),
        event(b"\x92\xa4echo\xdb\xff\xff\xff\xffabc"),
        event(b"\x92\xa4echo\xdf\xff\xff\xff\xff"),
        event(&list(11)),
        [&event(b"\x91\xa4echo")[..], b"\x00"].concat(),
        b"\x84\xa4type\x02\xa3nsp\xa4/far\xa2id\x01\xa4data\x91\xa1e".to_vec(),
        b"\x83\xa4type\x04\xa3nsp\xa1/\xa4data\xa1x".to_vec(),
        CONNECT.to_vec(),
    ] {
        let mut client = speaker("websocket", server.port).await;
        client.send(&packet(&message)).await;
        assert_eq!(client.ended().await, Vec::<String>::new(), "{message:x?}");
    }
    assert_unharmed(&server).await;
}

#[tokio::test]
async fn the_first_packet_decides_and_the_other_parser_is_a_breach() {
    let server = serve().await;
    let mut msgpack = speaker("websocket", server.port).await;
    msgpack.send("42[\"echo\",1]").await;
    msgpack.ended().await;

    let mut json = joined(&server).await;
    json.send(&packet(&event(b"\x92\xa4echo\x01"))).await;
    json.ended().await;

    // Who begins with what cannot be read is sent away, whatever it is.
    for first in [&b"\x00"[..], b"\x83\xa4type\x00\xa3nsp\xa1/\xa4data\x81\xa1d\xd6\xff\x00\x00\x00\x00"] {
        let mut client = Client::websocket(server.port).await;
        client.send(&packet(first)).await;
        assert_eq!(client.ended().await, Vec::<String>::new());
    }
    assert_unharmed(&server).await;
}

#[tokio::test]
async fn a_million_levels_cost_their_message_in_either_direction() {
    const LEVELS: usize = 1_000_000;
    let io = Server::builder().max_payload(4_000_000).max_outgoing(16 << 20).build().unwrap();
    io.on("echo", |args: RawArgs| args).on("pass on", |socket: Socket, args: RawArgs| {
        socket.broadcast().emit("passed on", &args).map(|receipt| receipt.local).unwrap()
    });
    let server = Running::start(io).await;

    let mut msgpack = speaker("websocket", server.port).await;
    for nested in [b"\x91".repeat(LEVELS), b"\x81\xa1k".repeat(LEVELS), b"\x81".repeat(LEVELS)] {
        msgpack.send(&packet(&event(&[&b"\x92\xa4echo"[..], &nested, b"\xc0"].concat()))).await;
    }
    assert_answers(&mut msgpack).await;
    assert_eq!(server.io.counters().msgpack_refused, 3);

    // From JSON, where any depth passes: to another client that speaks JSON, and not to this one.
    let (mut sender, mut hearer) = (joined(&server).await, joined(&server).await);
    let deep = format!("{}{}", "[".repeat(LEVELS), "]".repeat(LEVELS));
    sender.send(&format!("421[\"pass on\",{deep}]")).await;
    assert_eq!(sender.next().await, "431[1]");
    assert_eq!(hearer.next().await, format!("42[\"passed on\",{deep}]"));
    assert_eq!(server.io.counters().msgpack_refused, 4);
    assert_answers(&mut msgpack).await;
    for client in [msgpack, sender, hearer] {
        client.close().await;
    }
    assert_unharmed(&server).await;
}
