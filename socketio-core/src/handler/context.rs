//! What extractors look at.

use std::sync::Arc;

use super::middleware::{Slot, Step};
use crate::engine::Close;
use crate::protocol::args::ArgsRef;
use crate::server::Socket;

/// Kinds of handlers: they say at compile time which extractors make sense.
pub mod kind {
    /// Handlers of events: [`Namespace::on`](crate::Namespace::on).
    #[derive(Debug)]
    pub struct Event;
    /// [`Namespace::use_event`](crate::Namespace::use_event).
    #[derive(Debug)]
    pub struct Middleware;
    /// [`Namespace::on_connect`](crate::Namespace::on_connect).
    #[derive(Debug)]
    pub struct Connect;
    /// [`Namespace::on_connected`](crate::Namespace::on_connected).
    #[derive(Debug)]
    pub struct Connected;
    /// [`Namespace::on_disconnect`](crate::Namespace::on_disconnect), `on_disconnecting`.
    #[derive(Debug)]
    pub struct Disconnect;

    /// The kinds that have an event's arguments.
    pub trait HasArgs {}
    impl HasArgs for Event {}
    impl HasArgs for Middleware {}
}

/// What has happened to a socket, as extractors see it.
///
/// For extractors of your own: take what you need from [`socket`](Self::socket) (its handshake, session, rooms).
#[derive(Debug)]
pub struct Context<'a> {
    socket: &'a Socket,
    event: &'a str,
    pub(super) args: Option<&'a ArgsRef<'a>>,
    pub(super) auth: Option<&'a str>,
    pub(super) close: Option<&'a Close>,
    /// The id of the ack the client asked for, until an extractor takes it.
    pub(super) ack: Option<u64>,
    /// Where it is among middlewares, if there are any.
    pub(super) step: Option<Step<'a>>,
}

impl<'a> Context<'a> {
    fn new(socket: &'a Socket, event: &'a str) -> Self {
        Context { socket, event, args: None, auth: None, close: None, ack: None, step: None }
    }

    pub(crate) fn event(socket: &'a Socket, event: &'a str, args: &'a ArgsRef<'a>, ack: Option<u64>) -> Self {
        Context { args: Some(args), ack, ..Context::new(socket, event) }
    }

    /// An event that middlewares pass on; its ack is theirs to send.
    pub(super) fn on_the_way(
        socket: &'a Socket,
        event: &'a str,
        args: &'a ArgsRef<'a>,
        step: Step<'a>,
    ) -> Self {
        Context { args: Some(args), step: Some(step), ..Context::new(socket, event) }
    }

    pub(crate) fn connect(socket: &'a Socket, auth: Option<&'a str>) -> Self {
        Context { auth, ..Context::new(socket, "connect") }
    }

    pub(crate) fn connected(socket: &'a Socket) -> Self {
        Context::new(socket, "connected")
    }

    pub(crate) fn upgraded(socket: &'a Socket) -> Self {
        Context::new(socket, "upgrade")
    }

    pub(crate) fn disconnecting(socket: &'a Socket, close: &'a Close) -> Self {
        Context { close: Some(close), ..Context::new(socket, "disconnecting") }
    }

    pub(crate) fn disconnect(socket: &'a Socket, close: &'a Close) -> Self {
        Context { close: Some(close), ..Context::new(socket, "disconnect") }
    }

    /// Takes the id of the ack that the client asked for.
    pub(super) fn take_ack(&mut self) -> Option<u64> {
        match &self.step {
            Some(step) => step.take_ack(),
            None => self.ack.take(),
        }
    }

    /// Where the answer goes if not to the client.
    pub(super) fn slot(&self) -> Option<&'a Arc<Slot>> {
        self.step.as_ref().map(|step| step.slot)
    }

    /// The client.
    #[must_use]
    pub fn socket(&self) -> &'a Socket {
        self.socket
    }

    /// The event's name; `connect`, `connected`, `upgrade`, `disconnecting` or `disconnect` in those handlers.
    #[must_use]
    pub fn event_name(&self) -> &'a str {
        self.event
    }
}
