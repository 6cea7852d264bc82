//! Several servers that act as one, over any broker.

use std::time::Duration;

use serde_json::Value;
use socketio_core::adapter::ClusterAdapter;
use socketio_core::adapter::broker::Broker;
use socketio_core::adapter::memory::MemoryHub;
use socketio_core::server::ServerBuilder;
use socketio_core::{Ack, Args, Data, Server, Socket};

use crate::client::Client;
use crate::running::Running;
use crate::wait::{until, within_time};

/// Servers on one channel, each with the handlers that the facts need.
pub struct Nodes<B: Broker> {
    pub nodes: Vec<Node<B>>,
    pub channel: String,
}

/// One of them.
pub struct Node<B: Broker> {
    pub running: Running,
    pub adapter: ClusterAdapter<B>,
}

/// A message queue in memory, of the test's own.
pub fn hub() -> MemoryHub {
    MemoryHub::named(&socketio_core::Sid::generate())
}

impl<B: Broker> Nodes<B> {
    /// `count` servers that all know each other.
    pub async fn start(options: &B::Options, count: usize) -> Self {
        Self::each(std::iter::repeat_n(options.clone(), count)).await
    }

    /// One server for each of `options`, that all know each other.
    pub async fn each(options: impl IntoIterator<Item = B::Options>) -> Self {
        let channel = format!("test-{}", socketio_core::Sid::generate());
        let mut nodes = Vec::new();
        for options in options {
            nodes.push(Node::start(options, &channel).await);
        }
        let nodes = Nodes { nodes, channel };
        nodes.know_each_other().await;
        nodes
    }

    /// Waits until every node can ask every other.
    pub async fn know_each_other(&self) {
        let count = self.nodes.len();
        for node in &self.nodes {
            until("the nodes to know each other", || {
                let members = node.io().members().len();
                if members == count { Ok(()) } else { Err(members) }
            })
            .await;
        }
    }

    /// A client on each node, in `/`, with its id.
    pub async fn clients(&self) -> Vec<Member> {
        let mut clients = Vec::new();
        for node in &self.nodes {
            clients.push(Member::connect(node.running.port).await);
        }
        clients
    }
}

/// A broker that is busy takes its time to make a topic, or a queue.
const START: Duration = Duration::from_secs(90);

impl<B: Broker> Node<B> {
    /// A server that hears the channel.
    pub async fn start(options: B::Options, channel: &str) -> Self {
        let node = Self::start_alone(options, channel).await;
        within_time(START, "the node to hear the channel", node.adapter.ready()).await;
        node
    }

    /// A server that may yet have to find its broker.
    pub async fn start_alone(options: B::Options, channel: &str) -> Self {
        let adapter = ClusterAdapter::<B>::with_options(options).channel(channel);
        let io = build(Server::builder().manager(adapter.clone()));
        Node { running: Running::start(io).await, adapter }
    }

    pub fn io(&self) -> &Server {
        &self.running.io
    }
}

fn build(builder: ServerBuilder) -> Server {
    let io = builder.share_handshake(["user-agent"], ["EIO"]).build().expect("the options are fine");
    io.on("join", |socket: Socket, Data(room): Data<String>| socket.join(room).is_ok());
    io.on("data", |socket: Socket, Data(data): Data<Value>| socket.set_data(&data).is_ok());
    io.on("to", |socket: Socket, Args((room, text)): Args<(String, Value)>, ack: Ack| {
        let sent = socket.to(room).emit("news", text).is_ok();
        ack.send(sent).ok();
    });
    io.of("/").on_server_event("sum", |(a, b): (i64, i64)| async move { a + b });
    io
}

/// A client in a namespace, and what it is called.
pub struct Member {
    pub client: Client,
    pub sid: String,
}

impl Member {
    pub async fn connect(port: u16) -> Self {
        let mut client = Client::websocket(port).await;
        let sid = client.connect("/").await;
        Member { client, sid }
    }

    /// Sends an event and waits for its ack, which must come next.
    pub async fn ask(&mut self, event: &str, args: &str) -> String {
        self.client.send(&format!("427[{event:?},{args}]")).await;
        let answer = self.client.next().await;
        answer.strip_prefix("437").unwrap_or_else(|| panic!("no ack but {answer}")).to_owned()
    }

    pub async fn join(&mut self, room: &str) {
        assert_eq!(self.ask("join", &format!("{room:?}")).await, "[true]");
    }

    /// Asserts that the next packets are these, and that nothing else came before a mark that is sent now.
    pub async fn got(&mut self, expected: &[&str]) {
        for expected in expected {
            assert_eq!(self.client.next().await, *expected);
        }
    }
}

/// How long the facts give nodes to answer.
pub const PATIENCE: Duration = Duration::from_secs(20);
