//! RabbitMQ, with a user who may do everything.

mod fixture;

mod blocked; // a broker that is short of memory
mod cut; // a connection that ends, by itself or not
mod delivery; // what arrives, in which order
mod neighbours; // what Kombu and aio_pika send and expect
mod publishing; // what is confirmed, and what is refused
mod refused; // who is not let in, and what the error says
mod tls;
