//! The servers, each in a process of its own.

use std::time::Duration;

use integration_tests::own_brokers::OwnBrokers;
use integration_tests::process::{self, Process};
use integration_tests::ways;
use serde_json::Value;
use socketio_core::server::ServerBuilder;
use socketio_core::{Args, ConnectError, Data, HandlerError, RawArgs, Server, Sid, Socket};
use socketio_redis::RedisManager;

/// Both, when they know each other.
pub(crate) async fn start_two(redis: &OwnBrokers) -> [Process; 2] {
    let channel = format!("soak-{}", Sid::generate());
    let start = || async {
        let mut command = process::command("node::a_node_in_a_process_of_its_own", "node");
        // As where nobody debugs: a panic that is printed with its stack holds its thread for as long as it takes to find the names.
        command.env("RUST_BACKTRACE", "0");
        command.env("SOAK_REDIS", redis.value("REDIS_URL")).env("SOAK_CHANNEL", &channel);
        Process::start_by(command).await
    };
    let mut nodes = [start().await, start().await];
    for node in &mut nodes {
        let alone = |members| if members == 1 { Ok(()) } else { Err(members) };
        node.shows("the nodes to know each other", |figures| alone(figures.of("members"))).await;
    }
    nodes
}

#[test]
#[ignore = "started by the soak"]
fn a_node_in_a_process_of_its_own() {
    process::serve(|_| async {
        let setting = |name| std::env::var(name).unwrap();
        let manager = RedisManager::new(&setting("SOAK_REDIS")).unwrap().channel(setting("SOAK_CHANNEL"));
        let io = with_short_deadlines(Server::builder().manager(manager.clone())).build().unwrap();
        ways::handlers(&io);
        handlers(&io);
        let more = move || {
            let health = manager.health();
            vec![
                ("members", health.members as u64),
                ("subscribed", u64::from(health.subscribed)),
                ("queued_frames", health.queued_frames as u64),
                ("open_requests", health.open_requests as u64),
                ("frames_dropped", health.dropped),
                ("frames_missed", health.frames_missed),
                ("frames_refused", health.frames_refused),
            ]
        };
        (io, more)
    });
}

/// So that every deadline is reached many times.
fn with_short_deadlines(builder: ServerBuilder) -> ServerBuilder {
    builder
        .ping_interval(Duration::from_secs(4))
        .ping_timeout(Duration::from_secs(8))
        .connect_timeout(Duration::from_secs(6))
        .upgrade_timeout(Duration::from_secs(6))
        .ack_timeout(Duration::from_secs(5))
        .max_outgoing(1 << 20)
}

fn handlers(io: &Server) {
    // Whom the good clients ask.
    io.of("/good")
        .on("echo", |args: RawArgs| args)
        .on("ask me", |socket: Socket, Data(number): Data<u64>| async move {
            let answer: u64 = socket.emit_with_ack("question", number).await?;
            Ok::<_, HandlerError>(answer)
        })
        .on("rooms", |socket: Socket, Data(number): Data<u64>| -> Result<u64, HandlerError> {
            socket.join(format!("room {number}"))?;
            socket.leave(format!("room {number}"));
            Ok(number)
        });
    // Numbers, for everybody on both nodes.
    let chat = io.clone();
    io.of("/chat").on_connect(|| ());
    io.of("/talk").on("say", move |Args((source, number)): Args<(u64, u64)>| {
        chat.of("/chat").emit("n", (source, number)).map(drop).map_err(HandlerError::from)
    });
    // For those who do not read, read slowly, or do not answer.
    io.of("/slow")
        .on("echo", |args: RawArgs| args)
        .on("pour", |socket: Socket, Data(bytes): Data<usize>| {
            let text = "x".repeat(10_000);
            for _ in 0..bytes / text.len() {
                if socket.emit("news", &text).is_err() {
                    break;
                }
            }
        })
        .on("ask me", |socket: Socket| async move {
            let _: Value = socket.emit_with_ack("question", ()).await?;
            Ok::<_, HandlerError>(())
        });
    // A door that lets nobody in.
    io.of("/closed")
        .use_connect(|_: Socket| -> Result<(), ConnectError> {
            Err(ConnectError::new("nobody").with_data(401))
        })
        .on_connect(|| ());
}
