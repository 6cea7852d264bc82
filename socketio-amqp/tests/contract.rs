//! The broker against a real one: what every broker owes the core, and what is AMQP's own.
//!
//! `AMQP_URL` says where it is, with a user who may do everything. `AMQP_TLS_URL` and `BROKERS_CA`, if they are set, name its TLS
//! listener as well.

mod amqp {
    mod cut; // a connection that ends, by itself or not
    mod delivery; // what arrives, in which order
    mod fixture;
    mod neighbours; // what Kombu and aio_pika send and expect
    mod proxy; // between the broker and us
    mod publishing; // what is confirmed, and what is refused
    mod refused; // who is not let in, and what the error says
    mod tls;
}

// With the core's contract suite:
// #[tokio::test(flavor = "multi_thread")]
// async fn contract() {
//     socketio_core::adapter::contract::run::<socketio_amqp::Amqp>(amqp::fixture::options()).await;
// }
