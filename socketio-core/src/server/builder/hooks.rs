//! What the application has to say about requests, and is told of them.

use std::sync::Arc;

use http::HeaderMap;
use http::request::Parts;

use super::{Built, ServerBuilder};
use crate::engine::{AllowRequest, GenerateId, RefusedRequest};

impl<S: Built> ServerBuilder<S> {
    /// Decides whether a request may open a session, before anything is made for it. Default: every one may.
    ///
    /// It is a function of the [`Handshake`](crate::Handshake), `async` or not, that returns a `bool` or a `Result` with what the client
    /// reads: by polling 403 `{"code":4,"message":"…"}`, a WebSocket 400 with the words. Requests of open sessions are not asked about.
    ///
    /// ```
    /// # use socketio_core::{Handshake, Server};
    /// Server::builder().allow_request(|request: Handshake| match request.header("x-token") {
    ///     Some("secret") => Ok(()),
    ///     _ => Err("which token?"),
    /// });
    /// Server::builder().allow_request(|request: Handshake| async move { request.query_value("token").is_some() });
    /// ```
    pub fn allow_request<M>(mut self, hook: impl AllowRequest<M>) -> Self {
        self.hooks.allow_request = Some(hook.into_hook().0);
        self
    }

    /// Makes the ids of sessions, `async` or not. Default: 20 characters that nobody can guess, and these must be as hard to guess: who
    /// knows the id has the session.
    ///
    /// 1 to 128 letters, digits and `-._~`; another id, or one that is in use, refuses the request.
    pub fn generate_id<M>(mut self, hook: impl GenerateId<M>) -> Self {
        self.hooks.generate_id = Some(hook.into_hook().0);
        self
    }

    /// Sees, and may change, the headers of the answer that opens a session, on either transport. Node: `initial_headers`.
    pub fn on_initial_headers(
        mut self,
        hook: impl Fn(&mut HeaderMap, &Parts) + Send + Sync + 'static,
    ) -> Self {
        self.hooks.on_initial_headers = Some(Arc::new(hook));
        self
    }

    /// Sees, and may change, the headers of every answer, refusals and the client's files included. Node: `headers`.
    pub fn on_response_headers(
        mut self,
        hook: impl Fn(&mut HeaderMap, &Parts) + Send + Sync + 'static,
    ) -> Self {
        self.hooks.on_response_headers = Some(Arc::new(hook));
        self
    }

    /// Is told of every request that is refused, whatever for. Node: `connection_error`. It must not block.
    pub fn on_refused(mut self, hook: impl Fn(&RefusedRequest<'_>) + Send + Sync + 'static) -> Self {
        self.hooks.on_refused = Some(Arc::new(hook));
        self
    }
}
