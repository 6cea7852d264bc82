//! What a server can ask of many sockets, beside what it can tell them: a [`Broadcast`] whose adapter brings answers.

use std::collections::HashMap;
use std::time::Duration;

use tokio::runtime::Handle;

use super::broadcast::Broadcast;
use super::error::{AdapterError, EmitError};
use super::local::Adapter;
use super::operation::{EventPacket, Operation};
use super::replies::{Replies, Reply};
use super::reserved;
use super::room::Room;
use super::wire::HostId;
use crate::protocol::args::{DecodeError, IntoArgs, RawArgs};
use crate::protocol::sid::Sid;
use crate::server::{AckError, Answer, RemoteSocket};

/// What every node told, and who did not.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Fetched<T> {
    /// What was told, in no order.
    pub items: Vec<T>,
    /// Nodes that did not answer in time, or went away: their part is missing.
    pub silent: Vec<HostId>,
}

/// What clients answered to a broadcast, and who did not.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Answers<T> {
    /// One per client that answered, in the order in which they came.
    pub answers: Vec<(Sid, T)>,
    /// Clients whose answer does not fit the type that was asked for.
    pub unfit: Vec<(Sid, DecodeError)>,
    /// Clients that did not answer in time, or went away, or could not be asked: too many of their answers are awaited already.
    pub silent: Vec<Sid>,
    /// Nodes that did not answer in time, or went away: who their clients are is not known here.
    pub silent_nodes: Vec<HostId>,
}

impl<T: Answer> Answers<T> {
    pub(crate) async fn gather(mut replies: Replies) -> Self {
        let (answers, unfit, silent, silent_nodes) = Default::default();
        let mut all = Answers { answers, unfit, silent, silent_nodes };
        while let Some(reply) = replies.next().await {
            match reply {
                Reply::Ack { sid, args } => match read(&args) {
                    Ok(answer) => all.answers.push((sid, answer)),
                    Err(error) => all.unfit.push((sid, error)),
                },
                Reply::SilentSockets(sids) => all.silent.extend(sids),
                Reply::SilentNodes(nodes) => all.silent_nodes.extend(nodes),
                _ => {}
            }
        }
        all
    }
}

impl Broadcast<dyn Adapter> {
    /// Leaves the other nodes of a cluster out.
    pub fn local(mut self) -> Self {
        self.target.local = true;
        self
    }

    /// Sets how long answers are waited for. Default: 5 s.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    fn deadline(&self) -> Duration {
        self.timeout.unwrap_or(Duration::from_secs(5))
    }

    /// Sends `event` to each of the sockets, and yields their answers as they come, then who was silent.
    ///
    /// # Errors
    ///
    /// [`EmitError::Encode`], [`EmitError::ReservedEvent`]: nobody was asked.
    pub fn ask(&self, event: &str, args: impl IntoArgs) -> Result<Replies, EmitError> {
        reserved::check(event)?;
        let packet = EventPacket::new(event, &args)?.with_flags(self.flags);
        let (target, timeout) = (self.target.clone(), self.deadline());
        Ok(self.dispatch.request(Operation::EmitWithAck { target, packet, timeout })?)
    }

    /// Sends `event` to each of the sockets, and gathers their answers until all have come or the time is over.
    ///
    /// # Errors
    ///
    /// Nobody was asked.
    pub async fn emit_with_ack<T: Answer>(
        &self,
        event: &str,
        args: impl IntoArgs,
    ) -> Result<Answers<T>, AckError> {
        Ok(Answers::gather(self.ask(event, args)?).await)
    }

    /// Sends `event` to each of the sockets, and has `answered` called once for each: with its answer, or with what came instead of one,
    /// in 5 s, or what [`timeout`](Self::timeout) says. For clients of a node that falls silent it is not called: the log names the node.
    ///
    /// # Errors
    ///
    /// Nobody was asked, and `answered` is not called.
    pub fn emit_with_callback<T: Answer>(
        &self,
        event: &str,
        args: impl IntoArgs,
        answered: impl Fn(Sid, Result<T, AckError>) + Send + 'static,
    ) -> Result<(), EmitError> {
        let runtime = self.dispatch.runtime().or_else(|| Handle::try_current().ok());
        let runtime = runtime.ok_or(AdapterError::NoServer)?;
        let timeout = self.deadline();
        let mut replies = self.ask(event, args)?;
        runtime.spawn(async move {
            while let Some(reply) = replies.next().await {
                match reply {
                    Reply::Ack { sid, args } => answered(sid, read(&args).map_err(AckError::Decode)),
                    Reply::SilentSockets(sids) => {
                        sids.into_iter().for_each(|sid| answered(sid, Err(AckError::Timeout(timeout))));
                    }
                    Reply::SilentNodes(nodes) => {
                        tracing::warn!(target: "socketio::cluster", ?nodes, "nodes did not tell what their clients answered");
                    }
                    _ => {}
                }
            }
        });
        Ok(())
    }

    /// The sockets themselves, on every node.
    ///
    /// Nodes have 5 s to answer, or what [`timeout`](Self::timeout) says; [`Fetched::silent`] names those that did not.
    ///
    /// # Errors
    ///
    /// Nobody was asked.
    pub async fn fetch_sockets(&self) -> Result<Fetched<RemoteSocket>, AdapterError> {
        let operation = Operation::FetchSockets { target: self.target.clone(), timeout: self.deadline() };
        let (adapter, namespace) = (self.dispatch.clone(), self.target.namespace.clone());
        self.fetch(operation, |reply| match reply {
            Reply::Sockets(sockets) => sockets
                .into_iter()
                .map(|info| RemoteSocket::new(adapter.clone(), namespace.clone(), info))
                .collect(),
            _ => Vec::new(),
        })
        .await
    }

    /// How many they are, on every node: [`Fetched::items`] has a number per node.
    ///
    /// Nodes have 5 s to answer, or what [`timeout`](Self::timeout) says; [`Fetched::silent`] names those that did not.
    ///
    /// # Errors
    ///
    /// Nobody was asked.
    pub async fn count(&self) -> Result<Fetched<u64>, AdapterError> {
        let operation = Operation::Count { target: self.target.clone(), timeout: self.deadline() };
        self.fetch(operation, |reply| if let Reply::Count(count) = reply { vec![count] } else { Vec::new() })
            .await
    }

    pub(crate) async fn rooms_of_namespace(&self) -> Result<Fetched<(Room, u64)>, AdapterError> {
        let operation =
            Operation::Rooms { namespace: self.target.namespace.clone(), timeout: self.deadline() };
        let told =
            self.fetch(operation, |reply| if let Reply::Rooms(rooms) = reply { rooms } else { Vec::new() });
        let Fetched { items, silent } = told.await?;
        let mut sums = HashMap::new();
        for (room, count) in items {
            *sums.entry(room).or_insert(0) += count;
        }
        Ok(Fetched { items: sums.into_iter().collect(), silent })
    }

    async fn fetch<T>(
        &self,
        operation: Operation,
        mut take: impl FnMut(Reply) -> Vec<T>,
    ) -> Result<Fetched<T>, AdapterError> {
        let mut replies = self.dispatch.request(operation)?;
        let mut fetched = Fetched { items: Vec::new(), silent: Vec::new() };
        while let Some(reply) = replies.next().await {
            match reply {
                Reply::SilentNodes(nodes) => fetched.silent.extend(nodes),
                reply => fetched.items.extend(take(reply)),
            }
        }
        Ok(fetched)
    }
}

fn read<T: Answer>(args: &RawArgs) -> Result<T, DecodeError> {
    T::from_args(&args.as_ref().map_err(DecodeError::of_args)?)
}
