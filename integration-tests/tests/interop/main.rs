//! Our nodes and python-socketio's in one cluster: servers for asyncio and for threads, and workers with a write-only manager.
//!
//! Every fact is told both ways, with a client on each kind of node, for each of python's managers.

mod both;
mod clients;
mod corners;
mod facts;
mod limits;
mod refused;
mod writer;

use integration_tests::python_party::Style;
use socketio_amqp::Amqp;
use socketio_kafka::Kafka;
use socketio_redis::Redis;

use both::Both;

macro_rules! every_fact {
    ($both:expr) => {
        tests! {
            $both;
            facts::{
                an_emit_reaches_everybody_on_both_nodes,
                an_emit_to_rooms_reaches_their_sockets_on_both_nodes,
                an_emit_to_a_sid_reaches_one_client_wherever_it_is,
                a_sid_that_is_skipped_hears_nothing,
                bytes_arrive_as_bytes,
                arguments_arrive_as_they_were_given,
                a_client_of_the_other_node_answers_a_call,
                a_sid_on_the_other_node_is_disconnected,
                a_sid_on_the_other_node_enters_and_leaves_rooms,
                a_room_is_closed_on_both_nodes,
                a_number_as_a_room_of_python_is_our_room_of_that_text,
            }
            limits::{
                python_nodes_deliver_in_spite_of_an_exception_that_is_a_room,
                python_nodes_take_a_single_null_for_no_argument,
                python_nodes_leave_their_clients_as_they_are_when_rooms_join_leave_or_end,
                python_nodes_are_not_asked_who_is_there,
                python_nodes_deliver_a_broadcast_with_acks_and_are_not_waited_for,
                an_answer_with_bytes_never_comes_from_python_nodes,
                an_answer_with_bytes_is_not_sent_to_python_nodes,
                python_servers_do_not_hear_events_for_servers,
                a_frame_that_comes_again_is_heard_again_on_python_nodes_alone,
            }
            clients::{
                clients_in_javascript_see_one_server,
                clients_in_python_see_one_server,
            }
            corners::{
                not_a_number_is_null_from_us_and_is_skipped_from_python,
                half_a_surrogate_pair_passes_as_an_argument_and_not_as_a_name,
                integers_of_any_size_keep_their_digits,
                what_is_nested_deeper_than_python_reads_it_misses_and_nothing_else,
                of_a_room_that_python_asks_the_first_answer_is_taken,
            }
            writer::{
                a_worker_with_pythons_write_only_manager_reaches_clients_of_both,
                such_a_worker_moves_clients_of_both,
                such_a_worker_disconnects_nobody,
                our_emitter_reaches_clients_of_both,
                our_emitter_moves_clients_of_both_and_sends_them_away,
            }
        }
    };
}

macro_rules! tests {
    ($both:expr; $($group:ident :: { $($fact:ident),+ $(,)? })+) => {
        $($(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $fact() {
            $group::$fact($both.await).await;
        })+)+
    };
}

mod async_redis_manager {
    use super::*;
    every_fact!(Both::<Redis>::start(Style::Coroutines, "REDIS_URL"));
}

mod redis_manager {
    use super::*;
    every_fact!(Both::<Redis>::start(Style::Threads, "REDIS_URL"));
}

mod async_aio_pika_manager {
    use super::*;
    every_fact!(Both::<Amqp>::start(Style::Coroutines, "AMQP_URL"));
}

mod kombu_manager {
    use super::*;
    every_fact!(Both::<Amqp>::start(Style::Threads, "AMQP_URL"));
}

mod kafka_manager {
    use super::*;
    every_fact!(Both::<Kafka>::start(Style::Threads, "KAFKA_URL"));
}
