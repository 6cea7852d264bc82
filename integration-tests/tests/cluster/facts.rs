//! What holds for three servers on one channel, whatever carries it.

use std::time::Duration;

use integration_tests::cluster::{Nodes, PATIENCE};
use integration_tests::wait::{until, until_asked, within};
use serde_json::{Value, json};
use socketio_core::adapter::broker::Broker;

pub(crate) async fn an_emit_reaches_everybody_on_every_node_once<B: Broker>(options: B::Options) {
    let nodes = Nodes::<B>::start(&options, 3).await;
    let mut clients = nodes.clients().await;
    for (index, node) in nodes.nodes.iter().enumerate() {
        node.io().emit("news", (index, "x")).unwrap();
        for member in &mut clients {
            member.got(&[&format!(r#"42["news",{index},"x"]"#)]).await;
        }
    }
}

pub(crate) async fn rooms_and_exceptions_hold_across_nodes<B: Broker>(options: B::Options) {
    let nodes = Nodes::<B>::start(&options, 3).await;
    let mut clients = nodes.clients().await;
    clients[0].join("a").await;
    clients[1].join("a").await;
    clients[1].join("b").await;
    clients[2].join("b").await;
    let from = nodes.nodes[2].io();
    from.to(["a", "b"]).emit("both", ()).unwrap();
    from.to("a").except("b").emit("a only", ()).unwrap();
    from.except(clients[2].sid.as_str()).emit("not you", ()).unwrap();
    from.to(clients[0].sid.as_str()).emit("you", ()).unwrap();
    from.to(Vec::<String>::new()).emit("nobody", ()).unwrap();
    from.emit("end", ()).unwrap();
    clients[0]
        .got(&[r#"42["both"]"#, r#"42["a only"]"#, r#"42["not you"]"#, r#"42["you"]"#, r#"42["end"]"#])
        .await;
    clients[1].got(&[r#"42["both"]"#, r#"42["not you"]"#, r#"42["end"]"#]).await;
    clients[2].got(&[r#"42["both"]"#, r#"42["end"]"#]).await;
}

pub(crate) async fn a_socket_that_broadcasts_is_left_out_on_its_own_node<B: Broker>(options: B::Options) {
    let nodes = Nodes::<B>::start(&options, 2).await;
    let mut clients = nodes.clients().await;
    for member in &mut clients {
        member.join("a").await;
    }
    assert_eq!(clients[0].ask("to", r#""a","hello""#).await, "[true]");
    clients[1].got(&[r#"42["news","hello"]"#]).await;
    nodes.nodes[1].io().emit("end", ()).unwrap();
    clients[0].got(&[r#"42["end"]"#]).await;
}

pub(crate) async fn bytes_travel_as_they_are<B: Broker>(options: B::Options) {
    let nodes = Nodes::<B>::start(&options, 2).await;
    let mut clients = nodes.clients().await;
    let bytes = bytes::Bytes::from_static(&[0, 1, 2, 255]);
    nodes.nodes[0].io().emit("image", ("png", bytes)).unwrap();
    for member in &mut clients {
        member.got(&[r#"451-["image","png",{"_placeholder":true,"num":0}]"#, "bAAEC/w=="]).await;
    }
}

pub(crate) async fn what_is_local_stays_local<B: Broker>(options: B::Options) {
    let nodes = Nodes::<B>::start(&options, 2).await;
    let mut clients = nodes.clients().await;
    nodes.nodes[0].io().of("/").local().emit("here", ()).unwrap();
    nodes.nodes[0].io().emit("end", ()).unwrap();
    clients[0].got(&[r#"42["here"]"#, r#"42["end"]"#]).await;
    clients[1].got(&[r#"42["end"]"#]).await;
}

pub(crate) async fn sockets_anywhere_are_moved_and_sent_away<B: Broker>(options: B::Options) {
    let nodes = Nodes::<B>::start(&options, 3).await;
    let mut clients = nodes.clients().await;
    let io = nodes.nodes[0].io();
    // One by its id, in python's form; all of a room, in ours.
    io.to(clients[2].sid.as_str()).join("c").unwrap();
    io.to("c").emit("one", ()).unwrap();
    clients[2].got(&[r#"42["one"]"#]).await;
    io.except("c").join(["d", "e"]).unwrap();
    io.to("d").emit("two", ()).unwrap();
    clients[0].got(&[r#"42["two"]"#]).await;
    clients[1].got(&[r#"42["two"]"#]).await;
    io.to("d").leave("e").unwrap();
    io.close_room("d").unwrap();
    io.to(["d", "e"]).emit("nobody", ()).unwrap();
    io.emit("end", ()).unwrap();
    for member in &mut clients {
        member.got(&[r#"42["end"]"#]).await;
    }
    io.to(clients[1].sid.as_str()).disconnect().unwrap();
    clients[1].got(&["41"]).await;
    io.to("c").close().unwrap();
    assert_eq!(clients[2].client.ended().await, ["41"]);
    until("the others to be gone", || {
        let counts: Vec<_> = nodes.nodes.iter().map(|node| node.io().of("/").count()).collect();
        if counts == [1, 0, 0] { Ok(()) } else { Err(counts) }
    })
    .await;
}

pub(crate) async fn sockets_of_all_nodes_are_fetched_counted_and_acted_on<B: Broker>(options: B::Options) {
    let nodes = Nodes::<B>::start(&options, 3).await;
    let mut clients = nodes.clients().await;
    for (index, member) in clients.iter_mut().enumerate() {
        member.join(if index == 0 { "a" } else { "b" }).await;
        assert_eq!(member.ask("data", &format!("{{\"number\":{index}}}")).await, "[true]");
    }
    let io = nodes.nodes[1].io();
    let everybody = io.of("/").timeout(PATIENCE).to(["a", "b"]);
    let fetched = everybody.fetch_sockets().await.unwrap();
    assert!(fetched.silent.is_empty());
    let mut told: Vec<_> = fetched
        .items
        .iter()
        .map(|socket| {
            let number = socket.data::<Value>().unwrap()["number"].as_u64().unwrap();
            (
                number,
                socket.id().to_string(),
                socket.rooms().len(),
                socket.query_value("EIO").map(str::to_owned),
            )
        })
        .collect();
    told.sort();
    let expected: Vec<_> =
        (0..).zip(&clients).map(|(n, member)| (n, member.sid.clone(), 2, Some("4".to_owned()))).collect();
    assert_eq!(told, expected);

    let counts = everybody.count().await.unwrap();
    assert_eq!((counts.items.iter().sum::<u64>(), counts.items.len()), (3, 3));
    // A node that does not answer in time is left out.
    until_asked("all nodes to tell", async || {
        let mut rooms = io.of("/").rooms().await.unwrap().items;
        rooms.sort();
        if rooms == [("a".into(), 1), ("b".into(), 2)] { Ok(()) } else { Err(rooms) }
    })
    .await;

    for socket in &fetched.items {
        socket.emit("hello", socket.id()).unwrap();
        socket.join("c").unwrap();
    }
    for member in &mut clients {
        let hello = format!(r#"42["hello","{}"]"#, member.sid);
        member.got(&[&hello]).await;
    }
    io.to("c").emit("end", ()).unwrap();
    for member in &mut clients {
        member.got(&[r#"42["end"]"#]).await;
    }
}

pub(crate) async fn a_broadcast_gathers_the_acks_of_all_nodes_and_names_the_silent<B: Broker>(
    options: B::Options,
) {
    let nodes = Nodes::<B>::start(&options, 3).await;
    let mut clients = nodes.clients().await;
    let mut attempts = 0;
    let answers = loop {
        let io = nodes.nodes[0].io().of("/");
        let asking =
            tokio::spawn(
                async move { io.timeout(Duration::from_secs(3)).emit_with_ack::<u32>("q", 1).await },
            );
        for (index, member) in clients.iter_mut().enumerate() {
            let packet = member.client.next().await;
            let id = packet.strip_prefix("42").and_then(|rest| rest.strip_suffix(r#"["q",1]"#));
            let id = id.unwrap().to_owned();
            if index < 2 {
                member.client.send(&format!("43{id}[{index}]")).await;
            }
        }
        let answers = within("the answers", asking).await.unwrap().unwrap();
        attempts += 1;
        // A node has half a second to say who was silent: a busy machine, or broker, may need more.
        if answers.silent_nodes.is_empty() || attempts == 5 {
            break answers;
        }
    };
    let mut got: Vec<_> = answers.answers.iter().map(|(sid, n)| (*n, sid.to_string())).collect();
    got.sort();
    assert_eq!(got, [(0, clients[0].sid.clone()), (1, clients[1].sid.clone())]);
    assert_eq!(answers.silent.iter().map(|sid| sid.as_str()).collect::<Vec<_>>(), [clients[2].sid.as_str()]);
    assert!(answers.silent_nodes.is_empty());
}

pub(crate) async fn a_client_of_another_node_is_called<B: Broker>(options: B::Options) {
    let nodes = Nodes::<B>::start(&options, 2).await;
    let mut clients = nodes.clients().await;
    for index in [0, 1] {
        let (io, sid) = (nodes.nodes[0].io().of("/"), clients[index].sid.clone());
        let calling = tokio::spawn(async move { io.call::<(String, u32)>(sid, "who", (), PATIENCE).await });
        let packet = clients[index].client.next().await;
        let id =
            packet.strip_prefix("42").and_then(|rest| rest.strip_suffix(r#"["who"]"#)).unwrap().to_owned();
        clients[index].client.send(&format!(r#"43{id}["me",{index}]"#)).await;
        let answer = within("the answer", calling).await.unwrap().unwrap();
        assert_eq!(answer, ("me".to_owned(), index as u32));
    }
}

pub(crate) async fn servers_tell_each_other_things_and_answer<B: Broker>(options: B::Options) {
    let nodes = Nodes::<B>::start(&options, 3).await;
    let io = nodes.nodes[0].io().of("/");
    let sums = io.server_side_emit_with_ack::<i64>("sum", (2, 3), PATIENCE).await.unwrap();
    assert_eq!(sums.answers.iter().map(|(_, sum)| *sum).collect::<Vec<_>>(), [5, 5]);
    assert!(sums.silent.is_empty());
    // A handler that is not there is no answer, and nobody to wait for.
    let none = io.server_side_emit_with_ack::<Value>("unknown", json!({}), PATIENCE).await.unwrap();
    assert!(none.answers.is_empty() && none.silent.is_empty());
}

pub(crate) async fn a_node_that_leaves_is_not_waited_for<B: Broker>(options: B::Options) {
    let mut nodes = Nodes::<B>::start(&options, 3).await;
    let leaver = nodes.nodes.pop().unwrap();
    leaver.running.stop().await;
    for node in &nodes.nodes {
        until("the node to be forgotten", || match node.io().members().len() {
            2 => Ok(()),
            members => Err(members),
        })
        .await;
    }
    let counts = nodes.nodes[0].io().of("/").timeout(PATIENCE).count().await.unwrap();
    assert_eq!(counts.items.len(), 2);
    assert!(counts.silent.is_empty());
}

pub(crate) async fn broadcasts_of_one_node_arrive_in_order_and_once<B: Broker>(options: B::Options) {
    let nodes = Nodes::<B>::start(&options, 3).await;
    let mut clients = nodes.clients().await;
    for number in 0..500 {
        nodes.nodes[number % 3].io().to("nobody").emit("noise", number).unwrap();
        nodes.nodes[0].io().emit("n", number).unwrap();
    }
    for member in &mut clients {
        for number in 0..500 {
            member.got(&[&format!(r#"42["n",{number}]"#)]).await;
        }
    }
    assert!(within("the queue to be empty", nodes.nodes[0].adapter.flush(PATIENCE)).await);
    assert_eq!(nodes.nodes[0].adapter.health().dropped, 0);
}
