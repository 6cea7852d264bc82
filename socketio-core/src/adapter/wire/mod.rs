//! What nodes say to each other, and how it is written on a broker: pure functions between [`Message`] and bytes.
//!
//! ```text
//! Message -> python::encode -> {"method": "emit", …, "host_id": "b7c…", "seq": 7} -> a broker
//! a broker -> python::open -> whose is it, seen before? -> Incoming::decode -> Message
//! ```
//!
//! The format is python-socketio's JSON ([`python`]). Nodes that speak the methods beyond it are **members**; `docs/wire.md`
//! of the repository describes those methods, so that others can join. Nothing here does I/O, reads a clock, or knows which
//! broker carries the bytes.

mod duplicates; // frames that came before
mod error; // why a frame was refused
mod host; // the id of a node
mod json; // a value as JSON text
mod message; // everything that is said
pub mod python; // python-socketio's JSON, and our methods beside it
mod request; // questions to members, and their answers
mod room_key; // rooms that are no strings
mod socket; // a socket as other nodes see it

pub use self::duplicates::{Arrival, DuplicateFilter};
pub use self::error::WireError;
pub use self::host::HostId;
pub use self::json::Json;
pub use self::message::{Acks, Callback, CallbackKey, Emit, Message, To};
pub use self::request::{Answer, Ask, Reply, Request};
pub use self::room_key::RoomKey;
pub use self::socket::SocketInfo;
