//! What can go wrong, in words for whoever has to mend it.

use std::error::Error;
use std::time::Duration;

use redis::ErrorKind;

/// What is wrong with a Redis, or with the link to it. Details are in the error's source; no password is in either.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RedisError {
    /// The URL cannot be understood, or a setting contradicts it.
    #[error("not a Redis URL: {0}")]
    Url(String),
    /// A certificate or a key, ours or the system's, cannot be used.
    #[error("cannot set up TLS with {0}")]
    Tls(String, #[source] Cause),
    /// Nobody listens there, or the name is unknown.
    #[error("cannot connect to {0}")]
    Connect(String, #[source] Cause),
    /// One side does not trust the other's certificate, or the server does not speak TLS.
    #[error("the TLS handshake with {0} failed")]
    Handshake(String, #[source] Cause),
    /// User or password are wrong, or missing.
    #[error("{0} refuses user and password")]
    Credentials(String, #[source] Cause),
    /// The server's answer to a command is an error; most often the user may not do this.
    #[error("{0} refuses a command")]
    Refused(String, #[source] Cause),
    /// The link is half open, the server hangs, or the network is slower than the settings allow.
    #[error("{0} did not answer within {1:?}")]
    Silent(String, Duration),
    /// The connection ended.
    #[error("the link to {0} is gone")]
    Lost(String, #[source] Option<Cause>),
    /// A payload is over [`RedisOptions::frame_limit`](crate::RedisOptions::frame_limit).
    #[error("{0} bytes are over the limit of {1} for a frame")]
    TooLarge(usize, usize),
    /// What is published to this server would not reach everybody.
    #[error("{0} is {1}")]
    Unfit(String, &'static str),
    /// The Sentinel watches no master of this name.
    #[error("the Sentinel {0} knows no service `{1}`")]
    UnknownService(String, String),
}

type Cause = Box<dyn Error + Send + Sync>;

impl RedisError {
    /// Sorts what came from `server`, or from the way there.
    pub(crate) fn from_redis(server: String, error: &redis::RedisError, password: Option<&str>) -> Self {
        let mut words = match (error.code(), error.detail()) {
            (Some(code), Some(detail)) => format!("{code} {detail}"),
            _ => error.to_string(),
        };
        // A server that does not know a command repeats it, arguments and all.
        if let Some(password) = password.filter(|password| !password.is_empty()) {
            words = words.replace(password, "…");
        }
        match (error.kind(), error.code()) {
            (ErrorKind::AuthenticationFailed, _) | (_, Some("WRONGPASS" | "NOAUTH")) => {
                RedisError::Credentials(server, words.into())
            }
            (ErrorKind::Server(_) | ErrorKind::Extension | ErrorKind::RESP3NotSupported, _) => {
                RedisError::Refused(server, words.into())
            }
            _ => RedisError::Lost(server, Some(words.into())),
        }
    }
}
