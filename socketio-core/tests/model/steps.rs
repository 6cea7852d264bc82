//! What may happen to a session: the client does something on one of its connections, or the server does, or time passes.

use proptest::collection::vec;
use proptest::prelude::*;

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
    /// Answers the last ping, if there was one, where the client is.
    Pong,
    Emit,
    /// The server sends the client away.
    SendAway,
    Wait(u64),
}

/// A packet of the client.
#[derive(Clone, Debug)]
pub(crate) enum Said {
    Up(u8),
    /// An event with an attachment, which comes as [`Bytes`](Said::Bytes): next, or later, or never.
    UpWith(u8),
    /// Whether the server asked for it or not.
    Pong,
    Noop,
    Close,
    Probe,
    Upgrade,
    /// No packet of the protocol.
    Garbage,
    /// An attachment, announced or not.
    Bytes,
}

impl Said {
    pub(crate) fn text(&self) -> String {
        match self {
            Said::Up(number) => format!("42[\"up\",{number}]"),
            Said::UpWith(number) => {
                format!("451-[\"up with\",{number},{{\"_placeholder\":true,\"num\":0}}]")
            }
            Said::Pong => "3".into(),
            Said::Noop => "6".into(),
            Said::Close => "1".into(),
            Said::Probe => "2probe".into(),
            Said::Upgrade => "5".into(),
            Said::Garbage => "x".into(),
            Said::Bytes => "bAQID".into(),
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
        any::<u8>().prop_map(|number| {
            let held = Step::BeginPost(vec![Said::Up(number)]);
            vec![Step::Open, Step::Say(Said::Probe), held, Step::Say(Said::Upgrade)]
        }),
    ];
    let heartbeat = (1000..1400_u64).prop_map(|millis| vec![Step::Get, Step::Wait(millis), Step::Pong]);
    let piece = prop_oneof![24 => step().prop_map(|step| vec![step]), 2 => upgrade, 3 => heartbeat];
    vec(piece, 0..40).prop_map(|pieces| pieces.concat())
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
        12 => Just(Step::Pong),
        20 => Just(Step::Emit),
        1 => Just(Step::SendAway),
        12 => (1..700_u64).prop_map(Step::Wait),
    ]
}

fn said() -> impl Strategy<Value = Said> {
    prop_oneof![
        200 => any::<u8>().prop_map(Said::Up),
        4 => any::<u8>().prop_map(Said::UpWith),
        2 => Just(Said::Pong),
        4 => Just(Said::Noop),
        1 => Just(Said::Close),
        1 => Just(Said::Probe),
        1 => Just(Said::Upgrade),
        1 => Just(Said::Garbage),
        1 => Just(Said::Bytes),
    ]
}

/// What may come in one body or one write: most attachments follow their event.
fn several() -> impl Strategy<Value = Vec<Said>> {
    let whole = any::<u8>().prop_map(|number| vec![Said::UpWith(number), Said::Bytes]);
    let piece = prop_oneof![6 => said().prop_map(|said| vec![said]), 1 => whole];
    vec(piece, 1..4).prop_map(|pieces| pieces.concat())
}
