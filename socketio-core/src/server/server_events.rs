//! What servers tell each other: events that no client hears.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use super::Answer;
use super::namespace::Namespace;
use super::{AckError, EmitError};
use crate::adapter::wire::HostId;
use crate::adapter::{EventPacket, Operation, Receipt, Replies, Reply};
use crate::protocol::args::{IntoArgs, RawArgs};

/// What a handler will answer; `None`: it could not.
pub(crate) type Answering = Pin<Box<dyn Future<Output = Option<RawArgs>> + Send>>;

/// A handler of events of other servers, its form forgotten; `None`: the arguments do not fit.
pub(crate) type ServerFunction = Arc<dyn Fn(&RawArgs) -> Option<Answering> + Send + Sync>;

/// What the other servers answered.
#[derive(Debug)]
pub struct ServerAnswers<T> {
    /// One per server that answered.
    pub answers: Vec<(HostId, T)>,
    /// Servers that did not answer in time, or went away meanwhile.
    pub silent: Vec<HostId>,
}

impl Namespace {
    /// Handles an event that another server of the cluster sent by [`server_side_emit`](Self::server_side_emit).
    ///
    /// `T` is its one argument, a tuple several, `()` none. What the handler returns is the answer, if one is wanted. Events of one
    /// server start their handlers in the order in which it sent them. One that panics is counted and logged, and gives no answer.
    pub fn on_server_event<T, F, R>(
        &self,
        event: &str,
        handler: impl Fn(T) -> F + Send + Sync + 'static,
    ) -> &Self
    where
        T: Answer,
        F: Future<Output = R> + Send + 'static,
        R: IntoArgs,
    {
        let name: Arc<str> = event.into();
        let function: ServerFunction = Arc::new(move |args| {
            let value = args.as_ref().ok().and_then(|args| match T::from_args(&args) {
                Ok(value) => Some(value),
                Err(error) => {
                    tracing::warn!(target: "socketio", event = &*name, %error, "an event of another server does not fit");
                    None
                }
            })?;
            let handling = handler(value);
            Some(Box::pin(async move { RawArgs::encode(&handling.await).ok() }))
        });
        self.add_server_function(event, function);
        self
    }

    /// Tells the other servers of the cluster something: their handlers for `event` run. Nobody answers; this server does not hear it.
    ///
    /// # Errors
    ///
    /// [`EmitError::Encode`], or the adapter could not take it: nobody heard it.
    pub fn server_side_emit(&self, event: &str, args: impl IntoArgs) -> Result<Receipt, EmitError> {
        Ok(self.server.adapter.dispatch(self.server_event(event, &args, None)?)?)
    }

    /// The same, and gathers the others' answers until each has answered or `timeout` is over.
    ///
    /// # Errors
    ///
    /// Nobody was asked, or an answer does not fit `T`.
    pub async fn server_side_emit_with_ack<T: Answer>(
        &self,
        event: &str,
        args: impl IntoArgs,
        timeout: Duration,
    ) -> Result<ServerAnswers<T>, AckError> {
        let operation = self.server_event(event, &args, Some(timeout))?;
        let mut replies: Replies = self.server.adapter.request(operation).map_err(EmitError::Adapter)?;
        let mut all = ServerAnswers { answers: Vec::new(), silent: Vec::new() };
        while let Some(reply) = replies.next().await {
            match reply {
                Reply::Event { node, args } => {
                    let args = args.as_ref().map_err(|_| AckError::Disconnected)?;
                    all.answers.push((node, T::from_args(&args).map_err(AckError::Decode)?));
                }
                Reply::SilentNodes(nodes) => all.silent.extend(nodes),
                _ => {}
            }
        }
        Ok(all)
    }

    fn server_event(
        &self,
        event: &str,
        args: &impl IntoArgs,
        replies: Option<Duration>,
    ) -> Result<Operation, EmitError> {
        let packet = EventPacket::new(event, args)?;
        Ok(Operation::ServerSideEmit { namespace: self.inner.name.clone(), packet, replies })
    }
}
