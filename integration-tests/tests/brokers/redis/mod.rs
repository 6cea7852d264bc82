//! Redis: alone, as a Cluster, behind Sentinels.

mod cluster;
mod sentinel;
mod support;
mod unfit; // a server that no longer passes on what is published
mod ways; // TLS, users, Unix sockets, and what is said when one is barred
