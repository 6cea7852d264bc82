//! What becomes of a cluster when its broker, or a node's link to it, fails.

use std::time::Duration;

use integration_tests::cluster::{Member, Node, Nodes, PATIENCE, hub};
use integration_tests::log::Log;
use integration_tests::wait::{until, within};
use socketio_core::adapter::ClusterAdapter;
use socketio_core::adapter::broker::{Broker, Channel, Frame};
use socketio_core::adapter::memory::{Memory, MemoryLog};
use socketio_core::adapter::wire::{HostId, Message, python};
use tracing::Level;

async fn subscribed<B: Broker>(adapter: &ClusterAdapter<B>, expected: bool) {
    until("the link to change", || {
        let health = adapter.health();
        if health.subscribed == expected { Ok(()) } else { Err(health) }
    })
    .await;
}

/// Two nodes, each over a line of its own.
async fn two<B: Broker>(options: impl Fn(&str) -> B::Options) -> Nodes<B> {
    Nodes::each([options("a"), options("b")]).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn local_clients_are_served_while_the_broker_is_away_and_from_the_start() {
    let hub = hub();
    hub.refuse(true);
    let adapter = ClusterAdapter::<Memory>::with_options(hub.options());
    let io = socketio_core::Server::builder().manager(adapter.clone()).build().unwrap();
    io.on("join", || true);
    let running = integration_tests::running::Running::start(io.clone()).await;
    let mut member = Member::connect(running.port).await;
    io.emit("hello", ()).unwrap();
    member.got(&[r#"42["hello"]"#]).await;
    assert!(!adapter.health().subscribed);

    hub.refuse(false);
    within("the node to join", adapter.ready()).await;
    io.emit("hello again", ()).unwrap();
    member.got(&[r#"42["hello again"]"#]).await;
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_the_broker_keeps_frames_a_cut_link_loses_and_doubles_nothing() {
    let hub = hub();
    let nodes = two::<MemoryLog>(|line| hub.line(line).options()).await;
    let mut clients = nodes.clients().await;
    for number in 0..300 {
        if number % 50 == 25 {
            // The broker has the frames, and the publisher does not know: they go out again.
            hub.line("a").cut_after(1, 0);
        }
        if number % 60 == 30 {
            hub.line("b").cut();
        }
        nodes.nodes[0].io().emit("n", number).unwrap();
        tokio::task::yield_now().await;
    }
    for member in &mut clients {
        for number in 0..300 {
            member.got(&[&format!(r#"42["n",{number}]"#)]).await;
        }
    }
    nodes.nodes[0].io().emit("end", ()).unwrap();
    for member in &mut clients {
        member.got(&[r#"42["end"]"#]).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_published_during_an_outage_arrives_after_it_and_in_order() {
    let hub = hub();
    let nodes = two::<Memory>(|line| hub.line(line).options()).await;
    let mut clients = nodes.clients().await;
    hub.refuse(true);
    hub.cut();
    for node in &nodes.nodes {
        subscribed(&node.adapter, false).await;
    }
    for number in 0..100 {
        nodes.nodes[0].io().emit("n", number).unwrap();
        clients[0].got(&[&format!(r#"42["n",{number}]"#)]).await;
    }
    hub.refuse(false);
    for number in 0..100 {
        clients[1].got(&[&format!(r#"42["n",{number}]"#)]).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_node_that_is_back_waits_for_those_who_listened_before() {
    let hub = hub();
    let nodes = two::<Memory>(|line| hub.line(line).options()).await;
    let mut clients = nodes.clients().await;
    hub.line("a").refuse(true);
    hub.line("b").refuse(true);
    hub.cut();
    for node in &nodes.nodes {
        subscribed(&node.adapter, false).await;
    }
    nodes.nodes[0].io().emit("held", ()).unwrap();
    hub.line("a").refuse(false);
    subscribed(&nodes.nodes[0].adapter, true).await;
    // Only now may the other one return.
    hub.line("b").refuse(false);
    clients[1].got(&[r#"42["held"]"#]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn listeners_that_are_no_members_are_waited_for_by_their_number() {
    let hub = hub();
    let channel = "socketio";
    let channels = [Channel::Exact(channel.into())];
    let listen = async || {
        let stranger = Memory::connect(&hub.options(), "stranger").await.unwrap();
        (stranger.subscribe(&channels, None).await.unwrap(), stranger)
    };
    let _listening = listen().await;
    let node = Node::<Memory>::start(hub.options(), channel).await;
    node.io().emit("before", ()).unwrap();
    assert!(node.adapter.flush(PATIENCE).await);
    hub.cut();
    subscribed(&node.adapter, true).await;
    node.io().emit("held", ()).unwrap();
    assert!(!node.adapter.flush(Duration::from_secs(1)).await);
    let _listening = listen().await;
    assert!(node.adapter.flush(PATIENCE).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_queue_drops_the_oldest_says_so_to_who_displaced_them_and_once_to_the_log() {
    let hub = hub();
    hub.refuse(true);
    let adapter = ClusterAdapter::<Memory>::with_options(hub.options()).max_queued(4096);
    let io = socketio_core::Server::builder().manager(adapter.clone()).build().unwrap();
    let running = integration_tests::running::Running::start(io.clone()).await;
    let mut member = Member::connect(running.port).await;
    let (log, _guard) = Log::of_thread(Level::ERROR);
    let mut displaced = 0;
    for number in 0..100 {
        let receipt = io.emit("n", number).unwrap();
        displaced += receipt.displaced;
        assert_eq!(receipt.local, 1);
        member.got(&[&format!(r#"42["n",{number}]"#)]).await;
    }
    let health = adapter.health();
    assert!(displaced > 0);
    assert_eq!(health.dropped, displaced);
    let lines = log.lines_with("the queue to the other nodes is full");
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].contains("displaced=1"), "{}", lines[0]);
    assert_eq!(health.queued_frames as u64 + displaced, 100);
    assert!(health.queued_bytes <= 4096);
    assert!(!adapter.flush(Duration::from_millis(10)).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frame_over_the_brokers_limit_is_an_error_and_the_link_stays() {
    let hub = hub();
    let nodes = Nodes::<Memory>::start(&hub.options().frame_limit(2000), 2).await;
    let mut clients = nodes.clients().await;
    let error = nodes.nodes[0].io().emit("big", "x".repeat(3000)).unwrap_err();
    assert!(error.to_string().contains("too large"), "{error}");
    nodes.nodes[0].io().emit("small", ()).unwrap();
    for member in &mut clients {
        member.got(&[r#"42["small"]"#]).await;
    }
    assert!(nodes.nodes[0].adapter.health().subscribed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_dies_during_a_question_is_named_and_not_waited_for_beyond_its_time() {
    let hub = hub();
    let nodes = two::<Memory>(|line| hub.line(line).options()).await;
    hub.line("b").refuse(true);
    hub.line("b").cut();
    subscribed(&nodes.nodes[1].adapter, false).await;
    let dead = nodes.nodes[1].adapter.id().clone();
    let everybody = nodes.nodes[0].io().of("/").timeout(Duration::from_secs(1)).except("nobody");
    let counts = within("the answers", everybody.count()).await.unwrap();
    assert_eq!((counts.items.len(), counts.silent), (1, vec![dead]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_that_make_no_sense_cost_a_counter_and_nothing_else() {
    let hub = hub();
    let channel = "socketio";
    let node = Node::<Memory>::start(hub.options(), channel).await;
    let mut member = Member::connect(node.running.port).await;
    let stranger = Memory::connect(&hub.options(), "stranger").await.unwrap();
    let nonsense: [&[u8]; 12] = [
        b"5",
        b"true",
        b"\"method\"",
        b"[\"method\"]",
        b"{}",
        b"{\"method\": 5}",
        b"{\"method\": \"close_room\", \"room\": null, \"namespace\": \"/\"}",
        b"{\"method\": \"emit\"}",
        b"{\"method\": \"emit\", \"event\": \"x\", \"data\": [NaN], \"namespace\": \"/\", \"room\": null}",
        b"\x80\x04\x95}\x94.",
        b"\xff\xfe",
        b"",
    ];
    let frame =
        |payload: &[u8]| Frame { channel: channel.into(), payload: bytes::Bytes::copy_from_slice(payload) };
    let frames: Vec<Frame> = nonsense.iter().map(|payload| frame(payload)).collect();
    stranger.publish(&frames).await.unwrap();
    let emit = br#"{"method": "emit", "event": "fine", "data": ["x"], "namespace": "/", "room": null}"#;
    stranger.publish(&[frame(emit)]).await.unwrap();
    member.got(&[r#"42["fine","x"]"#]).await;
    let health = node.adapter.health();
    assert_eq!(health.frames_refused, nonsense.len() as u64);
    assert!(health.subscribed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_forged_number_silences_nobody_and_a_repeated_frame_is_heard_once() {
    let hub = hub();
    let node = Node::<Memory>::start(hub.options(), "socketio").await;
    let mut member = Member::connect(node.running.port).await;
    let stranger = Memory::connect(&hub.options(), "stranger").await.unwrap();
    let host = HostId::generate();
    let emit = |event: &str, seq: u64| {
        let target = socketio_core::adapter::Target::everyone("/".into());
        let packet = socketio_core::adapter::EventPacket::new(event, &()).unwrap();
        let message = Message::Emit(socketio_core::adapter::wire::Emit::new(target, packet));
        Frame { channel: "socketio".into(), payload: python::encode(&message, &host, seq).into() }
    };
    let frames = [emit("one", 1), emit("forged", 2), emit("two", 2), emit("two", 2), emit("three", 3)];
    stranger.publish(&frames).await.unwrap();
    member.got(&[r#"42["one"]"#, r#"42["forged"]"#, r#"42["two"]"#, r#"42["three"]"#]).await;
    assert_eq!(node.adapter.health().frames_repeated, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shutdown_publishes_what_is_queued_and_leaves_the_cluster_at_once() {
    let hub = hub();
    let mut nodes = two::<Memory>(|line| hub.line(line).options()).await;
    let mut member = Member::connect(nodes.nodes[1].running.port).await;
    let leaver = nodes.nodes.remove(0);
    for number in 0..50 {
        leaver.io().emit("n", number).unwrap();
    }
    leaver.running.stop().await;
    for number in 0..50 {
        member.got(&[&format!(r#"42["n",{number}]"#)]).await;
    }
    let rest = &nodes.nodes[0];
    until("the node to be forgotten", || match rest.io().members().len() {
        1 => Ok(()),
        members => Err(members),
    })
    .await;
    let counts = rest.io().of("/").timeout(PATIENCE).except("nobody").count().await.unwrap();
    assert_eq!(counts.items, [1]);
}
