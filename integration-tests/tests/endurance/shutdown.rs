//! The last instants of a server: what is begun is ended before `serve` and `close` return.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    thread,
    time::{Duration, Instant},
};

use integration_tests::{
    frames::{Message, WebSocket},
    gate::Gate,
    wait::{DEADLINE, until, within},
};
use socketio_core::{Drained, Server};
use tokio::{
    net::TcpListener,
    runtime::Builder,
    sync::oneshot,
    time::{sleep_until, timeout},
};

use crate::{joined, joined_narrow, serve};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_words_have_left_when_serve_returns_and_the_runtime_goes_down() {
    let server = OwnRuntime::start().await;
    let mut client = joined("websocket", server.port).await;
    server.stop.send("last words".into()).unwrap();
    assert_eq!(client.socket().next().await, Message::Text("42[\"last\",\"last words\"]".into()));
    assert!(matches!(client.socket().next().await, Message::Close(Some((1001, _)))));
    client.socket().ended().await;
    drop(client);
    assert_eq!(within("the server", server.drained).await.unwrap().undelivered, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_client_gets_the_last_words_or_they_are_reported() {
    let server = OwnRuntime::start().await;
    let mut socket = joined_narrow("/", server.port).await;
    server.stop.send("x".repeat(3_900_000)).unwrap();
    let delivered = read_slowly(&mut socket, 3_900_000).await;
    drop(socket);
    let drained = within("the server", server.drained).await.unwrap();
    assert_eq!(drained.undelivered, u64::from(!delivered));
}

/// Whether a message of so many bytes has come whole before the end.
async fn read_slowly(socket: &mut WebSocket, bytes: usize) -> bool {
    let (start, per_byte) = (tokio::time::Instant::now(), Duration::from_secs(2) / bytes as u32);
    loop {
        match socket.read_some(50_000).await {
            None => return false,
            Some(read) if read >= bytes => break,
            Some(read) => sleep_until(start + per_byte * read as u32).await,
        }
    }
    matches!(socket.next().await, Message::Text(text) if text.starts_with("42[\"last\",\"xxx"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn close_waits_for_disconnect_handlers() {
    for transport in ["websocket", "polling", "upgrade"] {
        let (gate, saved) = (Gate::default(), Arc::new(AtomicUsize::new(0)));
        let server = serve(Server::builder().shutdown_within(DEADLINE), |io| {
            let (gate, saved) = (gate.clone(), saved.clone());
            io.on_disconnect(move || {
                let (gate, saved) = (gate.clone(), saved.clone());
                async move {
                    gate.pass().await;
                    tokio::task::yield_now().await;
                    saved.fetch_add(1, SeqCst);
                }
            });
        })
        .await;
        let client = joined(transport, server.port).await;
        let io = server.io.clone();
        let mut closing = tokio::spawn(async move { io.close().await });
        gate.arrived(1).await;
        drop(client);
        // But for this handler it would be over now.
        until("the session to end", || match server.io.counters().sessions {
            0 => Ok(()),
            other => Err(other),
        })
        .await;
        assert!(timeout(Duration::from_millis(300), &mut closing).await.is_err(), "{transport}");
        gate.open(1);
        within("the shutdown", closing).await.unwrap();
        assert_eq!(saved.load(SeqCst), 1, "{transport}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn close_does_not_wait_for_ever_for_a_disconnect_handler() {
    let gate = Gate::default();
    let server = serve(Server::builder().shutdown_within(Duration::from_millis(500)), |io| {
        let gate = gate.clone();
        io.on_disconnect(move || {
            let gate = gate.clone();
            async move { gate.pass().await }
        });
    })
    .await;
    let _client = joined("websocket", server.port).await;
    let start = Instant::now();
    server.stop().await;
    assert!(start.elapsed() < Duration::from_secs(8), "it took {:?}", start.elapsed());
    assert_eq!(gate.count(), 1);
}

/// A server on a runtime of one thread, which goes down as soon as `serve` returns.
struct OwnRuntime {
    port: u16,
    /// What is emitted as `last`, right before the shutdown.
    stop: oneshot::Sender<String>,
    drained: oneshot::Receiver<Drained>,
}

impl OwnRuntime {
    async fn start() -> Self {
        let (listening, port) = oneshot::channel();
        let (stop, stopped) = oneshot::channel::<String>();
        let (ended, drained) = oneshot::channel();
        thread::spawn(move || {
            let runtime = Builder::new_current_thread().enable_all().build().unwrap();
            let served = runtime.block_on(async {
                let io = Server::builder().build().unwrap();
                let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                listening.send(listener.local_addr().unwrap().port()).unwrap();
                let emitter = io.clone();
                let shutdown = async move {
                    if let Ok(words) = stopped.await {
                        emitter.emit("last", words).unwrap();
                    }
                };
                // A task like those of the clients: whoever is woken first runs first.
                tokio::spawn(async move { io.serve(listener, shutdown).await.unwrap() }).await.unwrap()
            });
            drop(runtime);
            let _ = ended.send(served);
        });
        Self { port: within("the server to listen", port).await.unwrap(), stop, drained }
    }
}
