//! Apache Kafka.

mod support;

mod link;
mod login; // TLS, names and passwords
mod partitions;
mod topics;
