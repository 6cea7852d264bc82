//! What holds for an emitter beside servers on one channel, whatever carries it.

use std::thread;

use bytes::Bytes;
use integration_tests::client::Client;
use integration_tests::cluster::{Nodes, PATIENCE};
use integration_tests::wait::within;
use socketio_core::Sid;
use socketio_core::adapter::broker::{Broker, Frame};
use socketio_emitter::{Emitter, blocking};

pub(crate) async fn an_emit_reaches_everybody_on_every_node_once<B: Broker>(options: B::Options) {
    let nodes = Nodes::<B>::start(&options, 3).await;
    let mut clients = nodes.clients().await;
    let emitter = Emitter::<B>::with_options(options).channel(&nodes.channel);
    for number in 0..100 {
        emitter.emit("n", number).unwrap();
    }
    let totals = emitter.flush(PATIENCE).await.unwrap();
    assert_eq!((totals.sent, totals.dropped), (100, 0));
    for member in &mut clients {
        for number in 0..100 {
            member.got(&[&format!(r#"42["n",{number}]"#)]).await;
        }
    }
}

pub(crate) async fn rooms_exceptions_and_namespaces_are_those_of_servers<B: Broker>(options: B::Options) {
    let nodes = Nodes::<B>::start(&options, 2).await;
    for node in &nodes.nodes {
        node.io().of("/chat").on("nothing", || ());
    }
    let mut clients = nodes.clients().await;
    clients[0].join("a").await;
    clients[0].join("b").await;
    clients[1].join("b").await;
    let mut chat = Client::websocket(nodes.nodes[1].running.port).await;
    chat.connect("/chat").await;
    let emitter = Emitter::<B>::with_options(options).channel(&nodes.channel);
    emitter.to(["a", "b"]).emit("both", ()).unwrap();
    emitter.to("b").except("a").emit("b only", ()).unwrap();
    emitter.except(clients[0].sid.as_str()).emit("not you", ()).unwrap();
    emitter.to(clients[0].sid.as_str()).emit("you", ()).unwrap();
    emitter.to(Vec::<String>::new()).emit("nobody", ()).unwrap();
    emitter.of("chat").emit("chat", ()).unwrap();
    emitter.send("end").unwrap();
    let (both, end) = (r#"42["both"]"#, r#"42["message","end"]"#);
    clients[0].got(&[both, r#"42["you"]"#, end]).await;
    clients[1].got(&[both, r#"42["b only"]"#, r#"42["not you"]"#, end]).await;
    assert_eq!(chat.next().await, r#"42/chat,["chat"]"#);
}

pub(crate) async fn bytes_and_tuples_travel_as_they_are<B: Broker>(options: B::Options) {
    let nodes = Nodes::<B>::start(&options, 1).await;
    let mut clients = nodes.clients().await;
    let emitter = Emitter::<B>::with_options(options).channel(&nodes.channel);
    emitter.emit("image", ("a.png", Bytes::from_static(&[0, 1, 2, 255]), [1])).unwrap();
    clients[0].got(&[r#"451-["image","a.png",{"_placeholder":true,"num":0},[1]]"#, "bAAEC/w=="]).await;
}

pub(crate) async fn clients_are_moved_and_sent_away_by_rooms<B: Broker>(options: B::Options) {
    let nodes = Nodes::<B>::start(&options, 2).await;
    let mut clients = nodes.clients().await;
    clients[0].join("a").await;
    clients[1].join("a").await;
    let emitter = Emitter::<B>::with_options(options).channel(&nodes.channel);
    emitter.to("a").except(clients[1].sid.as_str()).join(["b", "c"]).unwrap();
    emitter.to("b").emit("in b", ()).unwrap();
    emitter.to("b").leave("c").unwrap();
    emitter.to("c").emit("in c", ()).unwrap();
    emitter.to(clients[1].sid.as_str()).join("c").unwrap();
    emitter.to("c").emit("in c", ()).unwrap();
    emitter.close_room_of("/chat", "a").unwrap();
    emitter.to("a").emit("in a", ()).unwrap();
    emitter.close_room("a").unwrap();
    emitter.to("a").emit("nobody is in a", ()).unwrap();
    emitter.to("b").disconnect().unwrap();
    emitter.emit("end", ()).unwrap();
    clients[0].got(&[r#"42["in b"]"#, r#"42["in a"]"#, "41"]).await;
    clients[1].got(&[r#"42["in c"]"#, r#"42["in a"]"#, r#"42["end"]"#]).await;
}

pub(crate) async fn emits_of_several_threads_arrive_once_and_in_the_order_of_each<B: Broker>(
    options: B::Options,
) {
    let nodes = Nodes::<B>::start(&options, 1).await;
    let mut clients = nodes.clients().await;
    let emitter = blocking::Emitter::<B>::with_options(options).channel(&nodes.channel);
    let threads: Vec<_> = (0..4)
        .map(|name| {
            let emitter = emitter.clone();
            thread::spawn(move || {
                for number in 0..50 {
                    emitter.to(["x"]).emit("noise", number).unwrap();
                    emitter.emit("n", (name, number)).unwrap();
                }
                emitter.flush(PATIENCE).unwrap();
            })
        })
        .collect();
    let mut next = [0; 4];
    for _ in 0..200 {
        let packet = clients[0].client.next().await;
        let (name, number) = packet
            .strip_prefix(r#"42["n","#)
            .and_then(|rest| rest.strip_suffix(']'))
            .and_then(|rest| rest.split_once(','))
            .unwrap_or_else(|| panic!("{packet}"));
        let next: &mut usize = &mut next[name.parse::<usize>().unwrap()];
        assert_eq!(number, next.to_string());
        *next += 1;
    }
    for thread in threads {
        thread.join().unwrap();
    }
    assert_eq!(emitter.health().totals.sent, 400);
}

pub(crate) async fn a_blocking_emitter_has_the_same_words<B: Broker>(options: B::Options) {
    let nodes = Nodes::<B>::start(&options, 2).await;
    let mut clients = nodes.clients().await;
    let emitter = blocking::Emitter::<B>::with_options(options).channel(&nodes.channel);
    let (first, second) = (clients[0].sid.clone(), clients[1].sid.clone());
    let emits = tokio::task::spawn_blocking(move || {
        emitter.ready().unwrap();
        emitter.to(first.as_str()).join(["a", "b"]).unwrap();
        emitter.to("a").emit("image", ("a.png", Bytes::from_static(&[0, 1, 2, 255]))).unwrap();
        emitter.to("b").leave("a").unwrap();
        emitter.to(["a", "b"]).except(second.as_str()).emit("b only", ((1, "two"), [3])).unwrap();
        emitter.of("/nowhere").emit("nobody", ()).unwrap();
        emitter.except("b").disconnect().unwrap();
        emitter.send("end").unwrap();
        emitter.flush(PATIENCE).unwrap()
    });
    let totals = within("the emits", emits).await.unwrap();
    assert_eq!((totals.sent, totals.dropped), (8, 0), "two of them for one client and two rooms");
    let (image, bytes) = (r#"451-["image","a.png",{"_placeholder":true,"num":0}]"#, "bAAEC/w==");
    clients[0].got(&[image, bytes, r#"42["b only",[1,"two"],[3]]"#, r#"42["message","end"]"#]).await;
    clients[1].got(&["41"]).await;
}

pub(crate) async fn a_flush_tells_that_the_broker_has_everything_and_how_much_it_was<B: Broker>(
    options: B::Options,
) {
    let emitter = Emitter::<B>::with_options(options).channel(&format!("test-{}", Sid::generate()));
    assert_eq!(emitter.flush(PATIENCE).await.unwrap().sent, 0);
    for number in 0..100 {
        emitter.emit("n", number).unwrap();
    }
    let totals = emitter.flush(PATIENCE).await.unwrap();
    assert_eq!((totals.sent, totals.dropped), (100, 0));
    let health = emitter.health();
    assert_eq!((health.queued_frames, health.queued_bytes, health.totals), (0, 0, totals));
}

/// What the README shows for `redis-cli`.
pub(crate) async fn a_frame_of_a_program_without_rust_reaches_clients<B: Broker>(options: B::Options) {
    let readme = include_str!("../../../socketio-emitter/README.md");
    let (_, frame) = readme.split_once("PUBLISH socketio '").unwrap();
    let (frame, _) = frame.split_once("'\n").unwrap();
    let nodes = Nodes::<B>::start(&options, 2).await;
    let mut clients = nodes.clients().await;
    let broker = B::connect(&B::for_channel(options, &nodes.channel), "a-script").await.unwrap();
    let frame =
        Frame { channel: nodes.channel.as_str().into(), payload: Bytes::from_static(frame.as_bytes()) };
    broker.publish(&[frame]).await.unwrap();
    for member in &mut clients {
        member.got(&[r#"42["news","hello"]"#]).await;
    }
}

pub(crate) async fn an_emitter_is_no_member_and_does_not_listen<B: Broker>(options: B::Options) {
    let nodes = Nodes::<B>::start(&options, 2).await;
    let mut clients = nodes.clients().await;
    let emitter = Emitter::<B>::with_options(options.clone()).channel(&nodes.channel);
    within("a link", emitter.ready()).await.unwrap();
    let listeners = emitter.check().await.unwrap();
    assert!(!listeners.are_none(), "{listeners:?}");
    emitter.emit("news", ()).unwrap();
    for (node, member) in nodes.nodes.iter().zip(&mut clients) {
        member.got(&[r#"42["news"]"#]).await;
        assert_eq!(node.io().members().len(), 2);
    }
    // On the blocking one too, which may be used where threads may wait.
    let blocking = blocking::Emitter::<B>::with_options(options).channel(&nodes.channel);
    let checked = tokio::task::spawn_blocking(move || blocking.check()).await.unwrap().unwrap();
    assert_eq!(checked, listeners);
}
