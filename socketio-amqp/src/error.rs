//! What goes wrong with a broker, in its own words where it gives any.

use std::io;
use std::time::Duration;

use lapin::{Error, ErrorKind};

/// Why connecting, declaring, publishing or receiving failed. No text holds a password.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[allow(missing_docs)] // the texts say what the fields are
pub enum AmqpError {
    /// It does not parse as a URL of this broker.
    #[error("not an AMQP URL: {reason}")]
    Url { reason: String },
    /// A certificate or key cannot be read, or is none.
    #[error("{what}: {reason}")]
    Pem { what: String, reason: String },
    /// There is no TCP connection: the broker is away, or the address is wrong.
    #[error("{address} is out of reach: {source}")]
    Unreachable { address: String, source: io::Error },
    /// TLS failed: mostly a certificate that the other side does not trust.
    #[error("no TLS with {address}: {source}")]
    Tls { address: String, source: io::Error },
    /// Somebody listens and does not go on.
    #[error("{address} did not answer within {limit:?}")]
    Silent { address: String, limit: Duration },
    /// Wrong user or password, or a user without the right to use the virtual host.
    #[error("{address} refuses the login: {reason}")]
    Login { address: String, reason: String },
    /// The broker refused the connection for another reason, or is no AMQP 0-9-1 broker.
    #[error("{address} refuses the connection: {reason}")]
    Handshake { address: String, reason: String },
    /// The exchange exists with other settings, or the user may not declare it.
    #[error("exchange {exchange}: {reason}")]
    Exchange { exchange: String, reason: String },
    /// The queue cannot be declared, bound or consumed.
    #[error("queue {queue}: {reason}")]
    Queue { queue: String, reason: String },
    /// The broker took a message of this size for too large, or it is over [`max_frame`](crate::AmqpOptions::max_frame).
    #[error("a frame of {size} bytes is too large: {reason}")]
    TooLarge { size: usize, reason: String },
    /// The broker did not take the message, and would not say why.
    #[error("the broker could not take the message")]
    NotTaken,
    /// The connection, or the channel in it that was used, is gone.
    #[error("cut off from the broker: {reason}")]
    Lost { reason: String },
}

impl AmqpError {
    /// What ended the publishing of a frame of `size` bytes.
    pub(crate) fn publishing(size: usize, error: Error) -> Self {
        let reason = words(&error);
        if code(&error) == Some(PRECONDITION_FAILED) && reason.contains("message size") {
            AmqpError::TooLarge { size, reason }
        } else {
            AmqpError::Lost { reason }
        }
    }

    /// What ended the handshake with a broker that was reached.
    pub(crate) fn handshake(address: String, tls: bool, error: &Error) -> Self {
        match (code(error), error.kind()) {
            (Some(ACCESS_REFUSED | NOT_ALLOWED), _) => AmqpError::Login {
                address,
                reason: words(error),
            },
            // With TLS 1.3 a client learns after its handshake that its certificate was not taken.
            (None, ErrorKind::IOError(source)) if tls => AmqpError::Tls {
                address,
                source: io::Error::new(source.kind(), source.to_string()),
            },
            _ => AmqpError::Handshake {
                address,
                reason: words(error),
            },
        }
    }
}

#[doc(hidden)]
impl From<Error> for AmqpError {
    fn from(error: Error) -> Self {
        AmqpError::Lost {
            reason: words(&error),
        }
    }
}

/// The broker's own words, where it said something.
pub(crate) fn words(error: &Error) -> String {
    match error.kind() {
        ErrorKind::ProtocolError(error) => error.get_message().to_string(),
        ErrorKind::IOError(error) => error.to_string(),
        _ => error.to_string(),
    }
}

fn code(error: &Error) -> Option<u16> {
    match error.kind() {
        ErrorKind::ProtocolError(error) => Some(error.get_id()),
        _ => None,
    }
}

const ACCESS_REFUSED: u16 = 403;
const PRECONDITION_FAILED: u16 = 406;
const NOT_ALLOWED: u16 = 530;
