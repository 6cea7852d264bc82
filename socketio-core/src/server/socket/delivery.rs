//! What a socket is sent by the server itself, and how it ends.

use super::Socket;
use crate::adapter::Flags;
use crate::engine::{Close, Frames, Refused, spare};
use crate::handler::ConnectError;
use crate::server::life::{Ending, Gone};
use crate::server::{EmitError, dispatch, encode, watching};

impl Socket {
    /// Queues whole packets, or holds them until the client has been let in.
    pub(crate) fn deliver(&self, frames: Frames<'_>, flags: Flags) -> Result<(), EmitError> {
        let session = &self.inner.session;
        self.inner.life.deliver(session, frames, flags).map_err(|refused| match refused {
            Refused::Closed => EmitError::Disconnected,
            Refused::Full => EmitError::QueueFull,
            Refused::Dropped => EmitError::NotReady,
        })
    }

    /// Queues whole packets if it can; whether they were taken.
    #[inline]
    pub(crate) fn offer(&self, frames: Frames<'_>, flags: Flags) -> bool {
        self.inner.life.deliver(&self.inner.session, frames, flags).is_ok()
    }

    /// Queues what the client must hear whether it has been let in or not.
    pub(crate) fn answer(&self, encode: impl FnOnce(&mut Vec<u8>) -> usize) -> Result<(), Refused> {
        let mut buffer = spare::take();
        let start = encode(&mut buffer);
        let pushed = self.inner.session.push(Frames::of(buffer.get(start..).unwrap_or_default()));
        spare::give(buffer);
        pushed
    }

    /// Encodes a packet and delivers it.
    pub(crate) fn write<E>(
        &self,
        encode: impl FnOnce(&mut Vec<u8>) -> Result<usize, E>,
    ) -> Result<(), EmitError>
    where
        EmitError: From<E>,
    {
        self.write_with(Flags::default(), encode)
    }

    /// The same with what the sender wants of it.
    pub(crate) fn write_with<E>(
        &self,
        flags: Flags,
        encode: impl FnOnce(&mut Vec<u8>) -> Result<usize, E>,
    ) -> Result<(), EmitError>
    where
        EmitError: From<E>,
    {
        let mut buffer = spare::take();
        let delivered = match encode(&mut buffer) {
            Ok(start) => self.deliver(Frames::of(buffer.get(start..).unwrap_or_default()), flags),
            Err(error) => Err(error.into()),
        };
        spare::give(buffer);
        delivered
    }

    /// The one way out of a namespace: rooms, questions and state end here, once, and the disconnect handler starts.
    pub(crate) fn end(&self, close: &Close, tell: Tell<'_>) {
        let was_in = self.is_connected();
        if was_in && !dispatch::disconnecting(self, close, tell) {
            return;
        }
        self.end_told(close, tell, was_in);
    }

    /// The same once whoever wants to know that the end is near has been told; `was_in`: there may be somebody.
    pub(crate) fn end_told(&self, close: &Close, tell: Tell<'_>, was_in: bool) {
        let namespace = &self.inner.namespace;
        let counting = &self.inner.server.counting;
        let (gone, left) = match self.inner.life.end(self, &namespace.rooms, was_in) {
            Ending::Ended(gone, left) => (gone, left),
            Ending::Before => return,
            Ending::Untold => return self.end(close, tell),
        };
        self.inner.pending.clear(&self.inner.link);
        self.forget_expiry();
        watching::rooms(self, &left);
        self.inner.server.namespaces.left(namespace);
        let refusal = ConnectError::default();
        match (gone, tell) {
            (Gone::WasConnected, tell) => {
                if !matches!(tell, Tell::Nothing) {
                    let _ = self.answer(|out| encode::disconnect(out, self.parser(), &namespace.name));
                }
                counting.sockets.down();
                dispatch::disconnected(self, close);
                return;
            }
            // `always_connect`: it has been told that it is in.
            (Gone::WasUndecided, tell) => {
                if !matches!(tell, Tell::Nothing) {
                    counting.connects_refused.one();
                    let _ = self.answer(|out| encode::disconnect(out, self.parser(), &namespace.name));
                }
            }
            (Gone::WasConnecting, Tell::Nothing) => {}
            (Gone::WasConnecting, Tell::End) => self.refuse(&refusal),
            (Gone::WasConnecting, Tell::Refusal(error)) => self.refuse(error),
        }
        self.forget();
    }

    fn refuse(&self, error: &ConnectError) {
        let namespace = &self.inner.namespace.name;
        self.inner.server.counting.connects_refused.one();
        tracing::debug!(target: "socketio", sid = %self.id(), namespace = &**namespace, message = error.message(), "refused");
        let _ = self.answer(|out| {
            encode::connect_error(out, self.parser(), namespace, error.message(), error.data())
        });
    }
}

/// What a client is told when its socket ends.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Tell<'a> {
    /// It knows, or cannot hear.
    Nothing,
    /// That it is out.
    End,
    /// Why it was not let in.
    Refusal(&'a ConnectError),
}
