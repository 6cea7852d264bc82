//! Handlers: one after the other, on threads of their own, never ending.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    thread,
    time::Duration,
};

use integration_tests::{gate::Gate, http::Http, wait::until};
use socketio_core::{Data, Server, Socket, server::ServerBuilder};

use crate::{answers, assert_unharmed, joined, serve};

/// Pinged often, but not taken for dead where the machine stands still for a moment.
fn quick() -> ServerBuilder {
    Server::builder().ping_interval(Duration::from_millis(200)).ping_timeout(Duration::from_secs(4))
}

/// Handlers that wait at the gate for as long as their client is there.
fn endless(gate: &Gate) -> impl FnOnce(&Server) {
    let gate = gate.clone();
    move |io| {
        io.on("endless", move |socket: Socket| {
            let gate = gate.clone();
            async move { gate.pass_or_end(&socket).await }
        });
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_handlers_that_never_end_stop_the_reading_but_not_the_pings() {
    let gate = Gate::default();
    let server = serve(quick(), endless(&gate)).await;
    for transport in ["websocket", "polling"] {
        let before = gate.count();
        let mut client = joined(transport, server.port).await;
        let events = vec!["42[\"endless\"]".to_owned(); 100];
        let posting = match transport {
            "websocket" => {
                client.send_all(&events).await;
                None
            }
            _ => {
                let mut http = Http::connect(server.port).await;
                let payload = events.join("\u{1e}");
                let headers = [("content-type", "text/plain;charset=UTF-8")];
                http.send_request("POST", &client.polling_target(), &headers, payload.as_bytes()).await;
                Some(http)
            }
        };
        gate.arrived(before + 64).await;
        // It is pinged on, one timeout after the other, though its pongs are not read; and others are served.
        for _ in 0..3 {
            assert_eq!(client.next_or_end().await.as_deref(), Some("2"), "{transport}");
            if transport == "websocket" {
                client.send("3").await;
            }
            let mut beside = joined("websocket", server.port).await;
            answers(&mut beside).await;
            beside.close().await;
        }
        assert_eq!(gate.count(), before + 64, "{transport}");
        until("the others to have left", || {
            let counters = server.io.counters();
            match (counters.handlers_running, counters.sockets) {
                (64, 1) => Ok(()),
                other => Err(other),
            }
        })
        .await;
        assert!(server.io.counters().handlers_full >= 1);
        // Whatever way it goes, all is free.
        match transport {
            "websocket" => client.cut(),
            _ => server.io.sockets().iter().for_each(Socket::close),
        }
        drop(posting);
        server.is_empty().await;
    }
    assert_unharmed(&server).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_has_probed_has_no_more_handlers_than_another() {
    let gate = Gate::default();
    let builder = Server::builder().upgrade_timeout(Duration::from_secs(60));
    let server = serve(builder, endless(&gate)).await;
    let mut client = joined("polling", server.port).await;
    let mut socket = client.probe().await;
    // The answer to what has been handed on whole is not kept from a client that upgrades.
    assert_eq!(client.post(&["42[\"endless\"]"; 64].join("\u{1e}")).await.brief(), (200, "ok"));
    gate.arrived(64).await;
    let mut posting = Http::connect(server.port).await;
    let payload = ["42[\"endless\"]"; 10_000].join("\u{1e}");
    let headers = [("content-type", "text/plain;charset=UTF-8")];
    posting.send_request("POST", &client.polling_target(), &headers, payload.as_bytes()).await;
    for _ in 0..3 {
        let mut beside = joined("websocket", server.port).await;
        answers(&mut beside).await;
        beside.close().await;
    }
    assert_eq!(gate.count(), 64);
    // It goes on as they end, and the upgrade behind it.
    gate.open(10_064);
    assert_eq!(posting.response().await.brief(), (200, "ok"));
    socket.send_text("5").await;
    socket.send_text("421[\"echo\",1]").await;
    assert_eq!(socket.next_text().await, "431[1]");
    drop(socket);
    assert_unharmed(&server).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_async_handlers_they_run_strictly_one_after_the_other() {
    let (running, heard) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(Vec::new())));
    let server = serve(Server::builder().async_handlers(false), |io| {
        let (running, heard) = (running.clone(), heard.clone());
        io.on("work", move |Data(number): Data<usize>| {
            let (running, heard) = (running.clone(), heard.clone());
            async move {
                assert_eq!(running.fetch_add(1, SeqCst), 0, "another handler runs");
                for _ in 0..number % 4 {
                    tokio::task::yield_now().await;
                }
                heard.lock().unwrap().push(number);
                running.fetch_sub(1, SeqCst);
                number
            }
        });
    })
    .await;
    for transport in ["websocket", "polling", "upgrade"] {
        let mut client = joined(transport, server.port).await;
        let work: Vec<_> = (0..500).map(|number| format!("42{number}[\"work\",{number}]")).collect();
        client.send_all(&work).await;
        for number in 0..500 {
            assert_eq!(client.next().await, format!("43{number}[{number}]"), "{transport}");
        }
        assert_eq!(std::mem::take(&mut *heard.lock().unwrap()), (0..500).collect::<Vec<_>>());
        client.close().await;
    }
    assert_eq!(server.io.counters().handler_panics, 0);
    server.is_empty().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_events_wait_for_their_turn_pongs_and_answers_are_read() {
    let gate = Gate::default();
    let server = serve(quick().async_handlers(false), |io| {
        let gate = gate.clone();
        io.on("wait", move || {
            let gate = gate.clone();
            async move { gate.pass().await }
        })
        .on("ask", |socket: Socket| async move { socket.emit_with_ack::<u32>("number", ()).await.ok() });
    })
    .await;
    let mut client = joined("websocket", server.port).await;
    client
        .send_all(&["42[\"wait\"]".to_owned(), "421[\"ask\"]".to_owned(), "422[\"echo\",2]".to_owned()])
        .await;
    gate.arrived(1).await;
    // Longer than interval and timeout: who is not heard is cut in that time.
    for _ in 0..22 {
        assert_eq!(client.next_or_end().await.as_deref(), Some("2"));
        client.send("3").await;
    }
    gate.open(1);
    assert_eq!(client.next().await, "420[\"number\"]");
    client.send("423[\"echo\",3]").await;
    client.send("430[7]").await;
    assert_eq!(client.next().await, "431[7]");
    assert_eq!(client.next().await, "432[2]");
    assert_eq!(client.next().await, "433[3]");
    client.close().await;
    assert_unharmed(&server).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_queue_of_events_is_bounded_and_nothing_of_it_is_lost() {
    let gate = Gate::default();
    let server = serve(Server::builder().async_handlers(false).max_queued_events(50), |io| {
        let gate = gate.clone();
        io.on("wait", move || {
            let gate = gate.clone();
            async move { gate.pass().await }
        });
    })
    .await;
    let mut client = joined("websocket", server.port).await;
    let mut events = vec!["42[\"wait\"]".to_owned()];
    events.extend((0..500).map(|number| format!("42{number}[\"echo\",{number}]")));
    client.send_all(&events).await;
    gate.arrived(1).await;
    until("the queue to be full", || match server.io.counters().queued_full {
        1 => Ok(()),
        other => Err(other),
    })
    .await;
    gate.open(1);
    for number in 0..500 {
        assert_eq!(client.next().await, format!("43{number}[{number}]"));
    }
    client.close().await;
    assert_unharmed(&server).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn blocking_handlers_run_elsewhere_and_not_more_than_so_many() {
    let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let release = Arc::new((Mutex::new(false), std::sync::Condvar::new()));
    let server = serve(Server::builder().max_blocking_handlers(3), |io| {
        let (running, most, release) = (running.clone(), most.clone(), release.clone());
        io.on_blocking("block", move |Data(number): Data<u32>| {
            most.fetch_max(running.fetch_add(1, SeqCst) + 1, SeqCst);
            let (lock, condvar) = &*release;
            let _open = condvar.wait_while(lock.lock().unwrap(), |open| !*open).unwrap();
            running.fetch_sub(1, SeqCst);
            number
        })
        .on_blocking("panic", explode);
    })
    .await;
    let mut client = joined("websocket", server.port).await;
    let events: Vec<_> = (0..10).map(|number| format!("42{number}[\"block\",{number}]")).collect();
    client.send_all(&events).await;
    // Two workers are there, and three handlers block.
    answers(&mut client).await;
    until("three to block", || match running.load(SeqCst) {
        3 => Ok(()),
        other => Err(other),
    })
    .await;
    *release.0.lock().unwrap() = true;
    release.1.notify_all();
    let mut answered: Vec<_> = Vec::new();
    for _ in 0..10 {
        answered.push(client.next().await);
    }
    answered.sort();
    assert_eq!(answered, (0..10).map(|number| format!("43{number}[{number}]")).collect::<Vec<_>>());
    assert_eq!(most.load(SeqCst), 3);
    assert_eq!(server.io.counters().blocking_full, 7);
    client.send("421[\"panic\"]").await;
    until("the panic to be counted", || match server.io.counters().handler_panics {
        1 => Ok(()),
        other => Err(other),
    })
    .await;
    client.close().await;
    assert_unharmed(&server).await;
}

fn explode() {
    panic!("out of the thread");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handler_that_blocks_its_thread_is_counted_at_once_and_at_a_later_poll() {
    // Longer than a busy machine keeps a thread waiting, which is blocked as well then.
    const SLOW: Duration = Duration::from_millis(500);
    let server = serve(Server::builder().slow_handler(SLOW), |io| {
        io.on("block", || thread::sleep(SLOW * 3 / 2))
            .on("block later", || async {
                tokio::task::yield_now().await;
                thread::sleep(SLOW * 3 / 2);
            })
            .on("wait", || tokio::time::sleep(SLOW * 3 / 2))
            .on_blocking("block elsewhere", || thread::sleep(SLOW * 3 / 2));
    })
    .await;
    let mut client = joined("websocket", server.port).await;
    for (event, slow) in [("wait", 0), ("block elsewhere", 0), ("block", 1), ("block later", 2)] {
        client.send(&format!("421[\"{event}\"]")).await;
        assert_eq!(client.next().await, "431[]");
        until(event, || match server.io.counters().handlers_slow {
            count if count == slow => Ok(()),
            other => Err(other),
        })
        .await;
    }
}
