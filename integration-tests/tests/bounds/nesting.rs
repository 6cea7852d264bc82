//! A million levels of brackets: passed on as they are, refused where they are to be decoded, and the stack does not move.

use std::{sync::mpsc, thread};

use integration_tests::{client::Client, running::Running};
use socketio_core::{Data, RawArgs, Server, Socket};

const LEVELS: usize = 1_000_000;

#[test]
fn a_million_levels_pass_through_untyped_and_are_an_error_of_that_event_where_they_are_decoded() {
    let (done, ended) = mpsc::channel();
    // A stack on which not even ten thousand levels would find room.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_stack_size(1 << 20)
        .enable_all()
        .build()
        .unwrap();
    let test = thread::Builder::new().stack_size(1 << 20).spawn(move || {
        runtime.block_on(async {
            runtime.spawn(nested()).await.unwrap();
        });
        done.send(()).unwrap();
    });
    test.unwrap().join().unwrap();
    ended.recv().unwrap();
}

async fn nested() {
    let io = Server::builder().max_payload(10 << 20).max_outgoing(32 << 20).build().unwrap();
    io.on("echo", |args: RawArgs| args)
        .on("typed", |_: Data<serde_json::Value>| "decoded")
        .on("broadcast", |socket: Socket, args: RawArgs| socket.namespace().emit("broadcast", args).is_ok());
    let server = Running::start(io).await;
    for nested in [
        format!("{}{}", "[".repeat(LEVELS), "]".repeat(LEVELS)),
        format!("{}1{}", "{\"a\":".repeat(LEVELS), "}".repeat(LEVELS)),
    ] {
        for transport in ["websocket", "polling"] {
            let mut client = Client::by(transport, server.port).await;
            client.connect("/").await;
            let before = server.io.counters().arguments_refused;
            client.send(&format!("421[\"echo\",{nested}]")).await;
            assert!(client.next().await == format!("431[{nested}]"), "{transport}");
            client.send(&format!("422[\"broadcast\",{nested}]")).await;
            assert!(client.next().await == format!("42[\"broadcast\",{nested}]"), "{transport}");
            assert_eq!(client.next().await, "432[true]");
            client.send(&format!("423[\"typed\",{nested}]")).await;
            client.send("424[\"typed\",1]").await;
            assert_eq!(client.next().await, "434[\"decoded\"]", "{transport}");
            assert_eq!(server.io.counters().arguments_refused, before + 1);
            client.close().await;
        }
    }
    server.is_empty().await;
}
