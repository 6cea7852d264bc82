//! The sockets of this process, as an adapter sees them.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Weak};
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::sync::mpsc;

use super::error::AdapterError;
use super::operation::{EventPacket, Operation, Receipt, Target};
use super::replies::Reply;
use super::room::Room;
use super::wire::SocketInfo;
use crate::protocol::args::RawArgs;
use crate::server::dispatch::report_panic_of_server_event;
use crate::server::encode::Shared;
use crate::server::inner::ServerInner;
use crate::server::{Gathering, Socket};

/// The sockets of this process, as an adapter sees them.
#[derive(Debug)]
pub struct LocalNode {
    server: Weak<ServerInner>,
}

impl LocalNode {
    pub(crate) fn new(server: Weak<ServerInner>) -> Self {
        LocalNode { server }
    }

    fn server(&self) -> Result<Arc<ServerInner>, AdapterError> {
        self.server.upgrade().ok_or(AdapterError::NoServer)
    }

    /// Does what `operation` says to the sockets of this process. One that asks is for [`answer`](Self::answer).
    ///
    /// A namespace that does not exist here has no sockets: that is no error.
    ///
    /// # Errors
    ///
    /// [`AdapterError::NoServer`]: the server is gone.
    pub fn apply(&self, operation: &Operation) -> Result<Receipt, AdapterError> {
        let server = self.server()?;
        let local = match operation {
            Operation::Emit { target, packet } => emit(&server, target, packet),
            Operation::Join { target, rooms } => {
                each(&server, target, |socket| socket.join(rooms.clone()).is_ok())
            }
            Operation::Leave { target, rooms } => each(&server, target, |socket| {
                socket.leave(rooms.clone());
                true
            }),
            Operation::CloseRoom { namespace, room } => {
                let mut target = Target::everyone(namespace.clone());
                target.recipients.add(smallvec::smallvec![room.clone()]);
                each(&server, &target, |socket| {
                    socket.leave(room);
                    true
                })
            }
            Operation::Disconnect { target, close } => each(&server, target, |socket| {
                if *close {
                    socket.close()
                } else {
                    socket.disconnect()
                }
                true
            }),
            Operation::EmitWithAck { .. }
            | Operation::Call { .. }
            | Operation::FetchSockets { .. }
            | Operation::Count { .. }
            | Operation::Rooms { .. }
            | Operation::ServerSideEmit { .. } => 0,
        };
        Ok(Receipt { local, ..Receipt::default() })
    }

    /// Asks the sockets of this process, and feeds their answers to `replies`, which is dropped after the last.
    ///
    /// # Errors
    ///
    /// [`AdapterError::NoServer`]: the server is gone.
    pub(crate) fn answer(
        &self,
        operation: &Operation,
        replies: mpsc::UnboundedSender<Reply>,
    ) -> Result<(), AdapterError> {
        let server = self.server()?;
        match operation {
            Operation::EmitWithAck { target, packet, timeout } => {
                self.gather_into(self.gather(target, packet, *timeout)?, &server, replies);
            }
            Operation::Call { namespace, sid, packet, timeout } => {
                let mut target = Target::everyone(namespace.clone());
                target.recipients.add(smallvec::smallvec![sid.into()]);
                self.gather_into(self.gather(&target, packet, *timeout)?, &server, replies);
            }
            Operation::FetchSockets { target, .. } => {
                let _ = replies.send(Reply::Sockets(sockets(&server, target)));
            }
            Operation::Count { target, .. } => {
                let _ = replies.send(Reply::Count(each(&server, target, |_| true) as u64));
            }
            Operation::Rooms { namespace, .. } => {
                let _ = replies.send(Reply::Rooms(rooms(&server, namespace)));
            }
            // An event for the others: this server does not hear itself.
            Operation::ServerSideEmit { .. } => {}
            Operation::Emit { .. }
            | Operation::Join { .. }
            | Operation::Leave { .. }
            | Operation::CloseRoom { .. }
            | Operation::Disconnect { .. } => drop(self.apply(operation)?),
        }
        Ok(())
    }

    fn gather_into(
        &self,
        mut gathering: Gathering,
        server: &ServerInner,
        replies: mpsc::UnboundedSender<Reply>,
    ) {
        server.engine.runtime.spawn(async move {
            while let Some((sid, args)) = gathering.next().await {
                if replies.send(Reply::Ack { sid, args }).is_err() {
                    return;
                }
            }
            let silent = gathering.silent();
            if !silent.is_empty() {
                let _ = replies.send(Reply::SilentSockets(silent));
            }
        });
    }

    pub(crate) fn has_socket(&self, namespace: &str, sid: &str) -> bool {
        let Ok(server) = self.server() else { return false };
        server.namespaces.get(namespace).is_some_and(|namespace| namespace.rooms.socket(sid).is_some())
    }

    /// Asks clients of this process; the answers come from the gathering.
    pub(crate) fn gather(
        &self,
        target: &Target,
        packet: &EventPacket,
        timeout: Duration,
    ) -> Result<Gathering, AdapterError> {
        Ok(Gathering::ask(&self.server()?, target, packet, timeout))
    }

    pub(crate) fn sockets(&self, target: &Target) -> Vec<SocketInfo> {
        self.server().map(|server| sockets(&server, target)).unwrap_or_default()
    }

    pub(crate) fn count(&self, target: &Target) -> u64 {
        self.server().map_or(0, |server| each(&server, target, Socket::is_connected) as u64)
    }

    pub(crate) fn rooms(&self, namespace: &str) -> Vec<(Room, u64)> {
        self.server().map(|server| rooms(&server, namespace)).unwrap_or_default()
    }

    /// Runs this server's handler for an event of another server; `None` where there is none.
    pub(crate) fn server_event(
        &self,
        namespace: &str,
        packet: &EventPacket,
    ) -> Option<std::pin::Pin<Box<dyn Future<Output = Option<RawArgs>> + Send>>> {
        let server = self.server().ok()?;
        let handler = server.namespaces.get(namespace)?.table.load().server.get(packet.event())?.clone();
        let event: Box<str> = packet.event().into();
        let began = catch_unwind(AssertUnwindSafe(|| handler(packet.args())));
        let handling = began
            .inspect_err(|panic| report_panic_of_server_event(&server, &event, panic.as_ref()))
            .ok()??;
        Some(Box::pin(async move {
            let answered = AssertUnwindSafe(handling).catch_unwind().await;
            answered.unwrap_or_else(|panic| {
                report_panic_of_server_event(&server, &event, panic.as_ref());
                None
            })
        }))
    }

    /// The runtime that the server lives on.
    pub(crate) fn runtime(&self) -> Option<tokio::runtime::Handle> {
        Some(self.server().ok()?.engine.runtime.clone())
    }
}

fn emit(server: &Arc<ServerInner>, target: &Target, packet: &EventPacket) -> usize {
    let Some(namespace) = server.namespaces.get(&target.namespace) else { return 0 };
    let watched = server.uncommon.outgoing();
    let mut shared = Shared::new(&namespace.name, None, packet.event(), packet.args(), watched);
    let flags = packet.flags();
    namespace.rooms.select(target).iter().filter(|socket| shared.send_to(socket, flags)).count()
}

fn each(server: &ServerInner, target: &Target, act: impl Fn(&Socket) -> bool) -> usize {
    let Some(namespace) = server.namespaces.get(&target.namespace) else { return 0 };
    namespace.rooms.select(target).iter().filter(|socket| act(socket)).count()
}

fn sockets(server: &ServerInner, target: &Target) -> Vec<SocketInfo> {
    let Some(namespace) = server.namespaces.get(&target.namespace) else { return Vec::new() };
    let selected = namespace.rooms.select(target);
    selected.iter().filter(|socket| socket.is_connected()).map(|socket| socket.info(&server.share)).collect()
}

fn rooms(server: &ServerInner, namespace: &str) -> Vec<(Room, u64)> {
    server.namespaces.get(namespace).map(|namespace| namespace.rooms.sizes()).unwrap_or_default()
}
