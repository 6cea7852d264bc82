//! Servers that act as one. The facts hold for every broker, in memory and real.

mod facts;
mod faults;

use integration_tests::brokers;
use socketio_amqp::Amqp;
use socketio_core::Sid;
use socketio_core::adapter::memory::{Memory, MemoryHub, MemoryLog, MemoryOptions};
use socketio_kafka::Kafka;
use socketio_redis::Redis;

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

        mod kafka {
            use super::*;
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $fact() {
                facts::$fact::<Kafka>(brokers::options("KAFKA_URL")).await;
            })+
        }

        mod redis {
            use super::*;
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $fact() {
                facts::$fact::<Redis>(brokers::options("REDIS_URL")).await;
            })+
        }

        mod amqp {
            use super::*;
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $fact() {
                facts::$fact::<Amqp>(brokers::options("AMQP_URL")).await;
            })+
        }

        mod redis_cluster {
            use super::*;
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $fact() {
                facts::$fact::<Redis>(brokers::options("REDIS_CLUSTER_URL")).await;
            })+
        }
    };
}

on_every_broker!(
    an_emit_reaches_everybody_on_every_node_once,
    rooms_and_exceptions_hold_across_nodes,
    a_socket_that_broadcasts_is_left_out_on_its_own_node,
    bytes_travel_as_they_are,
    what_is_local_stays_local,
    sockets_anywhere_are_moved_and_sent_away,
    sockets_of_all_nodes_are_fetched_counted_and_acted_on,
    a_broadcast_gathers_the_acks_of_all_nodes_and_names_the_silent,
    a_client_of_another_node_is_called,
    servers_tell_each_other_things_and_answer,
    a_node_that_leaves_is_not_waited_for,
    broadcasts_of_one_node_arrive_in_order_and_once,
);
