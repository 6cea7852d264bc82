//! Emits from programs that are no servers. The facts hold for every broker; here they run on those in memory.

mod facts;
mod outage;

use socketio_core::Sid;
use socketio_core::adapter::memory::{Memory, MemoryHub, MemoryLog, MemoryOptions};

/// A hub of the test's own.
fn hub() -> MemoryOptions {
    MemoryHub::named(&Sid::generate()).options()
}

macro_rules! on_every_broker {
    ($($fact:ident),+ $(,)?) => {
        mod memory {
            use super::*;
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $fact() {
                facts::$fact::<Memory>(hub()).await;
            })+
        }

        mod memory_log {
            use super::*;
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $fact() {
                facts::$fact::<MemoryLog>(hub()).await;
            })+
        }
    };
}

on_every_broker!(
    an_emit_reaches_everybody_on_every_node_once,
    rooms_exceptions_and_namespaces_are_those_of_servers,
    bytes_and_tuples_travel_as_they_are,
    clients_are_moved_and_sent_away_by_rooms,
    emits_of_several_threads_arrive_once_and_in_the_order_of_each,
    an_emitter_is_no_member_and_does_not_listen,
);

/// What only a broker that counts its listeners can show.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn check_counts_the_nodes_and_nobody_else() {
    facts::check_counts_the_nodes_and_nobody_else::<Memory>(hub()).await;
}
