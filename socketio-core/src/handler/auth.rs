//! What a client sends along when it asks for a namespace.

use serde::de::DeserializeOwned;

use super::context::{Context, kind::Connect};
use super::extract::{FromContext, Rejection};
use crate::protocol::args::ArgsRef;

/// The client's `auth`, as a `T`.
///
/// Auth of the wrong shape refuses the client with a message that says so; so does none at all, unless it is `Option<Auth<T>>`.
///
/// Guide: "connect and disconnect".
///
/// ```no_run
/// # fn example(io: socketio_core::Server) {
/// use socketio_core::{Auth, ConnectError, Socket};
///
/// #[derive(serde::Deserialize)]
/// struct Login {
///     token: String,
/// }
///
/// // io("http://…", { auth: { token: "secret" } })
/// io.on_connect(|socket: Socket, Auth(login): Auth<Login>| {
///     if login.token != "secret" {
///         return Err(ConnectError::new("wrong token").with_data(401));
///     }
///     socket.save_session(login);
///     Ok(())
/// });
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Auth<T>(pub T);

/// What there is none of.
pub(super) const AUTH: &str = "auth";

impl<T: DeserializeOwned> FromContext<Connect> for Auth<T> {
    fn from_context(context: &mut Context<'_>) -> Result<Self, Rejection> {
        let auth = context.auth.filter(|auth| *auth != "null").ok_or(Rejection::Absent(AUTH))?;
        let list = format!("[{auth}]");
        let args = ArgsRef::parse(&list, &[]).map_err(|error| Rejection::Other(error.to_string()))?;
        args.first().map(Auth).map_err(|error| match auth.trim() {
            // What python's client sends when its user gave none.
            "{}" => Rejection::Absent(AUTH),
            _ => error.into(),
        })
    }
}
