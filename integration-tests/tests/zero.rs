//! Zero after everything: 2,000 clients come and go in every way, and nothing of them is left in the server or the process.

use std::{fs, sync::Arc, time::Duration};

use integration_tests::{
    client::{Client, PATH},
    frames::{Frame, Message, TEXT, WebSocket},
    http::{self, Http},
    running::Running,
    wait::until,
};
use serde_json::Value;
use socketio_core::{Auth, ConnectError, HandlerError, Server, Socket};
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

const WAYS: usize = 22;

async fn one(way: usize, port: u16) {
    let transport = ["websocket", "polling", "upgrade"][way % 3];
    match way % WAYS {
        // Clean ends.
        0..3 => joined(transport, port).await.close().await,
        3..6 => {
            let mut client = joined(transport, port).await;
            client.send("41").await;
            client.close().await;
        }
        6 => {
            let mut client = joined("websocket", port).await;
            client.socket().send_raw(&[0x88, 0x82, 0, 0, 0, 0, 0x03, 0xE8]).await;
            client.ended().await;
        }
        // Cuts: by a reset, and by silence.
        7 => joined("websocket", port).await.cut(),
        8 => joined("upgrade", port).await.cut(),
        9 => drop(joined("polling", port).await),
        10 => silent(joined("websocket", port).await).await,
        // Handshakes without more.
        11 => drop(Client::polling(port).await),
        12 => silent(Client::websocket(port).await).await,
        13 => drop(Http::connect(port).await),
        // Upgrades that stop half-way.
        14 => {
            let client = joined("polling", port).await;
            let target = format!("{PATH}&transport=websocket&sid={}", client.open.sid);
            let mut socket = WebSocket::open(port, &target).await.unwrap();
            socket.send_text("2probe").await;
            assert_eq!(socket.next_text().await, "3probe");
            socket.cut();
        }
        15 => {
            let client = joined("polling", port).await;
            let target = format!("{PATH}&transport=websocket&sid={}", client.open.sid);
            let mut socket = WebSocket::open(port, &target).await.unwrap();
            socket.ended().await;
        }
        // Refusals.
        16 | 17 => {
            let mut client = Client::by(transport, port).await;
            client.send("40/login,{\"token\":1}").await;
            assert!(client.next().await.starts_with("44/login,"));
            client.send("40/nowhere,").await;
            assert!(client.next().await.starts_with("44/nowhere,"));
            client.close().await;
        }
        // Handlers that panic, wait, and ask.
        18 => {
            let mut client = joined(transport, port).await;
            client.send("42[\"panic\"]").await;
            client.send("42[\"wait\"]").await;
            client.cut();
        }
        19 => {
            let mut client = joined(transport, port).await;
            client.send("42[\"ask\"]").await;
            assert!(client.next().await.contains("question"));
            client.cut();
        }
        // In the middle of something.
        20 => {
            let mut client = joined("websocket", port).await;
            let mut frame = Vec::new();
            Frame::of(TEXT).write(&mut frame, b"42[\"never whole\"]");
            client.socket().send_raw(&frame[..9]).await;
            client.send("451-[\"never whole\",{\"_placeholder\":true,\"num\":0}]").await;
            client.cut();
        }
        _ => {
            let client = joined("polling", port).await;
            let mut http = Http::connect(port).await;
            let target = client.polling_target();
            http.send(
                format!("POST {target} HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\n42[\"").as_bytes(),
            )
            .await;
            drop(http);
            assert_eq!(http::get(port, &format!("{PATH}&transport=polling&sid=unknown")).await.status, 400);
        }
    }
}

fn world() -> Server {
    let io = Server::builder()
        .ping_interval(Duration::from_millis(1_500))
        .ping_timeout(Duration::from_millis(1_500))
        .connect_timeout(Duration::from_secs(2))
        .upgrade_timeout(Duration::from_secs(2))
        .build()
        .unwrap();
    io.on_connect(|socket: Socket| -> Result<(), ConnectError> {
        socket.join(["everybody", "lobby"])?;
        socket.join(format!("room of {}", socket.id()))?;
        socket.save_session(vec![0_u8; 1_000]);
        Ok(())
    })
    .on("panic", explode)
    .on("wait", |socket: Socket| async move { socket.closed().await })
    .on("ask", |socket: Socket| async move {
        let _: Value = socket.timeout(Duration::from_secs(60)).emit_with_ack("question", ()).await?;
        Ok::<_, HandlerError>(())
    });
    io.of("/login").on_connect(|_: Auth<String>| ());
    io
}

fn explode() {
    panic!("asked for by a test");
}

async fn run(server: &Running, clients: usize) {
    let at_once = Arc::new(Semaphore::new(AT_ONCE));
    let mut running = JoinSet::new();
    for way in 0..clients {
        let permit = at_once.clone().acquire_owned().await.unwrap();
        let port = server.port;
        running.spawn(async move {
            one(way, port).await;
            drop(permit);
        });
    }
    while let Some(client) = running.join_next().await {
        client.unwrap();
    }
}

async fn joined(transport: &str, port: u16) -> Client {
    let mut client = Client::by(transport, port).await;
    client.connect("/").await;
    client
}

/// Says nothing more, and reads nothing but the end.
async fn silent(mut client: Client) {
    while client.socket().next().await != Message::End {}
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
