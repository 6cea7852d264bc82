//! Servers that act as one. The facts hold for every broker, in memory and real.

mod crowd; // a thousand clients
mod facts;
mod faults;
mod half_way;
mod operations; // all of them, from each node to each, seen by socket.io-client
mod threads; // nodes of threads among nodes of tasks

integration_tests::on_every_broker! {
    facts::{
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
    }
    operations::{
        every_operation_goes_from_each_node_to_each,
    }
    threads::{
        blocking_and_async_nodes_are_one_cluster,
    }
    crowd::{
        a_thousand_clients_hear_every_broadcast_once_and_in_order,
    }
}
