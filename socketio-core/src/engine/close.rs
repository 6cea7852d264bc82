//! Why a session or a socket ended.

use std::borrow::Cow;
use std::fmt;

use super::limits::Limit;

/// Why a client is gone, in the words that Node's server uses (`Display` prints them).
///
/// As an extractor of `on_disconnect` it is the reason alone; [`Disconnection`](crate::handler::Disconnection) has the detail too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DisconnectReason {
    /// `transport error`: the connection broke, or the client went over a limit.
    TransportError,
    /// `transport close`: the client closed the connection, or its network did.
    TransportClose,
    /// `forced close`: the server ended a connection that never joined a namespace in time.
    ForcedClose,
    /// `ping timeout`: no pong came within the ping timeout.
    PingTimeout,
    /// `parse error`: the client sent something that is not the protocol.
    ParseError,
    /// `server shutting down`
    ServerShuttingDown,
    /// `forced server close`: the server closed the whole connection.
    ForcedServerClose,
    /// `client namespace disconnect`: the client left this namespace.
    ClientNamespaceDisconnect,
    /// `server namespace disconnect`: the server sent it out of this namespace.
    ServerNamespaceDisconnect,
    /// `expired`: the time that [`Socket::expires_at`](crate::Socket::expires_at) gave it is over.
    Expired,
}

impl DisconnectReason {
    /// The words Node's server uses, for instance `ping timeout`.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            DisconnectReason::TransportError => "transport error",
            DisconnectReason::TransportClose => "transport close",
            DisconnectReason::ForcedClose => "forced close",
            DisconnectReason::PingTimeout => "ping timeout",
            DisconnectReason::ParseError => "parse error",
            DisconnectReason::ServerShuttingDown => "server shutting down",
            DisconnectReason::ForcedServerClose => "forced server close",
            DisconnectReason::ClientNamespaceDisconnect => "client namespace disconnect",
            DisconnectReason::ServerNamespaceDisconnect => "server namespace disconnect",
            DisconnectReason::Expired => "expired",
        }
    }
}

impl fmt::Display for DisconnectReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The end of a session: its reason, and what exactly happened where the reason alone does not tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Close {
    pub(crate) reason: DisconnectReason,
    pub(crate) detail: Option<Cow<'static, str>>,
    /// The close code of a WebSocket.
    pub(crate) code: u16,
    /// The bound that was passed.
    pub(crate) limit: Option<Limit>,
}

impl Close {
    pub(crate) fn new(reason: DisconnectReason) -> Self {
        let code = match reason {
            DisconnectReason::ServerShuttingDown => 1001,
            DisconnectReason::ParseError => 1002,
            _ => 1000,
        };
        Close { reason, detail: None, code, limit: None }
    }

    pub(crate) fn with(reason: DisconnectReason, detail: impl Into<Cow<'static, str>>) -> Self {
        Close { detail: Some(detail.into()), ..Close::new(reason) }
    }

    /// It happens because `limit` was passed.
    pub(crate) fn at(self, limit: Limit) -> Self {
        Close { limit: Some(limit), ..self }
    }

    /// The client sent what the protocol does not allow.
    pub(crate) fn parse_error(detail: impl fmt::Display) -> Self {
        Close::with(DisconnectReason::ParseError, shown(&detail.to_string()))
    }

    /// The client went over a limit of its own making.
    pub(crate) fn over_limit(limit: Limit, detail: impl fmt::Display) -> Self {
        Close { code: TOO_BIG, ..Close::with(DisconnectReason::TransportError, detail.to_string()) }.at(limit)
    }

    pub(crate) fn outgoing_full(limit: usize, size: usize) -> Self {
        let detail = format!("{size} bytes wait to be sent, the limit is {limit} (max_outgoing)");
        Close::over_limit(Limit::Outgoing, detail)
    }

    /// The server keeps too much for all its clients, and for this one the most.
    pub(crate) fn over_budget(limit: usize, size: usize) -> Self {
        let detail = format!(
            "{size} bytes are kept for this client, and for all more than {limit} (max_buffered_total)"
        );
        Close { code: TRY_AGAIN_LATER, ..Close::over_limit(Limit::BufferedTotal, detail) }
    }

    /// The client has joined no namespace in time.
    pub(crate) fn unjoined() -> Self {
        Close::with(DisconnectReason::ForcedClose, "joined no namespace in time").at(Limit::ConnectTimeout)
    }

    /// Whether what waits for the client is thrown away at once: it is the reason for the end.
    pub(crate) fn discards(&self) -> bool {
        matches!(self.limit, Some(Limit::Outgoing | Limit::BufferedTotal))
    }
}

/// RFC 6455: a message is too big to process.
const TOO_BIG: u16 = 1009;
/// The IANA registry of close codes: the server is overloaded.
const TRY_AGAIN_LATER: u16 = 1013;

/// A detail may quote the client: not more of it than a line of a log can take, and nothing that moves a terminal's cursor.
fn shown(detail: &str) -> String {
    const CHARACTERS: usize = 200;
    detail
        .chars()
        .take(CHARACTERS)
        .map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c })
        .collect()
}
