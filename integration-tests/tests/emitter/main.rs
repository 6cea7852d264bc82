//! Emits from programs that are no servers. The facts hold for every broker, in memory and real.

mod facts;
mod listening; // that an emitter does not, and who does
mod outage;

integration_tests::on_every_broker! {
    facts::{
        an_emit_reaches_everybody_on_every_node_once,
        rooms_exceptions_and_namespaces_are_those_of_servers,
        bytes_and_tuples_travel_as_they_are,
        clients_are_moved_and_sent_away_by_rooms,
        emits_of_several_threads_arrive_once_and_in_the_order_of_each,
        a_blocking_emitter_has_the_same_words,
        a_flush_tells_that_the_broker_has_everything_and_how_much_it_was,
        a_frame_of_a_program_without_rust_reaches_clients,
        an_emitter_is_no_member_and_does_not_listen,
    }
}
