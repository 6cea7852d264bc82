use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream;
use tokio::task::coop;
use tokio::time::{Instant, sleep, timeout};

use super::answering::{Answering, TURNS};
use super::inner::Cluster;
use super::{Adapter as _, ClusterAdapter};
use crate::adapter::broker::{Broker, Channel, Feed, Frame, PublishError};
use crate::adapter::memory::{Memory, MemoryHub};
use crate::adapter::publisher::{Outgoing, QueueLimits};
use crate::adapter::wire::{Answer, HostId, Message, Reply, python};
use crate::protocol::args::RawArgs;
use crate::{Server, Sid};

async fn node(hub: &MemoryHub) -> (Server, ClusterAdapter<Memory>) {
    let adapter = ClusterAdapter::<Memory>::with_options(hub.options());
    let io = Server::builder().manager(adapter.clone()).build().unwrap();
    adapter.ready().await;
    (io, adapter)
}

/// Two nodes that know each other.
async fn two_nodes(hub: &MemoryHub) -> [(Server, ClusterAdapter<Memory>); 2] {
    let nodes = [node(hub).await, node(hub).await];
    soon("them to meet", || nodes.iter().all(|(_, node)| node.health().members == 1)).await;
    nodes
}

async fn soon(what: &str, is_so: impl Fn() -> bool) {
    let waiting = async {
        while !is_so() {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(Duration::from_secs(60), waiting).await.unwrap_or_else(|_| panic!("waiting for {what}"));
}

#[tokio::test(start_paused = true)]
async fn while_a_broker_asks_to_wait_links_members_and_queue_stay_as_they_are() {
    let hub = MemoryHub::named(&Sid::generate());
    let [(io, a), (_io, b)] = two_nodes(&hub).await;
    hub.block(true);
    io.emit("held", ()).unwrap();
    let begin = Instant::now();
    // Longer than anything else is waited for, and less than frames wait at most.
    while begin.elapsed() < Duration::from_secs(50) {
        for node in [&a, &b] {
            assert!(node.health().subscribed && node.health().members == 1, "{:?}", node.health());
        }
        sleep(Duration::from_millis(10)).await;
    }
    assert!(a.health().queued_frames > 0);
    let before = b.health().frames_received;
    hub.block(false);
    assert!(a.flush(Duration::from_secs(2)).await);
    sleep(Duration::from_secs(20)).await;
    for node in [&a, &b] {
        let health = node.health();
        assert!(health.subscribed && health.members == 1 && health.frames_missed == 0, "{health:?}");
    }
    assert!(b.health().frames_received > before);
}

#[tokio::test(start_paused = true)]
async fn after_an_outage_nobody_waits_for_a_node_that_says_goodbye() {
    let hub = MemoryHub::named(&Sid::generate());
    let [(_here, a), (_there, b)] = two_nodes(&hub).await;
    let [here, there] = [&a, &b].map(|node| node.cluster());
    here.link_down(&std::io::Error::other("cut"));
    here.link_up();
    assert!(!here.all_are_back());
    here.receive(&there.bye());
    assert!(here.all_are_back());
}

#[tokio::test(start_paused = true)]
async fn who_closes_second_waits_for_the_goodbye_too() {
    let hub = MemoryHub::named(&Sid::generate());
    let [(io, a), _b] = two_nodes(&hub).await;
    hub.block(true);
    io.emit("held", ()).unwrap();
    let begin = Instant::now();
    let again = a.clone();
    let (first, second) = tokio::join!(
        async {
            a.close().await;
            begin.elapsed()
        },
        async {
            again.close().await;
            begin.elapsed()
        },
    );
    assert!(first >= Duration::from_secs(2) && second >= first, "{first:?} {second:?}");
}

#[tokio::test(start_paused = true)]
async fn what_waits_while_the_link_is_down_has_one_attempt_more_when_the_adapter_is_closed() {
    let hub = MemoryHub::named(&Sid::generate());
    let line = hub.line("a");
    let a = ClusterAdapter::<Memory>::with_options(line.options());
    let io = Server::builder().manager(a.clone()).build().unwrap();
    a.ready().await;
    let (there, b) = node(&hub).await;
    let heard = Arc::new(AtomicUsize::new(0));
    let counting = heard.clone();
    there.of("/").on_server_event("last words", move |()| {
        counting.fetch_add(1, SeqCst);
        async {}
    });
    line.refuse(true);
    line.cut();
    soon("the cut", || !a.health().subscribed).await;
    sleep(Duration::from_secs(30)).await; // it has tried for long, and pauses between two attempts
    io.of("/").server_side_emit("last words", ()).unwrap();
    line.refuse(false);
    a.close().await;
    assert_eq!(a.health().queued_frames, 0);
    soon("the last words", || heard.load(SeqCst) == 1).await;
    assert_eq!(b.health().frames_missed, 0);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_dropped_and_never_closed_leaves_the_others() {
    let hub = MemoryHub::named(&Sid::generate());
    let [(_here, a), (there, b)] = two_nodes(&hub).await;
    drop((there, b));
    let begin = Instant::now();
    soon("it to leave", || a.health().members == 0).await;
    assert!(begin.elapsed() < Duration::from_secs(2), "it said goodbye");
}

#[test]
fn a_setting_that_comes_behind_a_clone_makes_another_adapter() {
    let manager = ClusterAdapter::<Memory>::new("memory://shop").unwrap();
    let other = manager.clone().channel("shop");
    assert_eq!(&**other.cluster().outgoing.channel(), "shop");
    assert_eq!(&**manager.cluster().outgoing.channel(), "socketio");
    assert_ne!(manager.id(), other.id());
    assert_eq!(manager.id(), manager.clone().id());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_of_a_server_start_their_handlers_in_its_order() {
    let hub = MemoryHub::named(&Sid::generate());
    let [(here, _a), (there, _b)] = two_nodes(&hub).await;
    let heard = Arc::new(Mutex::new(Vec::new()));
    let hearing = heard.clone();
    there.of("/").on_server_event("number", move |number: usize| {
        let hearing = hearing.clone();
        async move { hearing.lock().unwrap().push(number) }
    });
    for number in 0..5_000 {
        here.of("/").server_side_emit("number", number).unwrap();
    }
    soon("all of them", || heard.lock().unwrap().len() == 5_000).await;
    assert!(heard.lock().unwrap().is_sorted());
}

/// Arguments that take their reader down.
#[derive(Debug)]
struct Bomb;

impl<'de> serde::Deserialize<'de> for Bomb {
    fn deserialize<D: serde::Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        explode();
        unreachable!()
    }
}

fn explode() {
    panic!("on purpose")
}

#[tokio::test(start_paused = true)]
async fn a_handler_of_server_events_that_panics_costs_its_answer_and_nothing_else() {
    let hub = MemoryHub::named(&Sid::generate());
    let [(here, _a), (there, b)] = two_nodes(&hub).await;
    there.of("/").on_server_event("bomb", |_: Bomb| async {});
    there.of("/").on_server_event("at once", |()| async { explode() });
    there.of("/").on_server_event("later", |()| async {
        sleep(Duration::from_millis(5)).await;
        explode()
    });
    there.of("/").on_server_event("well", |()| async { 7 });
    let begin = Instant::now();
    let ask = async |event: &str| {
        let answers = here.of("/").server_side_emit_with_ack::<u8>(event, (), Duration::from_secs(5)).await;
        answers.unwrap().answers.len()
    };
    for event in ["bomb", "at once", "later"] {
        assert_eq!(ask(event).await, 0);
    }
    here.of("/").server_side_emit("bomb", ()).unwrap();
    assert_eq!(ask("well").await, 1);
    assert!(begin.elapsed() < Duration::from_secs(2), "nobody was waited for");
    assert_eq!(there.counters().handler_panics, 4);
    assert!(b.health().subscribed);
}

/// The pieces that wait, as whoever asked reads them; the broker has them then.
fn taken(outgoing: &Outgoing) -> Vec<Reply> {
    let Some(batch) = outgoing.queue().front() else { return Vec::new() };
    outgoing.queue().published(&batch, batch.frames.len());
    let reply =
        |frame: &Frame| match python::open(&frame.payload, python::MAX_FRAME).unwrap().decode().unwrap() {
            Message::Reply(reply) => reply,
            other => panic!("{other:?}"),
        };
    batch.frames.iter().map(reply).collect()
}

fn cluster(queue: usize, frame_limit: usize) -> (Arc<Cluster>, Answering) {
    let limits = QueueLimits { bytes: queue, ..QueueLimits::default() };
    let cluster = Arc::new(Cluster::new("socketio".into(), limits, frame_limit));
    let answering = Answering::new(&cluster, &HostId::generate(), 1, Duration::from_secs(60));
    (cluster, answering)
}

#[tokio::test]
async fn an_answer_larger_than_the_queue_displaces_nothing_and_arrives_whole() {
    let (cluster, mut answering) = cluster(1 << 20, usize::MAX);
    cluster.say(&Message::Bye);
    let rooms = (0..100_000).map(|number| (format!("room {number}").into(), 1)).collect();
    let saying = tokio::spawn(async move { answering.last(Answer::Rooms(rooms)).await });
    tokio::task::yield_now().await;
    let batch = cluster.outgoing.queue().front().unwrap();
    cluster.outgoing.queue().published(&batch, 1); // what waited before it
    let (mut pieces, mut rooms) = (0, 0);
    for _ in 0..1_000 {
        for reply in taken(&cluster.outgoing) {
            assert_eq!(reply.piece, pieces);
            pieces += 1;
            let Answer::Rooms(some) = reply.answer else { panic!("{:?}", reply.answer) };
            rooms += some.len();
            assert_eq!(reply.last, rooms == 100_000);
        }
        tokio::task::yield_now().await;
    }
    assert_eq!(rooms, 100_000);
    saying.await.unwrap();
    assert_eq!(cluster.outgoing.queue().dropped(), 0);
}

#[tokio::test(start_paused = true)]
async fn answers_that_wait_for_the_broker_are_few_and_end_with_their_questions() {
    let (cluster, _) = cluster(1 << 20, usize::MAX);
    let asked = HostId::generate();
    let made = Arc::new(AtomicUsize::new(0));
    let rooms = || (0..50_000).map(|number| (format!("room {number}").into(), 1)).collect();
    let answers: Vec<_> = (0..100)
        .map(|id| {
            let (mut answering, made) =
                (Answering::new(&cluster, &asked, id, Duration::from_secs(5)), made.clone());
            tokio::spawn(async move {
                let answer = || {
                    made.fetch_add(1, SeqCst);
                    Answer::Rooms(rooms())
                };
                answering.whole(answer).await;
            })
        })
        .collect();
    sleep(Duration::from_secs(1)).await;
    assert_eq!(made.load(SeqCst), TURNS);
    for answer in answers {
        answer.await.unwrap();
    }
    assert_eq!((made.load(SeqCst), cluster.outgoing.queue().dropped()), (TURNS, 0));
}

#[tokio::test]
async fn an_ack_that_no_frame_can_carry_is_told_and_those_behind_it_arrive() {
    let (cluster, mut answering) = cluster(1 << 20, 2_000);
    let ack = |size: usize| RawArgs::encode(&"x".repeat(size)).unwrap();
    let fat: Sid = Sid::generate();
    let acks = vec![(fat.clone(), ack(3_000))];
    assert_eq!(answering.say(Answer::Acks(acks)).await, std::slice::from_ref(&fat));
    assert!(answering.say(Answer::Acks(vec![(Sid::generate(), ack(10))])).await.is_empty());
    answering.last(Answer::Silent(vec![fat.clone()])).await;
    let replies = taken(&cluster.outgoing);
    assert_eq!(
        replies.iter().map(|reply| (reply.piece, reply.last)).collect::<Vec<_>>(),
        [(0, false), (1, true)]
    );
    assert!(matches!(&replies[1].answer, Answer::Silent(sids) if *sids == [fat]));
}

#[tokio::test]
async fn an_answer_that_no_frame_can_carry_is_a_refusal() {
    let (cluster, mut answering) = cluster(1 << 20, 2_000);
    answering.last(Answer::Event(RawArgs::encode(&"x".repeat(3_000)).unwrap())).await;
    let replies = taken(&cluster.outgoing);
    assert!(
        matches!(&replies[..], [Reply { piece: 0, last: true, answer: Answer::Refused(_), .. }]),
        "{replies:?}"
    );
}

/// A broker whose channel is never silent.
#[derive(Debug)]
struct Torrent {
    published: Arc<AtomicUsize>,
}

#[derive(Clone, Debug, Default)]
struct TorrentOptions {
    published: Arc<AtomicUsize>,
}

impl std::str::FromStr for TorrentOptions {
    type Err = std::io::Error;

    fn from_str(_: &str) -> Result<Self, Self::Err> {
        Ok(Self::default())
    }
}

/// Yields for as long as its task may go on in one turn.
struct Flood;

impl Stream for Flood {
    type Item = Result<Frame, std::io::Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if !coop::has_budget_remaining() {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(Some(Ok(Frame { channel: "socketio".into(), payload: Bytes::from_static(b"noise") })))
    }
}

impl Feed for Flood {
    type Error = std::io::Error;
    type Cursor = ();

    fn cursor(&self) -> Option<()> {
        None
    }
}

impl Broker for Torrent {
    type Options = TorrentOptions;
    type Error = std::io::Error;
    type Feed = Flood;

    const KEEPS: bool = false;

    async fn connect(options: &TorrentOptions, _: &str) -> Result<Self, std::io::Error> {
        Ok(Torrent { published: options.published.clone() })
    }

    async fn publish(&self, frames: &[Frame]) -> Result<(), PublishError<std::io::Error>> {
        coop::consume_budget().await; // as locks and channels do
        self.published.fetch_add(frames.len(), SeqCst);
        Ok(())
    }

    async fn subscribe(&self, _: &[Channel], _: Option<&()>) -> Result<Flood, std::io::Error> {
        Ok(Flood)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_whose_channel_is_never_silent_is_heard_all_the_same() {
    let options = TorrentOptions::default();
    let adapter = ClusterAdapter::<Torrent>::with_options(options.clone());
    let io = Server::builder().manager(adapter.clone()).build().unwrap();
    io.emit("news", ()).unwrap();
    soon("a hello, and the news", || options.published.load(SeqCst) >= 2).await;
    io.close().await;
}
