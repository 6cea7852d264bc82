//! Arguments of events and acks: JSON that stays as it came until somebody names a type, and bytes beside it.
//!
//! ```text
//! ["avatar",{"user":7,"image":{"_placeholder":true,"num":0}}]   + one binary message
//!  ^^^^^^^^                                                      name, in events only
//!           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^   one argument
//!                            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^       stands for the first attachment
//! ```
//!
//! | coming in | going out |
//! | --- | --- |
//! | [`Event`]: name and arguments | [`ArgsWriter`]: an array under construction |
//! | [`ArgsRef`]: arguments, borrowed; decoded by [`first`](ArgsRef::first), [`all`](ArgsRef::all), [`answer`](ArgsRef::answer) | [`IntoArgs`]: what can be written into it |
//! | [`RawArgs`]: arguments, owned | [`RawArgs`] again: they leave as they came |
//!
//! Raw arguments have no limit of depth, and numbers no limit of digits. Decoding into a type ends, with an error, at 128
//! levels. Sizes are limited by the transport.
//! Specification: socket.io-protocol 5, "Sending and receiving data", "Acknowledgement", "Packet encoding".

mod borrowed; // ArgsRef
mod decode; // arguments to types
mod elements; // the elements of an array
mod event; // Event: a name before the arguments
mod key; // serde over the keys of objects
pub(super) mod placeholder; // finds what stands for attachments
mod raw; // RawArgs
mod reader; // serde over JSON with attachments
mod serialize; // one value to several arguments
mod writer; // ArgsWriter, IntoArgs

pub use borrowed::{ArgsError, ArgsRef};
pub use decode::DecodeError;
pub use event::Event;
pub use raw::RawArgs;
pub use writer::{ArgsWriter, EncodeError, IntoArgs};

#[cfg(test)]
mod tests;
