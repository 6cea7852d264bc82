//! Bytes and packets: Engine.IO 4, Socket.IO 5 and WebSocket frames as pure functions.
//!
//! Nothing here does I/O or reads a clock; every decoder takes bytes of a stranger and answers with a value or an error, in
//! constant stack and without copying more than it returns.
//!
//! ```text
//! bytes of a WebSocket  -> frame   -> engine (`4…`)  -> packet (`2["say",…]`) -> args
//! body of a POST        -> payload -> engine (`4…`)  -> packet                -> args
//! binary message        -> msgpack                                            -> args
//! ```

pub mod args; // arguments of events and acks
pub mod engine; // Engine.IO packets and transports
pub mod frame; // WebSocket frames
pub mod handshake; // query, open packet, WebSocket key
#[cfg(feature = "msgpack")]
pub mod msgpack; // Socket.IO packets of clients that speak msgpack
pub mod packet; // Socket.IO packets
pub mod payload; // several Engine.IO packets in one HTTP body
pub mod sid; // public and secret ids
