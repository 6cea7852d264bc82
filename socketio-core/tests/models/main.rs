//! Models: the crate's own sources, with shuttle's locks, atomics and tasks in the place of std's and tokio's, run in many orders of
//! their threads. What a test in real threads meets once in a million runs comes up here within a thousand.
//!
//! ```text
//! cargo test -p socketio-core --test models                        all of them
//! cargo test -p socketio-core --test models -- upgrade             those with that in their name
//! MODEL_ORDERS=1000000 MODEL_SEED=7 cargo test …                   longer, along other orders
//! ```
//!
//! A model that fails prints its seed, and the order as a string for `shuttle::replay`. Shuttle's atomics are sequentially
//! consistent: what only a weaker order could break, no model sees.

#![allow(
    dead_code,
    unused_imports,
    unreachable_pub,
    reason = "linted where they belong; most is not called here"
)]

// The crate, by the names it has in `src/lib.rs`,
#[path = "../../src/adapter/mod.rs"]
mod adapter;
#[path = "../../src/engine/mod.rs"]
mod engine;
#[path = "../../src/fatal.rs"]
mod fatal;
#[path = "../../src/handler/mod.rs"]
mod handler;
#[path = "../../src/http/mod.rs"]
mod http;
#[path = "../../src/protocol/mod.rs"]
mod protocol;
#[path = "../../src/server/mod.rs"]
mod server;

pub use crate::adapter::{IntoRooms, Room};
pub use crate::engine::{Cookie, Cors, DisconnectReason, Handshake};
pub use crate::handler::{
    Ack, Args, Auth, ConnectError, Data, EventName, Extension, HandlerError, Session, State,
};
pub use crate::protocol::args::{IntoArgs, RawArgs};
pub use crate::protocol::engine::Transport;
pub use crate::protocol::sid::Sid;
pub use crate::server::{Broadcast, Counters, Drained, Namespace, Server, Socket};

mod client; // a polling client, and the one that owns a WebSocket's session
mod outbox; // push, wake, swap, close
mod rooms; // join against disconnect
mod run; // seeds, orders, lines
mod serial; // one event after the other
mod sync; // shuttle's in the place of std's
mod upgrade; // who owns the session

use self::run::models;

fn main() -> std::process::ExitCode {
    run::run(models![
        outbox::what_is_pushed_leaves_once_in_order_and_no_reader_sleeps_over_it,
        outbox::a_full_queue_ends_the_session_once_and_what_was_taken_leaves,
        outbox::a_reader_whose_write_is_stuck_is_told_that_the_queue_is_full,
        outbox::an_upgrade_swaps_the_reader_and_frames_leave_in_order_through_one_of_them,
        outbox::a_post_that_waits_for_room_goes_on_when_there_is_some_or_never_can_be,
        rooms::who_is_gone_is_in_no_room_and_joins_none,
        rooms::a_client_that_ends_while_it_is_asked_about_is_not_let_in_and_leaves_nothing,
        rooms::a_namespace_entered_while_another_closes_the_connection_keeps_nobody,
        serial::an_event_that_comes_as_a_handler_ends_is_started_by_one_of_them,
        upgrade::nothing_is_lost_doubled_or_reordered,
        upgrade::an_upgrade_that_is_abandoned_leaves_polling_as_it_was,
        upgrade::a_session_that_ends_meanwhile_is_closed_once_and_forgotten,
        upgrade::a_session_that_ends_during_a_post_ends_with_it,
        upgrade::a_deadline_that_comes_as_the_server_shuts_down_leaves_the_client_time_for_the_news_and_no_more,
    ])
}
