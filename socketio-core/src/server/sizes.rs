//! What a socket takes: one for each namespace of each client.

use super::client::ClientInbox;
use super::link::Link;
use super::socket::SocketInner;

#[test]
fn what_is_kept_for_a_socket_stays_small() {
    // With room for a field more.
    for (what, size, most) in [
        ("a socket", size_of::<SocketInner>(), 256),
        ("what the sockets of a client share", size_of::<Link>(), 160),
        ("a client's inbox", size_of::<ClientInbox>(), 72),
    ] {
        assert!(size <= most, "{what} takes {size} bytes");
    }
}
