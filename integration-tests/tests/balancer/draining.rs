//! A node that shuts down sends its clients to another one, in batches.

use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use integration_tests::balancer::Balancer;
use integration_tests::foreign;
use integration_tests::running::Running;
use socketio_core::{Handshake, Server, Socket};
use tokio::net::TcpListener;
use tokio::time::{Duration, Instant};

type Times = Arc<Mutex<Vec<Instant>>>;

const CLIENTS: usize = 1_000;
const BATCH: usize = 100;
const PAUSE: Duration = Duration::from_millis(200);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_clients_come_back_to_the_other_node_batch_by_batch() {
    let leaving = Server::builder().shutdown_batch(BATCH).shutdown_pause(PAUSE).build().unwrap();
    leaving.on("where am I", || "leaving");
    let departures = Times::default();
    let note = departures.clone();
    leaving.on_disconnect(move || note.lock().unwrap().push(Instant::now()));
    let leaving = Running::start(leaving).await;

    // It takes nobody before the other one leaves.
    let open = Arc::<AtomicBool>::default();
    let is_open = open.clone();
    let staying =
        Server::builder().allow_request(move |_: Handshake| is_open.load(Ordering::Relaxed)).build().unwrap();
    let arrivals = Times::default();
    let note = arrivals.clone();
    staying.on_connected(move |_: Socket| note.lock().unwrap().push(Instant::now()));
    staying.on("where am I", || "staying");
    let staying = Running::start(staying).await;

    let balancer = Balancer::start("haproxy", "none", false, &[leaving.port, staying.port]).await;
    let all_there = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let stop = all_there.local_addr().unwrap().port().to_string();
    let count = CLIENTS.to_string();
    let arguments = [count.as_str(), &stop];
    let mut clients = pin!(foreign::node("returning", balancer.port, &arguments));
    tokio::select! {
        _ = all_there.accept() => {}
        report = &mut clients => return report.assert_holds(),
    }
    assert_eq!(leaving.io.counters().sockets, CLIENTS);

    open.store(true, Ordering::Relaxed);
    let start = Instant::now();
    let (drained, report) = tokio::join!(leaving.stop(), clients);
    report.assert_holds();
    assert_eq!(drained.undelivered, 0);

    // However fast clients are, nobody leaves or arrives before his batch has been told.
    for (what, times) in [("left", departures), ("arrived", arrivals)] {
        let times = times.lock().unwrap();
        assert_eq!(times.len(), CLIENTS);
        for (number, time) in times.iter().enumerate() {
            let told = PAUSE * u32::try_from(number / BATCH).unwrap();
            let after = *time - start;
            assert!(
                after >= told,
                "number {number} {what} after {after:?}, his batch was told after {told:?}"
            );
        }
    }
}
