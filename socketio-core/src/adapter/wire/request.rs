//! Questions to members, and their answers in pieces.

use std::sync::Arc;
use std::time::Duration;

use super::host::HostId;
use super::socket::SocketInfo;
use crate::Sid;
use crate::adapter::{EventPacket, Room, Target};
use crate::protocol::args::RawArgs;

/// A question to every member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Chosen by the sender, new for each of its requests; replies carry it.
    pub id: u64,
    /// How long it waits.
    pub timeout: Duration,
    /// What it wants to know.
    pub ask: Ask,
}

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// Your sockets that are meant: [`Answer::Sockets`].
    Sockets(Target),
    /// How many they are: [`Answer::Count`].
    Count(Target),
    /// The rooms of a namespace and how many of your sockets are in each: [`Answer::Rooms`].
    Rooms {
        /// The namespace.
        namespace: Arc<str>,
    },
    /// What your handlers answer to this event for servers: [`Answer::Event`].
    Event {
        /// The namespace whose handlers hear it.
        namespace: Arc<str>,
        /// What happened.
        packet: EventPacket,
    },
    /// Something that a later release asks: [`Answer::Refused`].
    Unknown,
}

/// An answer, or a piece of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// Who asked.
    pub host: HostId,
    /// What its question was called.
    pub id: u64,
    /// The number of this piece, from 0 without a gap.
    pub piece: u32,
    /// Whether it is the last.
    pub last: bool,
    /// What is answered.
    pub answer: Answer,
}

/// What is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Sockets.
    Sockets(Vec<SocketInfo>),
    /// A number of sockets.
    Count(u64),
    /// Rooms, each with its number of sockets.
    Rooms(Vec<(Room, u64)>),
    /// What a handler answered to an event for servers.
    Event(RawArgs),
    /// How many clients are asked for an ack; the first piece.
    Asked(u64),
    /// Acks, as they come.
    Acks(Vec<(Sid, RawArgs)>),
    /// Clients that were asked and have not answered in time; the last pieces.
    Silent(Vec<Sid>),
    /// Nothing, for this reason: no handler, or a question that this member does not understand.
    Refused(String),
}

impl Reply {
    /// At most this many items are in one reply.
    pub const PIECE_ITEMS: usize = 1000;
    /// A reply of several items has about this many bytes at most: every broker carries that, however it is set up.
    pub const PIECE_BYTES: usize = 256 << 10;

    /// Cuts an answer into replies of bounded size, numbered from `first` on; the last one is marked if `last` says so.
    ///
    /// Each holds at most [`PIECE_ITEMS`](Self::PIECE_ITEMS) items and, by a close estimate, at most [`PIECE_BYTES`](Self::PIECE_BYTES), but one item at least: items
    /// are not cut. An empty list is one reply.
    #[must_use]
    pub fn pieces(host: &HostId, id: u64, first: u32, last: bool, answer: Answer) -> Vec<Reply> {
        let answers: Vec<Answer> = match answer {
            Answer::Sockets(list) => cut(list, socket_size).map(Answer::Sockets).collect(),
            Answer::Rooms(list) => {
                cut(list, |(room, _)| text(room.as_str()) + 24).map(Answer::Rooms).collect()
            }
            Answer::Acks(list) => cut(list, ack_size).map(Answer::Acks).collect(),
            Answer::Silent(list) => cut(list, |sid| text(sid)).map(Answer::Silent).collect(),
            whole @ (Answer::Count(_) | Answer::Event(_) | Answer::Asked(_) | Answer::Refused(_)) => {
                vec![whole]
            }
        };
        let count = answers.len();
        (first..)
            .zip(answers)
            .enumerate()
            .map(|(index, (piece, answer))| Reply {
                host: host.clone(),
                id,
                piece,
                last: last && index + 1 == count,
                answer,
            })
            .collect()
    }
}

/// Lists of bounded size; one empty list of none.
fn cut<T>(items: Vec<T>, size: impl Fn(&T) -> usize) -> impl Iterator<Item = Vec<T>> {
    let mut items = items.into_iter().peekable();
    let mut first = true;
    std::iter::from_fn(move || {
        if !std::mem::take(&mut first) && items.peek().is_none() {
            return None;
        }
        let mut piece = Vec::new();
        let mut bytes = 0;
        while let Some(item) = items.next_if(|item| {
            piece.is_empty() || piece.len() < Reply::PIECE_ITEMS && bytes + size(item) <= Reply::PIECE_BYTES
        }) {
            bytes += size(&item);
            piece.push(item);
        }
        Some(piece)
    })
}

fn socket_size(socket: &SocketInfo) -> usize {
    let pairs = socket.headers.iter().chain(&socket.query);
    let json = socket.auth.iter().chain(&socket.data);
    SOCKET_OVERHEAD
        + text(&socket.sid)
        + socket.rooms.iter().map(|room| text(room.as_str())).sum::<usize>()
        + pairs.map(|(name, value)| text(name) + text(value)).sum::<usize>()
        + json.map(|json| json.as_str().len()).sum::<usize>()
}

fn ack_size((sid, args): &(Sid, RawArgs)) -> usize {
    let attachments: usize = args.attachments().iter().map(|bytes| bytes.len() / 3 * 4 + 8).sum();
    ACK_OVERHEAD + text(sid) + args.json().len() + attachments
}

/// The length of a string in JSON, with what stands around it in a list.
fn text(text: &str) -> usize {
    let escaped = text.bytes().map(|byte| match byte {
        b'"' | b'\\' => 2,
        ..0x20 => 6,
        _ => 1,
    });
    escaped.sum::<usize>() + r#""", "#.len()
}

/// Names of the members, an address, a time.
const SOCKET_OVERHEAD: usize = 200;
const ACK_OVERHEAD: usize = 50;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapter::wire::{Message, python};

    #[test]
    fn an_answer_is_cut_into_pieces_of_bounded_size_and_count() {
        let host = HostId::generate();
        let rooms: Vec<_> = (0..20_000).map(|n| (Room::from(format!("\u{1}\"{n:0200}")), n)).collect();
        let replies = Reply::pieces(&host, 1, 3, true, Answer::Rooms(rooms.clone()));
        let mut together = Vec::new();
        for (index, reply) in replies.iter().enumerate() {
            assert_eq!((reply.piece, reply.last), (3 + index as u32, index + 1 == replies.len()));
            let frame = python::encode(&Message::Reply(reply.clone()), &host, 1);
            assert!(frame.len() < Reply::PIECE_BYTES + 1000, "{}", frame.len());
            let Answer::Rooms(piece) = &reply.answer else { panic!("{reply:?}") };
            assert!(piece.len() <= Reply::PIECE_ITEMS);
            together.extend(piece.clone());
        }
        assert!(replies.len() > 10 && replies.len() < 30, "{}", replies.len());
        assert_eq!(together, rooms);
    }

    #[test]
    fn an_item_beyond_the_bound_goes_alone_and_no_item_is_one_piece() {
        let host = HostId::generate();
        let big = Sid::from("x".repeat(2 * Reply::PIECE_BYTES));
        let silent = vec![Sid::from("a"), big, Sid::from("b"), Sid::from("c")];
        let sizes: Vec<usize> = Reply::pieces(&host, 1, 0, true, Answer::Silent(silent))
            .iter()
            .map(|reply| match &reply.answer {
                Answer::Silent(sids) => sids.len(),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(sizes, [1, 1, 2]);

        let none = Reply::pieces(&host, 1, 0, false, Answer::Sockets(Vec::new()));
        assert_eq!((none.len(), none[0].last), (1, false));
    }
}
