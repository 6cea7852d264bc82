//! Several clients in namespaces and rooms: each hears what the model's plain lists say, in order, once, and nothing else.

use std::collections::BTreeSet;
use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use socketio_core::testing::{Client, Ended};
use socketio_core::{Broadcast, Data, Server, Socket};

use crate::clock::{config, run, settle};

proptest! {
    #![proptest_config(config(128))]

    #[test]
    fn each_client_hears_what_the_model_says(steps in vec(step(), 0..40)) {
        run(async {
            let mut world = World::new();
            for step in steps {
                world.take(step).await;
            }
            world.compare().await;
            world.end().await;
        });
    }
}

#[derive(Clone, Debug)]
enum Step {
    Connect(&'static str),
    /// The client says good-bye,
    Leave(Index),
    /// or is gone without a word,
    Cut(Index),
    /// or is sent away.
    SendAway(Index),
    Join(Index, Vec<&'static str>),
    LeaveRooms(Index, Vec<&'static str>),
    /// To the namespace's clients in any of these rooms, or to all; not to those in any of the others, nor to one client.
    Emit(&'static str, Vec<&'static str>, Vec<&'static str>, Option<Index>),
    /// The same by a handler, for everybody but the client that asked.
    Relay(Index, Vec<&'static str>, Vec<&'static str>),
    /// To one of them.
    Tell(Index),
    /// And with an answer.
    Ask(Index),
    /// To several of them, each with an answer.
    AskAll(&'static str, Vec<&'static str>),
    /// Those in the first room join the second, or leave it,
    MoveIn(&'static str, &'static str, &'static str),
    MoveOut(&'static str, &'static str, &'static str),
    CloseRoom(&'static str, &'static str),
    /// or are sent away.
    Clear(&'static str, &'static str),
    /// Everything that was said so far is compared.
    Compare,
}

const NAMESPACES: [&str; 3] = ["/", "/chat", "/chat/more"];
const ROOMS: [&str; 4] = ["a", "b", "c", ""];

fn step() -> impl Strategy<Value = Step> {
    let namespace = || select(&NAMESPACES[..]);
    let room = || select(&ROOMS[..]);
    let rooms = || vec(room(), 0..3);
    let one = any::<Index>;
    prop_oneof![
        8 => namespace().prop_map(Step::Connect),
        2 => one().prop_map(Step::Leave),
        1 => one().prop_map(Step::Cut),
        1 => one().prop_map(Step::SendAway),
        8 => (one(), rooms()).prop_map(|(one, rooms)| Step::Join(one, rooms)),
        4 => (one(), rooms()).prop_map(|(one, rooms)| Step::LeaveRooms(one, rooms)),
        12 => (namespace(), rooms(), rooms(), prop::option::of(one()))
            .prop_map(|(namespace, to, except, one)| Step::Emit(namespace, to, except, one)),
        6 => (one(), rooms(), rooms()).prop_map(|(one, to, except)| Step::Relay(one, to, except)),
        4 => one().prop_map(Step::Tell),
        4 => one().prop_map(Step::Ask),
        3 => (namespace(), rooms()).prop_map(|(namespace, to)| Step::AskAll(namespace, to)),
        3 => (namespace(), room(), room()).prop_map(|(namespace, of, room)| Step::MoveIn(namespace, of, room)),
        2 => (namespace(), room(), room()).prop_map(|(namespace, of, room)| Step::MoveOut(namespace, of, room)),
        1 => (namespace(), room()).prop_map(|(namespace, room)| Step::CloseRoom(namespace, room)),
        1 => (namespace(), room()).prop_map(|(namespace, room)| Step::Clear(namespace, room)),
        3 => Just(Step::Compare),
    ]
}

/// A client, and what the model knows of it.
struct Member {
    client: Client,
    socket: Socket,
    namespace: &'static str,
    rooms: BTreeSet<&'static str>,
    /// What it will have heard since the last comparison.
    expected: Vec<u32>,
}

impl Member {
    fn is_in_any(&self, rooms: &[&'static str]) -> bool {
        rooms.iter().any(|room| self.rooms.contains(room))
    }
}

struct World {
    io: Server,
    members: Vec<Member>,
    /// The number of the next event.
    next: u32,
    answered: u64,
}

impl World {
    fn new() -> World {
        let io = Server::builder().build().unwrap();
        for namespace in NAMESPACES {
            let namespace = io.of(namespace);
            namespace.on("sync", || ());
            namespace.on(
                "relay",
                |socket: Socket, Data((number, to, except)): Data<(u32, Vec<String>, Vec<String>)>| {
                    let broadcast = if to.is_empty() { socket.broadcast() } else { socket.to(to) };
                    broadcast.except(except).emit("heard", number).is_ok()
                },
            );
        }
        World { io, members: Vec::new(), next: 0, answered: 0 }
    }

    async fn take(&mut self, step: Step) {
        let number = self.next;
        self.next += 1;
        match step {
            Step::Connect(namespace) => {
                if self.members.len() < 8 {
                    let client = Client::builder(&self.io).namespace(namespace).connect().await.unwrap();
                    let socket = self.io.of(namespace).socket(client.id()).expect("it was let in");
                    let (rooms, expected) = Default::default();
                    self.members.push(Member { client, socket, namespace, rooms, expected });
                }
            }
            Step::Leave(one) => {
                if let Some(at) = self.at(one) {
                    self.compare().await;
                    self.members.remove(at).client.disconnect().await.unwrap();
                }
            }
            Step::Cut(one) => {
                if let Some(at) = self.at(one) {
                    drop(self.members.remove(at).client);
                    settle().await;
                }
            }
            Step::SendAway(one) => {
                if let Some(at) = self.at(one) {
                    let gone = self.members.remove(at);
                    gone.socket.disconnect();
                    was_sent_away(gone).await;
                }
            }
            Step::Join(one, rooms) => {
                if let Some(at) = self.at(one) {
                    self.members[at].socket.join(rooms.clone()).unwrap();
                    self.members[at].rooms.extend(rooms);
                }
            }
            Step::LeaveRooms(one, rooms) => {
                if let Some(at) = self.at(one) {
                    self.members[at].socket.leave(rooms.clone());
                    self.members[at].rooms.retain(|room| !rooms.contains(room));
                }
            }
            Step::Emit(namespace, to, except, one) => {
                let mut broadcast = audience(&self.io, namespace, &to).except(except.clone());
                let left_out = one.and_then(|one| self.at(one));
                if let Some(left_out) = left_out {
                    broadcast = broadcast.except(self.members[left_out].client.id());
                }
                broadcast.emit("heard", number).unwrap();
                self.hears(number, namespace, &to, &except, left_out);
            }
            Step::Relay(one, to, except) => {
                if let Some(at) = self.at(one) {
                    let args = (number, to.clone(), except.clone());
                    // One argument, a list.
                    let done = self.members[at].client.emit_with_ack::<bool>("relay", (args,)).await;
                    assert!(done.unwrap());
                    self.hears(number, self.members[at].namespace, &to, &except, Some(at));
                }
            }
            Step::Tell(one) => {
                if let Some(at) = self.at(one) {
                    self.members[at].socket.emit("heard", number).unwrap();
                    self.members[at].expected.push(number);
                }
            }
            Step::Ask(one) => {
                if let Some(at) = self.at(one) {
                    // What came before it is out of the way.
                    self.compare().await;
                    let Member { client, socket, .. } = &mut self.members[at];
                    let answer = async {
                        let event = client.event("question").await.unwrap();
                        assert_eq!(event.args::<u32>().unwrap(), number);
                        event.ack(number + 1).await.unwrap();
                    };
                    let asked = socket.emit_with_ack::<u32>("question", number);
                    let (got, ()) = tokio::join!(asked, answer);
                    assert_eq!(got.unwrap(), number + 1);
                    self.answered += 1;
                }
            }
            Step::AskAll(namespace, to) => {
                self.compare().await;
                let asking = audience(&self.io, namespace, &to);
                let asked = asking.emit_with_ack::<u32>("question", number);
                let mut expected = Vec::new();
                let mut answering = Vec::new();
                for (at, member) in self.members.iter_mut().enumerate() {
                    if member.namespace == namespace && (to.is_empty() || member.is_in_any(&to)) {
                        expected.push(at as u32);
                        answering.push(async move {
                            let event = member.client.event("question").await.unwrap();
                            assert_eq!(event.args::<u32>().unwrap(), number);
                            event.ack(at as u32).await.unwrap();
                        });
                    }
                }
                let answering = async {
                    for answer in answering {
                        answer.await;
                    }
                };
                let (answers, ()) = tokio::join!(asked, answering);
                let answers = answers.unwrap();
                assert!(answers.unfit.is_empty() && answers.silent.is_empty(), "{answers:?}");
                let mut answers: Vec<u32> = answers.answers.into_iter().map(|(_, answer)| answer).collect();
                answers.sort_unstable();
                assert_eq!(answers, expected);
            }
            Step::MoveIn(namespace, of, room) => {
                self.io.of(namespace).to(of).join(room).unwrap();
                self.in_room(namespace, of, |member| member.rooms.insert(room));
            }
            Step::MoveOut(namespace, of, room) => {
                self.io.of(namespace).to(of).leave(room).unwrap();
                self.in_room(namespace, of, |member| member.rooms.remove(room));
            }
            Step::CloseRoom(namespace, room) => {
                self.io.of(namespace).close_room(room).unwrap();
                self.in_room(namespace, room, |member| member.rooms.remove(room));
            }
            Step::Clear(namespace, room) => {
                self.io.of(namespace).to(room).disconnect().unwrap();
                let (gone, stay): (Vec<_>, Vec<_>) = std::mem::take(&mut self.members)
                    .into_iter()
                    .partition(|member| member.namespace == namespace && member.rooms.contains(room));
                self.members = stay;
                for gone in gone {
                    was_sent_away(gone).await;
                }
            }
            Step::Compare => self.compare().await,
        }
    }

    fn at(&self, one: Index) -> Option<usize> {
        (!self.members.is_empty()).then(|| one.index(self.members.len()))
    }

    fn in_room(&mut self, namespace: &str, room: &str, change: impl Fn(&mut Member) -> bool) {
        for member in &mut self.members {
            if member.namespace == namespace && member.rooms.contains(room) {
                change(member);
            }
        }
    }

    fn hears(
        &mut self,
        number: u32,
        namespace: &str,
        to: &[&'static str],
        except: &[&'static str],
        left_out: Option<usize>,
    ) {
        for (at, member) in self.members.iter_mut().enumerate() {
            let named = to.is_empty() || member.is_in_any(to);
            if member.namespace == namespace && named && !member.is_in_any(except) && left_out != Some(at) {
                member.expected.push(number);
            }
        }
    }

    /// Everything that was sent so far has come, and no more; who is where is known.
    async fn compare(&mut self) {
        for member in &mut self.members {
            member.client.emit_with_ack::<()>("sync", ()).await.unwrap();
            has_heard(member).await;
            let rooms: BTreeSet<String> = member.socket.rooms().iter().map(|room| room.to_string()).collect();
            let mut expected: BTreeSet<String> = member.rooms.iter().map(|room| (*room).to_owned()).collect();
            expected.insert(member.client.id().to_string());
            assert_eq!(rooms, expected);
        }
        for namespace in NAMESPACES {
            let expected = self.members.iter().filter(|member| member.namespace == namespace).count();
            assert_eq!(self.io.of(namespace).count(), expected, "in {namespace}");
        }
        let counted = self.io.counters();
        assert_eq!((counted.sockets, counted.pending_acks), (self.members.len(), 0));
    }

    async fn end(self) {
        drop(self.members);
        tokio::time::sleep(Duration::from_secs(1)).await;
        settle().await;
        let left = self.io.counters();
        assert_eq!((left.sessions, left.sockets, left.rooms, left.websockets), (0, 0, 0, 0), "{left:?}");
        assert_eq!((left.pending_acks, left.handlers_running, left.buffered), (0, 0, 0), "{left:?}");
        assert_eq!((left.handler_panics, left.handler_errors, left.arguments_refused), (0, 0, 0), "{left:?}");
    }
}

fn audience(io: &Server, namespace: &str, to: &[&'static str]) -> Broadcast {
    let namespace = io.of(namespace);
    // To no room would be to nobody.
    if to.is_empty() { namespace.local() } else { namespace.to(to.to_vec()) }
}

/// What it was sent before came before the end.
async fn was_sent_away(mut gone: Member) {
    assert_eq!(gone.client.disconnected().await.unwrap(), Ended::ByServer);
    has_heard(&mut gone).await;
}

async fn has_heard(member: &mut Member) {
    let mut heard = Vec::new();
    for _ in 0..member.client.waiting().len() {
        heard.push(member.client.receive::<u32>("heard").await.unwrap());
    }
    assert_eq!(heard, std::mem::take(&mut member.expected));
}
