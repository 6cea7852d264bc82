//! Names of namespaces that a client makes up.

use integration_tests::{client::Client, running::Running, wait::until};
use socketio_core::{ConnectError, Server, Socket, handler::Captured};

use crate::assert_unharmed;

/// As many as one connection may ask for.
const NAMES: usize = 64;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_namespaces_that_were_refused_or_left_leave_nothing() {
    let io = Server::builder().namespace("*").build().unwrap();
    io.on("echo", |args: socketio_core::RawArgs| args);
    io.of_pattern("/room-{number}")
        .on_connect(|socket: Socket, Captured(number): Captured<usize>| -> Result<(), ConnectError> {
            socket.join("hall")?;
            socket.on("own", || ());
            if number % 2 == 0 { Ok(()) } else { Err("no".into()) }
        })
        .on_disconnecting(|| ());
    io.on_new_namespace(|namespace| drop(namespace.name().to_owned()));
    let server = Running::start(io).await;
    let before = server.io.counters().namespaces;

    for round in 0..10_000 / NAMES + 1 {
        let mut client = Client::websocket(server.port).await;
        let pattern = if round % 4 == 3 { "/anything-" } else { "/room-" };
        let names: Vec<_> = (0..NAMES).map(|name| format!("{pattern}{}", round * NAMES + name)).collect();
        client.send_all(&names.iter().map(|name| format!("40{name},")).collect::<Vec<_>>()).await;
        for _ in 0..NAMES {
            let answer = client.next().await;
            assert!(answer.starts_with("40/") || answer.starts_with("44/"), "{answer}");
        }
        match round % 3 {
            0 => {
                client.send_all(&names.iter().map(|name| format!("41{name},")).collect::<Vec<_>>()).await;
                client.send("40").await;
                client.next().await;
                // All were left, and the connection is still there; those of the round before may still be ending.
                until("what was left to be forgotten", || match server.io.counters().namespaces {
                    namespaces if namespaces == before => Ok(()),
                    namespaces => Err(format!("{namespaces} in round {round}")),
                })
                .await;
                client.close().await;
            }
            1 => client.cut(),
            _ => client.close().await,
        }
    }

    until("the namespaces to be forgotten", || match server.io.counters().namespaces {
        namespaces if namespaces == before => Ok(()),
        namespaces => Err(namespaces),
    })
    .await;
    assert_unharmed(&server).await;
}

#[tokio::test]
async fn a_name_without_end_is_refused_like_an_unknown_one() {
    let server = Running::start(Server::builder().namespace("*").build().unwrap()).await;
    server.io.on("echo", |args: socketio_core::RawArgs| args);
    let mut client = Client::websocket(server.port).await;
    client.send(&format!("40/{},", "a".repeat(100_000))).await;
    let answer = client.next().await;
    assert!(answer.ends_with("{\"message\":\"Invalid namespace\"}"), "{}", &answer[answer.len() - 60..]);
    client.close().await;
    assert_unharmed(&server).await;
}
