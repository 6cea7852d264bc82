//! What is served beside Socket.IO: static files, another application; and how: TLS, Unix sockets, sockets of systemd, signals.

mod folder; // files on the disk
mod hostile_paths; // what must not be served
mod latency; // the guide's program, over http and https
mod routing; // who answers
mod signals; // of the system, and its limits
mod sockets; // that are files, or systemd's
mod standalone; // that example as a process
mod static_files; // rules, headers, ranges
