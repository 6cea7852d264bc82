//! python-socketio's clients against the two servers: threads and asyncio, polling, WebSocket, and the upgrade.

mod facts;

integration_tests::on_both_servers! {
    the_client_for_threads_is_at_home,
    the_client_for_asyncio_is_at_home,
    handlers_are_looked_up_in_the_order_of_pythons_own_server,
    the_clients_are_as_much_at_home_in_msgpack,
}
