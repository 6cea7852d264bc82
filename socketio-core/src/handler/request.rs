//! The request that opened the connection.

use super::context::Context;
use super::extract::{FromContext, Rejection};
use crate::engine::Handshake;

/// What the host framework's middlewares put into the request that opened the connection.
///
/// ```no_run
/// use socketio_core::{ConnectError, Extension};
///
/// /// Put there by the framework's middleware for logins.
/// #[derive(Clone)]
/// struct User {
///     banned: bool,
/// }
///
/// fn connect(Extension(user): Extension<User>) -> Result<(), ConnectError> {
///     if user.banned { Err(ConnectError::new("banned")) } else { Ok(()) }
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extension<T>(pub T);

impl<K> FromContext<K> for Handshake {
    fn from_context(context: &mut Context<'_>) -> Result<Self, Rejection> {
        Ok(context.socket().handshake().clone())
    }
}

impl<K, T: Clone + Send + Sync + 'static> FromContext<K> for Extension<T> {
    fn from_context(context: &mut Context<'_>) -> Result<Self, Rejection> {
        let extension = context.socket().handshake().extension().cloned();
        extension.map(Extension).ok_or(Rejection::Absent("extension of this type in the request"))
    }
}
