//! Real brokers for tests: where they are, and a proxy between one of them and a test.
//!
//! ```no_run
//! # use test_brokers::url;
//! assert!(url("REDIS_URL").starts_with("redis://"));
//! ```
//!
//! [`variable`] is the one function that knows. It takes, in this order:
//!
//! 1. the environment, as `scripts/brokers run … -- cargo test` sets it, or whoever has a broker elsewhere;
//! 2. what `scripts/brokers start …` has started and is still running;
//! 3. with the feature `testcontainers`, a container that it starts and that ends with the test's process:
//!    `REDIS_URL`, `REDIS_CLUSTER_URL`, `AMQP_URL`, `KAFKA_URL`. `TEST_BROKERS=containers` leaves it at that.

#![allow(
    missing_docs,
    reason = "fixtures, which nobody publishes: where a name says it all, it is left at that"
)]

#[cfg(feature = "testcontainers")]
mod containers; // brokers by Docker
mod proxy; // between the broker and us
mod running; // what scripts/brokers has started

use std::fmt::Debug;
use std::str::FromStr;

pub use self::proxy::Proxy;

/// The value of `name`, a variable that `scripts/brokers` sets: `AMQP_URL`, `BROKERS_CA`.
///
/// # Panics
///
/// There is no such broker, with what to do about it.
#[must_use]
pub fn variable(name: &str) -> String {
    find(name).unwrap_or_else(|| {
        panic!(
            "{name} is not set, `scripts/brokers start` has started nothing that goes by it, and {}: \
             `BROKERS_TLS=1 scripts/brokers run -- cargo test …` starts all brokers for the command",
            containers::MISSING
        )
    })
}

/// The URL of a broker: `REDIS_URL`, `REDIS_CLUSTER_URL`, `AMQP_URL`, `KAFKA_URL` and their likes.
///
/// # Panics
///
/// As [`variable`].
#[must_use]
pub fn url(name: &str) -> String {
    variable(name)
}

/// The same as a broker's options.
///
/// # Panics
///
/// As [`variable`], and when it makes no sense to the broker.
#[must_use]
pub fn options<O: FromStr<Err: Debug>>(name: &str) -> O {
    parsed(&url(name))
}

/// A URL as a broker's options.
///
/// # Panics
///
/// It makes no sense to the broker.
#[must_use]
pub fn parsed<O: FromStr<Err: Debug>>(url: &str) -> O {
    url.parse().expect("the URL is one of this broker's")
}

fn find(name: &str) -> Option<String> {
    if std::env::var("TEST_BROKERS").is_ok_and(|only| only == "containers") {
        return containers::variable(name);
    }
    std::env::var(name).ok().or_else(|| running::variable(name)).or_else(|| containers::variable(name))
}

#[cfg(not(feature = "testcontainers"))]
mod containers {
    pub(crate) const MISSING: &str = "the feature `testcontainers` is off";

    pub(crate) fn variable(_name: &str) -> Option<String> {
        None
    }
}
