//! From polling to WebSocket while everybody goes on: who reads the queue, and who has the inbox.

use std::sync::{Arc, Mutex};

use ::http::StatusCode;
use shuttle::future::{block_on, spawn};
use shuttle::rand::Rng as _;
use shuttle::thread;

use crate::client::{Client, read_websocket};
use crate::engine::upgrade::Attempt;
use crate::engine::{Close, DisconnectReason};
use crate::sync::settle;
use crate::{Data, Server, Socket};

pub(crate) fn nothing_is_lost_doubled_or_reordered() {
    let Scene { server, client, socket, heard, .. } = Scene::new();
    block_on(async {
        let emitting = emit_all(&socket);
        let posting = spawn({
            let client = client.clone();
            async move { client.post("42[\"up\",0]\u{1e}42[\"up\",1]").await }
        });
        let polling = spawn(poll_until_noop(client.clone()));

        let session = socket.engine_session().clone();
        let attempt = Attempt::begin(session.clone()).unwrap();
        attempt.probed();
        // As the official clients do: `5` is sent when the GET in flight has returned. The POST may still be on its way.
        let polled = polling.await.unwrap();
        let (mut inbox, _) = attempt.take_over().await.unwrap();
        let posted = posting.await.unwrap();
        // A WebSocket takes what it is sent from the first moment on.
        socket.volatile().emit("now", ()).unwrap();
        assert_eq!(server.counters().volatile_dropped, 0);
        // The POST came first, or not at all: then the client was told.
        let mut expected = if posted.0 == StatusCode::OK { vec![0, 1] } else { Vec::new() };
        inbox.text("2[\"up\",2]").unwrap();
        expected.push(2);
        assert_eq!(*heard.lock().unwrap(), expected);

        let rest = EMITS + 1 - polled.len();
        let outgoing = &session.engine.outgoing;
        let (mut read, _) = read_websocket(&session.outbox, outgoing, |read| read.len() == rest).await;
        read.retain(|packet| packet != "42[\"now\"]");
        emitting.join().unwrap();
        assert_eq!([polled, read].concat(), downs());
        assert_eq!(client.get().await.0, StatusCode::BAD_REQUEST, "polling is over");
        assert!(Attempt::begin(session.clone()).is_err(), "one WebSocket has it");
        inbox.close(&Close::new(DisconnectReason::TransportClose));
        settle().await;
    });
    assert_eq!(server.counters().sockets, 0);
}

pub(crate) fn an_upgrade_that_is_abandoned_leaves_polling_as_it_was() {
    let Scene { client, socket, heard, .. } = Scene::new();
    block_on(async {
        let emitting = emit_all(&socket);
        let upgrading = spawn({
            let session = socket.engine_session().clone();
            async move {
                let attempt = Attempt::begin(session.clone()).unwrap();
                attempt.probed();
                drop(attempt);
                // And once more, which does not get as far.
                drop(Attempt::begin(session).unwrap());
            }
        });
        let posting = spawn({
            let client = client.clone();
            async move { client.post("42[\"up\",0]").await }
        });
        let mut polled = Vec::new();
        while polled.len() < EMITS {
            let (status, body) = client.get().await;
            assert_eq!(status, StatusCode::OK);
            polled.extend(packets(&body));
            shuttle::future::yield_now().await;
        }
        assert_eq!(polled, downs());
        assert_eq!(posting.await.unwrap().0, StatusCode::OK);
        upgrading.await.unwrap();
        emitting.join().unwrap();
        // A GET waits again until there is something.
        let polling = spawn(async move { client.get().await.1 });
        socket.emit("last", ()).unwrap();
        assert_eq!(polling.await.unwrap(), "42[\"last\"]");
    });
    assert_eq!(*heard.lock().unwrap(), [0]);
}

pub(crate) fn a_session_that_ends_meanwhile_is_closed_once_and_forgotten() {
    let Scene { server, client, socket, heard, ends } = Scene::new();
    block_on(async {
        let session = socket.engine_session().clone();
        let polling = spawn({
            let client = client.clone();
            // Whatever comes: until it is told that this is over.
            async move {
                loop {
                    let (status, body) = client.get().await;
                    if status != StatusCode::OK || packets(&body).any(|packet| packet == "1") {
                        return;
                    }
                    shuttle::future::yield_now().await;
                }
            }
        });
        let posting = spawn({
            let client = client.clone();
            async move { client.post("42[\"up\",0]").await }
        });
        let upgrading = spawn({
            let session = session.clone();
            async move {
                let Ok(attempt) = Attempt::begin(session.clone()) else { return false };
                attempt.probed();
                let Some((inbox, _)) = attempt.take_over().await else { return false };
                // What the connection does. If it was a GET in flight that was told, it hears of the end alone.
                let (_, close) = read_websocket(&session.outbox, &session.engine.outgoing, |_| false).await;
                inbox.close(&close.or_else(|| session.outbox.closing()).expect("a reason"));
                true
            }
        });
        let closing = thread::spawn(move || close(&socket));
        let by_websocket = upgrading.await.unwrap();
        let posted = posting.await.unwrap().0 == StatusCode::OK;
        closing.join().unwrap();
        polling.await.unwrap();
        settle().await;
        assert!(heard.lock().unwrap().len() <= usize::from(posted));
        if !by_websocket {
            assert_eq!(server.counters().sessions, 0, "forgotten");
        }
    });
    assert_eq!(*ends.lock().unwrap(), 1);
    assert_eq!(server.counters().sockets, 0);
}

pub(crate) fn a_session_that_ends_during_a_post_ends_with_it() {
    let Scene { server, client, socket, ends, .. } = Scene::new();
    let posting = thread::spawn(move || drop(block_on(client.post("42[\"up\",0]"))));
    close(&socket);
    posting.join().unwrap();
    block_on(settle());
    assert_eq!(
        (*ends.lock().unwrap(), server.counters().sockets),
        (1, 0),
        "without a poll that would tell the client"
    );
}

pub(crate) fn a_deadline_that_comes_as_the_server_shuts_down_leaves_the_client_time_for_the_news_and_no_more()
{
    let Scene { client, socket, .. } = Scene::new();
    let session = socket.engine_session().clone();
    let sweeping = thread::spawn({
        let session = session.clone();
        move || session.tell_due()
    });
    session.close(Close::new(DisconnectReason::ServerShuttingDown));
    sweeping.join().unwrap();
    block_on(async {
        settle().await;
        let now = session.engine.now();
        assert!(!session.is_due(now) && session.is_due(now + 1000), "what it has is not the grace");
        assert_eq!(client.get().await, (StatusCode::OK, "1".to_owned()));
    });
}

/// Ends the session from this side, for one reason or another: not all leave the client time to hear of it.
fn close(socket: &Socket) {
    let reasons = [
        DisconnectReason::ServerShuttingDown,
        DisconnectReason::ForcedServerClose,
        DisconnectReason::TransportError,
    ];
    let reason = reasons[shuttle::rand::thread_rng().gen_range(0..reasons.len())];
    socket.engine_session().close(Close::new(reason));
}

/// A client that polls, let in, with nothing on its way.
struct Scene {
    server: Server,
    client: Client,
    socket: Socket,
    /// What the handler of `up` was given.
    heard: Arc<Mutex<Vec<u64>>>,
    /// Runs of the handler of the end.
    ends: Arc<Mutex<usize>>,
}

impl Scene {
    fn new() -> Scene {
        let server = Server::builder().build().unwrap();
        let (heard, ends): (Arc<Mutex<Vec<u64>>>, Arc<Mutex<usize>>) = Default::default();
        let (up, end) = (heard.clone(), ends.clone());
        server.on("up", move |Data(number): Data<u64>| up.lock().unwrap().push(number));
        server.on_disconnect(move || *end.lock().unwrap() += 1);
        let client = block_on(async {
            let client = Client::connect(&server).await;
            assert!(client.get().await.1.starts_with("40"));
            client
        });
        let socket = server.of("/").sockets().pop().unwrap();
        Scene { server, client, socket, heard, ends }
    }
}

const EMITS: usize = 3;

fn emit_all(socket: &Socket) -> thread::JoinHandle<()> {
    let socket = socket.clone();
    thread::spawn(move || (0..EMITS).for_each(|number| socket.emit("down", number).unwrap()))
}

/// The packets that [`emit_all`] sends.
fn downs() -> Vec<String> {
    (0..EMITS).map(|number| format!("42[\"down\",{number}]")).collect()
}

/// Polls until a GET comes back with nothing for the client: that is how it hears that the upgrade may go on.
async fn poll_until_noop(client: Client) -> Vec<String> {
    let mut polled = Vec::new();
    loop {
        let (status, body) = client.get().await;
        assert_eq!(status, StatusCode::OK);
        if body == "6" {
            return polled;
        }
        polled.extend(packets(&body));
    }
}

/// The messages of a polling answer.
fn packets(body: &str) -> impl Iterator<Item = String> {
    body.split('\u{1e}').filter(|packet| *packet != "6").map(str::to_owned)
}
