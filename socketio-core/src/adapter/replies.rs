//! Answers to an operation that asks, as they come.

use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use tokio::sync::mpsc;

use super::room::Room;
use super::wire::{HostId, SocketInfo};
use crate::protocol::args::RawArgs;
use crate::protocol::sid::Sid;

/// An answer, or who gave none.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Reply {
    /// A client's answer to an event.
    Ack {
        /// Which client.
        sid: Sid,
        /// What it answered.
        args: RawArgs,
    },
    /// Some of the sockets that were asked for.
    Sockets(Vec<SocketInfo>),
    /// How many sockets one node has.
    Count(u64),
    /// Some of the rooms of one node, each with its number of sockets there.
    Rooms(Vec<(Room, u64)>),
    /// What another server's handler answered.
    Event {
        /// Which server.
        node: HostId,
        /// What it answered.
        args: RawArgs,
    },
    /// Clients that did not answer in time, or went away.
    SilentSockets(Vec<Sid>),
    /// Nodes that did not answer in time, or went away: what they would have said is missing.
    SilentNodes(Vec<HostId>),
}

/// A stream of [`Reply`]: each as it comes, who was silent at the end. It ends by the operation's own deadline.
#[derive(Debug)]
pub struct Replies {
    receiver: mpsc::UnboundedReceiver<Reply>,
}

impl Replies {
    /// A stream, and the end that feeds it. Whoever feeds it keeps to the deadline and to bounds.
    pub(crate) fn channel() -> (mpsc::UnboundedSender<Reply>, Replies) {
        let (sender, receiver) = mpsc::unbounded_channel();
        (sender, Replies { receiver })
    }

    /// The next one; `None` at the end.
    pub async fn next(&mut self) -> Option<Reply> {
        self.receiver.recv().await
    }
}

impl Stream for Replies {
    type Item = Reply;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Reply>> {
        self.receiver.poll_recv(cx)
    }
}
