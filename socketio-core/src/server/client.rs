//! The inbox of a connection: its packets, put together and led to the sockets they are for.

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use serde_json::value::RawValue;

use super::encode::Parser;
use super::inner::ServerInner;
use super::joined::Joined;
use super::life::{Admission, Early};
use super::link::Link;
use super::msgpack::{Msgpack, Unread};
use super::namespace::NamespaceInner;
use super::namespaces::Admitted;
use super::serial::{self, Serial};
use super::socket::Tell;
use super::{Socket, connecting, dispatch, encode, msgpack};
use crate::engine::{Close, DisconnectReason, Frames, Held, Inbox, Limit, Session};
use crate::protocol::packet::{Kind, Packet, PacketError};

pub(crate) struct ClientInbox {
    server: Arc<ServerInner>,
    session: Arc<Session>,
    joined: Joined,
    partial: Option<Box<Partial>>,
    link: Arc<Link>,
}

/// A binary packet whose attachments are coming.
#[derive(Debug)]
struct Partial {
    /// Nobody, when the client has left the namespace.
    socket: Option<Socket>,
    is_ack: bool,
    id: Option<u64>,
    data: Box<str>,
    announced: usize,
    attachments: Vec<Bytes>,
    bytes: usize,
    held: Held,
}

impl ClientInbox {
    pub(crate) fn new(server: Arc<ServerInner>, session: Arc<Session>) -> Self {
        let limits = &server.limits;
        let serial = limits.serial.then(|| Serial::new(limits.queued_events, limits.early_bytes));
        let link = Link::new(limits.handlers_in_flight, serial, server.counting.clone());
        ClientInbox { server, session, joined: Joined::default(), partial: None, link }
    }

    /// CONNECT: the namespace is asked for.
    fn connect(&mut self, name: &str, data: &str) -> Result<(), Close> {
        let auth = match data {
            "" => None,
            data => {
                serde_json::from_str::<&RawValue>(data).map_err(Close::parse_error)?;
                Some(data)
            }
        };
        let before = self.joined.get(name);
        match before {
            // Asked again before it was answered: the answer to come is for both.
            Some(socket) if socket.life().is_connecting() => return Ok(()),
            Some(socket) if !socket.life().is_gone() => {
                return Err(Close::parse_error(format_args!("a second CONNECT for {name}")));
            }
            _ => {}
        }
        let limit = self.server.limits.namespaces;
        if before.is_none() && self.joined.len() >= limit {
            let reached = &self.server.engine.reached;
            reached.note(
                Limit::Namespaces,
                self.session.id(),
                format_args!("{limit} namespaces are allowed"),
            );
            return self.refuse(name, "Too many namespaces");
        }
        let Some(Admitted { namespace, is_new }) = self.server.namespaces.admit(name) else {
            return self.refuse(name, "Invalid namespace");
        };
        if is_new {
            self.server.tell_of_new(&namespace);
        }
        let socket = self.admit(namespace);
        connecting::connect(socket, auth);
        Ok(())
    }

    fn admit(&mut self, namespace: Arc<NamespaceInner>) -> Socket {
        let socket = Socket::new(self.server.clone(), namespace, self.session.clone(), self.link.clone());
        let place = self.joined.put(socket.clone());
        self.link.put_socket(place, socket.clone());
        socket
    }

    fn refuse(&self, namespace: &str, message: &str) -> Result<(), Close> {
        self.server.counting.connects_refused.one();
        let mut out = Vec::new();
        let start = encode::connect_error(&mut out, self.link.parser(), namespace, message, None);
        let _ = self.session.push(Frames::of(out.get(start..).unwrap_or_default()));
        Ok(())
    }

    /// A packet that is all there.
    fn whole(
        &mut self,
        kind: Kind,
        namespace: &str,
        id: Option<u64>,
        data: &str,
        attachments: &[Bytes],
    ) -> Result<(), Close> {
        match kind {
            Kind::Connect => self.connect(namespace, data),
            Kind::ConnectError => Err(Close::parse_error("CONNECT_ERROR is the server's to send")),
            Kind::Disconnect => {
                self.addressee(namespace)?
                    .end(&Close::new(DisconnectReason::ClientNamespaceDisconnect), Tell::Nothing);
                Ok(())
            }
            Kind::Event | Kind::BinaryEvent => {
                self.packet(self.addressee(namespace)?, false, id, data, attachments)
            }
            Kind::Ack | Kind::BinaryAck => {
                self.packet(self.addressee(namespace)?, true, id, data, attachments)
            }
        }
    }

    /// A packet of a client that speaks msgpack.
    ///
    /// One with a value that cannot be carried over is left out, and the connection goes on; a client that begins so is sent away.
    fn msgpack(&mut self, msgpack: Msgpack, message: &[u8]) -> Result<(), Close> {
        let packet = match msgpack.read(message, self.server.limits.attachments) {
            Ok(packet) => packet,
            Err(Unread::Breach(close)) => return Err(close),
            Err(Unread::Value(cause)) if self.joined.is_empty() => return Err(Close::parse_error(cause)),
            Err(Unread::Value(cause)) => {
                if self.server.counting.msgpack_refused.one(&cause) {
                    tracing::warn!(target: "socketio", sid = %self.session.id(), cause, "a packet of a client that speaks msgpack is left out; others for this reason are only counted");
                }
                return Ok(());
            }
        };
        self.whole(packet.kind, &packet.namespace, packet.id, &packet.data, &packet.attachments)
    }

    /// An event or an ack that is all there.
    fn packet(
        &self,
        socket: &Socket,
        is_ack: bool,
        id: Option<u64>,
        data: &str,
        attachments: &[Bytes],
    ) -> Result<(), Close> {
        let limits = &self.server.limits;
        if is_ack && socket.life().is_undecided() {
            return id.map_or(Ok(()), |id| dispatch::ack(socket, data, attachments, id));
        }
        let early = || Early { is_ack, id, data: data.into(), attachments: attachments.to_vec() };
        match socket.life().admit(&self.session, limits.early_packets, limits.early_bytes, early) {
            Admission::Now if is_ack => id.map_or(Ok(()), |id| dispatch::ack(socket, data, attachments, id)),
            Admission::Now => match self.link.serial() {
                None => dispatch::event(socket, data, attachments, id),
                Some(serial) => serial::event(socket, serial, data, attachments, id),
            },
            Admission::Waits => Ok(()),
            Admission::Gone => {
                self.server.counting.packets_dropped.one();
                Ok(())
            }
            Admission::TooMany => {
                let detail = format!(
                    "too much was sent before the namespace was joined: the limits are {} packets and {} bytes",
                    limits.early_packets, limits.early_bytes
                );
                Err(Close::over_limit(Limit::EarlyPackets, detail))
            }
        }
    }

    /// The socket a packet is for. A client that never asked for the namespace breaks the protocol.
    fn addressee(&self, namespace: &str) -> Result<&Socket, Close> {
        self.joined.get(namespace).ok_or_else(|| {
            Close::parse_error(format_args!("a packet for {namespace}, which the client has not joined"))
        })
    }
}

impl Inbox for ClientInbox {
    fn text(&mut self, message: &str) -> Result<(), Close> {
        if self.link.hear(Parser::Json) != Parser::Json {
            return Err(Close::parse_error("a text from a client that speaks msgpack"));
        }
        if self.partial.is_some() {
            return Err(Close::parse_error("a text where an attachment must follow"));
        }
        let packet = Packet::parse(message, self.server.limits.attachments).map_err(|error| match error {
            PacketError::TooManyAttachments { .. } => Close::over_limit(Limit::Attachments, error),
            error => Close::parse_error(error),
        })?;
        match packet.kind {
            Kind::BinaryEvent | Kind::BinaryAck if packet.attachments > 0 => {
                let socket = self.addressee(packet.namespace)?;
                let is_ack = packet.kind == Kind::BinaryAck;
                let socket = (!socket.life().is_gone()).then(|| socket.clone());
                self.partial = Some(Box::new(Partial {
                    data: if socket.is_some() { packet.data.into() } else { Box::default() },
                    socket,
                    is_ack,
                    id: packet.id,
                    announced: packet.attachments,
                    attachments: Vec::new(),
                    bytes: packet.data.len(),
                    held: Held::new(&self.session),
                }));
                Ok(())
            }
            kind => self.whole(kind, packet.namespace, packet.id, packet.data, &[]),
        }
    }

    fn binary(&mut self, message: &[u8]) -> Result<(), Close> {
        let Some(partial) = self.partial.as_mut() else {
            return match msgpack::of_binary().map(|parser| self.link.hear(parser)) {
                Some(Parser::Msgpack(msgpack)) => self.msgpack(msgpack, message),
                _ => Err(Close::parse_error("an attachment that no packet announced")),
            };
        };
        partial.bytes += message.len();
        let limit = self.session.max_payload();
        if partial.bytes > limit {
            let detail = format!(
                "a packet of {} bytes with its attachments, the limit is {limit} (max_payload)",
                partial.bytes
            );
            return Err(Close::over_limit(Limit::Payload, detail));
        }
        partial.held.set(partial.bytes);
        partial.attachments.push(if partial.socket.is_some() {
            Bytes::copy_from_slice(message)
        } else {
            Bytes::new()
        });
        if partial.attachments.len() < partial.announced {
            return Ok(());
        }
        match self.partial.take() {
            Some(whole) => match &whole.socket {
                Some(socket) => self.packet(socket, whole.is_ack, whole.id, &whole.data, &whole.attachments),
                None => {
                    self.server.counting.packets_dropped.one();
                    Ok(())
                }
            },
            None => Ok(()),
        }
    }

    fn is_ready(&self) -> bool {
        self.link.has_room()
    }

    fn poll_ready(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.link.poll_room(&self.session, cx)
    }

    fn handlers_ended(&self) -> usize {
        self.link.ended()
    }

    fn has_joined(&self) -> bool {
        self.joined.iter().any(|socket| socket.life().has_joined())
    }

    fn upgraded(&self) {
        for socket in self.joined.iter().filter(|socket| socket.is_connected()) {
            dispatch::upgraded(socket);
        }
    }

    fn close(self: Box<Self>, close: &Close) {
        self.link.forget_sockets();
        for socket in self.joined.iter() {
            socket.end(close, Tell::Nothing);
        }
        self.link.closed();
    }
}

impl fmt::Debug for ClientInbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientInbox").field("joined", &self.joined).finish_non_exhaustive()
    }
}
