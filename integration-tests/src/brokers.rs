//! Where the real brokers are.

use std::fmt::Debug;
use std::str::FromStr;

/// The URL in the environment variable `name`, as `scripts/brokers run` sets it.
///
/// # Panics
///
/// It is not set.
#[must_use]
pub fn url(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| {
        panic!("{name} is not set: `scripts/brokers run redis redis-cluster -- cargo test -p integration-tests` sets it")
    })
}

/// The same as a broker's options.
///
/// # Panics
///
/// It is not set, or makes no sense to the broker.
#[must_use]
pub fn options<O: FromStr<Err: Debug>>(name: &str) -> O {
    url(name).parse().expect("the URL is one of this broker's")
}
