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
