//! The contract of a broker, on a real one: what every broker owes the core, and what is AMQP's own.
//!
//! `AMQP_URL` says where it is, with a user who may do everything. `AMQP_TLS_URL` and `BROKERS_CA`, if they are set, name its TLS
//! listener as well.

mod amqp {
    pub(crate) mod fixture;
    pub(crate) mod proxy; // between the broker and us

    mod cut; // a connection that ends, by itself or not
    mod delivery; // what arrives, in which order
    mod neighbours; // what Kombu and aio_pika send and expect
    mod publishing; // what is confirmed, and what is refused
    mod refused; // who is not let in, and what the error says
    mod tls;
}

use socketio_amqp::Amqp;
use socketio_core::adapter::contract;

use crate::amqp::fixture::{options, through};
use crate::amqp::proxy::Proxy;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_does_what_every_broker_must() {
    contract::run::<Amqp>(options()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_address_is_an_error_without_the_password() {
    contract::run_dead::<Amqp>(|address| format!("amqp://user:{}@{address}", contract::PASSWORD)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_at_a_cut() {
    let proxy = Proxy::start().await;
    contract::run_cut::<Amqp>(through(proxy.address), async || proxy.cut()).await;
}
