//! What may happen to a session: the client does something on one of its connections, or the server does, or time passes.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::namespaces::Name;
use crate::words::Packet;

#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// A GET, unless one is in flight,
    Get,
    /// or although one is.
    AnotherGet,
    /// The GET in flight is cut.
    CutGet,
    /// A POST, unless one is in flight,
    Post(Vec<Said>),
    /// or although one is.
    AnotherPost(Vec<Said>),
    /// A POST, unless one is in flight, of which only a part of the body comes,
    BeginPost(Vec<Said>),
    /// then the rest of it,
    FinishPost,
    /// or nothing more.
    CutPost,
    /// A WebSocket for an upgrade.
    Open,
    /// A text or binary frame on it.
    Say(Said),
    /// Several in one write.
    SayTogether(Vec<Said>),
    /// A ping of the WebSocket itself.
    Ping,
    CloseFrame,
    CutWebsocket,
    /// The client takes nothing from its WebSocket,
    Stall,
    /// and then all that there is.
    Flow,
    /// Answers the last ping, if there was one, where the client is.
    Pong,
    Emit(Name),
    /// More than a connection, or an answer to a GET, takes at once.
    Flood(Name),
    /// The server sends the client out of a namespace,
    SendOut(Name),
    /// or away.
    SendAway,
    Shutdown,
    Wait(u64),
}

/// A packet of the client.
#[derive(Clone, Debug)]
pub(crate) enum Said {
    Packet(Packet),
    /// Whether the server asked for it or not.
    Pong,
    Noop,
    Close,
    Probe,
    Upgrade,
    /// No packet of the protocol.
    Garbage,
}

impl Said {
    /// A packet of Engine.IO that is no message.
    pub(crate) fn text(&self) -> &'static str {
        match self {
            Said::Pong => "3",
            Said::Noop => "6",
            Said::Close => "1",
            Said::Probe => "2probe",
            Said::Upgrade => "5",
            Said::Garbage => "x",
            Said::Packet(packet) => unreachable!("{packet:?} is a message"),
        }
    }
}

pub(crate) fn steps() -> impl Strategy<Value = Vec<Step>> {
    // Most cases live for long; some upgrade by the book, and what comes between is up to chance.
    let upgrade = prop_oneof![
        Just(vec![Step::Open, Step::Say(Said::Probe), Step::Say(Said::Upgrade)]),
        (step(), step()).prop_map(|(one, two)| {
            vec![Step::Open, one, Step::Say(Said::Probe), two, Step::Say(Said::Upgrade)]
        }),
        several().prop_map(|said| {
            let early = [vec![Said::Upgrade], said].concat();
            vec![Step::Open, Step::Say(Said::Probe), Step::SayTogether(early)]
        }),
        packet().prop_map(|packet| {
            let held = Step::BeginPost(vec![Said::Packet(packet)]);
            vec![Step::Open, Step::Say(Said::Probe), held, Step::Say(Said::Upgrade)]
        }),
        // One that takes too long, then one that does not.
        (0..3_usize, 600..800_u64).prop_map(|(before, millis)| {
            let whole = [Step::Open, Step::Say(Said::Probe), Step::Say(Said::Upgrade)];
            let mut steps = whole.to_vec();
            steps.insert(before, Step::Wait(millis));
            steps.extend(whole);
            steps
        }),
    ];
    let heartbeat = (1000..1400_u64).prop_map(|millis| vec![Step::Get, Step::Wait(millis), Step::Pong]);
    let slow = (name(), step(), 1..700_u64).prop_map(|(name, step, millis)| {
        vec![Step::Stall, Step::Flood(name), step, Step::Wait(millis), Step::Flow]
    });
    let leave = (name(), step()).prop_map(|(name, step)| {
        [anyhow(vec![Packet::Leave(name)]), vec![step], anyhow(vec![Packet::Join(name)])].concat()
    });
    let leave_together = name().prop_map(|name| anyhow(vec![Packet::Leave(name), Packet::Join(name)]));
    let back = (name(), step()).prop_map(|(name, step)| {
        [vec![Step::SendOut(name), step], anyhow(vec![Packet::Join(name)])].concat()
    });
    let piece = prop_oneof![
        24 => step().prop_map(|step| vec![step]),
        2 => upgrade,
        3 => heartbeat,
        1 => slow,
        1 => leave,
        1 => leave_together,
        1 => back,
    ];
    let everywhere = anyhow(vec![Packet::Join(Name::Chat), Packet::Join(Name::News)]);
    let first = prop_oneof![3 => Just(everywhere), 1 => Just(Vec::new())];
    (first, vec(piece, 0..40)).prop_map(|(first, pieces)| [first, pieces.concat()].concat())
}

/// By POST, and if that is not how the client speaks, on its WebSocket.
fn anyhow(packets: Vec<Packet>) -> Vec<Step> {
    let said: Vec<_> = packets.into_iter().map(Said::Packet).collect();
    vec![Step::Post(said.clone()), Step::SayTogether(said)]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        20 => Just(Step::Get),
        1 => Just(Step::AnotherGet),
        1 => Just(Step::CutGet),
        12 => several().prop_map(Step::Post),
        1 => several().prop_map(Step::AnotherPost),
        4 => several().prop_map(Step::BeginPost),
        6 => Just(Step::FinishPost),
        1 => Just(Step::CutPost),
        3 => Just(Step::Open),
        3 => Just(Step::Say(Said::Probe)),
        3 => Just(Step::Say(Said::Upgrade)),
        12 => said().prop_map(Step::Say),
        3 => several().prop_map(Step::SayTogether),
        3 => Just(Step::Ping),
        1 => Just(Step::CloseFrame),
        1 => Just(Step::CutWebsocket),
        1 => Just(Step::Stall),
        2 => Just(Step::Flow),
        12 => Just(Step::Pong),
        20 => name().prop_map(Step::Emit),
        1 => name().prop_map(Step::Flood),
        2 => name().prop_map(Step::SendOut),
        1 => Just(Step::SendAway),
        1 => Just(Step::Shutdown),
        12 => (1..700_u64).prop_map(Step::Wait),
    ]
}

fn said() -> impl Strategy<Value = Said> {
    prop_oneof![
        200 => packet().prop_map(Said::Packet),
        2 => Just(Said::Pong),
        4 => Just(Said::Noop),
        1 => Just(Said::Close),
        1 => Just(Said::Probe),
        1 => Just(Said::Upgrade),
        1 => Just(Said::Garbage),
    ]
}

fn packet() -> impl Strategy<Value = Packet> {
    prop_oneof![
        100 => (name(), any::<u8>()).prop_map(|(name, number)| Packet::Up(name, number)),
        4 => (name(), any::<u8>()).prop_map(|(name, number)| Packet::UpWith(name, number)),
        40 => (name(), any::<u8>()).prop_map(|(name, number)| Packet::Ask(name, number)),
        4 => name().prop_map(Packet::Leave),
        2 => name().prop_map(Packet::Join),
        2 => Just(Packet::Join(Name::Nowhere)),
        1 => Just(Packet::Up(Name::Nowhere, 0)),
        1 => Just(Packet::Bytes),
        1 => Just(Packet::Wrong),
    ]
}

/// What may come in one body or one write: most attachments follow their event.
fn several() -> impl Strategy<Value = Vec<Said>> {
    let whole = (name(), any::<u8>()).prop_map(|(name, number)| {
        vec![Said::Packet(Packet::UpWith(name, number)), Said::Packet(Packet::Bytes)]
    });
    let piece = prop_oneof![6 => said().prop_map(|said| vec![said]), 1 => whole];
    vec(piece, 1..4).prop_map(|pieces| pieces.concat())
}

fn name() -> impl Strategy<Value = Name> {
    select(&[Name::Root, Name::Root, Name::Chat, Name::News][..])
}
