//! What is served beside Socket.IO: static files, another application; and how: TLS, Unix sockets, sockets of systemd, signals.

mod folder; // files on the disk
mod hostile_paths; // what must not be served
mod routing; // who answers
mod static_files; // rules, headers, ranges
