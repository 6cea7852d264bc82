//! WebSocket frames, the server's side: a client's are masked, ours are not.
//!
//! ```text
//! 81 85 37 fa 21 3d  7f 9f 4d 51 58      "Hello" from a client
//! ^^                                     last fragment, text
//!    ^^                                  masked, 5 bytes
//!       ^^^^^^^^^^^  ^^^^^^^^^^^^^^      the mask, and the bytes it is laid over
//! 81 05 48 65 6c 6c 6f                   "Hello" to a client
//! ```
//!
//! [`Decoder`] turns what a socket has into messages; [`write()`], [`begin`] and [`finish`] make frames of ours, and
//! [`peek`] finds them again in a queue. No extension is spoken, so the reserved bits are zero. What to answer to a
//! message, and when to stop, is the connection's business.
//! Specification: RFC 6455, sections 5 to 8.

mod decoder; // bytes of a client -> messages
mod encoder; // frames of ours
mod error; // what is wrong with a client's frames
mod header; // opcode, length, mask
mod mask; // takes the mask off
mod message; // what a client said

pub use decoder::Decoder;
pub use encoder::{HEADER_MAX, begin, close, finish, peek, write};
pub use error::FrameError;
pub use header::Opcode;
pub use message::Message;

#[cfg(test)]
mod tests;
