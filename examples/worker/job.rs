//! What a client asks for: part of `jobs.rs`, which puts it into a list of Redis, and of `worker.rs`, which takes it out.

use serde::{Deserialize, Serialize};
use socketio_core::Sid;

/// The list.
pub(crate) const LIST: &str = "jobs";

/// The namespace in which clients ask and are answered.
pub(crate) const NAMESPACE: &str = "/jobs";

/// Somebody wants to know how many primes there are below a number.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Job {
    /// Who asked, and hears of it.
    pub(crate) sid: Sid,
    /// What the client calls it.
    pub(crate) id: u32,
    pub(crate) below: u32,
}
