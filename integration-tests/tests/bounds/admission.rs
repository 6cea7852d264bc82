//! Connections in all, of one address, and handshakes in a second.

use integration_tests::{
    client::{Client, PATH},
    frames::WebSocket,
    http::{self, Http, Response},
    wait::{until, until_asked},
};
use socketio_core::{Server, server::Rate};

use crate::{answers, assert_unharmed, joined, serve};

#[tokio::test]
async fn beyond_max_connections_everybody_is_told_to_come_again_later() {
    let server = serve(Server::builder().max_connections(4), |_| {}).await;
    // Each is one TCP connection.
    let mut clients = Vec::new();
    for _ in 0..4 {
        clients.push(joined("websocket", server.port).await);
    }
    assert_turned_away(&http::get(server.port, &format!("{PATH}&transport=polling")).await);
    assert_turned_away(
        &WebSocket::open(server.port, &format!("{PATH}&transport=websocket")).await.unwrap_err(),
    );
    assert!(server.io.counters().connections_full >= 2);
    assert_eq!(server.io.counters().websockets, 4);
    for client in &mut clients {
        answers(client).await;
    }
    for client in clients {
        client.close().await;
    }
    until("places to come free", || match server.io.counters() {
        counters if counters.websockets == 0 => Ok(()),
        counters => Err(Box::new(counters)),
    })
    .await;
    assert_unharmed(&server).await;
}

#[tokio::test]
async fn sessions_count_among_the_connections_even_where_they_have_none() {
    let server = serve(Server::builder().max_connections(10), |_| {}).await;
    let mut http = Http::connect(server.port).await;
    let target = format!("{PATH}&transport=polling");
    for _ in 0..10 {
        assert_eq!(http.request("GET", &target, &[], b"").await.status, 200);
    }
    assert_turned_away(&http.request("GET", &target, &[], b"").await);
    let counters = server.io.counters();
    assert_eq!((counters.sessions, counters.connections_full), (10, 1));
}

#[tokio::test]
async fn connections_that_say_nothing_take_places_too_and_are_counted() {
    let server = serve(Server::builder().max_connections(5), |_| {}).await;
    let mut idle = Vec::new();
    for _ in 0..5 {
        idle.push(Http::connect(server.port).await);
    }
    until("the five to be accepted", || match server.io.counters() {
        counters if counters.connections == 5 => Ok(()),
        counters => Err(Box::new(counters)),
    })
    .await;
    assert_turned_away(&http::get(server.port, "/").await);
    drop(idle);
    until("their places to come free", || match server.io.counters() {
        counters if counters.connections == 0 => Ok(()),
        counters => Err(Box::new(counters)),
    })
    .await;
    assert_unharmed(&server).await;
}

#[tokio::test]
async fn each_address_has_its_own_places_as_a_trusted_proxy_tells_them() {
    let builder = Server::builder().max_connections_per_address(2).trusted_proxies(["127.0.0.1"]);
    let server = serve(builder, |_| {}).await;
    let target = format!("{PATH}&transport=polling");
    let open = async |address: &str| {
        let headers = [("x-forwarded-for", address)];
        http::request(server.port, "GET", &target, &headers, b"").await
    };
    for address in ["203.0.113.1", "203.0.113.2"] {
        for _ in 0..2 {
            assert_eq!(open(address).await.status, 200, "{address}");
        }
        assert_turned_away(&open(address).await);
    }
    let headers = [("x-forwarded-for", "203.0.113.1")];
    let target = format!("{PATH}&transport=websocket");
    assert_turned_away(&WebSocket::open_with(server.port, &target, &headers).await.unwrap_err());
    assert_eq!(server.io.counters().address_full, 3);
}

#[tokio::test]
async fn a_place_of_an_address_comes_free_when_its_session_ends() {
    let server = serve(Server::builder().max_connections_per_address(1), |_| {}).await;
    for transport in ["websocket", "polling", "upgrade", "websocket"] {
        let client = joined(transport, server.port).await;
        assert_turned_away(&http::get(server.port, &format!("{PATH}&transport=polling")).await);
        client.close().await;
        server.is_empty().await;
    }
    assert_eq!(server.io.counters().address_full, 4);
}

#[tokio::test]
async fn handshakes_that_come_too_fast_are_told_when_to_come_again() {
    let rate = Rate::per_second(1).burst(3);
    let server = serve(Server::builder().max_handshake_rate(rate), |_| {}).await;
    let mut client = joined("websocket", server.port).await;
    let target = format!("{PATH}&transport=polling");
    let mut refused = None;
    for _ in 0..10 {
        let response = http::get(server.port, &target).await;
        if response.status != 200 {
            refused = Some(response);
        }
    }
    assert_turned_away(&refused.expect("ten at once are too many"));
    assert!(server.io.counters().handshakes_too_fast >= 1);
    answers(&mut client).await;
    // In a second there is a place again.
    until_asked("a handshake", async || match http::get(server.port, &target).await.status {
        200 => Ok(()),
        other => Err(other),
    })
    .await;
}

fn assert_turned_away(response: &Response) {
    assert_eq!(response.status, 503, "{response:?}");
    assert_eq!(response.header("retry-after"), Some("1"), "{response:?}");
    assert!(response.text().contains("Too many"), "{response:?}");
}

#[tokio::test]
async fn a_client_whose_place_is_taken_joins_when_it_comes_again() {
    let server = serve(Server::builder().max_connections(1), |_| {}).await;
    let first = Client::websocket(server.port).await;
    assert!(WebSocket::open(server.port, &format!("{PATH}&transport=websocket")).await.is_err());
    first.close().await;
    until("the place to come free", || match server.io.counters() {
        counters if counters.websockets == 0 => Ok(()),
        counters => Err(Box::new(counters)),
    })
    .await;
    let mut second = joined("websocket", server.port).await;
    answers(&mut second).await;
}
