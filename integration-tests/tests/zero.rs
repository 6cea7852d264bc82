//! Zero after everything: 2,000 clients come and go in every way, and nothing of them is left in the server or the process.

use std::{fs, sync::Arc, time::Duration};

use integration_tests::{
    client::Client,
    running::Running,
    wait::until,
    ways::{self, WAYS},
};
use socketio_core::Server;
use tokio::{runtime::Handle, sync::Semaphore, task::JoinSet, time::sleep};

const CLIENTS: usize = 2_000;

/// How many are there at a time.
const AT_ONCE: usize = 100;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_left_of_two_thousand_clients_that_came_and_went_in_every_way() {
    let server = Running::start(world()).await;
    // Once through every way, so that whatever is made once has been made.
    run(&server, WAYS).await;
    server.is_empty().await;
    let tasks = settled("tasks", || Handle::current().metrics().num_alive_tasks()).await;
    let descriptors = settled("file descriptors", open_descriptors).await;

    run(&server, CLIENTS).await;

    server.is_empty().await;
    until("the tasks to end", || at_most(tasks, Handle::current().metrics().num_alive_tasks())).await;
    until("the file descriptors to be closed", || at_most(descriptors, open_descriptors())).await;
    assert_eq!(server.io.counters().connections, 0);
    for room in ["everybody", "lobby"] {
        assert_eq!(server.io.to(room).emit("anybody", ()).unwrap().local, 0);
    }
    assert_eq!(server.io.of("/").sockets().len(), 0);

    // And it still serves.
    let mut client = Client::websocket(server.port).await;
    client.connect("/").await;
    client.close().await;
    server.is_empty().await;
}

fn world() -> Server {
    let io = Server::builder()
        .ping_interval(Duration::from_millis(1_500))
        .ping_timeout(Duration::from_secs(4))
        .connect_timeout(Duration::from_secs(5))
        .upgrade_timeout(Duration::from_secs(5))
        .build()
        .unwrap();
    ways::handlers(&io);
    io
}

async fn run(server: &Running, clients: usize) {
    let at_once = Arc::new(Semaphore::new(AT_ONCE));
    let mut running = JoinSet::new();
    for way in 0..clients {
        let permit = at_once.clone().acquire_owned().await.unwrap();
        let port = server.port;
        running.spawn(async move {
            ways::come_and_go(way, port).await;
            drop(permit);
        });
    }
    while let Some(client) = running.join_next().await {
        client.unwrap();
    }
}

/// The value that stays the same for a while.
async fn settled(what: &str, read: impl Fn() -> usize) -> usize {
    let mut last = read();
    let mut same = 0;
    for _ in 0..400 {
        sleep(Duration::from_millis(25)).await;
        same = if read() == last { same + 1 } else { 0 };
        last = read();
        if same == 20 {
            return last;
        }
    }
    panic!("the number of {what} does not settle");
}

fn at_most(limit: usize, value: usize) -> Result<(), String> {
    if value <= limit { Ok(()) } else { Err(format!("{value}, before it were {limit}")) }
}

fn open_descriptors() -> usize {
    fs::read_dir("/proc/self/fd").unwrap().count()
}
