//! Order, on a runtime of several threads: of events as they start, of acks, and of what is emitted.

use std::{
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use bytes::Bytes;
use integration_tests::{
    client::{Client, joined},
    running::Running,
    wait::until,
};
use socketio_core::{Args, Data, HandlerError, Server, Socket};
use tokio::time::sleep;

const TRANSPORTS: [&str; 3] = ["websocket", "polling", "upgrade"];

type Started = Arc<Mutex<Vec<u64>>>;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn events_of_a_socket_start_in_the_order_of_arrival_however_long_their_handlers_wait() {
    let started = Started::default();
    let log = started.clone();
    let server = serve(|io| {
        io.on("event", move |Data(number): Data<u64>| {
            let log = log.clone();
            async move {
                log.lock().unwrap().push(number);
                // None, one or some milliseconds: handlers end in an order that is not this one.
                sleep(Duration::from_micros(number * 7919 % 4 * 700)).await;
            }
        });
    })
    .await;

    for transport in TRANSPORTS {
        let mut client = joined(transport, server.port).await;
        send(&mut client, (0..2_000).map(|number| format!("42[\"event\",{number}]"))).await;
        until("all events to start", || match started.lock().unwrap().len() {
            2_000 => Ok(()),
            other => Err(other),
        })
        .await;
        assert_eq!(std::mem::take(&mut *started.lock().unwrap()), numbers(2_000), "{transport}");
        client.close().await;
    }
    server.is_empty().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn handlers_that_do_not_wait_ack_in_the_order_of_arrival() {
    let lock = Arc::new(tokio::sync::Mutex::new(()));
    let server = serve(|io| {
        io.on("sync", |Data(number): Data<u64>| number)
            .on("async", |Data(number): Data<u64>| async move { number })
            .on("lock", move |Data(number): Data<u64>| {
                let lock = lock.clone();
                async move {
                    drop(lock.lock().await);
                    number
                }
            });
    })
    .await;

    for transport in TRANSPORTS {
        let mut client = joined(transport, server.port).await;
        let names = ["sync", "async", "lock"];
        let events = (0..2_000).map(|number| format!("42{number}[\"{}\",{number}]", names[number % 3]));
        send(&mut client, events).await;
        for number in 0..2_000 {
            assert_eq!(client.next().await, format!("43{number}[{number}]"), "{transport}");
        }
        client.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_handler_that_waits_does_not_hold_up_the_acks_of_those_behind_it() {
    let server = serve(|io| {
        io.on("wait", || sleep(Duration::from_millis(50))).on("at once", || ());
    })
    .await;

    for transport in TRANSPORTS {
        let mut client = joined(transport, server.port).await;
        client.send_all(&["421[\"wait\"]".into(), "422[\"at once\"]".into()]).await;
        assert_eq!(client.next().await, "432[]", "{transport}");
        assert_eq!(client.next().await, "431[]", "{transport}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_a_handler_emits_arrives_before_its_ack() {
    let server = serve(|io| {
        io.on("ask", |socket: Socket, Data(number): Data<u64>| -> Result<u64, HandlerError> {
            socket.emit("first", number)?;
            socket.namespace().to(socket.id()).emit("second", number)?;
            Ok(number)
        });
    })
    .await;

    for transport in TRANSPORTS {
        let mut client = joined(transport, server.port).await;
        send(&mut client, (0..200).map(|number| format!("42{number}[\"ask\",{number}]"))).await;
        for number in 0..200 {
            assert_eq!(client.next().await, format!("42[\"first\",{number}]"));
            assert_eq!(client.next().await, format!("42[\"second\",{number}]"));
            assert_eq!(client.next().await, format!("43{number}[{number}]"));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn broadcasts_and_direct_emits_arrive_in_the_order_made() {
    let server = serve(|io| {
        io.on("join", |socket: Socket| -> Result<(), HandlerError> { Ok(socket.join("room")?) });
    })
    .await;
    let mut clients = Vec::new();
    for transport in TRANSPORTS {
        let mut client = joined(transport, server.port).await;
        client.send("420[\"join\"]").await;
        assert_eq!(client.next().await, "430[]");
        clients.push(client);
    }

    // From a plain thread: emitting needs no runtime.
    let io = server.io.clone();
    let emitting = thread::spawn(move || {
        let namespace = io.of("/");
        let sockets = namespace.sockets();
        for number in 0..1_000_u64 {
            match number % 4 {
                0 => assert_eq!(io.emit("number", number).unwrap().local, 3),
                1 => assert_eq!(io.to("room").emit("number", number).unwrap().local, 3),
                2 => sockets.iter().for_each(|socket| socket.emit("number", number).unwrap()),
                _ => {
                    for socket in &sockets {
                        assert_eq!(io.to(socket).emit("number", number).unwrap().local, 1);
                    }
                }
            }
        }
    });
    for client in &mut clients {
        for number in 0..1_000 {
            assert_eq!(client.next().await, format!("42[\"number\",{number}]"));
        }
    }
    emitting.join().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn each_of_several_emitting_threads_keeps_its_own_order_at_every_client() {
    let server = serve(|_| {}).await;
    let mut clients = Vec::new();
    for transport in TRANSPORTS {
        clients.push(joined(transport, server.port).await);
    }

    let threads: Vec<_> = (0..4_usize)
        .map(|thread| {
            let io = server.io.clone();
            thread::spawn(move || {
                for number in 0..500 {
                    io.emit("number", (thread, number)).unwrap();
                }
            })
        })
        .collect();
    for client in &mut clients {
        let mut next = [0; 4];
        for _ in 0..2_000 {
            let packet = client.next().await;
            let json = packet.strip_prefix("42").expect("an event");
            let (_, thread, number): (String, usize, u32) = serde_json::from_str(json).unwrap();
            assert_eq!(number, next[thread], "of thread {thread}");
            next[thread] += 1;
        }
    }
    for thread in threads {
        thread.join().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_comes_between_a_binary_event_and_its_attachments() {
    let server = serve(|_| {}).await;
    for transport in TRANSPORTS {
        let mut client = joined(transport, server.port).await;
        let socket = server.io.of("/").sockets().pop().expect("the client is there");
        let threads: Vec<_> = (1..=4_u8)
            .map(|thread| {
                let (socket, io) = (socket.clone(), server.io.clone());
                thread::spawn(move || {
                    let bytes = Bytes::from(vec![thread; 3]);
                    for number in 0..250 {
                        match number % 3 {
                            0 => socket.emit("text", number).unwrap(),
                            1 => socket.emit("binary", (thread, &bytes, &bytes)).unwrap(),
                            _ => {
                                io.emit("binary", (thread, &bytes, &bytes)).unwrap();
                            }
                        }
                    }
                })
            })
            .collect();

        for _ in 0..1_000 {
            let packet = client.next().await;
            if let Some(json) = packet.strip_prefix("452-") {
                let (_, thread, ..): (String, u8, serde_json::Value, serde_json::Value) =
                    serde_json::from_str(json).unwrap();
                let expected = ["", "bAQEB", "bAgIC", "bAwMD", "bBAQE"][usize::from(thread)];
                assert_eq!(client.next_or_end().await.as_deref(), Some(expected), "{transport}");
                assert_eq!(client.next_or_end().await.as_deref(), Some(expected), "{transport}");
            } else {
                assert!(packet.starts_with("42[\"text\","), "{transport}: {packet}");
            }
        }
        for thread in threads {
            thread.join().unwrap();
        }
        client.close().await;
        server.is_empty().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn binary_and_text_events_of_a_client_start_in_the_order_of_arrival() {
    let started = Started::default();
    let log = started.clone();
    let server = serve(|io| {
        io.on("event", move |Args((number, _)): Args<(u64, Option<Bytes>)>| {
            log.lock().unwrap().push(number);
        });
    })
    .await;

    for transport in TRANSPORTS {
        let mut client = joined(transport, server.port).await;
        for number in 0..300 {
            if number % 3 == 0 {
                client.send(&format!("451-[\"event\",{number},{{\"_placeholder\":true,\"num\":0}}]")).await;
                client.send("bAQID").await;
            } else {
                client.send(&format!("42[\"event\",{number}]")).await;
            }
        }
        until("all events to start", || match started.lock().unwrap().len() {
            300 => Ok(()),
            other => Err(other),
        })
        .await;
        assert_eq!(std::mem::take(&mut *started.lock().unwrap()), numbers(300), "{transport}");
    }
}

async fn serve(handlers: impl FnOnce(&Server)) -> Running {
    let io = Server::builder().build().unwrap();
    handlers(&io);
    Running::start(io).await
}

/// In several writes of many packets each.
async fn send(client: &mut Client, packets: impl Iterator<Item = String>) {
    let packets: Vec<_> = packets.collect();
    for some in packets.chunks(250) {
        client.send_all(some).await;
    }
}

fn numbers(count: u64) -> Vec<u64> {
    (0..count).collect()
}
