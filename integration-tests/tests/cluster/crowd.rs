//! A thousand clients over three nodes.

use std::sync::Arc;
use std::time::Duration;

use integration_tests::cluster::Nodes;
use integration_tests::frames::WebSocket;
use socketio_core::adapter::broker::Broker;
use tokio::sync::Mutex;
use tokio::task::JoinSet;
use tokio::time::timeout;

const CLIENTS: usize = 1_000;
const BROADCASTS: usize = 200;
/// For a thousand clients on a machine with other things to do.
const PATIENCE: Duration = Duration::from_secs(90);

/// One crowd at a time: each takes two thousand descriptors.
static ALONE: Mutex<()> = Mutex::const_new(());

pub(crate) async fn a_thousand_clients_hear_every_broadcast_once_and_in_order<B: Broker>(
    options: B::Options,
) {
    let _alone = ALONE.lock().await;
    let nodes = Arc::new(Nodes::<B>::start(&options, 3).await);
    let ports: Vec<u16> = nodes.nodes.iter().map(|node| node.running.port).collect();
    let mut clients = JoinSet::new();
    for number in 0..CLIENTS {
        clients.spawn(join(ports[number % 3]));
    }
    let clients = timeout(PATIENCE, clients.join_all()).await.expect("the clients join");

    let mut listening = JoinSet::new();
    for client in clients {
        listening.spawn(hears_all(client));
    }
    for number in 0..BROADCASTS {
        nodes.nodes[number % 3].io().emit("n", (number % 3, number / 3)).unwrap();
    }
    for (index, node) in nodes.nodes.iter().enumerate() {
        node.io().emit("end", index).unwrap();
    }
    timeout(PATIENCE, listening.join_all()).await.expect("the clients hear everything");
}

async fn join(port: u16) -> WebSocket {
    let target = "/socket.io/?EIO=4&transport=websocket";
    let mut socket = WebSocket::open(port, target).await.expect("the upgrade is accepted");
    socket.next_text().await;
    socket.send_text("40").await;
    assert!(socket.next_text().await.starts_with("40{"));
    socket
}

/// The numbers of each node must come without a gap, a repetition or a change of order, up to its end.
async fn hears_all(mut client: WebSocket) {
    let mut next = [0; 3];
    let mut ended = [false; 3];
    while ended != [true; 3] {
        let packet = client.next_text().await;
        if packet == "2" {
            client.send_text("3").await;
            continue;
        }
        let (event, node, number): (String, usize, usize) = match packet.strip_prefix("42") {
            Some(json) if json.starts_with("[\"end\"") => {
                let (event, node) = serde_json::from_str(json).unwrap();
                (event, node, 0)
            }
            Some(json) => serde_json::from_str(json).unwrap(),
            None => panic!("{packet}"),
        };
        assert!(!ended[node], "{packet} came after the end");
        if event == "end" {
            ended[node] = true;
        } else {
            assert_eq!(number, next[node], "from node {node}");
            next[node] += 1;
        }
    }
    assert_eq!(next.iter().sum::<usize>(), BROADCASTS);
}
