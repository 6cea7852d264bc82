//! python-socketio's JSON, as its releases from 5.14 on write it, and the methods that members have beside it.
//!
//! ```text
//! {"method": "emit", "event": "say", "data": ["hello", [1, 2]], "binary": false, "namespace": "/", "room": null,
//!  "skip_sid": null, "callback": null, "host_id": "0d5f…", "seq": 7}
//! {"method": "emit", …, "data": [["a", {"_placeholder": true, "num": 0}], "AAEC/w=="], "binary": true, …}
//! {"method": "cluster_beat", "v": 1, "lease": 6000, "host_id": "0d5f…", "seq": 8}
//! ```
//!
//! What we write is what python-socketio 5.18 writes, and `seq` behind it; arguments stand in it as they were serialized for
//! clients. What we read is untrusted: a frame is taken apart one level at a time and its arguments are not looked into, so
//! that neither depth nor digits have a limit, and whatever makes no sense is a [`WireError`](super::WireError) of that frame.
//!
//! Pickles (python-socketio up to 5.13) and the envelopes of Kombu over Redis are recognised and refused.

use std::time::Duration;

mod decode; // frames to messages
mod encode; // messages to frames
mod foreign; // what others put on the same channel

pub use self::decode::{Incoming, decode, open};
pub use self::encode::{Draft, encode};

/// What we call the messages that python-socketio knows.
mod method {
    pub(super) const EMIT: &str = "emit";
    pub(super) const CALLBACK: &str = "callback";
    pub(super) const DISCONNECT: &str = "disconnect";
    pub(super) const ENTER_ROOM: &str = "enter_room";
    pub(super) const LEAVE_ROOM: &str = "leave_room";
    pub(super) const CLOSE_ROOM: &str = "close_room";

    // Among members.
    pub(super) const HELLO: &str = "cluster_hello";
    pub(super) const BEAT: &str = "cluster_beat";
    pub(super) const BYE: &str = "cluster_bye";
    pub(super) const JOIN: &str = "cluster_join";
    pub(super) const LEAVE: &str = "cluster_leave";
    pub(super) const DISCONNECT_ALL: &str = "cluster_disconnect";
    pub(super) const EVENT: &str = "cluster_event";
    pub(super) const REQUEST: &str = "cluster_request";
    pub(super) const REPLY: &str = "cluster_reply";
}

/// The version of the methods among members, `v` in each.
const VERSION: u64 = 1;

/// A bound for frames that are read: as much as a queue of frames to be written holds.
pub const MAX_FRAME: usize = 16 << 20;

/// The longest lease there is: a node that is not heard of is waited for no longer.
const MAX_LEASE: Duration = Duration::from_secs(60);
/// The longest time that clients and members have for an answer.
const MAX_TIMEOUT: Duration = Duration::from_secs(3600);
