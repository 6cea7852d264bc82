//! SIGTERM, SIGINT, SIGHUP; and a machine that has no descriptors left.

use integration_tests::client::Client;
use integration_tests::http::{self, Http};
use integration_tests::program::{Program, with_descriptors};
use integration_tests::wait::within;

use crate::standalone;

#[tokio::test]
async fn a_signal_ends_the_server_gracefully_with_clients_connected() {
    for signal in ["TERM", "INT"] {
        let mut program = standalone::start(&["--listen", "127.0.0.1:0"]).await;
        let mut clients = Vec::new();
        for transport in ["polling", "websocket"] {
            let mut client = Client::by(transport, program.port()).await;
            client.send("40").await;
            assert!(client.next().await.starts_with("40{"));
            clients.push(client);
        }
        program.signal(signal).await;
        for client in &mut clients {
            within("the client to be told", client.ended()).await;
        }
        drop(clients);
        let status = program.ends().await;
        assert_eq!(status.code(), Some(0), "{signal}: {}", program.said());
        assert!(program.said().contains("the server is closed"), "{}", program.said());
    }
}

#[tokio::test]
async fn a_second_signal_ends_it_at_once() {
    for attempt in 1.. {
        let mut program = standalone::start(&["--listen", "127.0.0.1:0"]).await;
        // A client that does not fetch what is left for it holds up the end of the server, for a second.
        let mut slow = Client::polling(program.port()).await;
        slow.send("40").await;
        program.signal("TERM").await;
        program.says("a second signal ends it at once").await;
        program.signal("TERM").await;
        match program.ends().await.code() {
            Some(143) => return,
            code => assert!(attempt < 5 && code == Some(0), "{code:?}: {}", program.said()),
        }
    }
}

#[tokio::test]
async fn out_of_descriptors_it_waits_says_so_once_and_goes_on() {
    let command = standalone::command(&["--listen", "127.0.0.1:0"]);
    let program = Program::start(&mut with_descriptors(40, &command)).await;
    let port = program.port();

    let mut held = Vec::new();
    for _ in 0..60 {
        held.push(Http::connect(port).await);
    }
    program.says("cannot accept connections, trying again").await;
    held.clear();
    within("a place, when there are descriptors again", async {
        while http::get(port, "/socket.io/?EIO=4&transport=polling").await.status != 200 {}
    })
    .await;
    let lines = program.said().lines().filter(|line| line.contains("cannot accept")).count();
    assert_eq!(lines, 1, "{}", program.said());

    // A file needs one more: with none left the client is told, and the log.
    let mut client = Http::connect(port).await;
    assert_eq!(client.request("GET", "/", &[], b"").await.status, 200);
    within("no descriptor for a file", async {
        while client.request("GET", "/", &[], b"").await.status != 500 {
            held.push(Http::connect(port).await);
        }
    })
    .await;
    program.says("cannot open a static file").await;
    drop(held);
    within("a file", async { while client.request("GET", "/", &[], b"").await.status != 200 {} }).await;
}
