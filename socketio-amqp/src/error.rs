//! What goes wrong with a broker; in its own words where it gives any.

use std::error::Error;
use std::time::Duration;

use lapin::ErrorKind;

/// What is wrong with a broker, with the link to it, or with what is asked of it. The details are in the error's source; no password is
/// in either.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AmqpError {
    /// The URL cannot be understood.
    #[error("not an AMQP URL: {0}")]
    Url(String),
    /// A certificate or a key, ours or the system's, cannot be used.
    #[error("cannot set up TLS with {0}")]
    Tls(String, #[source] Cause),
    /// Nobody listens there, or the name is unknown.
    #[error("cannot connect to {0}")]
    Connect(String, #[source] Cause),
    /// One side does not trust the other's certificate, or the broker does not speak TLS there.
    #[error("the TLS handshake with {0} failed")]
    Handshake(String, #[source] Cause),
    /// The link is half open, or the broker hangs, or the network is slower than the settings allow.
    #[error("{0} did not answer within {1:?}")]
    Silent(String, Duration),
    /// User or password are wrong, or the user has no right to the virtual host.
    #[error("{0} refuses the login")]
    Login(String, #[source] Cause),
    /// The broker ended the connection before it began, or is none that speaks AMQP 0-9-1.
    #[error("{0} refuses the connection")]
    Refused(String, #[source] Cause),
    /// The exchange exists with other settings, or the user may not declare it.
    #[error("cannot declare the exchange `{0}`")]
    Exchange(String, #[source] Cause),
    /// The queue exists with other settings, or the user may not declare, bind or read it.
    #[error("cannot consume from the queue `{0}`")]
    Queue(String, #[source] Cause),
    /// Somebody deleted the queue.
    #[error("the queue `{0}` is gone")]
    Deleted(String),
    /// A frame of so many bytes is over [`max_frame`](crate::AmqpOptions::max_frame).
    #[error("a frame of {0} bytes is over the limit of {1}")]
    OverLimit(usize, usize),
    /// The broker itself takes no frame of so many bytes.
    #[error("the broker refuses a frame of {0} bytes")]
    TooLarge(usize, #[source] Cause),
    /// The broker could not take a frame: a queue that is full turned it down, or one is broken.
    #[error("the broker could not take a frame")]
    NotTaken,
    /// The connection ended, or the broker ended what was under way in it.
    #[error("cut off from the broker")]
    Lost(#[source] Cause),
}

type Cause = Box<dyn Error + Send + Sync>;

impl AmqpError {
    /// Sorts what ended the opening of a connection to `address`.
    pub(crate) fn opening(address: String, encrypted: bool, error: lapin::Error) -> Self {
        match (code(&error), error.kind()) {
            (Some(ACCESS_REFUSED | NOT_ALLOWED), _) => AmqpError::Login(address, cause(error)),
            // With TLS 1.3 a client learns only behind its handshake that its certificate was not taken.
            (None, ErrorKind::IOError(_)) if encrypted => AmqpError::Handshake(address, cause(error)),
            _ => AmqpError::Refused(address, cause(error)),
        }
    }

    /// Sorts what ended the publishing of a frame of `size` bytes.
    pub(crate) fn publishing(size: usize, error: lapin::Error) -> Self {
        let cause = cause(error);
        if cause.to_string().starts_with(MESSAGE_TOO_LARGE) {
            AmqpError::TooLarge(size, cause)
        } else {
            AmqpError::Lost(cause)
        }
    }
}

#[doc(hidden)]
impl From<lapin::Error> for AmqpError {
    fn from(error: lapin::Error) -> Self {
        AmqpError::Lost(cause(error))
    }
}

/// The broker's own words, where it said something.
pub(crate) fn cause(error: lapin::Error) -> Cause {
    match error.kind() {
        ErrorKind::ProtocolError(error) => error.get_message().as_str().into(),
        ErrorKind::IOError(error) => error.to_string().into(),
        _ => error.into(),
    }
}

fn code(error: &lapin::Error) -> Option<u16> {
    match error.kind() {
        ErrorKind::ProtocolError(error) => Some(error.get_id()),
        _ => None,
    }
}

const ACCESS_REFUSED: u16 = 403;
const NOT_ALLOWED: u16 = 530;
const MESSAGE_TOO_LARGE: &str = "PRECONDITION_FAILED - message size";
