//! Whether new clients are welcome at a server.

use std::fmt;
use std::time::Duration;

/// Whether a load balancer should send clients to a server: [`Server::readiness`](crate::Server::readiness).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Readiness {
    /// It should.
    Ready,
    /// The node has not heard its cluster yet: what its clients are sent would not reach those of the others.
    Joining,
    /// The node has not heard its cluster for longer than [`unready_after`](crate::server::ServerBuilder::unready_after): the broker is
    /// away, or the way to it.
    CutOff {
        /// When it heard it last, its own heartbeat included, which comes every 2 s.
        heard: Duration,
    },
    /// The server is [closing](crate::Server::close).
    Closing,
}

impl Readiness {
    /// Whether it is [`Ready`](Self::Ready).
    #[must_use]
    pub fn is_ready(&self) -> bool {
        *self == Readiness::Ready
    }
}

/// For the person who reads why: `ready`, `closing`, …
impl fmt::Display for Readiness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Readiness::Ready => f.write_str("ready"),
            Readiness::Joining => f.write_str("the node has not joined its cluster yet"),
            Readiness::CutOff { heard } => {
                write!(f, "the node has not heard its cluster for {} s", heard.as_secs())
            }
            Readiness::Closing => f.write_str("closing"),
        }
    }
}
