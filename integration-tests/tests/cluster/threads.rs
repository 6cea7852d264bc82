//! Nodes of threads among nodes of tasks.

use integration_tests::cluster::{Member, Node, PATIENCE};
use integration_tests::running::Running;
use integration_tests::wait::{until, within};
use serde_json::{Value, json};
use socketio_core::adapter::ClusterAdapter;
use socketio_core::adapter::broker::Broker;
use socketio_core::blocking::{self, Socket};
use socketio_core::{Args, Data, HandlerError, Server, Sid};
use socketio_emitter::blocking::Emitter;

pub(crate) async fn blocking_and_async_nodes_are_one_cluster<B: Broker>(options: B::Options) {
    let channel = format!("test-{}", Sid::generate());
    let tasks = Node::<B>::start(options.clone(), &channel).await;
    let emitter = Emitter::<B>::with_options(options.clone()).channel(&channel);
    let threads = [start::<B>(options.clone(), &channel).await, start::<B>(options, &channel).await];
    let servers: [&Server; 3] = [tasks.io(), &threads[0].io, &threads[1].io];
    for server in servers {
        until("the nodes to know each other", || match server.members().len() {
            3 => Ok(()),
            members => Err(members),
        })
        .await;
    }
    let mut clients = Vec::new();
    for port in [tasks.running.port, threads[0].port, threads[1].port] {
        clients.push(Member::connect(port).await);
    }

    for (index, server) in servers.iter().enumerate() {
        server.emit("news", index).unwrap();
        for member in &mut clients {
            member.got(&[&format!(r#"42["news",{index}]"#)]).await;
        }
    }
    emitter.emit("news", "from a program of threads").unwrap();
    for member in &mut clients {
        member.got(&[r#"42["news","from a program of threads"]"#]).await;
    }
    for member in &mut clients {
        member.join("a").await;
    }
    assert_eq!(clients[1].ask("to", r#""a","hello""#).await, "[true]");
    clients[0].got(&[r#"42["news","hello"]"#]).await;
    clients[2].got(&[r#"42["news","hello"]"#]).await;

    // Handlers that wait, on a thread each, for what the other nodes say.
    assert_eq!(clients[1].ask("sums", "2,3").await, "[[5,5]]");
    assert_eq!(clients[1].ask("everybody", "null").await, "[[1,1,1]]");
    let asked = format!("{:?}", clients[0].sid);
    clients[2].client.send(&format!("428[\"call\",{asked}]")).await;
    answer_one(&mut clients[0], "from the node of tasks").await;
    assert_eq!(clients[2].client.next().await, r#"438["from the node of tasks"]"#);

    let io = tasks.io().clone();
    let sid = clients[1].sid.clone();
    let call = tokio::spawn(async move { io.call::<String>(sid, "question", (), PATIENCE).await });
    answer_one(&mut clients[1], "from a node of threads").await;
    assert_eq!(within("the answer", call).await.unwrap().unwrap(), "from a node of threads");

    for node in threads {
        node.stop().await;
    }
    tasks.running.stop().await;
}

/// Answers the question that comes next.
async fn answer_one(member: &mut Member, answer: &str) {
    let question = member.client.next().await;
    let id = question.strip_prefix("42").and_then(|rest| rest.strip_suffix(r#"["question"]"#));
    let id = id.unwrap_or_else(|| panic!("no question but {question}"));
    member.client.send(&format!("43{id}[{answer:?}]")).await;
}

/// A node of threads with the handlers of the others, and some that wait.
async fn start<B: Broker>(options: B::Options, channel: &str) -> Running {
    let adapter = ClusterAdapter::<B>::with_options(options).channel(channel);
    let io = blocking::Server::builder().manager(adapter.clone()).build().expect("the options are fine");
    io.on("join", |socket: Socket, Data(room): Data<String>| socket.join(room).is_ok());
    io.on("to", |socket: Socket, Args((room, text)): Args<(String, Value)>| {
        socket.to(room).emit("news", text).is_ok()
    });
    io.on("sums", |socket: Socket, Args(numbers): Args<(i64, i64)>| -> Result<Value, HandlerError> {
        let all = socket.namespace().server_side_emit_with_ack::<i64>("sum", numbers, PATIENCE)?;
        Ok(json!(all.answers.iter().map(|(_, sum)| sum).collect::<Vec<_>>()))
    });
    io.on("everybody", |socket: Socket| -> Result<Value, HandlerError> {
        let counted = socket.namespace().timeout(PATIENCE).count()?;
        Ok(json!(counted.items))
    });
    io.on("call", |socket: Socket, Data(sid): Data<String>| -> Result<String, HandlerError> {
        Ok(socket.namespace().call(sid, "question", (), PATIENCE)?)
    });
    io.of("/").on_server_event("sum", |(a, b): (i64, i64)| a + b);
    within("the node to hear the channel", adapter.ready()).await;
    Running::start_blocking(io)
}
