//! What an application has to say about requests, and is told of them.
//!
//! ```text
//! request -> cors -> route -> allow_request -> generate_id -> the session opens -> on_initial_headers -> on_response_headers
//!               \-------\-----------\--------------\-> on_refused ------------------------------------> on_response_headers
//! ```

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use http::HeaderMap;
use http::request::Parts;

use super::admission::Place;
use super::parts::Handshake;
use super::registry::Registry;
use super::request::Refusal;
use crate::protocol::sid::SessionId;
use crate::server::blocking::BlockingPool;

/// The hooks of a server; none of them by default.
#[derive(Clone, Default)]
pub(crate) struct Hooks {
    pub(crate) allow_request: Option<Hook<Result<(), String>>>,
    pub(crate) generate_id: Option<Hook<String>>,
    pub(crate) on_initial_headers: Option<Arc<OnHeaders>>,
    pub(crate) on_response_headers: Option<Arc<OnHeaders>>,
    pub(crate) on_refused: Option<Arc<OnRefused>>,
}

pub(crate) type Hook<T> = Arc<dyn Fn(Handshake) -> Asked<T> + Send + Sync>;
pub(crate) type OnHeaders = dyn Fn(&mut HeaderMap, &Parts) + Send + Sync;
pub(crate) type OnRefused = dyn Fn(&RefusedRequest<'_>) + Send + Sync;

/// What a hook answers: at once, or when it has waited for something.
pub(crate) enum Asked<T> {
    Now(T),
    Later(Pin<Box<dyn Future<Output = T> + Send>>),
}

impl<T> Asked<T> {
    async fn answer(self) -> T {
        match self {
            Asked::Now(answer) => answer,
            Asked::Later(answer) => answer.await,
        }
    }
}

impl Hooks {
    /// The same with what is asked, and answers in its own time, on threads of `pool`.
    pub(crate) fn on_threads(self, pool: &BlockingPool) -> Self {
        Hooks {
            allow_request: self.allow_request.map(|hook| on_threads(hook, pool)),
            generate_id: self.generate_id.map(|hook| on_threads(hook, pool)),
            ..self
        }
    }

    /// Whether the request may open a session.
    pub(super) async fn allow(&self, handshake: &Handshake) -> Result<(), Refusal> {
        let Some(hook) = &self.allow_request else { return Ok(()) };
        hook(handshake.clone()).answer().await.map_err(|message| Refusal::Forbidden { message })
    }

    /// The id of a session that is about to open in `place`, which no other has.
    pub(super) async fn id(
        &self,
        handshake: &Handshake,
        registry: &Registry,
        place: &mut Place,
    ) -> Result<SessionId, Refusal> {
        let Some(hook) = &self.generate_id else { return Ok(registry.new_id()) };
        let id = hook(handshake.clone()).answer().await;
        if !is_id(&id) {
            return Err(Refusal::BadId(
                "generate_id gave an id that is empty, too long, or has other characters",
            ));
        }
        let id = SessionId::from(id);
        if !place.take_id(&id) {
            return Err(Refusal::BadId("generate_id gave the id of another session"));
        }
        Ok(id)
    }

    /// Whether there is one that sees more requests than those that open a session.
    pub(super) fn see_requests(&self) -> bool {
        self.on_response_headers.is_some() || self.on_refused.is_some()
    }

    pub(super) fn initial_headers(&self, headers: &mut HeaderMap, request: &Parts) {
        if let Some(hook) = &self.on_initial_headers {
            hook(headers, request);
        }
    }

    pub(super) fn response_headers(&self, headers: &mut HeaderMap, request: &Parts) {
        if let Some(hook) = &self.on_response_headers {
            hook(headers, request);
        }
    }

    pub(super) fn refused(&self, request: &Parts, refusal: &Refusal) {
        if let Some(hook) = &self.on_refused {
            let (code, message, cause) = (refusal.code(), refusal.message(), &*refusal.cause());
            hook(&RefusedRequest { request, code, message, cause });
        }
    }
}

fn on_threads<T: Send + 'static>(hook: Hook<T>, pool: &BlockingPool) -> Hook<T> {
    let pool = pool.clone();
    Arc::new(move |handshake: Handshake| {
        let (hook, pool) = (hook.clone(), pool.clone());
        Asked::Later(Box::pin(
            async move { pool.run("a request", move || hook(handshake)).await.answer().await },
        ))
    })
}

/// What can stand in a query and a cookie as it is.
fn is_id(id: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
    (1..=LONGEST_ID).contains(&id.len()) && id.bytes().all(fits)
}

const LONGEST_ID: usize = 128;

/// A request that was refused: [`ServerBuilder::on_refused`](crate::server::ServerBuilder::on_refused).
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct RefusedRequest<'a> {
    /// Its head.
    pub request: &'a Parts,
    /// Engine.IO's number: 0 transport, 1 session, 2 handshake method, 3 bad request, 4 forbidden, 5 version.
    pub code: u8,
    /// What the client reads.
    pub message: &'a str,
    /// What happened, in words for the operator. It may quote the request.
    pub cause: &'a str,
}

/// What [`allow_request`](crate::server::ServerBuilder::allow_request) takes: a function of the [`Handshake`], or an `async` one.
///
/// It returns a `bool`, or a `Result<(), E>` whose text the client reads; `false` is `Forbidden`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot decide about requests",
    note = "give a function of a `Handshake` that returns `bool`, `Result<(), impl Into<String>>`, or a future of either"
)]
pub trait AllowRequest<M>: Send + Sync + 'static {
    #[doc(hidden)]
    fn into_hook(self) -> RequestHook<Result<(), String>>;
}

/// What [`generate_id`](crate::server::ServerBuilder::generate_id) takes: a function of the [`Handshake`] that returns a `String`, or
/// an `async` one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot make session ids",
    note = "give a function of a `Handshake` that returns a `String`, or a future of one"
)]
pub trait GenerateId<M>: Send + Sync + 'static {
    #[doc(hidden)]
    fn into_hook(self) -> RequestHook<String>;
}

/// A hook of either kind, ready to be asked.
#[doc(hidden)]
#[expect(missing_debug_implementations, reason = "a function")]
pub struct RequestHook<T>(pub(crate) Hook<T>);

/// Tells functions that answer at once from those that wait.
#[derive(Debug)]
pub struct Now<T>(std::marker::PhantomData<T>);

/// Tells functions that wait from those that answer at once.
#[derive(Debug)]
pub struct Later<F>(std::marker::PhantomData<F>);

/// What a decision about a request can be.
pub trait Verdict: Send {
    /// The decision, with what the client reads when it is no.
    ///
    /// # Errors
    ///
    /// The request is refused.
    fn decide(self) -> Result<(), String>;
}

impl Verdict for bool {
    fn decide(self) -> Result<(), String> {
        if self { Ok(()) } else { Err("Forbidden".into()) }
    }
}

impl<E: Into<String> + Send> Verdict for Result<(), E> {
    fn decide(self) -> Result<(), String> {
        self.map_err(Into::into)
    }
}

impl<F, V> AllowRequest<Now<V>> for F
where
    F: Fn(Handshake) -> V + Send + Sync + 'static,
    V: Verdict,
{
    fn into_hook(self) -> RequestHook<Result<(), String>> {
        RequestHook(Arc::new(move |handshake| Asked::Now(self(handshake).decide())))
    }
}

impl<F, A> AllowRequest<Later<A>> for F
where
    F: Fn(Handshake) -> A + Send + Sync + 'static,
    A: Future<Output: Verdict> + Send + 'static,
{
    fn into_hook(self) -> RequestHook<Result<(), String>> {
        RequestHook(Arc::new(move |handshake| {
            let asked = self(handshake);
            Asked::Later(Box::pin(async move { asked.await.decide() }))
        }))
    }
}

impl<F> GenerateId<Now<String>> for F
where
    F: Fn(Handshake) -> String + Send + Sync + 'static,
{
    fn into_hook(self) -> RequestHook<String> {
        RequestHook(Arc::new(move |handshake| Asked::Now(self(handshake))))
    }
}

impl<F, A> GenerateId<Later<A>> for F
where
    F: Fn(Handshake) -> A + Send + Sync + 'static,
    A: Future<Output = String> + Send + 'static,
{
    fn into_hook(self) -> RequestHook<String> {
        RequestHook(Arc::new(move |handshake| Asked::Later(Box::pin(self(handshake)))))
    }
}

/// Which hooks there are.
impl fmt::Debug for Hooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hooks")
            .field("allow_request", &self.allow_request.is_some())
            .field("generate_id", &self.generate_id.is_some())
            .field("on_initial_headers", &self.on_initial_headers.is_some())
            .field("on_response_headers", &self.on_response_headers.is_some())
            .field("on_refused", &self.on_refused.is_some())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_what_a_query_and_a_cookie_can_hold_as_it_is() {
        for id in ["a", "lv_VI97HAXpY6yYWAAAC", "a.b~c-d_e", &"x".repeat(128)] {
            assert!(is_id(id), "{id}");
        }
        for id in ["", " ", "a b", "a;b", "a/b", "ä", "a%20", "a\r\nb", &"x".repeat(129)] {
            assert!(!is_id(id), "{id}");
        }
    }
}
