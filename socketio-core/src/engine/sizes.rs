//! What a connection takes, beside what it has to say: a server has tens of thousands.

use super::outbox::Outbox;
use super::session::Session;
use super::websocket::Connection;

#[test]
fn what_is_kept_for_a_connection_stays_small() {
    // With room for a field more.
    for (what, size, most) in [
        ("the session", size_of::<Session>(), 312),
        ("its queue, which is part of it", size_of::<Outbox>(), 176),
        ("the WebSocket's future", size_of::<Connection>(), 400),
    ] {
        assert!(size <= most, "{what} takes {size} bytes");
    }
}
