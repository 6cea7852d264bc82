//! What every [`Broker`] must do, as a suite that a backend's tests run in one line.
//!
//! ```text
//! #[tokio::test]
//! async fn it_does_what_every_broker_must() {
//!     contract::run::<Redis>(options()).await;
//! }
//!
//! #[tokio::test]
//! async fn a_dead_address_is_an_error() {
//!     contract::run_dead::<Redis>(|address| format!("redis://user:{}@{address}", contract::PASSWORD)).await;
//! }
//!
//! #[tokio::test]
//! async fn it_says_when_its_link_is_cut() {
//!     contract::run_cut::<Redis>(options(), async || kill_all_clients().await).await;
//! }
//! ```
//!
//! Each fact is a function of its own, and a run panics with the name of the first that does not hold. Channels and nodes have names
//! that nobody had before, so that runs do not meet; what a broker keeps of a channel's name (a topic, an exchange) stays behind.
//! Nothing here sleeps. That something does *not* arrive is shown by a last frame that does, behind the place where it would have been.
//!
//! What the facts take for granted: a node has one connection at a time, and one feed on it.

mod faults; // dead addresses, cut links
mod going_on; // cursors
mod listening; // feeds, channels, counts
mod party; // nodes, and what they say and hear
mod publishing; // order, batches, sizes

use std::any::Any;
use std::future::Future;
use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt as _;

pub use self::faults::{
    PASSWORD, a_cut_ends_the_feed, a_dead_address_is_an_error_within_15_seconds, a_feed_goes_on_behind_a_cut,
    a_publish_over_a_cut_link_fails_and_counts_honestly,
};
pub use self::going_on::{a_cursor_is_valid_before_the_first_frame, a_feed_goes_on_from_its_cursor};
pub use self::listening::{
    a_feed_hears_all_its_channels, a_node_that_says_goodbye_starts_anew, channels_do_not_hear_each_other,
    every_feed_hears_every_frame, listeners_are_counted_where_the_broker_can,
    nothing_is_missed_once_subscribed,
};
pub use self::publishing::{
    a_batch_arrives_whole, a_frame_over_the_limit_does_not_cut_the_link, a_megabyte_comes_through,
    every_byte_comes_through, frames_of_a_sender_arrive_in_order, senders_keep_their_order_side_by_side,
};
use super::broker::Broker;

/// Runs every fact that needs nothing but a broker.
///
/// # Panics
///
/// With the name of the first fact that does not hold.
pub async fn run<B: Broker>(options: B::Options) {
    macro_rules! hold {
        ($($fact:ident),* $(,)?) => { $(named(stringify!($fact), $fact::<B>(&options)).await;)* };
    }
    hold![
        frames_of_a_sender_arrive_in_order,
        a_batch_arrives_whole,
        senders_keep_their_order_side_by_side,
        every_byte_comes_through,
        a_megabyte_comes_through,
        a_frame_over_the_limit_does_not_cut_the_link,
        nothing_is_missed_once_subscribed,
        every_feed_hears_every_frame,
        channels_do_not_hear_each_other,
        a_feed_hears_all_its_channels,
        listeners_are_counted_where_the_broker_can,
        a_node_that_says_goodbye_starts_anew,
        a_cursor_is_valid_before_the_first_frame,
        a_feed_goes_on_from_its_cursor,
    ];
}

/// Runs the fact about addresses where no broker is; `url` makes a URL of one, with [`PASSWORD`] in it where the broker knows passwords.
///
/// # Panics
///
/// With the name of the fact, when it does not hold.
pub async fn run_dead<B: Broker>(url: impl Fn(SocketAddr) -> String) {
    named(
        "a_dead_address_is_an_error_within_15_seconds",
        a_dead_address_is_an_error_within_15_seconds::<B>(url),
    )
    .await;
}

/// Runs the facts about a link that is lost. `cut` ends the connections that were made with `options`, for good, and lets new ones in:
/// the broker is told to kill them, or a proxy on the way is.
///
/// # Panics
///
/// With the name of the first fact that does not hold.
pub async fn run_cut<B: Broker>(options: B::Options, cut: impl AsyncFn()) {
    macro_rules! hold {
        ($($fact:ident),* $(,)?) => { $(named(stringify!($fact), $fact::<B>(&options, &cut)).await;)* };
    }
    hold![
        a_cut_ends_the_feed,
        a_publish_over_a_cut_link_fails_and_counts_honestly,
        a_feed_goes_on_behind_a_cut,
    ];
}

/// Puts the fact's name before the words of its panic.
async fn named(name: &str, fact: impl Future<Output = ()>) {
    if let Err(panic) = AssertUnwindSafe(fact).catch_unwind().await {
        panic!("{name}: {}", words(panic.as_ref()));
    }
}

fn words(panic: &(dyn Any + Send)) -> &str {
    match panic.downcast_ref::<String>() {
        Some(words) => words,
        None => panic.downcast_ref::<&str>().unwrap_or(&"a panic without words"),
    }
}
