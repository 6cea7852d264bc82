//! Event names that the libraries keep for themselves.

use super::error::EmitError;

/// Node's reserved names; a client library would take an event of such a name for its own.
const RESERVED: [&str; 6] =
    ["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"];

pub(crate) fn is_reserved(event: &str) -> bool {
    RESERVED.contains(&event)
}

pub(crate) fn check(event: &str) -> Result<(), EmitError> {
    if is_reserved(event) { Err(EmitError::ReservedEvent(event.to_owned())) } else { Ok(()) }
}

/// For words whose event the program chose itself.
///
/// # Panics
///
/// It is reserved.
#[cfg(feature = "server")]
#[track_caller]
pub(crate) fn forbid(event: &str) {
    assert!(
        !is_reserved(event),
        "{event:?} is a reserved event name: use on_connect, on_connected, on_disconnecting or on_disconnect",
    );
}
