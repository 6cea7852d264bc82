//! Every operation over the whole cluster, from each node to each, as socket.io-client sees it: `foreign/js/cluster.mjs`.
//!
//! A client asks its node to do something by the event `do`, and the ack is what came of it.

use std::collections::BTreeMap;

use bytes::Bytes;
use integration_tests::cluster::{Nodes, PATIENCE};
use integration_tests::foreign;
use serde::Deserialize;
use serde_json::{Value, json};
use socketio_core::adapter::Broadcast;
use socketio_core::adapter::broker::Broker;
use socketio_core::handler::HandlerError;
use socketio_core::server::{Namespace, RemoteSocket};
use socketio_core::{Args, Server, Socket};

pub(crate) async fn every_operation_goes_from_each_node_to_each<B: Broker>(options: B::Options) {
    let nodes = Nodes::<B>::start(&options, 3).await;
    for node in &nodes.nodes {
        add(node.io());
    }
    let ports: Vec<u16> = nodes.nodes.iter().map(|node| node.running.port).collect();
    let others = [ports[1].to_string(), ports[2].to_string()];
    foreign::node("cluster", ports[0], &[&others[0], &others[1]]).await.assert_holds();
}

fn add(io: &Server) {
    let server = io.clone();
    io.on("do", move |Args((operation, who, with)): Args<(String, Who, Value)>| {
        let server = server.clone();
        async move { perform(&server, &operation, &who, with).await }
    });
    io.on("put me into", |socket: Socket, Args((room, data)): Args<(String, Value)>| {
        socket.join(room).is_ok() && socket.set_data(&data).is_ok()
    });
    let local = io.of("/").local();
    io.of("/").on_server_event("note", move |text: String| {
        local.emit("noted", text).expect("it can be said");
        async {}
    });
    io.of("/").on_server_event("double", |number: i64| async move { number * 2 });
}

/// Who is meant.
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[derive(Default)]
struct Who {
    to: Vec<String>,
    except: Vec<String>,
    local: bool,
}

impl Who {
    fn broadcast(&self, of: &Namespace) -> Broadcast<dyn socketio_core::adapter::Adapter> {
        let mut broadcast = of.timeout(PATIENCE);
        for room in &self.to {
            broadcast = broadcast.to(room.as_str());
        }
        let broadcast = broadcast.except(self.except.clone());
        if self.local { broadcast.local() } else { broadcast }
    }

    async fn sockets(&self, of: &Namespace) -> Result<Vec<RemoteSocket>, HandlerError> {
        let fetched = self.broadcast(of).fetch_sockets().await?;
        assert!(fetched.silent.is_empty(), "{:?}", fetched.silent);
        Ok(fetched.items)
    }
}

async fn perform(io: &Server, operation: &str, who: &Who, with: Value) -> Result<Value, HandlerError> {
    let of = &io.of("/");
    let all = who.broadcast(of);
    let text = || with.as_str().unwrap_or_default().to_owned();
    Ok(match operation {
        "emit" => json!(all.emit("news", with).map(|_| true)?),
        "emit bytes" => json!(all.emit("news", ("bytes", BYTES)).map(|_| true)?),
        "join" => json!(all.join(text()).map(|_| true)?),
        "leave" => json!(all.leave(text()).map(|_| true)?),
        "close room" => json!(io.close_room(text()).map(|_| true)?),
        "close" => json!(all.close().map(|_| true)?),
        "disconnect" => json!(all.disconnect().map(|_| true)?),
        "count" => {
            let counts = all.count().await?;
            json!([counts.items.len(), counts.items.iter().sum::<u64>(), counts.silent.len()])
        }
        "rooms" => {
            let rooms = of.rooms().await?.items;
            json!(rooms.iter().map(|(room, count)| (room.to_string(), count)).collect::<BTreeMap<_, _>>())
        }
        "fetch" => json!(who.sockets(of).await?.iter().map(described).collect::<BTreeMap<_, _>>()),
        "emit to fetched" => {
            for socket in who.sockets(of).await? {
                socket.emit("news", &with)?;
            }
            json!(true)
        }
        "join fetched" => {
            for socket in who.sockets(of).await? {
                socket.join(text())?;
            }
            json!(true)
        }
        "leave fetched" => {
            for socket in who.sockets(of).await? {
                socket.leave(text())?;
            }
            json!(true)
        }
        "disconnect fetched" => {
            for socket in who.sockets(of).await? {
                socket.disconnect()?;
            }
            json!(true)
        }
        "ask" => {
            let answers = all.emit_with_ack::<Value>("question", with).await?;
            assert!(answers.silent.is_empty() && answers.silent_nodes.is_empty(), "{answers:?}");
            let answers = answers.answers.into_iter().map(|(sid, answer)| (sid.to_string(), answer));
            json!(answers.collect::<BTreeMap<_, _>>())
        }
        "call" => of.call::<Value>(who.to[0].as_str(), "question", with, PATIENCE).await?,
        "tell servers" => json!(of.server_side_emit("note", text()).map(|_| true)?),
        "ask servers" => {
            let answers = of.server_side_emit_with_ack::<i64>("double", with, PATIENCE).await?;
            assert!(answers.silent.is_empty(), "{answers:?}");
            json!(answers.answers.into_iter().map(|(_, answer)| answer).collect::<Vec<_>>())
        }
        "members" => json!(io.members().len()),
        other => panic!("{other} is no operation"),
    })
}

const BYTES: Bytes = Bytes::from_static(&[0, 1, 2, 255]);

fn described(socket: &RemoteSocket) -> (String, Value) {
    let mut rooms: Vec<_> = socket.rooms().iter().map(ToString::to_string).collect();
    rooms.sort();
    let described = json!({
        "rooms": rooms,
        "data": socket.data::<Value>(),
        "address": socket.address(),
        "secure": socket.is_secure(),
        "recent": socket.time().elapsed().is_ok_and(|age| age < 10 * PATIENCE),
        "eio": socket.query_value("EIO"),
        "transport": socket.query_value("transport"),
        "agent": socket.header("user-agent"),
    });
    (socket.id().to_string(), described)
}
