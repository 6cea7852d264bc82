//! socket.io-client in Node against the two servers: polling only, WebSocket only, and the upgrade.
//!
//! The facts are in `foreign/js/`, one script per subject; each is checked for every transport.

mod facts;

integration_tests::on_both_servers! {
    connect_handlers_let_in_refuse_and_come_first,
    every_kind_of_value_goes_both_ways,
    acks_go_both_ways_in_every_form,
    rooms_hear_what_is_for_them_once,
    both_sides_are_told_how_it_ended,
    handlers_may_change_fail_and_keep_sessions,
    clients_that_speak_msgpack_find_everything_the_same,
    a_room_of_both_parsers_hears_the_same,
    middlewares_let_pass_change_refuse_and_time,
    the_words_of_the_server_are_heard_by_its_clients,
    catch_alls_and_namespaces_by_pattern_serve_in_order,
    hooks_ids_the_initial_packet_and_cookies_are_as_the_client_expects,
    the_served_bundles_connect_to_the_server_that_served_them,
    two_thousand_events_each_way_survive_the_upgrade_under_load,
}
